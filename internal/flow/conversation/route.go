package conversation

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// AnswerTimer is the kind of the timers that end an agent's time to answer;
// the subject is the conversation's id.
const AnswerTimer = "answer"

// answerTimer is what such a timer knows: for whose answer it waits.
type answerTimer struct {
	Agent desk.AgentID `json:"agent"`
	// Waiting is since when the customer waited, in microseconds.
	Waiting int64 `json:"waiting_us"`
}

// Hand assigns a conversation that is open and nobody's; anything else is a
// Conflict, so of several nodes that hand it out one wins.
func (s *Service) Hand(ctx context.Context, h desk.Handing) (desk.Conversation, error) {
	by := desk.Author{Kind: desk.BySystem}
	out, err := s.deps.Store.Do(ctx, store.Command{
		Account: h.Account, Target: store.Target{Conversation: h.Conversation},
		Decide: func(sit store.Situation) (store.Effects, error) {
			c := sit.Conversation
			if c.Status != desk.Open || c.AssigneeID != "" {
				return store.Effects{}, desk.E(desk.Conflict, "hand conversation", "the conversation does not wait any more")
			}
			tr, err := c.Assign(h.Agent, c.TeamID, sit.Now)
			if err != nil {
				return store.Effects{}, err
			}
			e := effects(c, because(tr, desk.RoutedByQueue, h.Detail), by)
			if h.AnswerWithin > 0 && !c.WaitingSince.IsZero() {
				data, err := json.Marshal(answerTimer{h.Agent, desk.Micros(c.WaitingSince)})
				if err != nil {
					return store.Effects{}, desk.Wrap(desk.Internal, "hand conversation", err)
				}
				e.Timers = append(e.Timers, store.Timer{
					TimerRef: store.TimerRef{AccountID: h.Account, Kind: AnswerTimer, Subject: string(h.Conversation)},
					Due:      sit.Now.Add(h.AnswerWithin), Data: string(data),
				})
			}
			return e, nil
		},
	})
	return out.Conversation, err
}

// because writes a reason into a transition's change of hands.
func because(tr desk.Transition, why desk.AssignReason, detail json.RawMessage) desk.Transition {
	for i, f := range tr.Facts {
		if a, ok := f.(desk.ConversationAssigned); ok {
			a.Reason, a.Detail = why, detail
			tr.Facts[i] = a
		}
	}
	return tr
}

// Release takes a conversation from an agent. The customer's wait goes on as
// long as it was. What is not From's, or not open, stays as it is.
func (s *Service) Release(ctx context.Context, r desk.Releasing) (desk.Conversation, error) {
	by := r.By
	if by.Kind == "" {
		by.Kind = desk.BySystem
	}
	command := store.Command{
		Account: r.Account, Target: store.Target{Conversation: r.Conversation},
		Decide: func(sit store.Situation) (store.Effects, error) {
			c := sit.Conversation
			if c.Status != desk.Open || c.AssigneeID != r.From || !r.Waiting.IsZero() && !c.WaitingSince.Equal(r.Waiting) {
				return store.Effects{}, nil
			}
			tr, err := c.Assign("", c.TeamID, sit.Now)
			if err != nil {
				return store.Effects{}, err
			}
			e := effects(c, because(tr, r.Why, nil), by)
			e.Cancel = append(e.Cancel, store.TimerRef{AccountID: r.Account, Kind: AnswerTimer, Subject: string(r.Conversation)})
			return e, nil
		},
	}
	if r.Key != "" {
		command.Scope, command.Key = string(by.Kind)+":"+by.ID, "release:"+string(r.Conversation)+":"+r.Key
	}
	out, err := s.deps.Store.Do(ctx, command)
	return out.Conversation, err
}

// FireAnswer takes a conversation from an agent who has not answered in time.
func (s *Service) FireAnswer(ctx context.Context, t store.Timer) error {
	var data answerTimer
	if err := json.Unmarshal([]byte(t.Data), &data); err != nil {
		return desk.Wrap(desk.Internal, "read answer timer", err)
	}
	_, err := s.Release(ctx, desk.Releasing{
		Account: t.AccountID, Conversation: desk.ConversationID(t.Subject), From: data.Agent, Why: desk.NotAnswered,
		Waiting: desk.FromMicros(data.Waiting),
	})
	if errors.Is(err, desk.NotFound) {
		return nil // the conversation is gone
	}
	return err
}

// Transfer gives the conversation to a colleague or a team. Unlike Assign it
// says so to whoever asks why; the note is the caller's to leave before.
func (s *Service) Transfer(ctx context.Context, o Order, agent desk.AgentID, team desk.TeamID) (desk.Conversation, error) {
	if agent == "" && team == "" {
		return desk.Conversation{}, desk.InvalidField("transfer conversation", "agent_id", "a colleague or a team has to be named")
	}
	if err := s.checkAssignee(ctx, o.Actor.Account, agent, team); err != nil {
		return desk.Conversation{}, err
	}
	return s.change(ctx, o, "transfer", func(c desk.Conversation, now time.Time) (desk.Transition, error) {
		to := team
		if to == "" {
			to = c.TeamID
		}
		tr, err := c.Assign(agent, to, now)
		return because(tr, desk.Transferred, nil), err
	})
}

// Escalate opens the conversation if it was with the bot, puts it into the
// senior team's queue and tells so. The same Key again changes nothing.
func (s *Service) Escalate(ctx context.Context, x desk.Escalation) (desk.Conversation, error) {
	command := store.Command{
		Account: x.Account, Target: store.Target{Conversation: x.Conversation},
		Decide: func(sit store.Situation) (store.Effects, error) {
			before := sit.Conversation
			if before.Status == desk.Resolved {
				return store.Effects{}, desk.E(desk.Conflict, "escalate conversation", "the conversation is resolved; reopen it first")
			}
			tr := desk.Transition{Conversation: before}
			var err error
			if before.Status != desk.Open {
				if tr, err = before.Reopen(sit.Now); err != nil {
					return store.Effects{}, err
				}
			}
			agent, team := before.AssigneeID, before.TeamID
			if x.Team != "" {
				team = x.Team
				if agent != "" && (x.Keep == nil || !x.Keep(agent)) {
					agent = ""
				}
			}
			moved, err := tr.Conversation.Assign(agent, team, sit.Now)
			if err != nil {
				return store.Effects{}, err
			}
			moved = because(moved, desk.EscalatedToTop, nil)
			facts := append(tr.Facts, moved.Facts...)
			after := moved.Conversation
			if len(facts) == 0 { // where it is already, but it has to be told
				after.Version++
				after.UpdatedAt = sit.Now
			}
			facts = append(facts, desk.ConversationEscalated{Reason: x.Reason, Score: x.Score})
			return effects(before, desk.Transition{Conversation: after, Facts: facts}, x.By), nil
		},
	}
	if x.Key != "" {
		command.Scope, command.Key = "escalate", string(x.Conversation)+":"+x.Key
	}
	out, err := s.deps.Store.Do(ctx, command)
	return out.Conversation, err
}
