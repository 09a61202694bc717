package conversation

import (
	"context"
	"errors"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// SnoozeTimer is the kind of the timers that end a snooze; the subject is the
// conversation's id. FireSnooze handles them.
const SnoozeTimer = "snooze"

// Assign gives the conversation to an agent, a team, both or nobody. Both must
// be of the account; a disabled agent gets nothing new.
func (s *Service) Assign(ctx context.Context, o Order, agent desk.AgentID, team desk.TeamID) (desk.Conversation, error) {
	if err := s.checkAssignee(ctx, o.Actor.Account, agent, team); err != nil {
		return desk.Conversation{}, err
	}
	return s.change(ctx, o, "assign", func(c desk.Conversation, now time.Time) (desk.Transition, error) {
		return c.Assign(agent, team, now)
	})
}

func (s *Service) checkAssignee(ctx context.Context, account desk.AccountID, agent desk.AgentID, team desk.TeamID) error {
	const op = "assign conversation"
	if agent != "" {
		a, err := s.deps.Store.Agent(ctx, account, agent)
		if err != nil && !errors.Is(err, desk.NotFound) {
			return err
		}
		if err != nil || a.Disabled {
			return desk.InvalidField(op, "agent_id", "there is no such agent, or the agent is disabled")
		}
	}
	if team != "" {
		teams, err := s.deps.Store.Teams(ctx, account)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(teams, func(t desk.Team) bool { return t.ID == team }) {
			return desk.InvalidField(op, "team_id", "there is no such team")
		}
	}
	return nil
}

// Claim assigns an unassigned conversation to the actor; of many claims one
// wins and the others are Conflict.
func (s *Service) Claim(ctx context.Context, o Order) (desk.Conversation, error) {
	return s.change(ctx, o, "claim", func(c desk.Conversation, now time.Time) (desk.Transition, error) {
		return c.Claim(o.Actor.Agent, now)
	})
}

// Resolve ends the conversation.
func (s *Service) Resolve(ctx context.Context, o Order) (desk.Conversation, error) {
	return s.change(ctx, o, "resolve", desk.Conversation.Resolve)
}

// Reopen brings the conversation back to the people.
func (s *Service) Reopen(ctx context.Context, o Order) (desk.Conversation, error) {
	return s.change(ctx, o, "reopen", desk.Conversation.Reopen)
}

// Snooze puts the conversation off until a time in the future, at most a year.
func (s *Service) Snooze(ctx context.Context, o Order, until time.Time) (desk.Conversation, error) {
	until = until.UTC().Truncate(time.Microsecond)
	return s.change(ctx, o, "snooze", func(c desk.Conversation, now time.Time) (desk.Transition, error) {
		return c.Snooze(until, now)
	})
}

// MarkRead notes that the agents have read up to seq. It carries no key: it
// only moves up, so a repeat changes nothing.
func (s *Service) MarkRead(ctx context.Context, o Order, seq int64) (desk.Conversation, error) {
	o.Key = ""
	by := o.Actor.author()
	return s.change(ctx, o, "read", func(c desk.Conversation, now time.Time) (desk.Transition, error) {
		return c.MarkRead(by, seq, now), nil
	})
}

// ReadByContact notes that the customer has read up to seq. NotFound if the
// conversation is not this contact's.
func (s *Service) ReadByContact(ctx context.Context, account desk.AccountID, conversation desk.ConversationID, contact desk.ContactID, seq int64) error {
	by := desk.Author{Kind: desk.ByVisitor, ID: string(contact)}
	_, err := s.deps.Store.Do(ctx, store.Command{
		Account: account, Target: store.Target{Conversation: conversation},
		Decide: func(sit store.Situation) (store.Effects, error) {
			if sit.Conversation.ContactID != contact {
				return store.Effects{}, desk.E(desk.NotFound, "read conversation", "there is no such conversation")
			}
			return effects(sit.Conversation, sit.Conversation.MarkRead(by, seq, sit.Now), by), nil
		},
	})
	return err
}

// Abandon ends a conversation in which nobody has answered, because the
// customer does not want to wait any longer. Conflict if somebody has it by now,
// NotFound if it is not this contact's.
func (s *Service) Abandon(ctx context.Context, account desk.AccountID, conversation desk.ConversationID, contact desk.ContactID) (desk.Conversation, error) {
	out, err := s.deps.Store.Do(ctx, store.Command{
		Account: account, Target: store.Target{Conversation: conversation},
		Decide: func(sit store.Situation) (store.Effects, error) {
			if sit.Conversation.ContactID != contact {
				return store.Effects{}, desk.E(desk.NotFound, "leave queue", "there is no such conversation")
			}
			tr, err := sit.Conversation.Abandon(sit.Now)
			if err != nil {
				return store.Effects{}, err
			}
			return effects(sit.Conversation, tr, desk.Author{Kind: desk.ByVisitor, ID: string(contact)}), nil
		},
	})
	return out.Conversation, err
}

// FireSnooze opens the conversation whose snooze is over. A timer that fires
// twice or after a change of mind does nothing; one that fires before its time
// by the database's clock is Unavailable and has to fire again.
func (s *Service) FireSnooze(ctx context.Context, t store.Timer) error {
	_, err := s.deps.Store.Do(ctx, store.Command{
		Account: t.AccountID, Target: store.Target{Conversation: desk.ConversationID(t.Subject)},
		Decide: func(sit store.Situation) (store.Effects, error) {
			c := sit.Conversation
			if c.Status == desk.Snoozed && c.SnoozedUntil.Equal(t.Due) && c.SnoozedUntil.After(sit.Now) {
				return store.Effects{}, desk.E(desk.Unavailable, "end snooze", "it is not time yet")
			}
			// The timer that fired is deleted by whoever runs timers, if it is
			// still the same; cancelling it here would be harmless too.
			return effects(c, c.Wake(sit.Now), desk.Author{Kind: desk.BySystem}), nil
		},
	})
	if errors.Is(err, desk.NotFound) {
		return nil // the conversation is gone, and its snooze with it
	}
	return err
}

// change runs one transition as an agent's command.
func (s *Service) change(ctx context.Context, o Order, verb string, step func(desk.Conversation, time.Time) (desk.Transition, error)) (desk.Conversation, error) {
	if err := o.check(verb); err != nil {
		return desk.Conversation{}, err
	}
	by := o.Actor.author()
	out, err := s.deps.Store.Do(ctx, o.command(verb, func(sit store.Situation) (store.Effects, error) {
		if err := sit.Conversation.ExpectVersion(o.ExpectVersion); err != nil {
			return store.Effects{}, err
		}
		tr, err := step(sit.Conversation, sit.Now)
		if err != nil {
			return store.Effects{}, err
		}
		return effects(sit.Conversation, tr, by), nil
	}))
	if err != nil {
		return desk.Conversation{}, err
	}
	if err := s.stillSeen(ctx, o, verb, out); err != nil {
		return desk.Conversation{}, err
	}
	return s.after(ctx, o.Actor.Account, o.ConversationID, out)
}
