package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/wire"
)

type queueResult struct {
	// Queue is null for who does not wait in a queue.
	Queue *queueShape `json:"queue"`
}

type queueShape struct {
	wire.QueuePlace

	// OpensAt is when somebody will be there; only while nobody is.
	OpensAt time.Time `json:"opens_at,omitzero"`
}

// getQueue says where the visitor stands; signals tell of changes.
func (s *Server) getQueue(ctx context.Context, c session, _ json.RawMessage) (any, error) {
	contact, err := s.contact(ctx, c)
	if err != nil || contact == "" {
		return queueResult{}, err
	}
	live, err := s.deps.Conversations.Live(ctx, c.visitor.Account, contact)
	if errors.Is(err, desk.NotFound) {
		return queueResult{}, nil
	}
	if err != nil || live.Status != desk.Open || live.AssigneeID != "" {
		return queueResult{}, err
	}
	at, err := s.deps.Queue.PlaceOf(ctx, c.visitor.Account, live.ID)
	if err != nil || at.Position == 0 {
		return queueResult{}, err
	}
	shape := &queueShape{QueuePlace: wire.QueuePlace{
		Position: at.Position, LowSeconds: int64(at.Low.Seconds()), HighSeconds: int64(at.High.Seconds()), Nobody: at.Nobody,
	}}
	if at.Nobody && !at.Opens.IsZero() {
		shape.OpensAt = at.Opens.UTC()
	}
	return queueResult{Queue: shape}, nil
}
