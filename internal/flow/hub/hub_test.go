package hub_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type house struct {
	*storetest.Env
	hub     *hub.Hub
	service *conversation.Service
	signals *signals
	account desk.AccountID
	web     desk.Inbox
	app     desk.Inbox
}

type signals struct {
	mu   sync.Mutex
	seen []bus.Signal
}

func (s *signals) Signal(_ context.Context, signal bus.Signal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen = append(s.seen, signal)
}

// joined ties hub and conversation together as the application does.
type joined struct{ *conversation.Service }

func (j joined) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return j.Service.Receive(conversation.Incoming(in))
}

type queued struct{}

func (queued) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(desk.InboxID) (conversation.Route, bool) {
		return conversation.Route{Status: desk.Queued, Queue: true}, true
	}, nil
}

func open(t *testing.T) *house {
	t.Helper()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
			sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
		require.NoError(t, err)
		return d, nil
	})
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	h := &house{Env: env, signals: &signals{}, account: env.IDs.Account()}
	h.service, err = conversation.New(conversation.Deps{
		Store: env.Store, Keys: keys, IDs: env.IDs, Routes: queued{}, Log: slog.New(slog.DiscardHandler),
	}, conversation.Config{})
	require.NoError(t, err)
	h.hub, err = hub.New(hub.Deps{
		Store: env.Store, Keys: keys, IDs: env.IDs, Conversations: joined{h.service}, Signals: h.signals,
		Metrics: prometheus.NewRegistry(),
	}, hub.Config{})
	require.NoError(t, err)
	h.web, h.app = h.inbox("webchat"), h.inbox("app")
	require.NoError(t, env.Store.Write(env.Ctx, h.account, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, desk.Account{ID: h.account, Name: "A", Locale: desk.English}); err != nil {
			return err
		}
		if err := tx.PutInbox(ctx, store.Inbox{Inbox: h.web}); err != nil {
			return err
		}
		return tx.PutInbox(ctx, store.Inbox{Inbox: h.app})
	}))
	return h
}

func (h *house) inbox(kind string) desk.Inbox {
	return desk.Inbox{
		ID: h.IDs.Inbox(), AccountID: h.account, Channel: kind, Name: kind, Key: h.IDs.Other("chk"), Enabled: true,
	}
}

func says(id, person, text string) channel.Envelope {
	return channel.Envelope{
		ID: id, Kind: channel.MessageEvent,
		Peer:    channel.Peer{Scope: "user", External: person, Verified: true, Profile: desk.Profile{Name: person}},
		Message: &channel.Message{Content: desk.TextContent(text)},
	}
}

func (h *house) accept(in desk.Inbox, e channel.Envelope) hub.Accepted {
	h.Helper()
	a, err := h.hub.Accept(h.Ctx, in, e)
	require.NoError(h, err)
	return a
}

// Platforms push the same message again while the first push is under way
// (chatwoot #13523: two messages, two answers of the bot).
func TestSameEnvelopeFiftyTimesAtOnceIsOneMessage(t *testing.T) {
	t.Parallel()
	h := open(t)
	answers := make([]hub.Accepted, 50)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			var err error
			answers[i], err = h.hub.Accept(h.Ctx, h.web, says("m1", "ada", "hello"))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	fresh := 0
	for _, a := range answers {
		if !a.Repeated {
			fresh++
		}
		a.Repeated = false
		first := answers[0]
		first.Repeated, first.Content, a.Content = false, desk.Content{}, desk.Content{} // a repeat does not read it
		require.Equal(t, first, a, "everybody gets the first answer")
	}
	require.Equal(t, 1, fresh)
	messages, err := h.Store.Messages(h.Ctx, h.account, answers[0].ConversationID, store.MessageRange{})
	require.NoError(t, err)
	require.Len(t, messages, 1)
	require.Equal(t, answers[0].MessageID, messages[0].ID)
	require.Equal(t, int64(1), answers[0].Seq)
	require.True(t, answers[0].At.Equal(messages[0].At))
	shard, ok := answers[0].MessageID.Shard()
	require.True(t, ok)
	of, _ := answers[0].ConversationID.Shard()
	require.Equal(t, of, shard, "a message lives on its conversation's shard")
}

func TestOnePersonThroughTwoInboxesAtOnceIsOneContact(t *testing.T) {
	t.Parallel()
	h := open(t)
	answers := make([]hub.Accepted, 20)
	var all sync.WaitGroup
	for i := range answers {
		all.Go(func() {
			in := h.web
			if i%2 == 1 {
				in = h.app
			}
			var err error
			answers[i], err = h.hub.Accept(h.Ctx, in, says("m"+strconv.Itoa(i), "ada", "hello"))
			if err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	seqs := map[int64]bool{}
	for _, a := range answers {
		require.Equal(t, answers[0].ContactID, a.ContactID)
		require.Equal(t, answers[0].ConversationID, a.ConversationID)
		seqs[a.Seq] = true
	}
	require.Len(t, seqs, len(answers))
	identities, err := h.Store.Identities(h.Ctx, h.account, answers[0].ContactID)
	require.NoError(t, err)
	require.Len(t, identities, 1)
	require.NotContains(t, string(identities[0].External), "ada", "sealed")
	require.NotContains(t, identities[0].Hash, "ada", "hashed")
}

func TestIDsAreOnlyUniqueAmongOnePersonsOfOneInbox(t *testing.T) {
	t.Parallel()
	h := open(t)
	first := h.accept(h.web, says("1", "ada", "hello"))
	for _, other := range []hub.Accepted{
		h.accept(h.web, says("1", "bob", "hello")), // clients count from one
		h.accept(h.app, says("1", "ada", "hello")),
	} {
		require.False(t, other.Repeated)
		require.NotEqual(t, first.MessageID, other.MessageID)
	}
	again := h.accept(h.web, says("1", "ada", "something else"))
	require.True(t, again.Repeated)
	require.Equal(t, first.MessageID, again.MessageID)
}

func TestNothingExistsBeforeTheFirstMessage(t *testing.T) {
	t.Parallel()
	h := open(t)
	peer := says("", "ada", "").Peer
	read := channel.Envelope{ID: "r", Kind: channel.ReceiptEvent, Peer: peer, Receipt: &channel.Receipt{UpToSeq: 1, Status: desk.Read}}
	typing := channel.Envelope{ID: "t", Kind: channel.SignalEvent, Peer: peer, Signal: &channel.Signal{Name: "typing", On: true}}
	for _, e := range []channel.Envelope{read, typing} {
		_, err := h.hub.Accept(h.Ctx, h.web, e)
		require.ErrorIs(t, err, desk.NotFound)
	}
	_, err := h.hub.Contact(h.Ctx, h.account, peer)
	require.ErrorIs(t, err, desk.NotFound)
	require.Empty(t, h.signals.seen)
	head, err := h.Store.Head(h.Ctx)
	require.NoError(t, err)
	require.Zero(t, head)

	a := h.accept(h.web, says("1", "ada", "hello"))
	contact, err := h.hub.Contact(h.Ctx, h.account, peer)
	require.NoError(t, err)
	require.Equal(t, a.ContactID, contact)
	_, err = h.hub.Contact(h.Ctx, h.IDs.Account(), peer)
	require.ErrorIs(t, err, desk.NotFound, "another account's")
	typed := h.accept(h.web, typing)
	require.Equal(t, a.ConversationID, typed.ConversationID)
	require.Equal(t, []bus.Signal{{
		AccountID: h.account, ConversationID: a.ConversationID, ContactID: a.ContactID, Kind: bus.Typing,
		By: desk.Author{Kind: desk.ByVisitor, ID: string(a.ContactID)}, On: true,
	}}, h.signals.seen)
}

func TestReceiptsOnlyMoveUp(t *testing.T) {
	t.Parallel()
	h := open(t)
	a := h.accept(h.web, says("1", "ada", "hello"))
	agent := h.IDs.Agent()
	reply := func(key string) desk.Message {
		m, err := h.service.Reply(h.Ctx, conversation.ReplyCommand{
			Actor: conversation.Actor{Account: h.account, Agent: agent, Sight: desk.SeesAll()}, Key: key, ConversationID: a.ConversationID,
			Content: desk.TextContent(key),
		})
		require.NoError(t, err)
		return m
	}
	one, two := reply("one"), reply("two")
	require.NoError(t, h.service.SetMessageSent(h.Ctx, h.account, one.ID, desk.Sent, "", "wamid.1"))
	receipt := func(r channel.Receipt) channel.Envelope {
		return channel.Envelope{ID: "r", Kind: channel.ReceiptEvent, Peer: says("", "ada", "").Peer, Receipt: &r}
	}
	status := func(id desk.MessageID) desk.DeliveryStatus {
		m, err := h.Store.Message(h.Ctx, h.account, id)
		require.NoError(t, err)
		return m.Status
	}
	for _, s := range []desk.DeliveryStatus{desk.Read, desk.Delivered, desk.Sent, desk.Failed, desk.Read} {
		h.accept(h.web, receipt(channel.Receipt{ExternalIDs: []string{"unknown", "wamid.1"}, Status: s}))
		require.Equal(t, desk.Read, status(one.ID), "late receipts change nothing")
	}
	require.Equal(t, desk.Queued, status(two.ID))
	three := reply("three")
	h.accept(h.web, receipt(channel.Receipt{UpToTime: two.At, Status: desk.Delivered}))
	require.Equal(t, desk.Delivered, status(two.ID), "a watermark speaks of all before it")
	require.Equal(t, desk.Queued, status(three.ID))
	require.Equal(t, desk.Read, status(one.ID))

	h.accept(h.web, receipt(channel.Receipt{UpToSeq: 99, Status: desk.Read}))
	c, err := h.Store.Conversation(h.Ctx, h.account, a.ConversationID)
	require.NoError(t, err)
	require.Equal(t, c.Seq, c.ContactReadSeq, "never past the newest")
}

func TestAcceptRefuses(t *testing.T) {
	t.Parallel()
	h := open(t)
	off := h.web
	off.Enabled = false
	_, err := h.hub.Accept(h.Ctx, off, says("1", "ada", "hello"))
	require.ErrorIs(t, err, desk.Unavailable)
	_, err = h.hub.Accept(h.Ctx, h.web, says("1", "ada", " "))
	require.ErrorIs(t, err, desk.Invalid)
	_, err = h.hub.Accept(h.Ctx, h.web, channel.Envelope{
		ID: "a", Kind: channel.ActionEvent, Peer: says("", "ada", "").Peer, Action: &channel.Action{Trigger: channel.OnFollow},
	})
	require.ErrorIs(t, err, desk.Unsupported)
	echo := says("1", "ada", "our own words")
	echo.Echo = true
	require.Equal(t, hub.Accepted{}, h.accept(h.web, echo))
	head, err := h.Store.Head(h.Ctx)
	require.NoError(t, err)
	require.Zero(t, head)
	_, err = hub.New(hub.Deps{}, hub.Config{})
	require.ErrorIs(t, err, desk.Invalid)
}
