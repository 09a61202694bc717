package conversation_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

// opened is everything the database says of a conversation, unsealed: messages,
// events and the preview.
func (c *company) opened(id desk.ConversationID) string {
	c.Helper()
	messages, _, err := c.Messages(c.Ctx, c.id, id, store.MessageRange{Limit: 200})
	require.NoError(c, err)
	text, err := json.Marshal(messages)
	require.NoError(c, err)
	out := []string{string(text)}
	keys, err := c.keys.Account(c.Ctx, c.id)
	require.NoError(c, err)
	events, err := c.Store.AccountEvents(c.Ctx, c.id, 0, 1000)
	require.NoError(c, err)
	for _, e := range events {
		if m, ok := desk.MessageOf(e.Fact); ok {
			plain, err := keys.Open(conversation.BodyPlace(e.ConversationID, m.MessageID), m.Body)
			require.NoError(c, err)
			out = append(out, string(plain))
		}
	}
	v, err := c.Get(c.Ctx, c.id, id)
	require.NoError(c, err)
	return strings.Join(append(out, v.Preview), "\n")
}

func TestARecalledMessageIsGoneEverywhere(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		first := c.says("u1", "k1", "顾客的秘密")
		id := first.ConversationID
		answer := c.reply(id, "r1", "客服的秘密")
		note, err := c.Note(t.Context(), conversation.NoteCommand{Actor: c.agents[0], ConversationID: id, Text: "同事的秘密"})
		require.NoError(t, err)
		agent := desk.Author{Kind: desk.ByAgent, ID: string(c.agents[0].Agent)}
		recall := func(m desk.MessageID, by desk.Author) (desk.Message, error) {
			return c.Recall(t.Context(), conversation.RecallCommand{Account: c.id, By: by, ConversationID: id, MessageID: m})
		}
		_, err = recall(answer.ID, desk.Author{Kind: desk.ByAgent, ID: string(c.agents[1].Agent)})
		require.ErrorIs(t, err, desk.Denied)
		_, err = recall(first.MessageID, agent)
		require.ErrorIs(t, err, desk.Denied)
		visitor := desk.Author{Kind: desk.ByVisitor, ID: string(first.ContactID)}
		_, err = recall(note.ID, visitor)
		require.ErrorIs(t, err, desk.NotFound, "visitors know of no notes")
		require.Contains(t, c.opened(id), "客服的秘密")
		v, err := c.Get(t.Context(), c.id, id)
		require.NoError(t, err)
		require.Equal(t, "客服的秘密", v.Preview)
		require.Equal(t, conversation.Last{By: desk.ByAgent}, v.Last)

		got, err := recall(answer.ID, agent)
		require.NoError(t, err)
		require.False(t, got.Content.RecalledAt.IsZero())
		require.Empty(t, got.Content.Parts)
		require.Equal(t, answer.Seq, got.Seq, "it keeps its place")
		require.NotContains(t, c.opened(id), "客服的秘密")
		v, err = c.Get(t.Context(), c.id, id)
		require.NoError(t, err)
		require.Equal(t, conversation.Last{By: desk.ByAgent, Recalled: true}, v.Last)
		require.Empty(t, v.Preview)

		head := c.head()
		again, err := recall(answer.ID, agent)
		require.NoError(t, err)
		require.Equal(t, got, again)
		require.Equal(t, head, c.head(), "once is enough")

		_, err = recall(first.MessageID, visitor)
		require.NoError(t, err)
		require.NotContains(t, c.opened(id), "顾客的秘密")
		h.Clock.Advance(3 * time.Minute)
		_, err = recall(note.ID, agent)
		require.ErrorIs(t, err, desk.Conflict, "too late")
		_, err = c.Recall(t.Context(), conversation.RecallCommand{
			Account: c.id, By: desk.Author{Kind: desk.ByAgent, ID: string(c.agents[1].Agent)}, Anything: true, ConversationID: id, MessageID: note.ID,
		})
		require.NoError(t, err, "an administrator may at any time")
		require.NotContains(t, c.opened(id), "秘密")

		acts, more, err := c.Activity(t.Context(), c.id, id, "", 0)
		require.NoError(t, err)
		require.False(t, more)
		require.Equal(t, desk.EventKind("message.recalled"), acts[0].Kind)
		other := h.company()
		_, err = other.Recall(t.Context(), conversation.RecallCommand{Account: other.id, By: agent, Anything: true, ConversationID: id, MessageID: note.ID})
		require.ErrorIs(t, err, desk.NotFound)
	})
}

// A notice of the system is no preview, and hides from nobody that what the
// preview shows was taken back.
func TestANoticeIsNoPreview(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		first := c.says("u1", "k1", "顾客的话")
		id := first.ConversationID
		require.NoError(t, c.Notice(t.Context(), c.id, id, "nobody", "客服暂时不在线"))
		v, err := c.Get(t.Context(), c.id, id)
		require.NoError(t, err)
		require.Equal(t, "顾客的话", v.Preview)
		require.Equal(t, conversation.Last{By: desk.ByVisitor}, v.Last)
		require.Equal(t, int64(2), v.Conversation.Seq)

		visitor := desk.Author{Kind: desk.ByVisitor, ID: string(first.ContactID)}
		_, err = c.Recall(t.Context(), conversation.RecallCommand{Account: c.id, By: visitor, ConversationID: id, MessageID: first.MessageID})
		require.NoError(t, err)
		v, err = c.Get(t.Context(), c.id, id)
		require.NoError(t, err)
		require.Empty(t, v.Preview)
		require.Equal(t, conversation.Last{By: desk.ByVisitor, Recalled: true}, v.Last)
	})
}

// An event that a consumer put aside holds the content too.
func TestARecallReachesDeadLetters(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "打错了")
		events, err := c.Store.AccountEvents(t.Context(), c.id, 0, 10)
		require.NoError(t, err)
		told := events[len(events)-1]
		before, ok := desk.MessageOf(told.Fact)
		require.True(t, ok)
		require.NoError(t, c.Store.Write(t.Context(), "", func(ctx context.Context, tx *store.Tx) error {
			return tx.Park(ctx, store.DeadLetter{ID: c.IDs.Other("ded"), Consumer: "x", Event: told, Error: "broken", Attempts: 1, At: tx.Now()})
		}))
		_, err = c.Recall(t.Context(), conversation.RecallCommand{
			Account: c.id, By: desk.Author{Kind: desk.ByVisitor, ID: string(a.ContactID)}, ConversationID: a.ConversationID, MessageID: a.MessageID,
		})
		require.NoError(t, err)
		letters, err := c.Store.DeadLetters(t.Context(), c.id, store.Page{})
		require.NoError(t, err)
		after, ok := desk.MessageOf(letters[0].Event.Fact)
		require.True(t, ok)
		require.NotEqual(t, before.Body, after.Body)
	})
}

// Fifty at once take a message back; it happens once.
func TestOfFiftyRecallsOneCounts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "打错了")
		m := c.reply(a.ConversationID, "r1", "也打错了")
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				_, err := c.Recall(c.Ctx, conversation.RecallCommand{
					Account: c.id, By: m.Author, ConversationID: m.ConversationID, MessageID: m.ID,
				})
				if err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		recalled := 0
		for _, kind := range c.kinds(0) {
			if kind == "message.recalled" {
				recalled++
			}
		}
		require.Equal(t, 1, recalled)
	})
}

func TestAFailedMessageIsSentAgainOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		h.routes.way = map[desk.InboxID]conversation.Route{c.inbox.ID: {Status: desk.Queued, Queue: true}}
		a := c.says("u1", "k1", "你好")
		m := c.reply(a.ConversationID, "r1", "在的")
		_, err := c.Resend(t.Context(), c.order(a.ConversationID, "s0"), m.ID)
		require.ErrorIs(t, err, desk.Conflict, "it has not failed")
		due, err := h.Store.DueOutbox(t.Context(), "h", h.Clock.Now().Add(time.Hour), 10)
		require.NoError(t, err)
		require.NotEmpty(t, due)
		require.NoError(t, c.Store.Write(t.Context(), c.id, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteOutbox(ctx, due[0]) }))
		require.NoError(t, c.SetMessageStatus(t.Context(), c.id, m.ID, desk.Failed, "window_closed"))
		var sent atomic.Int64
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				o := c.order(a.ConversationID, fmt.Sprint("s", i%2))
				o.Actor = c.agents[i%2]
				switch _, err := c.Resend(c.Ctx, o, m.ID); {
				case err == nil:
					sent.Add(1)
				case desk.KindOf(err) != desk.Conflict:
					t.Error(err)
				}
			})
		}
		all.Wait()
		require.Positive(t, sent.Load())
		require.LessOrEqual(t, sent.Load(), int64(25), "repeats of the one who won")
		again, err := c.Message(t.Context(), c.id, m.ID)
		require.NoError(t, err)
		require.Equal(t, desk.Queued, again.Status)
		require.Empty(t, again.FailureReason)
		require.NoError(t, c.SetMessageStatus(t.Context(), c.id, m.ID, desk.Sent, ""))
		told := 0
		events, err := c.Store.AccountEvents(t.Context(), c.id, 0, 1000)
		require.NoError(t, err)
		for _, e := range events {
			if f, ok := e.Fact.(desk.MessageStatusChanged); ok && f.Status == desk.Queued {
				told++
			}
		}
		require.Equal(t, 1, told)
	})
}
