package dispatch

import (
	"context"
	"encoding/json"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/routing"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// ConsumerName is the durable name of the queue's memory on the bus.
const ConsumerName = "queue"

// Consumer keeps what sets waiting conversations apart, who left the queue and
// how long agents are busy.
func (s *Service) Consumer() bus.Consumer {
	return bus.Consumer{Name: ConsumerName, Batch: memoryBatch, Wants: remembered, Handle: s.remember}
}

// memoryBatch is how many events are looked at at once: nearly all of them are
// messages, which are passed over.
const memoryBatch = 2048

// remembered picks the events of which anything is kept.
func remembered(e *desk.Event) bool {
	if e.State == nil || e.ConversationID == "" {
		return false
	}
	switch f := e.Fact.(type) {
	case desk.ConversationEscalated, desk.ConversationAssigned:
		return true
	case desk.StatusChanged:
		return f.To == desk.Resolved
	}
	return false
}

func (s *Service) remember(_ context.Context, events []desk.Event) (bus.Effects, error) {
	var writes []func(context.Context, *store.Tx) error
	for _, e := range events {
		if !remembered(&e) {
			continue
		}
		switch f := e.Fact.(type) {
		case desk.ConversationEscalated:
			writes = append(writes, rememberEntry(e), ringEscalated(e))
		case desk.ConversationAssigned:
			writes = append(writes, rememberEntry(e))
			if f.PreviousAgentID == "" && f.AgentID != "" && e.State.Status == desk.Open {
				writes = append(writes, rememberLeft(e, store.QueueAssigned, f.AgentID, string(f.Detail)))
			}
		case desk.StatusChanged:
			outcome := store.QueueClosed
			if e.Actor.Kind == desk.ByVisitor {
				outcome = store.QueueAbandoned
			}
			if e.State.AssigneeID == "" && f.From == desk.Open {
				writes = append(writes, rememberLeft(e, outcome, "", ""))
			} else if e.State.AssigneeID != "" {
				writes = append(writes, rememberPace(e))
			}
			writes = append(writes, func(ctx context.Context, tx *store.Tx) error {
				return tx.DeleteQueueEntry(ctx, e.AccountID, e.ConversationID)
			})
		}
	}
	if len(writes) == 0 {
		return nil, nil //nolint:nilnil // nothing to write is no error
	}
	return func(ctx context.Context, tx *store.Tx) error {
		for _, w := range writes {
			if err := w(ctx, tx); err != nil {
				return err
			}
		}
		return nil
	}, nil
}

// entryAfter is what sets a conversation apart after an event; false if the
// event changes nothing of it.
func entryAfter(x store.QueueEntry, e *desk.Event) (store.QueueEntry, bool) {
	switch f := e.Fact.(type) {
	case desk.ConversationEscalated:
		x.Escalated = true
		return x, true
	case desk.WaitChosen:
		x.Choice = f.Choice // Choose has written it already; the board learns it here
		return x, true
	case desk.ConversationAssigned:
		if f.AgentID != "" || f.PreviousAgentID == "" {
			return x, false
		}
		switch f.Reason {
		case desk.NotAnswered, desk.Declined:
			x.Declined = append(slices.Clip(x.Declined), f.PreviousAgentID)
			if len(x.Declined) > maxDeclined {
				x.Declined = x.Declined[len(x.Declined)-maxDeclined:]
			}
			x.Returned++
			return x, true
		case desk.WentAway, desk.ShiftEnded:
			x.Returned++
			return x, true
		case desk.RoutedByQueue, desk.Transferred, desk.EscalatedToTop:
		}
	}
	return x, false
}

// maxDeclined is how many refusals are remembered: who refused long before may
// be asked again rather than nobody.
const maxDeclined = 8

func rememberEntry(e desk.Event) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		before, err := tx.QueueEntry(ctx, e.AccountID, e.ConversationID)
		if err != nil {
			return err
		}
		after, changed := entryAfter(before, &e)
		if !changed {
			return nil
		}
		return tx.PutQueueEntry(ctx, after)
	}
}

func rememberLeft(e desk.Event, outcome store.QueueOutcome, agent desk.AgentID, detail string) func(context.Context, *store.Tx) error {
	entered := e.State.WaitingSince
	if f, ok := e.Fact.(desk.StatusChanged); ok {
		entered = f.WaitedSince
	}
	if entered.IsZero() {
		entered = e.At
	}
	return func(ctx context.Context, tx *store.Tx) error {
		return tx.AddQueueLeft(ctx, store.QueueLeft{
			AccountID: e.AccountID, ConversationID: e.ConversationID, TeamID: e.State.TeamID, AgentID: agent, Outcome: outcome,
			Entered: entered, Left: e.At, Detail: detail,
		})
	}
}

// rememberPace learns from a conversation that an agent has finished.
func rememberPace(e desk.Event) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		left, ok, err := tx.LastQueueLeft(ctx, e.AccountID, e.ConversationID)
		if err != nil || !ok || left.Outcome != store.QueueAssigned {
			return err
		}
		paces, err := tx.QueuePaces(ctx, e.AccountID)
		if err != nil {
			return err
		}
		pace := decode[routing.Pace](paces[e.State.TeamID]).Observe(e.At.Sub(left.Left))
		text, err := json.Marshal(pace)
		if err != nil {
			return desk.Wrap(desk.Internal, "save queue pace", err)
		}
		return tx.PutQueuePace(ctx, e.AccountID, e.State.TeamID, string(text))
	}
}

// ringEscalated makes robots tell of an escalation.
func ringEscalated(e desk.Event) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		staffing, err := tx.Staffing(ctx, e.AccountID)
		if err != nil || !decode[QueueRules](staffing.Teams[""]).alerts().Escalated {
			return err
		}
		company, err := tx.Reads.Account(ctx, e.AccountID)
		if err != nil {
			return err
		}
		return orderRobots(ctx, tx, e.AccountID, desk.AlertEscalated, alertText(company.Locale, desk.AlertEscalated, 0), string(e.ConversationID))
	}
}
