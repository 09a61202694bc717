package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Scheduled is a message that is to be sent later.
type Scheduled struct {
	ID             string
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	AgentID        desk.AgentID
	State          desk.ScheduleState
	// Reason is a short code for what is cancelled or failed.
	Reason string
	Due    time.Time
	// CancelOnReply drops it if the customer writes after AfterSeq.
	CancelOnReply bool
	AfterSeq      int64
	// MessageID is set when it was sent.
	MessageID desk.MessageID
	// Body is empty once it was sent or cancelled.
	Body      desk.Sealed
	CreatedAt time.Time
	UpdatedAt time.Time
}

func scheduledOf(row query.ScheduledMessage) Scheduled {
	return Scheduled{
		ID: row.ID, AccountID: desk.AccountID(row.AccountID), ConversationID: desk.ConversationID(row.ConversationID),
		AgentID: desk.AgentID(row.AgentID), State: desk.ScheduleState(row.State), Reason: row.Reason, Due: desk.FromMicros(row.DueUs),
		CancelOnReply: row.CancelOnReply, AfterSeq: row.AfterSeq, MessageID: desk.MessageID(row.MessageID), Body: row.Body,
		CreatedAt: desk.FromMicros(row.CreatedUs), UpdatedAt: desk.FromMicros(row.UpdatedUs),
	}
}

// AddScheduled keeps a message for later.
func AddScheduled(s Scheduled) Extra {
	return Extra{s.AccountID, s.ConversationID, query.InsertScheduledMessageParams{
		AccountID: string(s.AccountID), ID: s.ID, ConversationID: string(s.ConversationID), AgentID: string(s.AgentID),
		State: string(s.State), Reason: s.Reason, DueUs: desk.Micros(s.Due), CancelOnReply: s.CancelOnReply, AfterSeq: s.AfterSeq,
		MessageID: string(s.MessageID), Body: blob(s.Body), CreatedUs: desk.Micros(s.CreatedAt), UpdatedUs: desk.Micros(s.UpdatedAt),
	}.Statement()}
}

// FinishScheduled keeps what became of it: State, Reason, MessageID and Body.
func FinishScheduled(s Scheduled) Extra {
	return Extra{s.AccountID, s.ConversationID, query.FinishScheduledMessageParams{
		AccountID: string(s.AccountID), ID: s.ID, State: string(s.State), Reason: s.Reason, MessageID: string(s.MessageID),
		Body: blob(s.Body), UpdatedUs: desk.Micros(s.UpdatedAt),
	}.Statement()}
}

// Scheduled finds one.
func (r Reads) Scheduled(ctx context.Context, account desk.AccountID, id string) (Scheduled, error) {
	row, err := r.q.ScheduledMessage(ctx, query.ScheduledMessageParams{AccountID: string(account), ID: id})
	if err != nil {
		return Scheduled{}, r.fail("find scheduled message", "scheduled message", err)
	}
	return scheduledOf(row), nil
}

// ScheduledOf lists a conversation's, the latest due first, at most 200.
func (r Reads) ScheduledOf(ctx context.Context, account desk.AccountID, conversation desk.ConversationID) ([]Scheduled, error) {
	rows, err := r.q.ScheduledMessages(ctx, query.ScheduledMessagesParams{
		AccountID: string(account), ConversationID: string(conversation), RowLimit: 200,
	})
	return scheduledList(r, rows, err)
}

// ScheduledPage walks the account's by id, for rebuilds.
func (r Reads) ScheduledPage(ctx context.Context, account desk.AccountID, after string, limit int) ([]Scheduled, error) {
	rows, err := r.q.ScheduledPage(ctx, query.ScheduledPageParams{AccountID: string(account), AfterID: after, RowLimit: bound(limit)})
	return scheduledList(r, rows, err)
}

func scheduledList(r Reads, rows []query.ScheduledMessage, err error) ([]Scheduled, error) {
	out := make([]Scheduled, len(rows))
	for i, row := range rows {
		out[i] = scheduledOf(row)
	}
	return out, r.fail("list scheduled messages", "scheduled message", err)
}

// ResealScheduled replaces the sealed content, for a change of keys.
func (t *Tx) ResealScheduled(ctx context.Context, account desk.AccountID, id string, body desk.Sealed) error {
	const op = "change scheduled message"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.ResealScheduledMessage(ctx, query.ResealScheduledMessageParams{AccountID: string(account), ID: id, Body: blob(body)})
	return t.changed(op, "scheduled message", n, err)
}
