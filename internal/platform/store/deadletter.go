package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// DeadLetter is an event that a consumer could not handle. While there is one,
// the later events of its conversation are parked for that consumer too, so
// that their order is kept.
type DeadLetter struct {
	// ID is sortable text, drawn by the consumer.
	ID       string
	Consumer string
	// Event is kept whole, for the log may be trimmed meanwhile.
	Event desk.Event
	// Error says what went wrong, without content or contact data.
	Error string
	// Attempts counts how often it was tried; Park adds to the stored number.
	Attempts int64
	// Replay means somebody asked for another try.
	Replay bool
	At     time.Time
}

// Parked names a conversation that a consumer has dead letters of.
type Parked struct {
	AccountID      desk.AccountID
	Shard          desk.Shard
	ConversationID desk.ConversationID
}

// Park keeps an event that failed; parking it again counts the attempts up
// and ends a replay. Installation work only.
func (t *Tx) Park(ctx context.Context, d DeadLetter) error {
	const op = "park event"
	if err := t.installation(op); err != nil {
		return err
	}
	row, err := EventRow(d.Event)
	if err != nil {
		return err
	}
	return t.fail(op, "dead letter", t.q.PutDeadLetter(ctx, query.PutDeadLetterParams{
		ID: d.ID, AccountID: row.AccountID, Consumer: d.Consumer, Shard: row.Shard, ConversationID: row.ConversationID,
		ContactID: row.ContactID, Pos: row.Pos, Kind: row.Kind, EventAtUs: row.AtUs, Payload: row.Payload,
		Error: d.Error, Attempts: d.Attempts, AtUs: desk.Micros(t.now),
	}))
}

// ParkedConversations lists the conversations with dead letters of a consumer,
// of all accounts, at most 1000; a consumer with more is broken as a whole.
func (r Reads) ParkedConversations(ctx context.Context, consumer string) ([]Parked, error) {
	rows, err := r.q.ParkedConversations(ctx, query.ParkedConversationsParams{Consumer: consumer, RowLimit: maxPage})
	if err != nil {
		return nil, r.fail("list parked conversations", "dead letter", err)
	}
	out := make([]Parked, len(rows))
	for i, row := range rows {
		out[i] = Parked{desk.AccountID(row.AccountID), desk.Shard(row.Shard), desk.ConversationID(row.ConversationID)}
	}
	return out, nil
}

// DeadLetters lists the account's dead letters, the newest first, below
// Page.BeforeID.
func (r Reads) DeadLetters(ctx context.Context, account desk.AccountID, p Page) ([]DeadLetter, error) {
	before := p.BeforeID
	if before == "" {
		before = "~" // above every id
	}
	rows, err := r.q.DeadLetters(ctx, query.DeadLettersParams{AccountID: string(account), BeforeID: before, RowLimit: bound(p.Limit)})
	if err != nil {
		return nil, r.fail("list dead letters", "dead letter", err)
	}
	return deadLettersOf(rows)
}

// DeadLetter finds a dead letter of the account.
func (r Reads) DeadLetter(ctx context.Context, account desk.AccountID, id string) (DeadLetter, error) {
	row, err := r.q.DeadLetter(ctx, query.DeadLetterParams{AccountID: string(account), ID: id})
	if err != nil {
		return DeadLetter{}, r.fail("find dead letter", "dead letter", err)
	}
	out, err := deadLettersOf([]query.DeadLetter{row})
	if err != nil {
		return DeadLetter{}, err
	}
	return out[0], nil
}

// Replay asks the consumer to try again all dead letters of the conversation
// that this one belongs to, in order.
func (t *Tx) Replay(ctx context.Context, account desk.AccountID, id string) error {
	const op = "replay dead letter"
	if err := t.own(op, account); err != nil {
		return err
	}
	row, err := t.q.DeadLetter(ctx, query.DeadLetterParams{AccountID: string(account), ID: id})
	if err != nil {
		return t.fail(op, "dead letter", err)
	}
	n, err := t.q.RequestReplay(ctx, query.RequestReplayParams{
		AccountID: string(account), Consumer: row.Consumer, ConversationID: row.ConversationID,
	})
	return t.changed(op, "dead letter", n, err)
}

// DueReplays lists a consumer's dead letters to try again, of all accounts, in
// log order. Who succeeds deletes the letter in the same transaction.
func (r Reads) DueReplays(ctx context.Context, consumer string, limit int) ([]DeadLetter, error) {
	rows, err := r.q.DueReplays(ctx, query.DueReplaysParams{Consumer: consumer, RowLimit: bound(limit)})
	if err != nil {
		return nil, r.fail("list replays", "dead letter", err)
	}
	return deadLettersOf(rows)
}

// DeleteDeadLetter removes a dead letter that was handled or given up.
func (t *Tx) DeleteDeadLetter(ctx context.Context, account desk.AccountID, id string) error {
	const op = "delete dead letter"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.DeleteDeadLetter(ctx, query.DeleteDeadLetterParams{AccountID: string(account), ID: id})
	return t.changed(op, "dead letter", n, err)
}

func deadLettersOf(rows []query.DeadLetter) ([]DeadLetter, error) {
	out := make([]DeadLetter, len(rows))
	for i, row := range rows {
		events, err := EventsOf([]query.EventLog{{
			Pos: row.Pos, AccountID: row.AccountID, Shard: row.Shard, ConversationID: row.ConversationID,
			ContactID: row.ContactID, Kind: row.Kind, AtUs: row.EventAtUs, Payload: row.Payload,
		}})
		if err != nil {
			return nil, err
		}
		out[i] = DeadLetter{
			ID: row.ID, Consumer: row.Consumer, Event: events[0], Error: row.Error, Attempts: row.Attempts,
			Replay: row.State == "replay", At: desk.FromMicros(row.AtUs),
		}
	}
	return out, nil
}
