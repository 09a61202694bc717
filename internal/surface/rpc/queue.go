package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/wire"
)

type queueResult struct {
	// Queue is null for who does not wait in a queue.
	Queue *queueShape `json:"queue"`
}

type queueShape struct {
	wire.QueuePlace

	// Choice is what the visitor does meanwhile; missing is to wait.
	Choice desk.WaitChoice `json:"choice,omitempty"`
	// OpensAt is when somebody will be there; only while nobody is.
	OpensAt time.Time `json:"opens_at,omitzero"`
}

// getQueue says where the visitor stands; signals tell of changes.
func (s *Server) getQueue(ctx context.Context, c session, _ json.RawMessage) (any, error) {
	live, ok, err := s.waits(ctx, c)
	if err != nil || !ok {
		return queueResult{}, err
	}
	return s.placed(ctx, c, live.ID)
}

// waits is the visitor's live conversation if nobody has it; false if there is none.
func (s *Server) waits(ctx context.Context, c session) (desk.Conversation, bool, error) {
	contact, err := s.contact(ctx, c)
	if err != nil || contact == "" {
		return desk.Conversation{}, false, err
	}
	live, err := s.deps.Conversations.Live(ctx, c.visitor.Account, contact)
	if errors.Is(err, desk.NotFound) {
		return desk.Conversation{}, false, nil
	}
	return live, err == nil && live.Status == desk.Open && live.AssigneeID == "", err
}

func (s *Server) placed(ctx context.Context, c session, id desk.ConversationID) (any, error) {
	at, err := s.deps.Queue.PlaceOf(ctx, c.visitor.Account, id)
	if err != nil || at.Position == 0 && !at.Nobody {
		return queueResult{}, err
	}
	shape := &queueShape{Choice: at.Choice, QueuePlace: wire.QueuePlace{
		Position: at.Position, LowSeconds: int64(at.Low.Seconds()), HighSeconds: int64(at.High.Seconds()), Nobody: at.Nobody,
	}}
	if at.Nobody && !at.Opens.IsZero() {
		shape.OpensAt = at.Opens.UTC()
	}
	return queueResult{Queue: shape}, nil
}

type chooseParams struct {
	Choice desk.WaitChoice `json:"choice"`
	Phone  string          `json:"phone"`
	Note   string          `json:"note"`
	From   time.Time       `json:"from"`
	To     time.Time       `json:"to"`
}

// chooseWait notes what the visitor wants to do while waiting.
func (s *Server) chooseWait(ctx context.Context, c session, params json.RawMessage) (any, error) {
	var p chooseParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	live, ok, err := s.waits(ctx, c)
	if err == nil && !ok {
		err = desk.E(desk.Conflict, "choose how to wait", "the conversation does not wait")
	}
	if err != nil {
		return nil, err
	}
	err = s.deps.Queue.Choose(ctx, dispatch.Choice{
		Account: c.visitor.Account, Conversation: live.ID, Contact: live.ContactID, Choice: p.Choice, Phone: p.Phone, Note: p.Note, From: p.From, To: p.To,
	})
	if err != nil {
		return nil, err
	}
	return s.placed(ctx, c, live.ID)
}

type leaveResult struct {
	Conversation wire.VisitorConversation `json:"conversation"`
}

// leaveQueue ends the visitor's conversation, which nobody has answered yet.
func (s *Server) leaveQueue(ctx context.Context, c session, _ json.RawMessage) (any, error) {
	live, ok, err := s.waits(ctx, c)
	if err == nil && !ok {
		err = desk.E(desk.Conflict, "leave queue", "the conversation does not wait")
	}
	if err != nil {
		return nil, err
	}
	after, err := s.deps.Conversations.Abandon(ctx, c.visitor.Account, live.ID, live.ContactID)
	if err != nil {
		return nil, err
	}
	return leaveResult{Conversation: s.shape(ctx, after)}, nil
}
