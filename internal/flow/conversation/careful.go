package conversation

import (
	"context"
	"errors"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// errMoved tells that the conversation changed between looking and deciding.
var errMoved = desk.E(desk.Unavailable, "decide", "the conversation is busy; try again")

// tries is how often a command that has to look before it decides begins anew.
// Each time another command has succeeded, so fifty at once all come through.
const tries = 100

// onWhatIs runs a command whose decision needs more than the conversation, such
// as its labels or a message. prepare looks, outside of the transaction; the
// decision counts only if the conversation has not changed since, which each
// such command sees to by changing its version.
func (s *Service) onWhatIs(ctx context.Context, account desk.AccountID, id desk.ConversationID, prepare func(desk.Conversation) (store.Command, error)) (store.Outcome, error) {
	for try := 1; ; try++ {
		seen, err := s.deps.Store.Conversation(ctx, account, id)
		if err != nil {
			return store.Outcome{}, err
		}
		command, err := prepare(seen)
		if err != nil {
			return store.Outcome{}, err
		}
		decide := command.Decide
		command.Decide = func(sit store.Situation) (store.Effects, error) {
			if sit.Conversation.Version != seen.Version {
				return store.Effects{}, errMoved
			}
			return decide(sit)
		}
		out, err := s.deps.Store.Do(ctx, command)
		if !errors.Is(err, errMoved) || try == tries {
			return out, err
		}
	}
}

// after is the conversation after a command, read anew if a repeat does not say it.
func (s *Service) after(ctx context.Context, account desk.AccountID, id desk.ConversationID, out store.Outcome) (desk.Conversation, error) {
	if out.Conversation.ID != "" {
		return out.Conversation, nil
	}
	return s.deps.Store.Conversation(ctx, account, id)
}
