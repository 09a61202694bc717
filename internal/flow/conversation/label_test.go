package conversation_test

import (
	"context"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

// labels gives the account labels l0, l1 …
func (c *company) labels(n int) []desk.LabelID {
	c.Helper()
	out := make([]desk.LabelID, n)
	for i := range out {
		out[i] = desk.LabelID(c.IDs.Other("lbl"))
		name := fmt.Sprint("l", i)
		require.NoError(c, c.Store.Write(c.Ctx, c.id, func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertLabel(ctx, desk.Label{ID: out[i], AccountID: c.id, Name: name}, store.LabelKey(name))
		}))
	}
	return out
}

func TestLabelsComeAndGo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c, other := h.company(), h.company()
		l, theirs := c.labels(22), other.labels(1)
		id := c.says("u1", "k1", "你好").ConversationID
		after, err := c.Label(t.Context(), c.order(id, "a"), l[:2], nil)
		require.NoError(t, err)
		v, err := c.View(t.Context(), after)
		require.NoError(t, err)
		require.ElementsMatch(t, l[:2], v.Labels)
		head := c.head()
		same, err := c.Label(t.Context(), c.order(id, "b"), l[:1], l[3:4])
		require.NoError(t, err)
		require.Equal(t, after.Version, same.Version, "nothing has changed")
		require.Equal(t, head, c.head())
		_, err = c.Label(t.Context(), c.order(id, "c"), theirs, nil)
		require.ErrorIs(t, err, desk.Invalid)
		_, err = c.Label(t.Context(), c.order(id, "d"), l, nil)
		require.ErrorIs(t, err, desk.Invalid, "more than twenty")
		old := c.order(id, "e")
		old.ExpectVersion = after.Version - 1
		_, err = c.Label(t.Context(), old, l[2:3], nil)
		require.ErrorIs(t, err, desk.Conflict)
		_, err = c.Label(t.Context(), c.order(id, "f"), l[2:3], l[:1])
		require.NoError(t, err)
		v, err = c.Get(t.Context(), c.id, id)
		require.NoError(t, err)
		require.ElementsMatch(t, l[1:3], v.Labels)
		list, _, err := c.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: c.id, Box: conversation.All, Label: l[1]})
		require.NoError(t, err)
		require.Len(t, list, 1)
		require.NoError(t, c.Store.Write(t.Context(), c.id, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteLabel(ctx, c.id, l[1]) }))
		v, err = c.Get(t.Context(), c.id, id)
		require.NoError(t, err)
		require.Equal(t, l[2:3], v.Labels, "a label that is gone is on nothing")
	})
}

// Fifty people put a label each on one conversation; none is lost.
func TestFiftyLabelAtOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		l := c.labels(10)
		id := c.says("u1", "k1", "你好").ConversationID
		var all sync.WaitGroup
		for i := range 50 {
			all.Go(func() {
				o := c.order(id, fmt.Sprint(i))
				if _, err := c.Label(c.Ctx, o, l[i%10:i%10+1], nil); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		v, err := c.Get(t.Context(), c.id, id)
		require.NoError(t, err)
		require.Len(t, v.Labels, 10)
		labelled := 0
		for _, kind := range c.kinds(0) {
			if kind == "conversation.labelled" {
				labelled++
			}
		}
		require.Equal(t, 10, labelled)
	})
}

func TestTheTrailOutlivesTheLog(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		l := c.labels(1)
		id := c.says("u1", "k1", "你好").ConversationID
		c.reply(id, "r", "在的")
		_, err := c.Label(t.Context(), c.order(id, "l"), l, nil)
		require.NoError(t, err)
		_, err = c.Resolve(t.Context(), c.order(id, "x"))
		require.NoError(t, err)
		_, err = c.Reopen(t.Context(), c.order(id, "y"))
		require.NoError(t, err)
		_, err = h.Store.Trim(t.Context(), h.Clock.Now(), 1)
		require.NoError(t, err)
		var kinds []desk.EventKind
		before := ""
		for {
			acts, more, err := c.Activity(t.Context(), c.id, id, before, 2)
			require.NoError(t, err)
			for _, a := range acts {
				kinds = append(kinds, a.Kind)
				require.Equal(t, desk.ByAgent, a.Actor.Kind)
				before = a.ID
			}
			if !more {
				break
			}
		}
		require.Equal(t, []desk.EventKind{
			"conversation.status_changed", "conversation.status_changed", "conversation.labelled", "conversation.assigned",
		}, kinds)
		_, _, err = c.Activity(t.Context(), c.id, id, "not-a-place", 2)
		require.ErrorIs(t, err, desk.Invalid)
		_, _, err = h.company().Activity(t.Context(), h.company().id, id, "", 2)
		require.ErrorIs(t, err, desk.NotFound)
	})
}

func TestMentionsWaitUntilTheyAreRead(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		me := c.agents[1]
		id := c.says("u1", "k1", "你好").ConversationID
		note := func(key string, named ...desk.AgentID) (desk.Message, error) {
			return c.Note(t.Context(), conversation.NoteCommand{Actor: c.agents[0], Key: key, ConversationID: id, Text: "看一下", Mentions: named})
		}
		_, err := note("n0", h.company().agents[0].Agent)
		require.ErrorIs(t, err, desk.Invalid, "another account's agent")
		_, err = note("n1", c.agent(true).Agent)
		require.ErrorIs(t, err, desk.Invalid, "disabled")
		m, err := note("n2", me.Agent, me.Agent, c.agents[0].Agent)
		require.NoError(t, err)
		require.Equal(t, []desk.AgentID{me.Agent, c.agents[0].Agent}, m.Content.Mentions)
		mentioned := func(a conversation.Actor) int64 {
			counts, err := c.Counts(t.Context(), c.id, a.Agent, desk.SeesAll())
			require.NoError(t, err)
			list, _, err := c.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: c.id, Agent: a.Agent, Box: conversation.Mentioned})
			require.NoError(t, err)
			require.Len(t, list, int(counts.Mentioned))
			return counts.Mentioned
		}
		require.EqualValues(t, 1, mentioned(me))
		require.EqualValues(t, 0, mentioned(c.agents[0]), "who names themselves knows")
		require.NoError(t, c.ReadMentions(t.Context(), conversation.Order{Actor: me, ConversationID: id}))
		require.EqualValues(t, 0, mentioned(me))
		head := c.head()
		require.NoError(t, c.ReadMentions(t.Context(), conversation.Order{Actor: me, ConversationID: id}))
		require.Equal(t, head, c.head(), "nothing is left to read")
	})
}
