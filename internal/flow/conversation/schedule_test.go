package conversation_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

func (c *company) schedule(id desk.ConversationID, key string, in time.Duration, cancelOnReply bool) conversation.Scheduled {
	c.Helper()
	s, err := c.Schedule(c.Ctx, c.order(id, key), desk.TextContent("明天见"), c.Clock.Now().Add(in), cancelOnReply)
	require.NoError(c, err)
	return s
}

func (c *company) fire(s conversation.Scheduled) error {
	timer, err := c.Store.Timer(c.Ctx, store.TimerRef{AccountID: c.id, Kind: conversation.ScheduleTimer, Subject: s.ID})
	if err != nil {
		return err
	}
	return c.FireSchedule(c.Ctx, timer)
}

func (c *company) scheduled(s conversation.Scheduled) conversation.Scheduled {
	c.Helper()
	all, err := c.ScheduledOf(c.Ctx, c.id, s.ConversationID)
	require.NoError(c, err)
	for _, x := range all {
		if x.ID == s.ID {
			return x
		}
	}
	require.Fail(c, "the scheduled message is not listed")
	return s
}

func TestAScheduledMessageIsSentOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		id := c.says("u1", "k1", "你好").ConversationID
		s := c.schedule(id, "s1", time.Hour, false)
		require.Equal(t, s.ID, c.schedule(id, "s1", time.Hour, false).ID, "a repeat of the key")
		require.Equal(t, desk.TextContent("明天见"), s.Content)
		require.ErrorIs(t, c.fire(s), desk.Unavailable, "it is not time yet")
		h.Clock.Advance(2 * time.Hour)
		timer, err := c.Store.Timer(t.Context(), store.TimerRef{AccountID: c.id, Kind: conversation.ScheduleTimer, Subject: s.ID})
		require.NoError(t, err)
		var all sync.WaitGroup
		for range 50 { // as many nodes and restarts as one likes
			all.Go(func() {
				if err := c.FireSchedule(c.Ctx, timer); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		messages, _, err := c.Messages(t.Context(), c.id, id, store.MessageRange{Limit: 10})
		require.NoError(t, err)
		require.Len(t, messages, 2)
		require.Equal(t, "明天见", messages[1].Content.Parts[0].Text)
		sent := c.scheduled(s)
		require.Equal(t, desk.ScheduleSent, sent.State)
		require.Equal(t, messages[1].ID, sent.MessageID)
		require.Empty(t, sent.Body, "the copy is gone")
		require.ErrorIs(t, c.CancelScheduled(t.Context(), c.order(id, "c1"), s.ID), desk.Conflict)
	})
}

func TestAScheduledMessageGivesWay(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		id := c.says("u1", "k1", "你好").ConversationID
		shy, firm, cancelled := c.schedule(id, "s1", time.Hour, true), c.schedule(id, "s2", time.Hour, false), c.schedule(id, "s3", time.Hour, false)
		require.NoError(t, c.CancelScheduled(t.Context(), c.order(id, "c1"), cancelled.ID))
		require.NoError(t, c.CancelScheduled(t.Context(), c.order(id, "c1"), cancelled.ID), "a repeat")
		require.ErrorIs(t, c.fire(cancelled), desk.NotFound, "its timer went with it")
		c.reply(id, "r1", "我自己说")
		require.Equal(t, desk.SchedulePending, c.scheduled(shy).State, "only the customer stops it")
		c.says("u1", "k2", "不用了")
		require.Equal(t, desk.ScheduleCancelled, c.scheduled(shy).State)
		h.Clock.Advance(2 * time.Hour)
		require.NoError(t, c.fire(shy))
		require.NoError(t, c.fire(firm))
		require.Equal(t, conversation.ReasonCustomerWrote, c.scheduled(shy).Reason)
		require.Equal(t, desk.ScheduleSent, c.scheduled(firm).State)

		// Who was disabled meanwhile does not write any more, and colleagues see it.
		late := c.schedule(id, "s4", time.Hour, false)
		agent, err := c.Store.Agent(t.Context(), c.id, c.agents[0].Agent)
		require.NoError(t, err)
		agent.Disabled = true
		require.NoError(t, c.Store.Write(t.Context(), c.id, func(ctx context.Context, tx *store.Tx) error { return tx.PutAgent(ctx, agent) }))
		h.Clock.Advance(2 * time.Hour)
		require.NoError(t, c.fire(late))
		failed := c.scheduled(late)
		require.Equal(t, desk.ScheduleFailed, failed.State)
		require.Equal(t, conversation.ReasonAgentDisabled, failed.Reason)
		require.Equal(t, desk.TextContent("明天见"), failed.Content, "somebody else can still send it")
		for _, at := range []time.Time{h.Clock.Now().Add(-time.Hour), h.Clock.Now().Add(2 * desk.MaxSchedule)} {
			_, err := c.Schedule(t.Context(), c.order(id, "bad"), desk.TextContent("x"), at, false)
			require.ErrorIs(t, err, desk.Invalid)
		}
		other := h.company()
		_, err = other.ScheduledOf(t.Context(), other.id, id)
		require.ErrorIs(t, err, desk.NotFound)
		require.ErrorIs(t, other.CancelScheduled(t.Context(), other.order(id, "c"), firm.ID), desk.NotFound)
	})
}

// Of cancelling and sending at once, one happens.
func TestCancellingAndSendingAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		id := c.says("u1", "k1", "你好").ConversationID
		for range 10 {
			s := c.schedule(id, "", time.Hour, false)
			timer, err := c.Store.Timer(t.Context(), store.TimerRef{AccountID: c.id, Kind: conversation.ScheduleTimer, Subject: s.ID})
			require.NoError(t, err)
			h.Clock.Advance(2 * time.Hour)
			before, err := c.Conversation(t.Context(), c.id, id)
			require.NoError(t, err)
			var cancelled atomic.Bool
			var both sync.WaitGroup
			both.Go(func() { cancelled.Store(c.CancelScheduled(c.Ctx, c.order(id, ""), s.ID) == nil) })
			both.Go(func() {
				if err := c.FireSchedule(c.Ctx, timer); err != nil {
					t.Error(err)
				}
			})
			both.Wait()
			after, err := c.Conversation(t.Context(), c.id, id)
			require.NoError(t, err)
			require.Equal(t, cancelled.Load(), after.Seq == before.Seq, "cancelled, or sent")
			want := desk.ScheduleSent
			if cancelled.Load() {
				want = desk.ScheduleCancelled
			}
			require.Equal(t, want, c.scheduled(s).State)
		}
	})
}
