package profile_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/flow/profile"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		if err := pgtest.StopShared(); err != nil && code == 0 {
			code = 1
		}
		os.Exit(code)
	}))
}

type house struct {
	*storetest.Env
	*profile.Service
	talks *conversation.Service
	hub   *hub.Hub
	inbox desk.Inbox
	by    profile.By
}

func onBoth(t *testing.T, test func(*testing.T, *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
			d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(t.TempDir(), "yingda.db")})
			require.NoError(t, err)
			return d, nil
		}))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
			start := func(dsn string) (*postgres.Driver, error) {
				return postgres.Open(t.Context(), postgres.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, postgres.Config{DSN: dsn})
			}
			d, err := start(pgtest.Shared(t).Prepared(t, "profile", func(dsn string) error {
				d, err := start(dsn)
				if err != nil {
					return err
				}
				return d.Close()
			}))
			require.NoError(t, err)
			return d, nil
		}))
	})
}

type receiver struct{ *conversation.Service }

func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming(in))
}

type nowhere struct{}

func (nowhere) Signal(context.Context, bus.Signal) {}

func (nowhere) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(desk.InboxID) (conversation.Route, bool) { return conversation.Route{Status: desk.Sent}, true }, nil
}

func open(t *testing.T, driver storetest.Open) *house {
	t.Helper()
	env := storetest.Start(t, driver)
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	h, log := &house{Env: env}, slog.New(slog.DiscardHandler)
	h.Service, err = profile.New(profile.Deps{Store: env.Store, Keys: keys, IDs: env.IDs, Clock: env.Clock, Log: log})
	require.NoError(t, err)
	h.talks, err = conversation.New(conversation.Deps{Store: env.Store, Keys: keys, IDs: env.IDs, Routes: nowhere{}, Log: log}, conversation.Config{})
	require.NoError(t, err)
	h.hub, err = hub.New(hub.Deps{
		Store: env.Store, Keys: keys, IDs: env.IDs, Conversations: receiver{h.talks}, Signals: nowhere{}, Metrics: prometheus.NewRegistry(),
	}, hub.Config{})
	require.NoError(t, err)
	account := env.IDs.Account()
	h.inbox = desk.Inbox{ID: env.IDs.Inbox(), AccountID: account, Channel: "webchat", Key: env.IDs.Other("chk"), Enabled: true}
	require.NoError(t, env.Store.Write(t.Context(), account, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, desk.Account{ID: account, Name: "应答", Locale: desk.Chinese}); err != nil {
			return err
		}
		return tx.PutInbox(ctx, store.Inbox{Inbox: h.inbox})
	}))
	h.by = profile.By{Account: account, Agent: env.IDs.Agent(), Sight: desk.SeesAll()}
	return h
}

// says is a message of somebody who is "user:…" (verified) or "anon:…".
func (h *house) says(who, key string, p desk.Profile) (hub.Accepted, error) {
	scope, external, _ := strings.Cut(who, ":")
	return h.hub.Accept(h.Ctx, h.inbox, channel.Envelope{
		ID: key, Kind: channel.MessageEvent, Peer: channel.Peer{Scope: scope, External: external, Verified: scope == "user", Profile: p},
		Message: &channel.Message{Content: desk.TextContent("hello")},
	})
}

func (h *house) meet(who string, p desk.Profile) hub.Accepted {
	h.Helper()
	a, err := h.says(who, "first "+who, p)
	require.NoError(h, err)
	require.NoError(h, h.Store.Write(h.Ctx, h.by.Account, func(ctx context.Context, tx *store.Tx) error {
		return h.Index(ctx, tx, h.by.Account, []desk.ContactID{a.ContactID})
	}))
	return a
}

func (h *house) see(id desk.ContactID) profile.View {
	h.Helper()
	v, err := h.Get(h.Ctx, h.by, id)
	require.NoError(h, err)
	v.Contact.SeenAt = time.Time{} // moves with each message
	return v
}

func (h *house) find(text string) (ids []desk.ContactID) {
	h.Helper()
	rows, _, err := h.List(h.Ctx, h.by, profile.ListQuery{Text: text})
	require.NoError(h, err)
	for _, r := range rows {
		ids = append(ids, r.Contact.ID)
	}
	return ids
}

//go:fix inline

func TestFindAndChange(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		ada := h.meet("user:u-1", desk.Profile{Name: "王小明", Email: "ada@example.com", Phone: "13800001111"}).ContactID
		bob := h.meet("anon:vis_1", desk.Profile{}).ContactID
		for query, want := range map[string][]desk.ContactID{
			"小明": {ada}, "ada@example.com": {ada}, "13800001111": {ada}, "明小": nil, "eve": nil, "": {bob, ada},
		} {
			require.Equal(t, want, h.find(query), query)
		}
		v, err := h.Update(t.Context(), h.by, bob, profile.Change{
			Name: new(" 李雷 "), Email: new("lei@example.com"), Attributes: map[string]string{"会员": "金卡"}, Version: 0,
		})
		require.NoError(t, err)
		require.EqualValues(t, 1, v.Version)
		require.Equal(t, "李雷", v.Contact.Profile.Name)
		require.Equal(t, []desk.ContactID{bob}, h.find("李雷"))
		_, err = h.Update(t.Context(), h.by, bob, profile.Change{Name: new("x"), Version: 0})
		require.ErrorIs(t, err, desk.Conflict, "somebody was faster")
		_, err = h.Update(t.Context(), h.by, bob, profile.Change{Name: new("韩梅梅"), Version: 1})
		require.NoError(t, err)
		require.Empty(t, h.find("李雷"))
		require.Equal(t, []desk.ContactID{bob}, h.find("lei@example.com"))
		require.Equal(t, "u-1", h.see(ada).Identities[0].Label)
		require.Empty(t, h.see(bob).Identities[0].Label)

		for field, c := range map[string]profile.Change{
			"name": {Name: new("a\nb")}, "email": {Email: new("nonsense")}, "phone": {Phone: new("call me")},
			"attributes": {Attributes: map[string]string{"": "x"}},
		} {
			_, err := h.Update(t.Context(), h.by, bob, c)
			require.ErrorIs(t, err, desk.Invalid, field)
		}
		// A colleague who sees none of the conversations does not see the contact.
		blind := h.by
		blind.Sight = desk.Sight{Reach: desk.ReachOwn, Agent: h.IDs.Agent()}
		conversation := h.see(bob)
		require.Equal(t, 1, conversation.Conversations)
		rows, _, err := h.List(t.Context(), blind, profile.ListQuery{})
		require.NoError(t, err)
		require.Len(t, rows, 2, "nobody has them yet")
		// By a repeat nothing happens twice.
		keyed := h.by
		keyed.Key = "once"
		first, err := h.AddNote(t.Context(), keyed, bob, "周末送货")
		require.NoError(t, err)
		again, err := h.AddNote(t.Context(), keyed, bob, "周末送货")
		require.NoError(t, err)
		require.Equal(t, first.ID, again.ID)
		notes, next, err := h.Notes(t.Context(), h.by, bob, "")
		require.NoError(t, err)
		require.Empty(t, next)
		require.Equal(t, []string{"周末送货"}, []string{notes[0].Text})
		require.Len(t, notes, 1)
		require.ErrorIs(t, h.DeleteNote(t.Context(), h.by, ada, first.ID), desk.NotFound, "not this contact's")
		require.NoError(t, h.DeleteNote(t.Context(), h.by, bob, first.ID))
	})
}

func TestPages(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		ada := h.meet("user:ada", desk.Profile{}).ContactID
		for i := range profile.MaxPages + 20 {
			require.NoError(t, h.RecordPages(t.Context(), h.by.Account, ada, []desk.PageVisit{{
				Kind: desk.VisitPage, URL: fmt.Sprint("https://shop.example/", i), Title: "商品", At: h.Clock.Now(),
			}}))
		}
		count, cursor := 0, ""
		for {
			page, next, err := h.Pages(t.Context(), h.by, ada, cursor)
			require.NoError(t, err)
			if count == 0 {
				require.Equal(t, fmt.Sprint("https://shop.example/", profile.MaxPages+19), page[0].URL)
			}
			count += len(page)
			if cursor = next; cursor == "" {
				break
			}
		}
		require.Equal(t, profile.MaxPages, count)
		require.ErrorIs(t, h.RecordPages(t.Context(), h.by.Account, h.IDs.Contact(), []desk.PageVisit{{At: h.Clock.Now()}}), desk.NotFound)
		h.Clock.Advance(profile.PageLife + time.Hour)
		gone, err := h.Sweep(t.Context())
		require.NoError(t, err)
		require.EqualValues(t, profile.MaxPages, gone)
	})
}

func TestMergeAndUndo(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		shop := h.meet("user:u-1", desk.Profile{Name: "王小明", Email: "ming@example.com"})
		phone := h.meet("anon:vis_1", desk.Profile{Name: "小明", Phone: "138", Locale: desk.English})
		keep, lose := shop.ContactID, phone.ContactID
		_, err := h.AddNote(t.Context(), h.by, lose, "手机上问过")
		require.NoError(t, err)
		_, err = h.Update(t.Context(), h.by, lose, profile.Change{Attributes: map[string]string{"城市": "上海"}, Version: -1})
		require.NoError(t, err)
		for i, who := range []desk.ContactID{keep, lose, keep} {
			page := desk.PageVisit{Kind: desk.VisitPage, URL: fmt.Sprintf("https://shop.example/%d", i), At: h.Clock.Now()}
			require.NoError(t, h.RecordPages(t.Context(), h.by.Account, who, []desk.PageVisit{page}))
		}
		trail := func(id desk.ContactID) (urls []string) {
			pages, _, err := h.Pages(t.Context(), h.by, id, "")
			require.NoError(t, err)
			for _, p := range pages {
				urls = append(urls, p.URL)
			}
			return urls
		}
		before, theirs := h.see(keep), h.see(lose)

		p, err := h.Preview(t.Context(), h.by, keep, lose)
		require.NoError(t, err)
		require.Equal(t, []profile.Conflict{{Field: "name", Keep: "王小明", Lose: "小明"}}, p.Conflicts)
		require.False(t, p.Verified)
		require.Equal(t, 1, p.Conversations)
		_, err = h.Preview(t.Context(), h.by, keep, keep)
		require.ErrorIs(t, err, desk.Invalid)

		keyed := h.by
		keyed.Key = "merge once"
		order := profile.MergeOrder{Keep: keep, Lose: lose, Choices: map[string]string{"name": "lose"}}
		id, err := h.Merge(t.Context(), keyed, order)
		require.NoError(t, err)
		again, err := h.Merge(t.Context(), keyed, order)
		require.NoError(t, err)
		require.Equal(t, id, again)
		_, err = h.Merge(t.Context(), h.by, order)
		require.ErrorIs(t, err, desk.Conflict)

		one := h.see(keep)
		require.Equal(t, desk.Profile{
			Name: "小明", Email: "ming@example.com", Phone: "138", Locale: desk.English, Attributes: map[string]string{"城市": "上海"},
		}, one.Contact.Profile)
		require.Equal(t, 2, one.Conversations, "both are listed")
		require.Len(t, one.Identities, 2)
		require.Equal(t, keep, h.see(lose).MergedInto)
		require.Equal(t, []desk.ContactID{keep}, h.find(""), "who was merged away is not listed")
		notes, _, err := h.Notes(t.Context(), h.by, keep, "")
		require.NoError(t, err)
		require.Len(t, notes, 1)
		require.Equal(t, []string{"https://shop.example/2", "https://shop.example/1", "https://shop.example/0"}, trail(keep), "both trails read as one")
		_, err = h.Update(t.Context(), h.by, lose, profile.Change{Name: new("x"), Version: -1})
		require.ErrorIs(t, err, desk.Conflict)

		// Both browsers write to the one that was talked in last.
		for _, who := range []string{"user:u-1", "anon:vis_1"} {
			a, err := h.says(who, "after "+who, desk.Profile{})
			require.NoError(t, err)
			require.Equal(t, keep, a.ContactID)
			require.Equal(t, phone.ConversationID, a.ConversationID)
		}

		undone, err := h.Undo(t.Context(), h.by, id)
		require.NoError(t, err)
		require.False(t, undone.UndoneAt.IsZero())
		require.Equal(t, []string{"https://shop.example/1"}, trail(lose))
		require.Len(t, trail(keep), 2)
		_, err = h.Undo(t.Context(), h.by, id)
		require.ErrorIs(t, err, desk.Conflict)
		same := func(want, got profile.View) {
			t.Helper()
			want.Version, got.Version = 0, 0
			require.Equal(t, want, got)
		}
		same(before, h.see(keep))
		same(theirs, h.see(lose))
		for who, first := range map[string]hub.Accepted{"user:u-1": shop, "anon:vis_1": phone} {
			a, err := h.says(who, "undone "+who, desk.Profile{})
			require.NoError(t, err)
			require.Equal(t, first.ContactID, a.ContactID)
			require.Equal(t, first.ConversationID, a.ConversationID)
		}
		notes, _, err = h.Notes(t.Context(), h.by, lose, "")
		require.NoError(t, err)
		require.Len(t, notes, 1)
		merges, err := h.Merges(t.Context(), h.by, lose)
		require.NoError(t, err)
		require.Len(t, merges, 1)
	})
}

func TestMergeOfTwoUsersMustBeMeant(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		a, b, c := h.meet("user:a", desk.Profile{Name: "A"}).ContactID, h.meet("user:b", desk.Profile{Name: "B"}).ContactID, h.meet("anon:c", desk.Profile{Name: "C"}).ContactID
		p, err := h.Preview(t.Context(), h.by, a, b)
		require.NoError(t, err)
		require.True(t, p.Verified)
		_, err = h.Merge(t.Context(), h.by, profile.MergeOrder{Keep: a, Lose: b})
		require.ErrorIs(t, err, desk.Conflict)
		first, err := h.Merge(t.Context(), h.by, profile.MergeOrder{Keep: a, Lose: b, Force: true})
		require.NoError(t, err)
		second, err := h.Merge(t.Context(), h.by, profile.MergeOrder{Keep: c, Lose: a})
		require.NoError(t, err)
		require.Equal(t, 3, h.see(c).Conversations)
		_, err = h.Undo(t.Context(), h.by, first)
		require.ErrorIs(t, err, desk.Conflict, "the later one first")
		for _, id := range []string{second, first} {
			_, err = h.Undo(t.Context(), h.by, id)
			require.NoError(t, err)
		}
		for id, name := range map[desk.ContactID]string{a: "A", b: "B", c: "C"} {
			require.Equal(t, name, h.see(id).Contact.Profile.Name)
			require.Equal(t, 1, h.see(id).Conversations)
		}
	})
}

// Two people write, without pause, while they are made one and two again, and
// of two colleagues who merge at once one wins. Nothing is lost, and what is
// said ends up with whoever said it or with whom they were merged.
func TestMergeWhileBothWrite(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		a, b := h.meet("user:a", desk.Profile{Name: "A"}), h.meet("anon:b", desk.Profile{Name: "B"})
		const writers, each = 4, 30
		var writing sync.WaitGroup
		for w := range writers {
			writing.Go(func() {
				for i := range each {
					if _, err := h.says([]string{"user:a", "anon:b"}[w%2], fmt.Sprint(w, "-", i), desk.Profile{}); err != nil {
						t.Errorf("a message was refused: %v", err)
					}
				}
			})
		}
		for range 5 {
			ids := make([]string, 2)
			var merging sync.WaitGroup
			for i, o := range []profile.MergeOrder{{Keep: a.ContactID, Lose: b.ContactID}, {Keep: b.ContactID, Lose: a.ContactID}} {
				merging.Go(func() { ids[i], _ = h.Merge(t.Context(), h.by, o) })
			}
			merging.Wait()
			require.NotEqual(t, (ids[0] == ""), (ids[1] == ""), "one wins: %q", ids)
			_, err := h.Undo(t.Context(), h.by, ids[0]+ids[1])
			require.NoError(t, err)
		}
		writing.Wait()
		total := int64(0)
		for id, name := range map[desk.ContactID]string{a.ContactID: "A", b.ContactID: "B"} {
			v := h.see(id)
			require.Equal(t, name, v.Contact.Profile.Name)
			require.Len(t, v.Identities, 1)
			require.Empty(t, v.MergedInto)
			all, err := h.Store.AllConversations(t.Context(), h.by.Account, id)
			require.NoError(t, err)
			for _, c := range all {
				total += c.Seq
			}
			live, err := h.Store.LiveConversations(t.Context(), h.by.Account, id)
			require.NoError(t, err)
			require.Len(t, live, 1)
			c, err := h.Store.Conversation(t.Context(), h.by.Account, live[0].ConversationID)
			require.NoError(t, err)
			require.Equal(t, id, c.ContactID, "nobody's messages go to another's conversation")
		}
		require.EqualValues(t, writers*each+2, total)
	})
}
