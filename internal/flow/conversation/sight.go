package conversation

import (
	"context"
	"slices"

	"yingda.dev/internal/desk"
)

// MustSee is NotFound unless the conversation is there and in the actor's sight.
func (s *Service) MustSee(ctx context.Context, a Actor, id desk.ConversationID) error {
	c, err := s.deps.Store.Conversation(ctx, a.Account, id)
	if err != nil {
		return err
	}
	if !a.Sight.SeesConversation(c) {
		return errUnseen("find conversation")
	}
	return nil
}

// MustSeeContact is NotFound unless the actor sees everything or one of the
// contact's conversations: people are reached through them.
func (s *Service) MustSeeContact(ctx context.Context, a Actor, contact desk.ContactID) error {
	if a.Sight.Everything() {
		return nil
	}
	talks, err := s.deps.Store.ConversationsOfContact(ctx, a.Account, contact)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(talks, a.Sight.SeesConversation) {
		return nil
	}
	return desk.E(desk.NotFound, "find contact", "there is no such contact")
}
