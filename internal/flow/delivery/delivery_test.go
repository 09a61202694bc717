package delivery_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/delivery"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}

// platform is a messaging service on a real socket. It answers what the test
// says and else takes each message once per key, if it knows keys.
type platform struct {
	*httptest.Server
	calls chan call
	mu    sync.Mutex
	// script is what the next calls are answered, first to last.
	script []answer
	taken  []call
	keys   map[string]bool
	dedupe bool
}

type call struct {
	ID, To, Text string
	At           time.Time `json:"-"`
}

type answer struct {
	status int
	// hang keeps the caller waiting until it gives up; the message is taken.
	hang bool
}

func newPlatform(t *testing.T) *platform {
	t.Helper()
	p := &platform{calls: make(chan call, 1000), keys: map[string]bool{}}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *platform) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var c call
	if json.NewDecoder(r.Body).Decode(&c) != nil || r.Header.Get("Authorization") != "Bearer s3cret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	c.At = time.Now()
	p.mu.Lock()
	next := answer{status: http.StatusOK}
	if len(p.script) > 0 {
		next, p.script = p.script[0], p.script[1:]
	}
	if next.status == http.StatusOK && (!p.dedupe || !p.keys[c.ID]) {
		p.keys[c.ID] = true
		p.taken = append(p.taken, c)
	}
	p.mu.Unlock()
	p.calls <- c
	if next.hang {
		<-r.Context().Done()
		return
	}
	w.WriteHeader(next.status)
	_, _ = io.WriteString(w, `{"id":"ext-`+c.ID+`"}`)
}

func (p *platform) got() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []string
	for _, c := range p.taken {
		out = append(out, c.Text)
	}
	return out
}

// adapter speaks to the platform.
type adapter struct{ able channel.Capabilities }

func (adapter) Kind() channel.Kind                                       { return "pigeon" }
func (a adapter) Capabilities(channel.Account) channel.Capabilities      { return a.able }
func (adapter) Check(context.Context, channel.Account) []channel.Problem { return nil }
func (adapter) Secrets(a channel.Account) []string                       { return []string{a.Options["token"]} }

func (a adapter) Send(ctx context.Context, acc channel.Account, o channel.Outbound) (channel.Sent, error) {
	var text string
	for _, p := range o.Parts {
		text += p.Text
	}
	body, err := json.Marshal(call{ID: o.ID, To: o.Peer.External, Text: text})
	if err != nil {
		return channel.Sent{}, &channel.SendError{Class: channel.InvalidContent, Err: err}
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, acc.Options["url"], bytes.NewReader(body))
	if err != nil {
		return channel.Sent{}, &channel.SendError{Class: channel.InvalidContent, Err: err}
	}
	r.Header.Set("Authorization", "Bearer "+acc.Options["token"])
	answer, err := (&http.Client{}).Do(r)
	if err != nil {
		return channel.Sent{}, &channel.SendError{Class: channel.UnknownOutcome, Err: err}
	}
	defer func() { _ = answer.Body.Close() }()
	class, failed := map[int]channel.Class{
		503: channel.Temporary, 429: channel.Throttled, 401: channel.Auth, 403: channel.Blocked, 400: channel.InvalidContent,
		409: channel.Quota, 410: channel.WindowClosed,
	}[answer.StatusCode]
	if failed {
		return channel.Sent{}, &channel.SendError{Class: class, Code: strconv.Itoa(answer.StatusCode)}
	}
	var named struct{ ID string }
	if err := json.NewDecoder(answer.Body).Decode(&named); err != nil {
		return channel.Sent{}, &channel.SendError{Class: channel.UnknownOutcome, Err: err}
	}
	return channel.Sent{ExternalIDs: []string{named.ID}, Status: desk.Sent}, nil
}

// house is the whole way out, on a real database and a real socket.
type house struct {
	*testing.T
	ctx      context.Context
	store    *store.Store
	keys     *seal.Keyring
	ids      *desk.IDs
	hub      *hub.Hub
	service  *conversation.Service
	bus      *logbus.Bus
	platform *platform
	able     channel.Capabilities
	account  desk.AccountID
	inbox    desk.Inbox
	agent    desk.AgentID
	metrics  *prometheus.Registry
	maxAge   time.Duration
}

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

type silence struct{}

func (silence) Signal(context.Context, bus.Signal) {}

func able() channel.Capabilities {
	return channel.Capabilities{
		Inbound: true, Outbound: true, Transports: []channel.Transport{channel.Webhook},
		Content: map[desk.PartType]channel.Limit{desk.TextPart: {Max: 100}}, TextUnit: channel.Runes,
	}
}

func open(t *testing.T, able channel.Capabilities) *house {
	t.Helper()
	clock := desk.ClockFunc(time.Now)
	log := slog.New(slog.DiscardHandler)
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: log}, sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	h := &house{
		T: t, ctx: t.Context(), store: store.New(d), ids: desk.NewIDs(clock, rand.Reader), able: able,
		platform: newPlatform(t),
	}
	h.background(h.store.Run, func() { require.NoError(t, h.store.Close()) })
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	h.keys = seal.NewKeyring(seal.Deps{Master: master, Store: h.store, Clock: clock, Random: rand.Reader})
	h.service, err = conversation.New(conversation.Deps{Store: h.store, Keys: h.keys, IDs: h.ids, Routes: queued{}, Log: log}, conversation.Config{})
	require.NoError(t, err)
	h.hub, err = hub.New(hub.Deps{
		Store: h.store, Keys: h.keys, IDs: h.ids, Conversations: joined{h.service}, Signals: silence{}, Metrics: prometheus.NewRegistry(),
	}, hub.Config{})
	require.NoError(t, err)
	h.bus, err = logbus.New(logbus.Deps{
		Store: h.store, IDs: h.ids, Clock: clock, After: timer.Wall, Jitter: func() float64 { return 0 }, Log: log,
		Metrics: prometheus.NewRegistry(),
	}, logbus.Config{})
	require.NoError(t, err)
	h.background(h.bus.Run, func() {})
	h.account, h.agent = h.ids.Account(), h.ids.Agent()
	h.inbox = desk.Inbox{
		ID: h.ids.Inbox(), AccountID: h.account, Channel: "pigeon", Name: "pigeon", Key: h.ids.Other("chk"), Enabled: true,
	}
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertAccount(ctx, desk.Account{ID: h.account, Name: "A", Locale: desk.English})
	})
	h.saveInbox()
	return h
}

func (h *house) background(run func(context.Context) error, after func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	h.Cleanup(func() {
		cancel()
		require.NoError(h, <-done)
		after()
	})
}

func (h *house) write(unit func(context.Context, *store.Tx) error) {
	h.Helper()
	require.NoError(h, h.store.Write(h.ctx, h.account, unit))
}

func (h *house) saveInbox() {
	h.Helper()
	keys, err := h.keys.Account(h.ctx, h.account)
	require.NoError(h, err)
	secrets, err := json.Marshal(map[string]any{"options": map[string]string{"url": h.platform.URL, "token": "s3cret"}})
	require.NoError(h, err)
	id := string(h.inbox.ID)
	h.write(func(ctx context.Context, tx *store.Tx) error {
		return tx.PutInbox(ctx, store.Inbox{Inbox: h.inbox, Secrets: keys.Seal(seal.Place{Owner: id, Table: "inbox", Row: id, Column: "secrets"}, secrets)})
	})
}

// start runs delivery until the returned stop, or the end of the test.
func (h *house) start() (stop func()) {
	h.Helper()
	registry, err := channel.NewRegistry(adapter{h.able})
	require.NoError(h, err)
	h.metrics = prometheus.NewRegistry()
	d, err := delivery.New(delivery.Deps{
		Store: h.store, Keys: h.keys, IDs: h.ids, Clock: desk.ClockFunc(time.Now), After: timer.Wall,
		Jitter: func() float64 { return 0 }, Channels: registry, Conversations: h.service, Bus: h.bus,
		Log: slog.New(slog.DiscardHandler), Metrics: h.metrics,
	}, delivery.Config{
		Backoff: time.Millisecond, MaxBackoff: 4 * time.Millisecond, Quiet: 30 * time.Millisecond,
		Fallback: 5 * time.Millisecond, SendTimeout: 300 * time.Millisecond, Attempts: 4, MaxAge: h.maxAge,
	})
	require.NoError(h, err)
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.ctx))
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	var once sync.Once
	stop = func() { once.Do(func() { cancel(); require.NoError(h, <-done) }) }
	h.Cleanup(stop)
	return stop
}

// writes makes a customer write and returns the conversation.
func (h *house) writes(person, id string) desk.ConversationID {
	h.Helper()
	a, err := h.hub.Accept(h.ctx, h.inbox, channel.Envelope{
		ID: id, Kind: channel.MessageEvent, Peer: channel.Peer{Scope: "pigeon", External: person},
		Message: &channel.Message{Content: desk.TextContent("hello")},
	})
	require.NoError(h, err)
	return a.ConversationID
}

func (h *house) reply(c desk.ConversationID, says ...string) desk.MessageID {
	h.Helper()
	m, err := h.service.Reply(h.ctx, conversation.ReplyCommand{
		Actor: conversation.Actor{Account: h.account, Agent: h.agent, Sight: desk.SeesAll()}, Key: h.ids.Other("key"), ConversationID: c,
		Content: desk.Content{Parts: texts(says...)},
	})
	require.NoError(h, err)
	return m.ID
}

const patience = 10 * time.Second

// await blocks until the message has a status, and returns it.
func (h *house) await(id desk.MessageID, status desk.DeliveryStatus) desk.StoredMessage {
	h.Helper()
	commits, cancel := h.store.Watch()
	defer cancel()
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for {
		m, err := h.store.Message(h.ctx, h.account, id)
		require.NoError(h, err)
		if m.Status == status {
			return m
		}
		select {
		case <-commits:
		case <-limit.C:
			require.FailNow(h, "status did not come", "want %s, is %s (%s)", status, m.Status, m.FailureReason)
		}
	}
}

// awaitOutcome blocks until delivery counted an outcome.
func (h *house) awaitOutcome(result string) {
	h.Helper()
	deadline := time.Now().Add(patience)
	for time.Now().Before(deadline) {
		families, err := h.metrics.Gather()
		require.NoError(h, err)
		for _, f := range families {
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if f.GetName() == "yingda_delivery_outcomes_total" && l.GetName() == "result" && l.GetValue() == result {
						return
					}
				}
			}
		}
	}
	require.FailNow(h, "outcome did not come", result)
}

// emptied blocks until the outbox is empty.
func (h *house) emptied() {
	h.Helper()
	deadline := time.Now().Add(patience)
	for waiting := true; waiting; {
		var err error
		_, waiting, err = h.store.NextOutbox(h.ctx)
		require.NoError(h, err)
		require.True(h, time.Now().Before(deadline), "outbox not emptied")
	}
}

func TestMessagesLeaveInOrderThroughFailures(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	h.platform.script = []answer{{status: 503}, {status: 503}, {status: 200}, {status: 503}}
	c := h.writes("ada", "1")
	var ids []desk.MessageID
	for i := range 5 {
		ids = append(ids, h.reply(c, strconv.Itoa(i)))
	}
	h.start()
	for _, id := range ids {
		h.await(id, desk.Sent)
	}
	require.Equal(t, []string{"0", "1", "2", "3", "4"}, h.platform.got())
	h.emptied()
	first := <-h.platform.calls
	require.Equal(t, string(ids[0]), first.ID, "our id is the key")
	require.Equal(t, "ada", first.To)
	require.Equal(t, first.ID, (<-h.platform.calls).ID, "the same message has the same key")
	m, err := h.store.MessageByExternal(h.ctx, h.account, h.inbox.ID, "ext-"+string(ids[4]))
	require.NoError(t, err)
	require.Equal(t, ids[4], m.ID, "receipts find it")
}

func TestOnlyTheMissingPiecesAreSentAgain(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	h.platform.script = []answer{{status: 200}, {status: 503}}
	id := h.reply(h.writes("ada", "1"), "one", "two", "three")
	h.start()
	h.await(id, desk.Sent)
	require.Equal(t, []string{"one", "two", "three"}, h.platform.got())
	var keys []string
	for range 4 {
		keys = append(keys, (<-h.platform.calls).ID)
	}
	m := string(id)
	require.Equal(t, []string{m, m + ".2", m + ".2", m + ".3"}, keys)
}

func TestFailuresByClass(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	h.start()
	for i, c := range []struct {
		status int
		reason string
	}{{403, "blocked"}, {400, "invalid"}, {409, "quota"}, {410, "window_closed"}} {
		h.platform.mu.Lock()
		h.platform.script = []answer{{status: c.status}}
		h.platform.mu.Unlock()
		conversation := h.writes("p"+strconv.Itoa(i), "1")
		failed := h.await(h.reply(conversation, "bad"), desk.Failed)
		require.Equal(t, c.reason, failed.FailureReason)
		h.await(h.reply(conversation, "next"), desk.Sent) // and nobody waits behind it
	}
	// Trying again has an end.
	h.platform.mu.Lock()
	h.platform.script = []answer{{status: 503}, {status: 503}, {status: 503}, {status: 503}}
	h.platform.mu.Unlock()
	require.Equal(t, "temporary", h.await(h.reply(h.writes("late", "1"), "x"), desk.Failed).FailureReason)
	h.emptied()
}

func windowed(quota int) channel.Capabilities {
	a := able()
	a.Window = &channel.Window{Opens: []channel.Opening{{On: channel.OnMessage, For: 48 * time.Hour, Quota: quota}}, Overflow: channel.Hold}
	return a
}

func TestQuotaHoldsUntilTheCustomerWrites(t *testing.T) {
	t.Parallel()
	h := open(t, windowed(2))
	c := h.writes("ada", "1")
	first, second := h.reply(c, "1"), h.reply(c, "2")
	stop := h.start()
	h.await(first, desk.Sent)
	h.await(second, desk.Sent)
	stop()
	// What was used survives a restart.
	h.start()
	third, fourth := h.reply(c, "3"), h.reply(c, "4")
	h.awaitOutcome("held")
	require.Equal(t, []string{"1", "2"}, h.platform.got())
	m, err := h.store.Message(h.ctx, h.account, third)
	require.NoError(t, err)
	require.Equal(t, desk.Queued, m.Status, "held is not failed")
	h.writes("ada", "2")
	h.await(third, desk.Sent)
	h.await(fourth, desk.Sent)
	require.Equal(t, []string{"1", "2", "3", "4"}, h.platform.got())
}

func TestThePlatformKnowsBetterWhatIsLeft(t *testing.T) {
	t.Parallel()
	h := open(t, windowed(5))
	h.platform.script = []answer{{status: 409}}
	c := h.writes("ada", "1")
	id := h.reply(c, "1")
	h.start()
	h.awaitOutcome("held")
	require.Empty(t, h.platform.got())
	h.writes("ada", "2")
	h.await(id, desk.Sent)
	require.Equal(t, []string{"1"}, h.platform.got())
}

func TestACustomerWhoWritesDuringASendGetsItOnce(t *testing.T) {
	t.Parallel()
	h := open(t, windowed(5))
	h.platform.script = []answer{{status: 200, hang: true}}
	c := h.writes("ada", "1")
	id := h.reply(c, "once")
	h.start()
	<-h.platform.calls
	h.writes("ada", "2") // its event reaches delivery while the call still hangs
	require.Equal(t, "unknown_outcome", h.await(id, desk.Failed).FailureReason)
	h.emptied()
	require.Equal(t, []string{"once"}, h.platform.got())
}

func TestUnknownOutcome(t *testing.T) {
	t.Parallel()
	t.Run("without a key it is not sent again", func(t *testing.T) {
		t.Parallel()
		h := open(t, able())
		h.platform.script = []answer{{status: 200, hang: true}}
		c := h.writes("ada", "1")
		lost, next := h.reply(c, "lost"), h.reply(c, "next")
		h.start()
		require.Equal(t, "unknown_outcome", h.await(lost, desk.Failed).FailureReason)
		h.await(next, desk.Sent)
		require.Equal(t, []string{"lost", "next"}, h.platform.got(), "once")
	})
	t.Run("with a key it is, and arrives once", func(t *testing.T) {
		t.Parallel()
		a := able()
		a.Idempotency.Kind = channel.ClientKey
		h := open(t, a)
		h.platform.dedupe = true
		h.platform.script = []answer{{status: 200, hang: true}}
		id := h.reply(h.writes("ada", "1"), "once")
		h.start()
		h.await(id, desk.Sent)
		first, second := <-h.platform.calls, <-h.platform.calls
		require.Equal(t, first.ID, second.ID)
		require.Equal(t, []string{"once"}, h.platform.got())
	})
	for _, keyed := range []bool{false, true} {
		t.Run("a process died while sending, keyed "+strconv.FormatBool(keyed), func(t *testing.T) {
			t.Parallel()
			a := able()
			if keyed {
				a.Idempotency.Kind = channel.ClientKey
			}
			h := open(t, a)
			id := h.reply(h.writes("ada", "1"), "x")
			items, err := h.store.DueOutbox(h.ctx, "dead", time.Now(), 1)
			require.NoError(t, err)
			require.Len(t, items, 1)
			items[0].Error, items[0].Due = "sending 0/"+strconv.Itoa(delivery.Unbounded), time.Now()
			h.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateOutbox(ctx, items[0]) })
			h.start()
			if keyed {
				h.await(id, desk.Sent)
				return
			}
			require.Equal(t, "unknown_outcome", h.await(id, desk.Failed).FailureReason)
			require.Empty(t, h.platform.got())
		})
	}
}

func TestStoppingWaitsForTheSendUnderWay(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	h.platform.script = []answer{{status: 200}}
	id := h.reply(h.writes("ada", "1"), "one", "two", "three")
	stop := h.start()
	<-h.platform.calls
	stop()
	h.start()
	h.await(id, desk.Sent)
	require.Equal(t, []string{"one", "two", "three"}, h.platform.got(), "nothing lost, nothing twice")
}

func TestRefusedCredentialsQuietTheWholeInbox(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	h.platform.script = []answer{{status: 401}}
	one := h.reply(h.writes("ada", "1"), "a")
	h.start()
	refused := <-h.platform.calls
	h.awaitOutcome("auth")
	two := h.reply(h.writes("bob", "1"), "b")
	h.await(one, desk.Sent)
	h.await(two, desk.Sent)
	for range 2 {
		require.GreaterOrEqual(t, (<-h.platform.calls).At.Sub(refused.At), 25*time.Millisecond)
	}
}

func TestRates(t *testing.T) {
	t.Parallel()
	a := able()
	a.Rates = []channel.Rate{{Scope: channel.PerAccount, Count: 2, Per: 60 * time.Millisecond}}
	h := open(t, a)
	for i := range 6 {
		h.reply(h.writes("p"+strconv.Itoa(i), "1"), "x")
	}
	h.start()
	h.awaitOutcome("rate_limited")
	h.emptied()
	require.Len(t, h.platform.got(), 6, "late is not lost")
}

func TestWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	h := open(t, able())
	blocked := h.writes("ada", "1")
	c, err := h.store.Conversation(h.ctx, h.account, blocked)
	require.NoError(t, err)
	contact, err := h.store.Contact(h.ctx, h.account, c.ContactID)
	require.NoError(t, err)
	contact.Blocked = true
	h.write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateContact(ctx, contact) })
	id := h.reply(blocked, "x")
	h.start()
	require.Equal(t, delivery.ReasonContact, h.await(id, desk.Failed).FailureReason)

	other := h.writes("bob", "1")
	h.inbox.Enabled = false
	h.saveInbox()
	require.Equal(t, delivery.ReasonInbox, h.await(h.reply(other, "x"), desk.Failed).FailureReason)
	require.Empty(t, h.platform.got())
	_, err = delivery.New(delivery.Deps{}, delivery.Config{})
	require.ErrorIs(t, err, desk.Invalid)
}
