package conversation_test

import (
	"context"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

func TestKeysAreRotatedInTheBackground(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c, other := h.company(), h.company()
		other.says("u1", "k", "别的公司")
		var rated desk.ConversationID
		for i := range 7 {
			a := c.says(fmt.Sprint("u", i), "k1", "旧钥匙 "+fmt.Sprint(i))
			c.reply(a.ConversationID, "r", "好")
			rated = a.ConversationID
		}
		keysNow, err := c.keys.Account(t.Context(), c.id)
		require.NoError(t, err)
		place := seal.Place{Owner: string(rated), Table: "rating", Row: string(rated), Column: "comment"}
		require.NoError(t, h.Store.Write(t.Context(), c.id, func(ctx context.Context, tx *store.Tx) error {
			return tx.PutRating(ctx, store.Rating{AccountID: c.id, ConversationID: rated, Score: 5, Comment: keysNow.Seal(place, []byte("很好"))})
		}))
		later := c.schedule(rated, "later", time.Hour, false)
		unsent := store.DraftKey{AccountID: c.id, AgentID: c.agents[0].Agent, ConversationID: rated, Kind: "note"}
		draft := seal.Place{Owner: string(rated), Table: "draft", Row: string(unsent.AgentID) + ":" + string(rated) + ":note", Column: "body"}
		canned := desk.CannedReplyID(c.IDs.Other("cnd"))
		kept := seal.Place{Owner: string(canned), Table: "canned_reply", Row: string(canned), Column: "content"}
		require.NoError(t, h.Store.Write(t.Context(), c.id, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.PutDraft(ctx, store.SavedDraft{DraftKey: unsent, Revision: 1, Body: keysNow.Seal(draft, []byte("草稿"))}); err != nil {
				return err
			}
			return tx.InsertCannedReply(ctx, store.CannedReply{
				ID: canned, AccountID: c.id, Scope: desk.CannedAll, Shortcut: "x", Content: keysNow.Seal(kept, []byte("答复")),
			})
		}))
		rotator := func() *conversation.Rotator {
			r, err := conversation.NewRotator(conversation.RotatorDeps{
				Store: h.Store, Keys: h.keys, IDs: h.IDs, Log: slog.New(slog.DiscardHandler), Holder: h.IDs.Other("node"),
			}, conversation.RotatorConfig{Chunk: 3})
			require.NoError(t, err)
			return r
		}
		r := rotator()
		none, err := r.RotationStatus(t.Context(), c.id)
		require.NoError(t, err)
		require.Empty(t, none.State)
		begun, err := r.RotateKeys(t.Context(), c.id, "agt_1", "rotate-1")
		require.NoError(t, err)
		require.Equal(t, store.JobRunning, begun.State)
		again, err := r.RotateKeys(t.Context(), c.id, "agt_1", "rotate-1")
		require.NoError(t, err)
		require.Equal(t, begun.StartedAt, again.StartedAt, "an unfinished rotation is continued")

		keys, err := h.keys.Account(t.Context(), c.id)
		require.NoError(t, err)
		c.says("u0", "k2", "轮换中的新消息")
		versions := make(map[desk.ConversationID]int64)
		for shard := range desk.Shard(desk.Shards) {
			page, err := h.Store.ConversationPage(t.Context(), c.id, shard, "", 1000)
			require.NoError(t, err)
			for _, v := range page {
				versions[v.ID] = v.Version
			}
		}
		// A process that knows nothing but the database finishes the work.
		require.NoError(t, rotator().Work(t.Context()))
		done, err := r.RotationStatus(t.Context(), c.id)
		require.NoError(t, err)
		require.Equal(t, store.JobDone, done.State)
		require.Zero(t, done.Unreadable)
		late, err := r.RotateKeys(t.Context(), c.id, "agt_1", "rotate-1")
		require.NoError(t, err)
		require.Equal(t, done, late, "a repeat after the end begins nothing")
		require.GreaterOrEqual(t, done.Pass, 2, "the last pass finds nothing to do")

		seen := 0
		for shard := range desk.Shard(desk.Shards) {
			page, err := h.Store.MessagePage(t.Context(), c.id, shard, "", 1000)
			require.NoError(t, err)
			for _, m := range page {
				require.True(t, keys.Current(m.Body))
				seen++
			}
			conversations, err := h.Store.ConversationPage(t.Context(), c.id, shard, "", 1000)
			require.NoError(t, err)
			for _, v := range conversations {
				require.True(t, keys.Current(v.Preview))
				require.Equal(t, versions[v.ID], v.Version, "a preview sealed anew is no change")
			}
		}
		require.Equal(t, 15, seen)
		contacts, err := h.Store.ContactPage(t.Context(), c.id, "", 1000)
		require.NoError(t, err)
		require.Len(t, contacts, 7)
		for _, contact := range contacts {
			require.True(t, keys.Current(contact.Profile))
			identities, err := h.Store.Identities(t.Context(), c.id, contact.ID)
			require.NoError(t, err)
			for _, i := range identities {
				require.True(t, keys.Current(i.External))
			}
		}
		waiting, err := h.Store.Scheduled(t.Context(), c.id, later.ID)
		require.NoError(t, err)
		require.True(t, keys.Current(waiting.Body))
		require.Equal(t, later.Content, c.scheduled(later).Content)
		written, err := h.Store.Draft(t.Context(), unsent)
		require.NoError(t, err)
		require.True(t, keys.Current(written.Body))
		_, err = keys.Open(draft, written.Body)
		require.NoError(t, err)
		answer, err := h.Store.CannedReply(t.Context(), c.id, canned)
		require.NoError(t, err)
		require.True(t, keys.Current(answer.Content))
		_, err = keys.Open(kept, answer.Content)
		require.NoError(t, err)
		rating, err := h.Store.Rating(t.Context(), c.id, rated)
		require.NoError(t, err)
		require.True(t, keys.Current(rating.Comment))
		words, err := keys.Open(place, rating.Comment)
		require.NoError(t, err)
		require.Equal(t, "很好", string(words))
		agents, err := h.Store.Agents(t.Context(), c.id)
		require.NoError(t, err)
		for _, a := range agents {
			require.True(t, keys.Current(a.Profile))
		}
		views, _, err := c.List(t.Context(), conversation.ListQuery{Sight: desk.SeesAll(), Account: c.id, Box: conversation.All})
		require.NoError(t, err)
		for _, v := range views {
			require.NotEmpty(t, v.Preview)
			require.NotEmpty(t, v.Contact.Profile.Name)
		}
		require.NoError(t, rotator().Work(t.Context()), "nothing is left to do")
	})
}

func TestRunEndsWithItsContext(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		r, err := conversation.NewRotator(conversation.RotatorDeps{Store: h.Store, Keys: h.keys, IDs: h.IDs, Log: slog.New(slog.DiscardHandler), Holder: "n"}, conversation.RotatorConfig{})
		require.NoError(t, err)
		_, err = conversation.NewRotator(conversation.RotatorDeps{}, conversation.RotatorConfig{})
		require.ErrorIs(t, err, desk.Invalid)
		_, err = conversation.New(conversation.Deps{}, conversation.Config{})
		require.ErrorIs(t, err, desk.Invalid)
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		stop()
		require.NoError(t, <-done)
	})
}
