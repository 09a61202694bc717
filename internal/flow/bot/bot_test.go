package bot_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"log/slog"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// talks joins the bot and conversations as the application does.
type talks struct{ *conversation.Service }

func (t talks) TakeTurn(ctx context.Context, v bot.Turn) (desk.Conversation, bool, error) {
	return t.Service.TakeTurn(ctx, conversation.Turn(v))
}

type receiver struct{ *conversation.Service }

func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming(in))
}

type routes struct{}

func (routes) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(desk.InboxID) (conversation.Route, bool) { return conversation.Route{Status: desk.Sent}, true }, nil
}

type offices struct{ inbox desk.Inbox }

func (o offices) InboxLookup(context.Context, desk.AccountID) (func(desk.InboxID) (desk.Inbox, bool), error) {
	return func(desk.InboxID) (desk.Inbox, bool) { return o.inbox, true }, nil
}

type staff struct{ alone bool }

func (s staff) Senior(context.Context, desk.AccountID) (desk.TeamID, error) { return "tem_senior", nil }

func (s staff) Attended(context.Context, desk.AccountID) (bool, error) { return !s.alone, nil }

// shelf answers by the words of a question: the test says what, and how sure.
type shelf struct {
	mu     sync.Mutex
	answer func(text string) (bot.Found, error)
	asked  []bot.Ask
}

func (s *shelf) Find(_ context.Context, _ desk.AccountID, a bot.Ask) (bot.Found, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = append(s.asked, a)
	return s.answer(a.Text)
}

func hit(id, title, answer string, p float64) bot.Hit {
	return bot.Hit{ID: id, Kind: "faq", Title: title, Topic: "shipping", P: p, Answer: desk.TextContent(answer), Source: desk.Source{Title: title}}
}

func found(confidence float64, hits ...bot.Hit) (bot.Found, error) {
	return bot.Found{Version: "k1", Confidence: confidence, Hits: hits}, nil
}

// shop knows two things.
func shop(text string) (bot.Found, error) {
	delivery, install := hit("faq_1", "多久送到", "一般两天送到。", 0.95), hit("faq_2", "上门安装", "师傅会联系您上门安装。", 0.03)
	switch {
	case strings.Contains(text, "送到") || strings.Contains(text, "到货") || strings.Contains(text, "啥时候到"):
		return found(0.96, delivery, install)
	case strings.Contains(text, "安装"):
		delivery.P, install.P = 0.03, 0.9
		return found(0.8, install, delivery)
	case strings.Contains(text, "师傅"):
		delivery.P, install.P = 0.45, 0.5
		return found(0.5, install, delivery)
	}
	return found(0.1, delivery)
}

type house struct {
	*storetest.Env
	*conversation.Service
	hub    *hub.Hub
	bus    *logbus.Bus
	bot    *bot.Service
	book   *bot.Book
	shelf  *shelf
	timers *timer.Runner
	inbox  desk.Inbox
	id     desk.AccountID
	now    *prometheus.Registry
	keys   *seal.Keyring
}

type options struct {
	flows bot.Flows
	mind  bot.Mind
	// learner makes knowledge of lessons.
	learner bot.Learner
	config  bot.Config
	shelf   func(string) (bot.Found, error)
	// still leaves the consumer out: only the timer helps.
	still bool
	burst int
	// alone: none of the company's people is there.
	alone bool
}

func open(t *testing.T, o options) *house {
	t.Helper()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(t.TempDir(), "y.db")})
		require.NoError(t, err)
		return d, nil
	})
	h := &house{Env: env, shelf: &shelf{answer: shop}, now: prometheus.NewRegistry()}
	if o.shelf != nil {
		h.shelf.answer = o.shelf
	}
	log := slog.New(slog.DiscardHandler)
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	h.keys = seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	tenant := env.Tenant()
	h.id = tenant.ID
	h.inbox = desk.Inbox{ID: tenant.Inbox.ID, AccountID: h.id, Channel: "webchat", Settings: desk.InboxSettings{BotFirst: true}, Enabled: true}
	acts, err := audit.New(audit.Deps{Store: env.Store, Keys: h.keys, IDs: env.IDs})
	require.NoError(t, err)
	h.book = bot.NewBook(env.Store, acts, env.Clock, log)
	h.bus, err = logbus.New(logbus.Deps{Store: env.Store, IDs: env.IDs, Clock: env.Clock, After: timer.Wall, Jitter: func() float64 { return 0.5 }, Log: log, Metrics: h.now}, logbus.Config{})
	require.NoError(t, err)
	h.Service, err = conversation.New(conversation.Deps{Store: env.Store, Keys: h.keys, IDs: env.IDs, Routes: routes{}, Bots: h.book, Log: log}, conversation.Config{})
	require.NoError(t, err)
	h.hub, err = hub.New(hub.Deps{Store: env.Store, Keys: h.keys, IDs: env.IDs, Conversations: receiver{h.Service}, Signals: h.bus, Metrics: h.now}, hub.Config{})
	require.NoError(t, err)
	h.bot, err = bot.New(bot.Deps{
		Store: env.Store, Keys: h.keys, IDs: env.IDs, Clock: env.Clock, After: timer.Wall, Bus: h.bus, Book: h.book, Talks: talks{h.Service},
		Queue: staff{o.alone}, Offices: offices{h.inbox}, Knowledge: h.shelf, Flows: o.flows, Mind: o.mind, Learner: o.learner, Log: log, Metrics: h.now,
	}, o.config)
	require.NoError(t, err)
	h.timers, err = timer.New(timer.Deps{
		Store: env.Store, IDs: env.IDs, Clock: env.Clock, After: timer.Wall, Log: log, Metrics: h.now,
		Handlers: map[string]timer.Handler{conversation.BotTimer: h.bot.FireTimer},
	}, timer.Config{Fallback: 20 * time.Millisecond, Backoff: 20 * time.Millisecond})
	require.NoError(t, err)
	set := bot.Usual()
	set.BurstMS = 40
	if o.burst > 0 {
		set.BurstMS = o.burst
	}
	_, err = h.bot.SetSettings(t.Context(), h.id, "agt_1", set, "")
	require.NoError(t, err)
	h.run(t, h.bus.Run)
	h.run(t, h.bot.Run)
	h.run(t, func(ctx context.Context) error { // windows end by the house's clock
		for tick := time.NewTicker(5 * time.Millisecond); ; {
			select {
			case <-ctx.Done():
				tick.Stop()
				return nil
			case <-tick.C:
				h.Clock.Advance(5 * time.Millisecond)
			}
		}
	})
	if !o.still {
		h.run(t, func(ctx context.Context) error { return h.bus.Consume(ctx, h.bot.Consumer()) })
	}
	require.Eventually(t, func() bool { first, _ := h.book.Serves(h.inbox); return first }, patience, time.Millisecond)
	return h
}

const patience = 20 * time.Second

func (h *house) run(t *testing.T, part func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- part(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
	})
}

func (h *house) says(t *testing.T, who, text string) hub.Accepted {
	t.Helper()
	a, err := h.hub.Accept(t.Context(), h.inbox, channel.Envelope{
		Kind: channel.MessageEvent, ID: who + strconv.FormatInt(time.Now().UnixNano(), 36),
		Peer: channel.Peer{Scope: "user", External: who, Verified: true}, Message: &channel.Message{Content: desk.TextContent(text)},
	})
	require.NoError(t, err)
	return a
}

func (h *house) all(t *testing.T, id desk.ConversationID) []desk.Message {
	t.Helper()
	list, _, err := h.Messages(t.Context(), h.id, id, store.MessageRange{})
	require.NoError(t, err)
	return list
}

// answers waits for n messages of the bot to the customer.
func (h *house) answers(t *testing.T, id desk.ConversationID, n int) (out []desk.Message) {
	t.Helper()
	require.Eventually(t, func() bool {
		out = nil
		for _, m := range h.all(t, id) {
			if m.Author.Kind == desk.ByBot && m.Visibility == desk.Public {
				out = append(out, m)
			}
		}
		return len(out) >= n
	}, patience, 2*time.Millisecond)
	require.Len(t, out, n)
	return out
}

func (h *house) state(t *testing.T, id desk.ConversationID) desk.Conversation {
	t.Helper()
	c, err := h.Conversation(t.Context(), h.id, id)
	require.NoError(t, err)
	return c
}

func (h *house) opened(t *testing.T, id desk.ConversationID) desk.Conversation {
	t.Helper()
	require.Eventually(t, func() bool { return h.state(t, id).Status == desk.Open }, patience, 2*time.Millisecond)
	return h.state(t, id)
}

func (h *house) note(t *testing.T, id desk.ConversationID) string {
	t.Helper()
	for _, m := range h.all(t, id) {
		if m.Visibility == desk.Note {
			return m.Content.PlainText()
		}
	}
	return ""
}

func TestFragmentsAreReadAsOneQuestion(t *testing.T) {
	t.Parallel()
	h := open(t, options{burst: 400})
	a := h.says(t, "u", "在吗")
	h.says(t, "u", "我那个")
	h.says(t, "u", "洗衣机")
	h.says(t, "u", "啥时候到")
	said := h.answers(t, a.ConversationID, 1)
	require.Equal(t, "一般两天送到。", said[0].Content.PlainText())
	require.Equal(t, []desk.Source{{Title: "多久送到"}}, said[0].Content.Sources)
	d, err := h.bot.DecisionsOf(t.Context(), h.id, a.ConversationID)
	require.NoError(t, err)
	require.Len(t, d, 1)
	require.Equal(t, "在吗 我那个 洗衣机 啥时候到", d[0].Question)
	require.Equal(t, "answer", d[0].Kind)
	require.Equal(t, said[0].ID, d[0].MessageID)
	require.Equal(t, said[0].Content.DecisionID, d[0].ID)
	require.InDelta(t, 0.96, d[0].Confidence, 1e-9)
	require.NotContains(t, d[0].Detail, "洗衣机", "what is in clear holds no word of the customer's")
	require.Equal(t, desk.Pending, h.state(t, a.ConversationID).Status)
}

// The answer came before the customer had finished: what follows at once belongs
// to the question, and neither repeats the answer nor gives up.
func TestWhatFollowsAnEarlyAnswerBelongsToIt(t *testing.T) {
	t.Parallel()
	h := open(t, options{burst: 5_000})
	a := h.says(t, "u", "你们一般多久送到？")
	h.answers(t, a.ConversationID, 1)
	h.says(t, "u", "我那个洗衣机真的好急的呀。")
	require.Eventually(t, func() bool { h.Clock.Advance(time.Second); return h.state(t, a.ConversationID).WaitingSince.IsZero() }, patience, 5*time.Millisecond)
	h.answers(t, a.ConversationID, 1)
	require.Equal(t, desk.Pending, h.state(t, a.ConversationID).Status)
}

// A whole question is answered at once, however long the window is.
func TestAWholeQuestionDoesNotWait(t *testing.T) {
	t.Parallel()
	h := open(t, options{burst: 10_000})
	began := time.Now()
	a := h.says(t, "u", "一般多久送到？")
	h.answers(t, a.ConversationID, 1)
	require.Less(t, time.Since(began), 5*time.Second)
}

func TestAWishForAPersonIsHeard(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	for _, text := range []string{"转人工", "我要找真人客服", "I want to talk to a human", "人工客服"} {
		a := h.says(t, text, text)
		c := h.opened(t, a.ConversationID)
		require.False(t, c.WaitingSince.IsZero(), "the customer waits now")
		require.Contains(t, h.note(t, a.ConversationID), text)
		h.answers(t, a.ConversationID, 1)
	}
	a := h.says(t, "no", "不用转人工，多久送到？")
	h.answers(t, a.ConversationID, 1)
	require.Equal(t, desk.Pending, h.state(t, a.ConversationID).Status)
}

func TestAngerIsEscalated(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "太垃圾了！！你们就是骗子，气死我了，我要投诉你们！")
	c := h.opened(t, a.ConversationID)
	require.Equal(t, desk.TeamID("tem_senior"), c.TeamID)
	events, err := h.Store.AccountEvents(t.Context(), h.id, 0, 0)
	require.NoError(t, err)
	var escalated []desk.ConversationEscalated
	for _, e := range events {
		if f, ok := e.Fact.(desk.ConversationEscalated); ok {
			escalated = append(escalated, f)
		}
	}
	require.Len(t, escalated, 1)
	require.Less(t, escalated[0].Score, 3.0)
}

func TestTwoNearAnswersAreAskedBack(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "师傅什么时候来？")
	said := h.answers(t, a.ConversationID, 1)
	buttons := said[0].Content.Parts[0].Buttons
	require.Len(t, buttons, 3)
	require.Equal(t, "上门安装", buttons[0].Label)
	h.says(t, "u", buttons[0].Label)
	said = h.answers(t, a.ConversationID, 2)
	require.Equal(t, "师傅会联系您上门安装。", said[1].Content.PlainText())
}

func TestTheSameAnswerTwiceHandsOver(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "多久送到？")
	h.answers(t, a.ConversationID, 1)
	h.Clock.Advance(time.Minute) // it is another question by now, not the rest of the first
	h.says(t, "u", "到底啥时候到？")
	h.opened(t, a.ConversationID)
	require.Contains(t, h.note(t, a.ConversationID), "多久送到")
}

func TestWhatIsNotKnownIsHandedOver(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "你们老板叫什么名字？")
	h.opened(t, a.ConversationID)
	d, err := h.bot.DecisionsOf(t.Context(), h.id, a.ConversationID)
	require.NoError(t, err)
	require.Equal(t, bot.Unknown, d[0].Reason)
}

func TestADraftIsSentByAnAgent(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "能上门安装吗？")
	var drafts []bot.Decision
	require.Eventually(t, func() bool {
		var err error
		drafts, err = h.bot.Drafts(t.Context(), h.id)
		require.NoError(t, err)
		return len(drafts) == 1
	}, patience, 2*time.Millisecond)
	require.Equal(t, "师傅会联系您上门安装。", drafts[0].Content.PlainText())
	require.Len(t, h.all(t, a.ConversationID), 1, "the customer sees nothing yet")
	_, err := h.bot.ClaimDraft(t.Context(), h.id, "agt_1", drafts[0].ID)
	require.NoError(t, err)
	_, err = h.bot.SendDraft(t.Context(), h.id, "agt_2", drafts[0].ID, "")
	require.ErrorIs(t, err, desk.Conflict, "a colleague has it")
	sent, err := h.bot.SendDraft(t.Context(), h.id, "agt_1", drafts[0].ID, "可以，师傅当天上门。")
	require.NoError(t, err)
	require.Equal(t, desk.DraftSent, sent.Draft)
	said := h.answers(t, a.ConversationID, 1)
	require.Equal(t, "可以，师傅当天上门。", said[0].Content.PlainText())
	require.Equal(t, desk.Pending, h.state(t, a.ConversationID).Status, "the bot goes on")
	_, err = h.bot.RefuseDraft(t.Context(), h.id, "agt_1", drafts[0].ID)
	require.ErrorIs(t, err, desk.Conflict)
}

func TestADraftIsRefused(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "能上门安装吗？")
	var drafts []bot.Decision
	require.Eventually(t, func() bool {
		drafts, _ = h.bot.Drafts(t.Context(), h.id)
		return len(drafts) == 1
	}, patience, 2*time.Millisecond)
	_, err := h.bot.RefuseDraft(t.Context(), h.id, "agt_1", drafts[0].ID)
	require.NoError(t, err)
	h.opened(t, a.ConversationID)
	require.NotContains(t, h.note(t, a.ConversationID), "师傅会联系您上门安装", "what was refused is not suggested")
	drafts, err = h.bot.Drafts(t.Context(), h.id)
	require.NoError(t, err)
	require.Empty(t, drafts)
}

// Nobody decides: people are asked, and the customer is told.
func TestADraftExpires(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "能上门安装吗？")
	require.Eventually(t, func() bool { d, _ := h.bot.Drafts(t.Context(), h.id); return len(d) == 1 }, patience, 2*time.Millisecond)
	h.Clock.Advance(61 * time.Second)
	h.run(t, h.timers.Run)
	h.opened(t, a.ConversationID)
	h.answers(t, a.ConversationID, 1)
	d, err := h.bot.DecisionsOf(t.Context(), h.id, a.ConversationID)
	require.NoError(t, err)
	require.Equal(t, bot.ReviewExpired, d[0].Reason)
	require.Equal(t, desk.DraftExpired, d[1].Draft)
}

// Where nobody is there to look at a draft, the customer does not wait for it.
func TestNobodyIsThereForADraft(t *testing.T) {
	t.Parallel()
	h := open(t, options{alone: true})
	a := h.says(t, "u", "能上门安装吗？")
	h.opened(t, a.ConversationID)
	h.answers(t, a.ConversationID, 1)
	d, err := h.bot.DecisionsOf(t.Context(), h.id, a.ConversationID)
	require.NoError(t, err)
	require.Len(t, d, 1)
	require.Equal(t, bot.ReviewExpired, d[0].Reason)
	require.Equal(t, "faq_2", d[0].Hit)
	figures, err := h.bot.Figures(t.Context(), h.id, 1)
	require.NoError(t, err)
	require.Len(t, figures.Topics, 1, "it was about an answer, and thresholds can be held against it")
}

// The process that heard the message died: the timer takes the turn.
func TestTheTimerTakesATurnThatNobodyTook(t *testing.T) {
	t.Parallel()
	h := open(t, options{still: true})
	a := h.says(t, "u", "多久送到？")
	h.Clock.Advance(conversation.BotPatience + time.Second)
	h.run(t, h.timers.Run)
	said := h.answers(t, a.ConversationID, 1)
	require.Equal(t, "一般两天送到。", said[0].Content.PlainText())
}

// Whatever is broken: never silence.
func TestABrokenBotHandsOver(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(string) (bot.Found, error){
		"error": func(string) (bot.Found, error) { return bot.Found{}, errors.New("broken") },
		"panic": func(string) (bot.Found, error) { panic("broken") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := open(t, options{shelf: broken})
			a := h.says(t, "u", "多久送到？")
			h.Clock.Advance(conversation.BotPatience + time.Second)
			h.run(t, h.timers.Run)
			require.Eventually(t, func() bool {
				h.Clock.Advance(time.Second)
				return h.state(t, a.ConversationID).Status == desk.Open
			}, patience, 20*time.Millisecond)
			h.answers(t, a.ConversationID, 1)
		})
	}
}

func TestThumbs(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "多久送到？")
	said := h.answers(t, a.ConversationID, 1)
	rate := func(v bot.Thumb) error { return h.bot.Rate(t.Context(), h.id, a.ContactID, said[0].ID, v) }
	require.NoError(t, rate(bot.Thumb{Helpful: true}))
	require.NoError(t, rate(bot.Thumb{Helpful: true}))
	require.ErrorIs(t, rate(bot.Thumb{Reason: "ugly"}), desk.Invalid)
	require.ErrorIs(t, h.bot.Rate(t.Context(), h.id, "con_other", said[0].ID, bot.Thumb{}), desk.NotFound)
	require.NoError(t, rate(bot.Thumb{Reason: desk.Unclear}))
	h.opened(t, a.ConversationID)
	thumbs, err := h.bot.Thumbs(t.Context(), h.id, a.ConversationID)
	require.NoError(t, err)
	require.Equal(t, map[desk.MessageID]bot.Thumb{said[0].ID: {Reason: desk.Unclear}}, thumbs)
	figures, err := h.bot.Figures(t.Context(), h.id, 30)
	require.NoError(t, err)
	require.Equal(t, 1, figures.Down)
	require.Equal(t, "shipping", figures.Topics[0].Topic)
	require.Equal(t, bot.Bin{Asked: 1, Bad: 1}, figures.Topics[0].Bins[48])
}

func TestOffMeansPeople(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "early", "多久送到？")
	h.answers(t, a.ConversationID, 1)
	set := bot.Usual()
	set.Enabled = false
	_, err := h.bot.SetSettings(t.Context(), h.id, "agt_1", set, "")
	require.NoError(t, err)
	b := h.says(t, "late", "多久送到？")
	require.Equal(t, desk.Open, h.state(t, b.ConversationID).Status)
	h.says(t, "early", "还有个问题")
	h.opened(t, a.ConversationID)
}

// flows is one that asks for an order and then knows.
type flows struct{}

func (flows) Step(_ context.Context, _ desk.AccountID, state json.RawMessage, in bot.Step) (bot.Stepped, error) {
	if in.Begin != nil {
		return bot.Stepped{State: json.RawMessage(`{"ask":"order"}`), Says: []desk.Content{desk.TextContent("请问订单号是多少？")}, Flow: "order_status"}, nil
	}
	if strings.HasPrefix(in.Text, "YD") {
		return bot.Stepped{Says: []desk.Content{desk.TextContent("订单已发货。")}, Flow: "order_status", Slots: map[string]string{"order": in.Text}}, nil
	}
	return bot.Stepped{State: state, Passed: true}, nil
}

type mind struct{}

func (mind) Understand(_ context.Context, _ desk.AccountID, text string, _ bot.Effort) (bot.Meaning, error) {
	switch {
	case strings.Contains(text, "查订单"):
		return bot.Meaning{Version: "m", Confidence: 0.97, Intents: []bot.Intent{{Name: "order_status", Title: "查订单", P: 0.97, Actions: json.RawMessage(`[]`)}}}, nil
	case strings.Contains(text, "谢谢"):
		return bot.Meaning{Version: "m", Confidence: 0.95, Intents: []bot.Intent{{Name: "@thanks", P: 0.95}}}, nil
	}
	return bot.Meaning{Version: "m"}, nil
}

func TestAFlowRunsAndOtherQuestionsAreAnsweredMeanwhile(t *testing.T) {
	t.Parallel()
	h := open(t, options{flows: flows{}, mind: mind{}})
	a := h.says(t, "u", "帮我查订单一下吧")
	require.Equal(t, "请问订单号是多少？", h.answers(t, a.ConversationID, 1)[0].Content.PlainText())
	h.says(t, "u", "对了，一般多久送到？")
	require.Equal(t, "一般两天送到。", h.answers(t, a.ConversationID, 2)[1].Content.PlainText())
	h.says(t, "u", "YD1234")
	require.Equal(t, "订单已发货。", h.answers(t, a.ConversationID, 3)[2].Content.PlainText())
	h.says(t, "u", "谢谢啦！")
	require.Contains(t, h.answers(t, a.ConversationID, 4)[3].Content.PlainText(), "不客气")
}

func TestManyAtOnceEachGetsOneAnswer(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	const visitors = 60
	ids := make([]desk.ConversationID, visitors)
	var g sync.WaitGroup
	for i := range visitors {
		g.Go(func() {
			a := h.says(t, "u"+strconv.Itoa(i), "多久送到？")
			ids[i] = a.ConversationID
		})
	}
	g.Wait()
	for _, id := range ids {
		h.answers(t, id, 1)
	}
}

func TestWelcome(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	w, err := h.bot.Welcome(t.Context(), h.inbox, desk.Chinese, "https://shop.example/delivery", "什么时候到货")
	require.NoError(t, err)
	require.True(t, w.Serves)
	require.Contains(t, w.Greeting, "智能助手")
	require.Equal(t, []string{"多久送到", "上门安装"}, w.Questions)
}

var _ bus.Bus = (*logbus.Bus)(nil)
