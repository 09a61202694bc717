package store

import (
	"context"
	"math"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// MessageRange chooses messages of a conversation by Seq, both ends excluded.
type MessageRange struct {
	AfterSeq int64
	// BeforeSeq above 0 gives the newest messages below it; otherwise the
	// oldest above AfterSeq come.
	BeforeSeq int64
	// Limit is at most 1000; 0 means that.
	Limit int
	// PublicOnly leaves out notes.
	PublicOnly bool
}

// Messages lists messages of a conversation, Seq ascending. An unknown
// conversation has none.
func (r Reads) Messages(ctx context.Context, account desk.AccountID, conversation desk.ConversationID, m MessageRange) ([]desk.StoredMessage, error) {
	shard, ok := conversation.Shard()
	if !ok {
		return nil, nil
	}
	var (
		rows  []query.Message
		err   error
		limit = bound(m.Limit)
		after = query.MessagesAfterParams{
			AccountID: string(account), Shard: int16(shard), ConversationID: string(conversation),
			AfterSeq: m.AfterSeq, RowLimit: limit,
		}
		before = query.MessagesBeforeParams{
			AccountID: after.AccountID, Shard: after.Shard, ConversationID: after.ConversationID,
			AfterSeq: m.AfterSeq, BeforeSeq: m.BeforeSeq, RowLimit: limit,
		}
	)
	switch {
	case m.BeforeSeq > 0 && m.PublicOnly:
		rows, err = r.q.PublicMessagesBefore(ctx, query.PublicMessagesBeforeParams(before))
	case m.BeforeSeq > 0:
		rows, err = r.q.MessagesBefore(ctx, before)
	case m.PublicOnly:
		rows, err = r.q.PublicMessagesAfter(ctx, query.PublicMessagesAfterParams(after))
	default:
		rows, err = r.q.MessagesAfter(ctx, after)
	}
	if err != nil {
		return nil, r.fail("list messages", "message", err)
	}
	if m.BeforeSeq > 0 {
		slices.Reverse(rows)
	}
	return messagesOf(rows), nil
}

// NewestFirst is a BeforeSeq above every message: the newest page.
const NewestFirst = math.MaxInt64

// Message finds a message of the account.
func (r Reads) Message(ctx context.Context, account desk.AccountID, id desk.MessageID) (desk.StoredMessage, error) {
	const op = "find message"
	shard, ok := id.Shard()
	if !ok {
		return desk.StoredMessage{}, desk.E(desk.NotFound, op, "there is no such message")
	}
	row, err := r.q.Message(ctx, query.MessageParams{AccountID: string(account), Shard: int16(shard), ID: string(id)})
	if err != nil {
		return desk.StoredMessage{}, r.fail(op, "message", err)
	}
	return MessageOf(row), nil
}

// MessageByExternal finds an outgoing message by the platform's name of it,
// for receipts.
func (r Reads) MessageByExternal(ctx context.Context, account desk.AccountID, inbox desk.InboxID, external string) (desk.StoredMessage, error) {
	row, err := r.q.MessageByExternal(ctx, query.MessageByExternalParams{
		AccountID: string(account), InboxID: string(inbox), ExternalID: external,
	})
	if err != nil {
		return desk.StoredMessage{}, r.fail("find message", "message", err)
	}
	return MessageOf(row), nil
}

// MessagesByID finds many messages of the account; unknown ids are left out.
func (r Reads) MessagesByID(ctx context.Context, account desk.AccountID, ids []desk.MessageID) (map[desk.MessageID]desk.StoredMessage, error) {
	byShard := make(map[desk.Shard][]desk.MessageID)
	for _, id := range ids {
		if shard, ok := id.Shard(); ok {
			byShard[shard] = append(byShard[shard], id)
		}
	}
	out := make(map[desk.MessageID]desk.StoredMessage, len(ids))
	for shard, ids := range byShard {
		for chunk := range chunks(ids) {
			p := query.MessagesByIDParams{AccountID: string(account), Shard: int16(shard)}
			fill(chunk, &p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8)
			rows, err := r.q.MessagesByID(ctx, p)
			if err != nil {
				return nil, r.fail("find messages", "message", err)
			}
			for _, row := range rows {
				out[desk.MessageID(row.ID)] = MessageOf(row)
			}
		}
	}
	return out, nil
}

// MessagePage walks all messages of one shard of the account by id, which is
// roughly by age, from after on. Rebuilds use it.
func (r Reads) MessagePage(ctx context.Context, account desk.AccountID, shard desk.Shard, after desk.MessageID, limit int) ([]desk.StoredMessage, error) {
	rows, err := r.q.MessagePage(ctx, query.MessagePageParams{
		AccountID: string(account), Shard: int16(shard), AfterID: string(after), RowLimit: bound(limit),
	})
	if err != nil {
		return nil, r.fail("list messages", "message", err)
	}
	return messagesOf(rows), nil
}

// UpdateMessageBody replaces the sealed content, for a change of keys.
func (t *Tx) UpdateMessageBody(ctx context.Context, account desk.AccountID, id desk.MessageID, body desk.Sealed) error {
	const op = "update message"
	if err := t.own(op, account); err != nil {
		return err
	}
	shard, _ := id.Shard()
	n, err := t.q.UpdateMessageBody(ctx, query.UpdateMessageBodyParams{
		AccountID: string(account), Shard: int16(shard), ID: string(id), Body: blob(body),
	})
	return t.changed(op, "message", n, err)
}

func messagesOf(rows []query.Message) []desk.StoredMessage {
	out := make([]desk.StoredMessage, len(rows))
	for i, row := range rows {
		out[i] = MessageOf(row)
	}
	return out
}

// MessageOf turns a row into a message; for drivers.
func MessageOf(row query.Message) desk.StoredMessage {
	return desk.StoredMessage{
		MessageHead: desk.MessageHead{
			ID: desk.MessageID(row.ID), AccountID: desk.AccountID(row.AccountID),
			ConversationID: desk.ConversationID(row.ConversationID), Seq: row.Seq, InboxID: desk.InboxID(row.InboxID),
			Author:     desk.Author{Kind: desk.AuthorKind(row.AuthorKind), ID: row.AuthorID},
			Visibility: desk.Visibility(row.Visibility), Status: desk.DeliveryStatus(row.Status),
			FailureReason: row.FailureReason, ClientID: row.ClientID,
			SentAt: desk.FromMicros(row.SentUs), At: desk.FromMicros(row.AtUs),
		},
		Body: row.Body,
	}
}

func messageParams(m desk.StoredMessage) query.InsertMessageParams {
	shard, _ := m.ID.Shard()
	return query.InsertMessageParams{
		Shard: int16(shard), ID: string(m.ID), AccountID: string(m.AccountID), ConversationID: string(m.ConversationID),
		Seq: m.Seq, InboxID: string(m.InboxID), AuthorKind: string(m.Author.Kind), AuthorID: m.Author.ID,
		Visibility: string(m.Visibility), Status: string(m.Status), FailureReason: m.FailureReason,
		ClientID: m.ClientID, SentUs: desk.Micros(m.SentAt), AtUs: desk.Micros(m.At), Body: blob(m.Body),
	}
}
