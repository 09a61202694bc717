package conversation

import (
	"context"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// maxMentions is how many colleagues a note names.
const maxMentions = 50

// checkMentions refuses colleagues that are not there, and names each once.
func (s *Service) checkMentions(ctx context.Context, account desk.AccountID, named []desk.AgentID) ([]desk.AgentID, error) {
	const op, field = "mention colleagues", "mentions"
	if len(named) == 0 {
		return nil, nil
	}
	if len(named) > maxMentions {
		return nil, desk.InvalidField(op, field, "a note names at most 50 colleagues")
	}
	agents, err := s.deps.Store.Agents(ctx, account)
	if err != nil {
		return nil, err
	}
	var out []desk.AgentID
	for _, id := range named {
		if !slices.ContainsFunc(agents, func(a store.Agent) bool { return a.ID == id && !a.Disabled }) {
			return nil, desk.InvalidField(op, field, "there is no such agent, or the agent is disabled")
		}
		if !slices.Contains(out, id) {
			out = append(out, id)
		}
	}
	return out, nil
}

// ReadMentions notes that the actor has seen where colleagues named them in the
// conversation. Without such a place it changes nothing.
func (s *Service) ReadMentions(ctx context.Context, o Order) error {
	const verb = "read mentions"
	o.Key = "" // a repeat finds nothing to do
	if err := o.check(verb); err != nil {
		return err
	}
	if _, err := s.deps.Store.Conversation(ctx, o.Actor.Account, o.ConversationID); err != nil {
		return err
	}
	named, err := s.deps.Store.Mentioned(ctx, o.Actor.Account, o.Actor.Agent, o.ConversationID)
	if err != nil || !named {
		return err
	}
	_, err = s.deps.Store.Do(ctx, o.command(verb, func(sit store.Situation) (store.Effects, error) {
		return store.Effects{
			Conversation: sit.Conversation, Actor: o.Actor.author(),
			Facts:  []desk.Fact{desk.MentionsRead{AgentID: o.Actor.Agent}},
			Extras: []store.Extra{store.RemoveMention(o.Actor.Account, o.ConversationID, o.Actor.Agent)},
		}, nil
	}))
	return err
}
