package delivery_test

import (
	"context"
	"crypto/rand"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/delivery"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// queue puts a row into the outbox, and the message too if it is stored.
func (h *house) queue(c desk.ConversationID, contact desk.ContactID, stored bool) desk.MessageID {
	h.Helper()
	keys, err := h.keys.Account(h.ctx, h.account)
	require.NoError(h, err)
	shard, _ := c.Shard()
	id := h.ids.Message(shard)
	_, err = h.store.Do(h.ctx, store.Command{
		Account: h.account, Target: store.Target{Conversation: c},
		Decide: func(sit store.Situation) (store.Effects, error) {
			tr, m := sit.Conversation.Add(desk.StoredMessage{
				MessageHead: desk.MessageHead{
					ID: id, InboxID: h.inbox.ID, Author: desk.Author{Kind: desk.ByAgent, ID: string(h.agent)}, Visibility: desk.Public,
				},
				Body: keys.Seal(conversation.BodyPlace(c, id), []byte(`{"parts":[{"type":"text","text":"lost"}]}`)),
			}, nil, desk.Queued, sit.Now)
			e := store.Effects{
				Conversation: tr.Conversation,
				Outbox: []store.OutboxItem{{
					AccountID: h.account, MessageID: id, ConversationID: c, ContactID: contact, InboxID: h.inbox.ID, Seq: m.Seq,
				}},
			}
			if stored {
				e.Messages = []desk.StoredMessage{m}
			}
			return e, nil
		},
	})
	require.NoError(h, err)
	return id
}

func TestWhatIsGoneDoesNotBlockWhatFollows(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	c := h.writes("ada", "1")
	now, err := h.store.Conversation(h.ctx, h.account, c)
	require.NoError(t, err)
	h.queue(c, now.ContactID, false)
	homeless := h.queue(c, h.ids.Contact(), true)
	next := h.reply(c, "next")
	h.start()
	h.await(next, desk.Sent)
	require.Equal(t, delivery.ReasonAddress, h.await(homeless, desk.Failed).FailureReason)
	h.emptied()
	require.Equal(t, []string{"next"}, h.platform.got())
}

func TestWhatCannotBePreparedIsTriedLessOftenAndEnds(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	id := h.reply(h.writes("ada", "1"), "x")
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "other.key"), rand.Reader)
	require.NoError(t, err)
	h.keys = seal.NewKeyring(seal.Deps{Master: master, Store: h.store, Clock: desk.ClockFunc(time.Now), Random: rand.Reader})
	stop := h.start()
	h.awaitOutcome("error")
	stop()
	rows, err := h.store.DueOutbox(h.ctx, "test", time.Now().Add(time.Hour), 10)
	require.NoError(t, err)
	require.Len(t, rows, 1)
	require.Positive(t, rows[0].Attempts, "the pauses grow")
	h.write(func(ctx context.Context, tx *store.Tx) error {
		rows[0].Due = time.Time{}
		return tx.UpdateOutbox(ctx, rows[0])
	})
	h.maxAge = time.Nanosecond
	h.start()
	require.Equal(t, delivery.ReasonExpired, h.await(id, desk.Failed).FailureReason)
	h.emptied()
}
