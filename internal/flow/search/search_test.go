package search_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/flow/search"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
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
	folder string
	logs   *logs
	keys   *seal.Keyring
	bus    *logbus.Bus
	hub    *hub.Hub
	talks  *conversation.Service
	*search.Service
}

// logs keeps everything that is logged, at every level.
type logs struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

// onBoth runs a test on each database.
func onBoth(t *testing.T, test func(*testing.T, *house)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, onSQLite(t))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, open(t, &house{folder: t.TempDir(), logs: &logs{}}, func(clock desk.Clock, log *slog.Logger) store.Driver {
			start := func(dsn string) (*postgres.Driver, error) {
				return postgres.Open(t.Context(), postgres.Deps{Clock: clock, Log: log}, postgres.Config{DSN: dsn})
			}
			d, err := start(pgtest.Shared(t).Prepared(t, "search", func(dsn string) error {
				d, err := start(dsn)
				if err != nil {
					return err
				}
				return d.Close()
			}))
			require.NoError(t, err)
			return d
		}))
	})
}

func onSQLite(t *testing.T) *house {
	t.Helper()
	h := &house{folder: t.TempDir(), logs: &logs{}}
	return open(t, h, func(clock desk.Clock, log *slog.Logger) store.Driver {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: log}, sqlite.Config{Path: filepath.Join(h.folder, "yingda.db")})
		require.NoError(t, err)
		return d
	})
}

func open(t *testing.T, h *house, driver func(desk.Clock, *slog.Logger) store.Driver) *house {
	t.Helper()
	log := slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelDebug}))
	h.Env = storetest.Start(t, func(_ testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return driver(clock, log), nil
	})
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	h.keys = seal.NewKeyring(seal.Deps{Master: master, Store: h.Store, Clock: h.Clock, Random: rand.Reader})
	h.bus, err = logbus.New(logbus.Deps{
		Store: h.Store, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Jitter: func() float64 { return 0.5 },
		Log: log, Metrics: prometheus.NewRegistry(),
	}, logbus.Config{})
	require.NoError(t, err)
	h.talks, err = conversation.New(conversation.Deps{Store: h.Store, Keys: h.keys, IDs: h.IDs, Routes: ownFeed{}, Log: log}, conversation.Config{})
	require.NoError(t, err)
	h.hub, err = hub.New(hub.Deps{
		Store: h.Store, Keys: h.keys, IDs: h.IDs, Conversations: receiver{h.talks}, Signals: h.bus, Metrics: prometheus.NewRegistry(),
	}, hub.Config{})
	require.NoError(t, err)
	h.Service, err = search.New(search.Deps{Store: h.Store, Keys: h.keys, Log: log, Metrics: prometheus.NewRegistry()}, search.Config{Batch: 7})
	require.NoError(t, err)
	return h
}

// index runs the indexer until it has seen every event there is.
func (h *house) index() {
	h.Helper()
	head, err := h.Store.Head(h.Ctx)
	require.NoError(h, err)
	ctx, stop := context.WithCancel(h.Ctx)
	defer stop()
	caught := make(chan struct{})
	var once sync.Once
	consumer := h.Consumer()
	handle := consumer.Handle
	seen := make(map[int64]bool)
	consumer.Handle = func(ctx context.Context, events []desk.Event) (bus.Effects, error) {
		inner, err := handle(ctx, events)
		for _, e := range events {
			seen[e.Pos] = true
		}
		if err == nil && seen[head] && len(seen) >= int(head) {
			once.Do(func() { close(caught) })
		}
		return inner, err
	}
	done := make(chan error, 2)
	go func() { done <- h.bus.Run(ctx) }()
	go func() { done <- h.bus.Consume(ctx, consumer) }()
	<-caught
	stop()
	require.NoError(h, <-done)
	require.NoError(h, <-done)
}

type receiver struct{ *conversation.Service }

func (r receiver) Receive(in hub.Incoming) func(store.Situation) (store.Effects, error) {
	return r.Service.Receive(conversation.Incoming{
		Inbox: in.Inbox, Keys: in.Keys, MessageID: in.MessageID, Content: in.Content,
		ClientID: in.ClientID, SentAt: in.SentAt, Profile: in.Profile,
	})
}

type ownFeed struct{}

func (ownFeed) Routes(context.Context, desk.AccountID) (func(desk.InboxID) (conversation.Route, bool), error) {
	return func(desk.InboxID) (conversation.Route, bool) { return conversation.Route{Status: desk.Sent}, true }, nil
}

type company struct {
	*house
	id    desk.AccountID
	inbox desk.Inbox
	agent conversation.Actor
	n     int
}

func (h *house) company() *company {
	h.Helper()
	c := &company{house: h, id: h.IDs.Account()}
	c.inbox = desk.Inbox{ID: h.IDs.Inbox(), AccountID: c.id, Channel: "webchat", Name: "商城网页收件箱", Key: h.IDs.Other("chk"), Enabled: true}
	c.agent = conversation.Actor{Account: c.id, Agent: h.IDs.Agent(), Sight: desk.SeesAll()}
	require.NoError(h, h.Store.Write(h.Ctx, c.id, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertAccount(ctx, desk.Account{ID: c.id, Name: "应答", Locale: desk.Chinese}); err != nil {
			return err
		}
		return tx.PutInbox(ctx, store.Inbox{Inbox: c.inbox})
	}))
	return c
}

func (c *company) says(who channel.Peer, content desk.Content) hub.Accepted {
	c.Helper()
	c.n++
	a, err := c.hub.Accept(c.Ctx, c.inbox, channel.Envelope{
		ID: fmt.Sprint("k", c.n), Kind: channel.MessageEvent, Peer: who, Message: &channel.Message{Content: content},
	})
	require.NoError(c, err)
	return a
}

func (c *company) text(customer, text string) hub.Accepted {
	c.Helper()
	return c.says(channel.Peer{Scope: "user", External: customer, Verified: true}, desk.TextContent(text))
}

func (c *company) find(q string) []string {
	c.Helper()
	hits, next, err := c.Search(c.Ctx, search.Query{Sight: desk.SeesAll(), Account: c.id, Text: q})
	require.NoError(c, err)
	require.Empty(c, next)
	var out []string
	for _, h := range hits {
		require.Equal(c, h.Message.ConversationID, h.Conversation.ID)
		out = append(out, h.Message.Content.PlainText())
	}
	return out
}

func TestSearchFindsWordsInSealedText(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c, other := h.company(), h.company()
		down := c.text("u1", "请问羽绒服什么时候发货？")
		c.text("u1", "The refunds were processed yesterday")
		c.text("u2", "订单号 20260218003，电话 13800138000")
		other.text("u1", "羽绒服是别家的")
		_, err := h.talks.Reply(t.Context(), conversation.ReplyCommand{Actor: c.agent, ConversationID: down.ConversationID, Content: desk.TextContent("羽绒服明天发出")})
		require.NoError(t, err)
		_, err = h.talks.Note(t.Context(), conversation.NoteCommand{Actor: c.agent, ConversationID: down.ConversationID, Text: "羽绒服仓库缺货"})
		require.NoError(t, err)
		h.index()
		for q, want := range map[string][]string{
			"羽绒":          {"羽绒服仓库缺货", "羽绒服明天发出", "请问羽绒服什么时候发货？"}, // newest first, notes too
			"羽绒服 发货":      {"请问羽绒服什么时候发货？"},
			"服羽":          nil, // the characters are there, not so
			"refund":      {"The refunds were processed yesterday"},
			"PROCESS":     {"The refunds were processed yesterday"},
			"20260218003": {"订单号 20260218003，电话 13800138000"},
			"13800138000": {"订单号 20260218003，电话 13800138000"},
			"火星":          nil,
		} {
			require.Equal(t, want, c.find(q), q)
		}
		require.Equal(t, []string{"羽绒服是别家的"}, other.find("羽绒"), "each account finds its own")
		hits, _, err := c.Search(t.Context(), search.Query{Sight: desk.SeesAll(), Account: c.id, Text: "发货"})
		require.NoError(t, err)
		require.Equal(t, "请问羽绒服什么时候发货？", hits[0].Snippet)
		require.Equal(t, "发货", string([]rune(hits[0].Snippet)[hits[0].From:hits[0].To]))
		for _, bad := range []string{"", "的", "？！", strings.Repeat("长", 1000)} {
			_, _, err = c.Search(t.Context(), search.Query{Sight: desk.SeesAll(), Account: c.id, Text: bad})
			require.ErrorIs(t, err, desk.Invalid, bad)
		}
		_, _, err = c.Search(t.Context(), search.Query{Sight: desk.SeesAll(), Account: c.id, Text: "羽绒", Cursor: "garbage"})
		require.ErrorIs(t, err, desk.Invalid)
	})
}

func TestSnippetsAreOneShortLine(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		c.text("u1", strings.Repeat("前", 300)+"\n关键 字眼\n"+strings.Repeat("后", 300))
		c.index()
		hits, _, err := c.Search(t.Context(), search.Query{Sight: desk.SeesAll(), Account: c.id, Text: "关键"})
		require.NoError(t, err)
		require.Len(t, hits, 1)
		line := []rune(hits[0].Snippet)
		require.LessOrEqual(t, len(line), 90)
		require.NotContains(t, hits[0].Snippet, "\n")
		require.Equal(t, "关键", string(line[hits[0].From:hits[0].To]))
		require.Equal(t, '…', line[0])
		require.Equal(t, '…', line[len(line)-1])
	})
}

func TestPagesHoldEachHitOnce(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		for i := range 12 {
			c.text(fmt.Sprint("u", i%3), fmt.Sprint("物流查询 ", i))
		}
		c.index()
		seen := make(map[desk.MessageID]bool)
		cursor, last := "", time.Time{}
		for pages := 0; ; pages++ {
			require.Less(t, pages, 10)
			hits, next, err := c.Search(t.Context(), search.Query{Sight: desk.SeesAll(), Account: c.id, Text: "物流", Cursor: cursor, Limit: 5})
			require.NoError(t, err)
			for _, h := range hits {
				require.False(t, seen[h.Message.ID])
				require.True(t, last.IsZero() || !h.Message.At.After(last))
				seen[h.Message.ID], last = true, h.Message.At
			}
			if cursor = next; cursor == "" {
				break
			}
		}
		require.Len(t, seen, 12)
	})
}

func TestALostIndexIsRebuiltAndStaleHitsAreDropped(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		var ids []desk.MessageID
		for i := range 20 {
			ids = append(ids, c.text(fmt.Sprint("u", i), fmt.Sprint("发票抬头 ", i)).MessageID)
		}
		require.Empty(t, c.find("发票"), "nothing is indexed yet")
		require.NoError(t, c.Rebuild(t.Context()))
		require.Len(t, c.find("发票"), 20)
		require.NoError(t, c.Rebuild(t.Context()), "again is fine")
		require.Len(t, c.find("发票"), 20)

		keys, err := c.keys.Account(t.Context(), c.id)
		require.NoError(t, err)
		require.NoError(t, c.Store.Index().Put(t.Context(), []store.IndexDoc{
			{Account: c.id, Message: ids[0], At: c.Clock.Now(), Tokens: keys.Tokens([]string{"退款"})},                 // says another thing
			{Account: c.id, Message: c.IDs.Message(3), At: c.Clock.Now(), Tokens: keys.Tokens([]string{"退款", "款项"})}, // is gone
		}))
		require.Empty(t, c.find("退款"), "hits are verified on the text")
	})
}

// What customers and agents write, who they are and how to reach them must not
// be found in any file or log line, in any usual spelling, not even in parts.
func TestNothingReadableIsLeftOnDisk(t *testing.T) {
	t.Parallel()
	h := onSQLite(t)
	c := h.company()
	planted := map[string]string{
		"message": "机密词语麒麟送子观音像什么时候到货呢",
		"latin":   "Zyxwvut Jabberwocky Qwertzuiop",
		"reply":   "翡翠镯子鉴定证书已经寄出请查收",
		"note":    "内部备注这位客户是钻石会员要小心",
		"name":    "欧阳诸葛司马懿",
		"email":   "ouyang.zhuge@quillmarsh-vexford.net",
		"phone":   "13912345678",
		"id":      "wx-openid-oUpF8uMuAJO",
		"file":    "身份证扫描件正反面.pdf",
		"attr":    "浦东新区世纪大道八百号",
	}
	who := channel.Peer{Scope: "user", External: planted["id"], Verified: true, Profile: desk.Profile{
		Name: planted["name"], Email: planted["email"], Phone: planted["phone"], Attributes: map[string]string{"address": planted["attr"]},
	}}
	a := c.says(who, desk.TextContent(planted["message"]))
	c.says(who, desk.Content{Parts: []desk.Part{
		{Type: desk.TextPart, Text: planted["latin"]},
		{Type: desk.FilePart, Media: &desk.Media{URL: "/files/1", Name: planted["file"]}},
	}})
	_, err := h.talks.Reply(t.Context(), conversation.ReplyCommand{Actor: c.agent, Key: "k", ConversationID: a.ConversationID, Content: desk.TextContent(planted["reply"])})
	require.NoError(t, err)
	_, err = h.talks.Note(t.Context(), conversation.NoteCommand{Actor: c.agent, ConversationID: a.ConversationID, Text: planted["note"]})
	require.NoError(t, err)
	h.index()
	require.Len(t, c.find("麒麟"), 1, "the index is really there")
	view, err := h.talks.Get(t.Context(), c.id, a.ConversationID)
	require.NoError(t, err)
	require.Equal(t, planted["name"], view.Contact.Profile.Name)

	files := map[string][]byte{"the log": h.logs.text.Bytes()}
	require.NoError(t, filepath.WalkDir(h.folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(path)
		files[filepath.Base(path)] = data
		return err
	}))
	require.Contains(t, files, "yingda.db-wal", "the write-ahead log is looked at while it is live")
	require.Contains(t, files, "yingda.search.db")
	total := bytes.Join([][]byte{files["yingda.db"], files["yingda.db-wal"]}, nil)
	require.True(t, bytes.Contains(total, []byte(c.inbox.Name)), "what is not secret is found, so this search works")
	require.True(t, bytes.Contains(total, []byte(a.MessageID)))
	for name, data := range files {
		for what, text := range planted {
			for _, fragment := range fragments(text) {
				for spelling, s := range spellings(fragment) {
					require.False(t, bytes.Contains(data, s), "%s of the %s (%q, %s) is readable in %s", fragment, what, text, spelling, name)
				}
			}
		}
	}
}

// fragments are pieces long enough not to occur by chance: 3 characters of
// Chinese, 6 of others, and the whole.
func fragments(s string) []string {
	n := 6
	if len(s) > len([]rune(s)) {
		n = 3
	}
	r := []rune(s)
	out := []string{s}
	for i := 0; i+n <= len(r); i++ {
		out = append(out, string(r[i:i+n]))
	}
	return out
}

func spellings(s string) map[string][]byte {
	var wide []byte
	for _, u := range utf16.Encode([]rune(s)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	escaped := ""
	for _, r := range s {
		escaped += fmt.Sprintf(`\u%04x`, r)
	}
	return map[string][]byte{
		"UTF-8": []byte(s), "lower case": []byte(strings.ToLower(s)), "UTF-16": wide, "JSON escapes": []byte(escaped),
		"hexadecimal": []byte(hex.EncodeToString([]byte(s))), "base64": []byte(base64.RawStdEncoding.EncodeToString([]byte(s))),
	}
}

func TestNewRefusesWhatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := search.New(search.Deps{}, search.Config{})
	require.ErrorIs(t, err, desk.Invalid)
}

func FuzzCursor(f *testing.F) {
	f.Add("")
	f.Add("MTIzLm1zZ18wMWtqNm14cHIwMDAwMDAwMDAwMDAwMDAwYTc")
	f.Add("!!")
	f.Fuzz(func(t *testing.T, cursor string) {
		c, err := search.ReadCursor(cursor)
		if err != nil || cursor == "" {
			return
		}
		again, err := search.ReadCursor(search.WriteCursor(c))
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
}
