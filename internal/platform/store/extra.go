package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// EraseMessage puts a body that says nothing in the place of a message's: in
// its row and in the event that told of it, if the log still has it, and in
// what consumers put aside of it. It is not sent any more.
func EraseMessage(m desk.StoredMessage, body desk.Sealed, told *desk.Event) ([]Extra, error) {
	shard, _ := m.ID.Shard()
	account := string(m.AccountID)
	statements := []query.Statement{
		query.UpdateMessageBodyParams{AccountID: account, Shard: int16(shard), ID: string(m.ID), Body: blob(body)}.Statement(),
		query.DropOutboxParams{AccountID: account, MessageID: string(m.ID)}.Statement(),
	}
	if told != nil {
		e := *told
		switch f := e.Fact.(type) {
		case desk.MessageReceived:
			f.Body = body
			e.Fact = f
		case desk.MessageSent:
			f.Body = body
			e.Fact = f
		case desk.NoteAdded:
			f.Body = body
			e.Fact = f
		}
		payload, err := e.EncodePayload()
		if err != nil {
			return nil, err
		}
		statements = append(statements,
			query.ReplaceEventPayloadParams{AccountID: account, Pos: e.Pos, AtUs: desk.Micros(e.At), Payload: payload}.Statement(),
			query.ReplaceDeadLetterPayloadParams{AccountID: account, Pos: e.Pos, Payload: payload}.Statement(),
		)
	}
	out := make([]Extra, len(statements))
	for i, s := range statements {
		out[i] = Extra{m.AccountID, m.ConversationID, s}
	}
	return out, nil
}

// Requeue sets the status of a failed message back; a receipt cannot do that.
func Requeue(m desk.StoredMessage, to desk.DeliveryStatus) Extra {
	shard, _ := m.ID.Shard()
	return Extra{m.AccountID, m.ConversationID, query.RequeueMessageParams{
		Status: string(to), AccountID: string(m.AccountID), Shard: int16(shard), ID: string(m.ID),
	}.Statement()}
}

// clockSlack is how far the times of neighbouring events may be out of order.
const clockSlack = 10 * time.Second

// Told finds the event that told of a message; NotFound if the log does not
// reach back to it any more.
func (r Reads) Told(ctx context.Context, m desk.StoredMessage) (desk.Event, error) {
	const op = "find event"
	head, err := r.Head(ctx)
	if err != nil {
		return desk.Event{}, err
	}
	after, err := r.lastEventBefore(ctx, head, m.At.Add(-clockSlack))
	if err != nil {
		return desk.Event{}, r.fail(op, "event", err)
	}
	for {
		events, err := r.AccountEvents(ctx, m.AccountID, after, maxPage)
		if err != nil {
			return desk.Event{}, err
		}
		for _, e := range events {
			if f, ok := desk.MessageOf(e.Fact); ok && f.MessageID == m.ID {
				return e, nil
			}
			if e.At.After(m.At.Add(clockSlack)) {
				return desk.Event{}, desk.E(desk.NotFound, op, "there is no such event")
			}
			after = e.Pos
		}
		if len(events) < maxPage {
			return desk.Event{}, desk.E(desk.NotFound, op, "there is no such event")
		}
	}
}
