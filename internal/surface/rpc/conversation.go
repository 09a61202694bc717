package rpc

import (
	"context"
	"encoding/json"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/wire"
)

type rateParams struct {
	ConversationID desk.ConversationID `json:"conversation_id"`
	Score          int                 `json:"score"`
	Comment        string              `json:"comment"`
}

type rateResult struct {
	Rating wire.Rating `json:"rating"`
}

// rate notes what the visitor thinks of their conversation.
func (s *Server) rate(ctx context.Context, c session, params json.RawMessage) (any, error) {
	var p rateParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	contact, err := s.writer(ctx, c, "rate conversation")
	if err != nil {
		return nil, err
	}
	r, err := s.deps.Visits.Rate(ctx, c.visitor.Account, contact, desk.Rating{
		ConversationID: p.ConversationID, Score: p.Score, Comment: p.Comment,
	})
	if err != nil {
		return nil, err
	}
	return rateResult{Rating: wire.ShapeRating(r)}, nil
}

// writer is the caller's contact; NotFound if they never wrote.
func (s *Server) writer(ctx context.Context, c session, op string) (desk.ContactID, error) {
	contact, err := s.contact(ctx, c)
	if err == nil && contact == "" {
		err = desk.E(desk.NotFound, op, "there is no such conversation")
	}
	return contact, err
}

// recall takes an own message back, for as long as the conversation allows it.
func (s *Server) recall(ctx context.Context, c session, params json.RawMessage) (any, error) {
	const op = "recall message"
	var p struct {
		ID desk.MessageID `json:"id"`
	}
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if _, ok := p.ID.Shard(); !ok {
		return nil, desk.InvalidField(op, "id", "this is not the id of a message")
	}
	contact, err := s.writer(ctx, c, op)
	if err != nil {
		return nil, err
	}
	m, err := s.deps.Conversations.Message(ctx, c.visitor.Account, p.ID)
	// Whose it is shows before anything else is told of it.
	if err == nil && (m.Author.Kind != desk.ByVisitor || m.Author.ID != string(contact)) {
		err = desk.E(desk.NotFound, op, "there is no such message")
	}
	if err != nil {
		return nil, err
	}
	_, err = s.deps.Conversations.Recall(ctx, conversation.RecallCommand{
		Account: c.visitor.Account, By: desk.Author{Kind: desk.ByVisitor, ID: string(contact)},
		ConversationID: m.ConversationID, MessageID: m.ID,
	})
	return nil, err
}
