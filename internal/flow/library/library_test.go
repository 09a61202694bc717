package library_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type house struct {
	*storetest.Tenant
	*library.Service
	deps library.Deps
	bus  *logbus.Bus
	dir  string
}

func open(t *testing.T) *house {
	t.Helper()
	dir := t.TempDir()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(dir, "yingda.db")})
		require.NoError(t, err)
		return d, nil
	})
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	book, err := audit.New(audit.Deps{Store: env.Store, Keys: keys, IDs: env.IDs})
	require.NoError(t, err)
	bus, err := logbus.New(logbus.Deps{
		Store: env.Store, IDs: env.IDs, Clock: env.Clock, After: timer.Wall,
		Jitter: func() float64 { return 0.5 }, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	}, logbus.Config{})
	require.NoError(t, err)
	d := library.Deps{
		Store: env.Store, Keys: keys, IDs: env.IDs, Clock: env.Clock, After: timer.Wall, Bus: bus, Audit: book, Log: slog.New(slog.DiscardHandler), Node: "one",
	}
	s, err := library.New(d, library.Config{})
	require.NoError(t, err)
	return &house{Tenant: env.Tenant(), Service: s, deps: d, bus: bus, dir: dir}
}

// another is a second node on the same database, or the first after a restart.
func (h *house) another(t *testing.T) *library.Service {
	t.Helper()
	d := h.deps
	d.Node = "two"
	s, err := library.New(d, library.Config{})
	require.NoError(t, err)
	return s
}

func (h *house) by(key string) desk.By {
	return desk.By{Account: h.ID, Agent: h.Agent.ID, Key: key}
}

func faq(title, answer string, ways ...string) library.Item {
	return library.Item{Kind: library.FAQ, Body: library.Body{
		Title: title, Ways: ways, Enabled: true, Answers: []library.Answer{{Content: desk.TextContent(answer)}},
	}}
}

// shop fills the account with what a small shop is asked.
func (h *house) shop(t *testing.T) map[string]library.Item {
	t.Helper()
	out := make(map[string]library.Item)
	for name, it := range map[string]library.Item{
		"return":  faq("怎么退货", "七天内可以退货。", "我想退货", "买的东西不想要了怎么办", "可以退吗", "退货流程是什么"),
		"invoice": faq("怎么开发票", "在订单页开发票。", "我要开发票", "发票在哪里开", "可以开专票吗", "电子发票怎么下载"),
		"freight": faq("运费多少", "满 99 元包邮。", "邮费怎么算", "包邮吗", "运费是多少钱", "多少钱免运费"),
		"address": faq("怎么修改收货地址", "发货前可以改。", "地址写错了", "我想改地址", "换个收货地址", "收货地址填错了怎么办"),
	} {
		saved, err := h.Save(h.Ctx, h.by("shop-"+name), it)
		require.NoError(t, err)
		out[name] = saved
	}
	return out
}

func (h *house) find(t *testing.T, s *library.Service, a library.Ask) library.Found {
	t.Helper()
	f, err := s.Find(h.Ctx, h.ID, a)
	require.NoError(t, err)
	return f
}

func TestWhatIsSavedIsLearnedAndFound(t *testing.T) {
	t.Parallel()
	h := open(t)
	require.Empty(t, h.find(t, h.Service, library.Ask{Text: "退货"}).Hits, "nothing is known yet")
	items := h.shop(t)
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	// A node that begins now has it without learning.
	fresh := h.another(t)
	for question, want := range map[string]string{"请问退货怎么弄": "return", "能不能开张发票": "invoice", "邮费要多少": "freight", "我地址写错了": "address"} {
		for _, plain := range []bool{false, true} {
			f := h.find(t, fresh, library.Ask{Text: question, Plain: plain})
			require.NotEmpty(t, f.Hits, question)
			require.Equal(t, items[want].ID, f.Hits[0].ID, question)
			require.NotEmpty(t, f.Version)
			require.NotEmpty(t, f.Hits[0].Spans)
			require.Equal(t, items[want].Answers[0].Content, f.Hits[0].Answer)
		}
	}
	st, err := fresh.Status(h.Ctx, h.ID)
	require.NoError(t, err)
	require.False(t, st.Waiting)
	require.Len(t, st.Trainings, 1)
	require.True(t, st.Trainings[0].Serving)
	require.Equal(t, 4, st.Trainings[0].Items)
	require.NoError(t, h.Learn(h.Ctx, h.ID), "nothing to learn is fine")
}

func TestNodesFollowAndTrainInTheBackground(t *testing.T) {
	t.Parallel()
	h := open(t)
	ctx, cancel := context.WithCancel(h.Ctx)
	done := make(chan error, 3)
	two := h.another(t)
	go func() { done <- h.bus.Run(ctx) }()
	go func() { done <- h.Service.Run(ctx) }()
	go func() { done <- two.Run(ctx) }()
	require.Empty(t, h.find(t, two, library.Ask{Text: "怎么退货"}).Hits)
	h.shop(t)
	h.Clock.Advance(time.Minute)
	found := func(s *library.Service, q string) func() bool {
		return func() bool {
			f, err := s.Find(h.Ctx, h.ID, library.Ask{Text: q})
			return err == nil && len(f.Hits) > 0 && f.Hits[0].Title == "怎么退货"
		}
	}
	require.Eventually(t, found(h.Service, "怎么退货"), 20*time.Second, 10*time.Millisecond)
	require.Eventually(t, found(two, "怎么退货"), 20*time.Second, 10*time.Millisecond)
	cancel()
	for range 3 {
		require.NoError(t, <-done)
	}
}

func TestOfTwoWhoSaveOneIsTold(t *testing.T) {
	t.Parallel()
	h := open(t)
	it, err := h.Save(h.Ctx, h.by("key-1"), faq("怎么退货", "七天内。"))
	require.NoError(t, err)
	again, err := h.Save(h.Ctx, h.by("key-1"), faq("怎么退货", "七天内。"))
	require.NoError(t, err)
	require.Equal(t, it, again, "a repeat finds the first")
	mine, theirs := it, it
	mine.Ways, theirs.Title = []string{"我想退货"}, "如何退货"
	saved, err := h.Save(h.Ctx, h.by("key-2"), mine)
	require.NoError(t, err)
	require.EqualValues(t, 2, saved.Version)
	repeated, err := h.Save(h.Ctx, h.by("key-2"), mine)
	require.NoError(t, err)
	require.Equal(t, saved, repeated)
	_, err = h.Save(h.Ctx, h.by("key-3"), theirs)
	require.ErrorIs(t, err, desk.Conflict)

	history, err := h.History(h.Ctx, h.ID, it.ID)
	require.NoError(t, err)
	require.Len(t, history, 2)
	require.Empty(t, history[1].Ways)
	_, err = h.Restore(h.Ctx, h.by("key-4"), it.ID, 1, 1)
	require.ErrorIs(t, err, desk.Conflict)
	restored, err := h.Restore(h.Ctx, h.by("key-5"), it.ID, 1, 2)
	require.NoError(t, err)
	require.Empty(t, restored.Ways)
	require.EqualValues(t, 3, restored.Version)
	withWay, err := h.AddWay(h.Ctx, h.by("key-6"), it.ID, "可以退吗", "review")
	require.NoError(t, err)
	require.Equal(t, []string{"可以退吗"}, withWay.Ways)
	same, err := h.AddWay(h.Ctx, h.by("key-7"), it.ID, "可以退吗", "review")
	require.NoError(t, err)
	require.Equal(t, withWay.Version, same.Version)
}

func TestWhatMayNotAnswerDoesNot(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shop(t)
	it := faq("双十一怎么发货", "七十二小时内。", "双11什么时候发货", "大促发货要多久")
	it.ValidFrom, it.ValidUntil = h.Clock.Now().Add(time.Hour), h.Clock.Now().Add(2*time.Hour)
	it.Answers = []library.Answer{
		{Channel: "webchat", Locale: "zh-CN", Content: desk.TextContent("网页")}, {Channel: "webchat", Locale: "en", Content: desk.TextContent("web")},
	}
	saved, err := h.Save(h.Ctx, h.by("sale"), it)
	require.NoError(t, err)
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	asked := library.Ask{Text: "双十一怎么发货", Channel: "webchat", Locale: "zh-CN", Limit: 1}
	first := func() string {
		f := h.find(t, h.Service, asked)
		if len(f.Hits) == 0 || f.Hits[0].ID != saved.ID {
			return ""
		}
		return f.Hits[0].Answer.PlainText()
	}
	require.Empty(t, first(), "not yet valid")
	h.Clock.Advance(90 * time.Minute)
	require.Equal(t, "网页", first())
	asked.Locale = "en-GB"
	require.Equal(t, "web", first())
	asked.Locale = "fr"
	require.Empty(t, first(), "no answer in that language")
	asked.Locale, asked.Channel = "en", "wechat"
	require.Empty(t, first(), "no answer on that channel")
	asked.Channel = "webchat"
	h.Clock.Advance(time.Hour)
	require.Empty(t, first(), "not valid any more")
}

func TestArticlesAnswerWithAPassage(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shop(t)
	art, err := h.Save(h.Ctx, h.by("art"), library.Item{Kind: library.Article, Body: library.Body{
		Title: "会员手册", Enabled: true, Text: "# 会员手册\n\n## 积分\n\n每消费一元得**一个积分**，积分一年有效。\n\n## 等级\n\n消费满一千元成为金卡会员。\n",
	}})
	require.NoError(t, err)
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	f := h.find(t, h.Service, library.Ask{Text: "积分多久有效"})
	require.NotEmpty(t, f.Hits)
	require.Equal(t, art.ID, f.Hits[0].ID)
	require.Contains(t, f.Hits[0].Answer.PlainText(), "一个积分")
	require.NotContains(t, f.Hits[0].Answer.PlainText(), "**")
	require.Equal(t, "会员手册", f.Hits[0].Source.Title)
}

func TestEarlierTrainingsComeBack(t *testing.T) {
	t.Parallel()
	h := open(t)
	items := h.shop(t)
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	st, err := h.Status(h.Ctx, h.ID)
	require.NoError(t, err)
	first := st.Trainings[0].ID
	require.NoError(t, h.Delete(h.Ctx, h.by("gone"), items["return"].ID))
	require.NoError(t, h.Delete(h.Ctx, h.by("gone"), items["return"].ID), "a repeat")
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	require.NoError(t, h.Serve(h.Ctx, h.by("back"), first))
	require.Equal(t, first, h.find(t, h.another(t), library.Ask{Text: "我要开发票"}).Version)
	_, err = h.AddWay(h.Ctx, h.by("way"), items["invoice"].ID, "给我开张票", "desk")
	require.NoError(t, err)
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	require.Equal(t, first, h.find(t, h.another(t), library.Ask{Text: "我要开发票"}).Version, "what was chosen stays")
	require.NotEqual(t, items["return"].ID, h.find(t, h.another(t), library.Ask{Text: "我想退货"}).Hits[0].ID, "what was deleted does not answer")
	require.NoError(t, h.Serve(h.Ctx, h.by("newest"), ""))
	st, err = h.Status(h.Ctx, h.ID)
	require.NoError(t, err)
	require.True(t, st.Trainings[0].Serving)
	require.ErrorIs(t, h.Serve(h.Ctx, h.by("none"), "kix_none"), desk.NotFound)
	for i := range 8 {
		_, err = h.AddWay(h.Ctx, h.by(fmt.Sprint("more", i)), items["invoice"].ID, fmt.Sprint("开票方式", i), "desk")
		require.NoError(t, err)
		require.NoError(t, h.Learn(h.Ctx, h.ID))
	}
	st, err = h.Status(h.Ctx, h.ID)
	require.NoError(t, err)
	require.Len(t, st.Trainings, 5)
}

// Nothing that people wrote lies readable in the data folder.
func TestNothingReadableAtRest(t *testing.T) {
	t.Parallel()
	h := open(t)
	_, err := h.Save(h.Ctx, h.by("s"), faq("Geheimfrage nach Tresor", "Geheimantwort im Keller", "Geheimweg zum Tresor"))
	require.NoError(t, err)
	require.NoError(t, h.Learn(h.Ctx, h.ID))
	files, err := os.ReadDir(h.dir)
	require.NoError(t, err)
	for _, f := range files {
		data, err := os.ReadFile(filepath.Join(h.dir, f.Name()))
		require.NoError(t, err)
		for _, secret := range []string{"Geheim", "geheim"} {
			require.NotContains(t, string(data), secret, f.Name())
		}
	}
}
