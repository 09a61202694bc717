package rpc

import (
	"context"
	"encoding/json"

	"yingda.dev/internal/desk"
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
