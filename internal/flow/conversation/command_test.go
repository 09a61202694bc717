package conversation_test

import (
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

func TestOfManyClaimsOneWins(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "有人吗")
		const callers = 50
		var won atomic.Int32
		var winner atomic.Value
		errs := make([]error, callers)
		var wg sync.WaitGroup
		for i := range callers {
			actor := conversation.Actor{Account: c.id, Agent: c.IDs.Agent(), Sight: desk.SeesAll()}
			wg.Go(func() {
				got, err := c.Claim(t.Context(), conversation.Order{Actor: actor, Key: "claim", ConversationID: a.ConversationID})
				if errs[i] = err; err == nil {
					won.Add(1)
					winner.Store(got.AssigneeID)
				}
			})
		}
		wg.Wait()
		require.EqualValues(t, 1, won.Load())
		for _, err := range errs {
			if err != nil {
				require.ErrorIs(t, err, desk.Conflict)
			}
		}
		got, err := c.Conversation(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, winner.Load(), got.AssigneeID)
	})
}

func TestSnoozeEndsByTimerOrByTheCustomer(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "明天再说")
		until := c.Clock.Now().Add(time.Hour)
		snoozed, err := c.Snooze(t.Context(), c.order(a.ConversationID, "s"), until)
		require.NoError(t, err)
		require.Equal(t, desk.Snoozed, snoozed.Status)
		ref := store.TimerRef{AccountID: c.id, Kind: conversation.SnoozeTimer, Subject: string(a.ConversationID)}
		timer, err := c.Store.Timer(t.Context(), ref)
		require.NoError(t, err)
		require.True(t, timer.Due.Equal(until))
		require.ErrorIs(t, c.FireSnooze(t.Context(), timer), desk.Unavailable, "too early: it has to fire again")

		later := until.Add(time.Hour)
		_, err = c.Snooze(t.Context(), c.order(a.ConversationID, "s2"), later)
		require.NoError(t, err)
		c.Clock.Advance(90 * time.Minute)
		require.NoError(t, c.FireSnooze(t.Context(), timer), "the old timer finds a later snooze and leaves it")
		got, err := c.Conversation(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		require.Equal(t, desk.Snoozed, got.Status)

		c.Clock.Advance(time.Hour)
		timer, err = c.Store.Timer(t.Context(), ref)
		require.NoError(t, err)
		head := c.head()
		for range 3 {
			require.NoError(t, c.FireSnooze(t.Context(), timer))
		}
		require.Equal(t, []desk.EventKind{"conversation.status_changed"}, c.kinds(head), "firing again does nothing")
		_, err = c.Store.Timer(t.Context(), ref)
		require.ErrorIs(t, err, desk.NotFound)

		_, err = c.Snooze(t.Context(), c.order(a.ConversationID, "s3"), c.Clock.Now().Add(time.Hour))
		require.NoError(t, err)
		c.says("u1", "k2", "我等不及了")
		_, err = c.Store.Timer(t.Context(), ref)
		require.ErrorIs(t, err, desk.NotFound, "the customer ended the snooze and its timer")
		gone := timer
		gone.Subject = string(c.IDs.Conversation())
		require.NoError(t, c.FireSnooze(t.Context(), gone), "a timer of nothing is done")
	})
}

func TestCommandsOnAnOldVersionConflict(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		a := c.says("u1", "k1", "你好")
		seen, err := c.Conversation(t.Context(), c.id, a.ConversationID)
		require.NoError(t, err)
		o := c.order(a.ConversationID, "")
		o.ExpectVersion = seen.Version
		_, err = c.Assign(t.Context(), o, c.agents[1].Agent, c.team)
		require.NoError(t, err)
		_, err = c.Resolve(t.Context(), o)
		require.ErrorIs(t, err, desk.Conflict)
		_, err = c.Reply(t.Context(), conversation.ReplyCommand{
			Actor: o.Actor, ConversationID: a.ConversationID, Content: desk.TextContent("x"), ExpectVersion: seen.Version,
		})
		require.ErrorIs(t, err, desk.Conflict)
	})
}
