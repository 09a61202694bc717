package review_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/review"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a shop whose bot has decided some things. It is the shelf, too.
type house struct {
	*storetest.Tenant
	*review.Service
	judged []review.Judged
	shelf  map[string]review.Entry
	sure   float64
	fails  error
	made   int
}

func open(t *testing.T) *house {
	t.Helper()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(t.TempDir(), "yingda.db")})
		require.NoError(t, err)
		return d, nil
	})
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	book, err := audit.New(audit.Deps{Store: env.Store, Keys: keys, IDs: env.IDs})
	require.NoError(t, err)
	h := &house{Tenant: env.Tenant(), shelf: map[string]review.Entry{}}
	h.Service, err = review.New(review.Deps{
		Store: env.Store, Keys: keys, Audit: book, IDs: env.IDs, Clock: env.Clock, After: timer.Wall,
		Decisions: h, Shelf: h, Log: slog.New(slog.DiscardHandler), Node: "one",
	}, review.Config{})
	require.NoError(t, err)
	return h
}

func (h *house) Judged(context.Context, desk.AccountID, time.Time, int) ([]review.Judged, error) {
	return h.judged, nil
}

func (h *house) Find(_ context.Context, _ desk.AccountID, question string, _ desk.Locale) (review.Entry, float64, error) {
	for _, e := range h.shelf {
		if strings.Contains(question, e.Title) {
			return e, h.sure, nil
		}
	}
	return review.Entry{}, 0, nil
}

func (h *house) Entry(_ context.Context, _ desk.AccountID, id string) (review.Entry, error) {
	e, ok := h.shelf[id]
	if !ok {
		return e, desk.NotFound
	}
	return e, nil
}

func (h *house) Add(_ context.Context, by desk.By, e review.Entry) (string, error) {
	if h.fails != nil {
		return "", h.fails
	}
	h.made++
	e.ID = by.Key
	h.shelf[e.ID] = e
	return e.ID, nil
}

func (h *house) AddWays(_ context.Context, _ desk.By, id string, ways []string) error {
	e := h.shelf[id]
	e.Ways = append(e.Ways, ways...)
	h.shelf[id] = e
	return nil
}

func (h *house) Answer(_ context.Context, _ desk.By, id, text string) error {
	e := h.shelf[id]
	e.Answer = text
	h.shelf[id] = e
	return nil
}

func (h *house) by() desk.By {
	return desk.By{Account: h.ID, Agent: h.Agent.ID, Key: "k-" + h.IDs.Other("k")}
}

// asked adds decisions of the bot on these questions.
func (h *house) asked(j review.Judged, questions ...string) {
	for _, q := range questions {
		j.ID, j.Question, j.At, j.Locale = h.IDs.Other("dec"), q, h.Clock.Now(), desk.Chinese
		h.judged = append(h.judged, j)
	}
}

func (h *house) gather() []review.Proposal {
	h.Helper()
	n, err := h.Gather(h.Ctx, h.ID)
	require.NoError(h, err)
	list, err := h.List(h.Ctx, h.ID, store.ProposalOpen, "", 0)
	require.NoError(h, err)
	require.Len(h, list, n)
	return list
}

func TestUnansweredQuestionsBecomeKnowledge(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.asked(review.Judged{Topic: "membership"}, "会员积分怎么用", "积分怎么用啊", "会员积分怎么用", "在")
	h.asked(review.Judged{}, "能货到付款吗")
	list := h.gather()
	require.Len(t, list, 2)
	top := list[0]
	require.EqualValues(t, 3, top.Size)
	require.Equal(t, "会员积分怎么用", top.Entry.Title)
	require.Equal(t, "membership", top.Entry.Topic)
	require.Equal(t, 2, top.Asked[0].Times)
	require.Equal(t, list, h.gather(), "looking again changes nothing")

	_, err := h.Accept(h.Ctx, h.by(), top.ID, review.Ruling{Version: top.Version, Entry: review.Entry{Title: "积分怎么用"}})
	require.ErrorIs(t, err, desk.Invalid, "without an answer there is nothing to learn")
	done, err := h.Accept(h.Ctx, h.by(), top.ID, review.Ruling{Version: top.Version, Entry: review.Entry{Title: "积分怎么用", Answer: "结算时抵扣。", Ways: []string{"积分怎么用啊"}}})
	require.NoError(t, err)
	require.Equal(t, store.ProposalAccepted, done.State)
	require.Equal(t, "结算时抵扣。", h.shelf[done.Result].Answer)
	again, err := h.Accept(h.Ctx, h.by(), top.ID, review.Ruling{Version: top.Version, Entry: review.Entry{Title: "积分怎么用", Answer: "别的"}})
	require.NoError(t, err)
	require.Equal(t, done.Result, again.Result)
	require.Equal(t, 1, h.made)
	require.Len(t, h.gather(), 1, "what was decided is not proposed again")
}

func TestOfTwoWhoDecideTheSecondIsTold(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.asked(review.Judged{}, "能货到付款吗")
	p := h.gather()[0]
	_, err := h.Refuse(h.Ctx, h.by(), p.ID, p.Version, "不做")
	require.NoError(t, err)
	other := h.by()
	other.Agent = "agt_other"
	_, err = h.Accept(h.Ctx, other, p.ID, review.Ruling{Version: p.Version, Entry: review.Entry{Title: "a", Answer: "b"}})
	require.ErrorIs(t, err, desk.Conflict)
	require.Empty(t, h.shelf)
	h.asked(review.Judged{}, "可以货到付款吗")
	p = h.gather()[0]
	h.asked(review.Judged{}, "可以货到付款吗？")
	grown := h.gather()[0]
	require.Equal(t, p.ID, grown.ID, "it keeps its name while it grows")
	_, err = h.Refuse(h.Ctx, h.by(), p.ID, p.Version, "")
	require.ErrorIs(t, err, desk.Conflict, "they have not seen what came since")
}

func TestKnowledgeThatCannotBeMadeLeavesTheProposalOpen(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.asked(review.Judged{}, "能货到付款吗")
	p := h.gather()[0]
	h.fails = errors.New("disk full")
	_, err := h.Accept(h.Ctx, h.by(), p.ID, review.Ruling{Version: p.Version, Entry: review.Entry{Title: "a", Answer: "b"}})
	require.ErrorIs(t, err, h.fails)
	p = h.gather()[0]
	require.Equal(t, "能货到付款吗", p.Entry.Title)
	h.fails = nil
	_, err = h.Accept(h.Ctx, h.by(), p.ID, review.Ruling{Version: p.Version, Entry: review.Entry{Title: "a", Answer: "b"}})
	require.NoError(t, err)
}

func TestNearKnowledgeItIsAWayAndOfWrongAnswersTheEntry(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.shelf["faq_1"] = review.Entry{ID: "faq_1", Title: "运费", Answer: "八元", Ways: []string{"运费多少"}}
	h.sure = 0.6
	h.asked(review.Judged{}, "运费咋算")
	h.asked(review.Judged{Answered: true, Hit: "faq_1", Good: true}, "运费多少", "邮费几块")
	h.asked(review.Judged{Answered: true, Hit: "faq_1", Bad: true, Why: "没说新疆"}, "新疆运费")
	h.asked(review.Judged{Answered: true, Hit: "faq_gone", Bad: true}, "旧的问题")
	list := h.gather()
	require.Len(t, list, 2)
	way, wrong := list[0], list[1]
	require.Equal(t, review.Way, way.Kind)
	require.Len(t, way.Asked, 2, "what is a way already is no news")
	require.Equal(t, review.Wrong, wrong.Kind)
	require.Equal(t, "没说新疆", wrong.Asked[0].Why)
	require.Equal(t, "八元", wrong.Entry.Answer)
	_, err := h.Accept(h.Ctx, h.by(), way.ID, review.Ruling{Version: way.Version, Entry: review.Entry{ID: "faq_1", Ways: []string{"运费咋算", "邮费几块"}}})
	require.NoError(t, err)
	_, err = h.Accept(h.Ctx, h.by(), wrong.ID, review.Ruling{Version: wrong.Version, Entry: review.Entry{ID: "faq_1", Answer: "八元，新疆十八元"}})
	require.NoError(t, err)
	require.Equal(t, review.Entry{ID: "faq_1", Title: "运费", Answer: "八元，新疆十八元", Ways: []string{"运费多少", "运费咋算", "邮费几块"}}, h.shelf["faq_1"])

	h.sure = 0.95
	h.asked(review.Judged{}, "运费到底多少")
	require.Empty(t, h.gather(), "knowledge answers it by now")
}

func TestOpenProposalThatKnowledgeAnswersMeanwhileSettles(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.asked(review.Judged{}, "运费咋算")
	require.Len(t, h.gather(), 1)
	h.shelf["faq_1"], h.sure = review.Entry{ID: "faq_1", Title: "运费"}, 0.95
	require.Empty(t, h.gather())
	settled, err := h.List(h.Ctx, h.ID, store.ProposalSettled, "", 10)
	require.NoError(t, err)
	require.Len(t, settled, 1)
}

func TestChatsFromBeforeProposeWhatCustomersAskMost(t *testing.T) {
	t.Parallel()
	h := open(t)
	rows := [][]string{{"会话ID", "角色", "内容"}}
	for i, q := range []string{"你们家几天发货", "几天发货呀", "请问几天发货"} {
		id := fmt.Sprint("c", i)
		rows = append(rows, []string{id, "客服", "您好"}, []string{id, "客户", q}, []string{id, "客服", "48 小时内发货"}, []string{id, "客户", "好的"})
	}
	rows = append(rows, []string{"c9", "客户", "可以刻字吗"}, []string{"c9", "机器", "?"}, []string{"c9", "客服", ""})
	d, err := h.LearnChats(h.Ctx, h.by(), rows)
	require.NoError(t, err)
	require.Equal(t, review.Digest{Rows: 15, Skipped: 2, Questions: 4, Proposed: 1}, d)
	list, err := h.List(h.Ctx, h.ID, store.ProposalOpen, "", 0)
	require.NoError(t, err)
	require.Equal(t, review.Chats, list[0].Kind)
	require.Equal(t, "48 小时内发货", list[0].Entry.Answer)
	require.EqualValues(t, 3, list[0].Size)
	d, err = h.LearnChats(h.Ctx, h.by(), rows)
	require.NoError(t, err)
	require.Equal(t, 0, d.Proposed, "the same file proposes nothing twice")
	require.Len(t, h.gather(), 1, "gathering leaves it alone")
	for name, bad := range map[string][][]string{"empty": nil, "no heading": {{"a", "b"}, {"c", "d"}}, "no question": {{"问题", "答案"}, {"在", "在"}}} {
		_, err := h.LearnChats(h.Ctx, h.by(), bad)
		require.ErrorIs(t, err, desk.Invalid, name)
	}
}

func TestAnotherAccountSeesNothing(t *testing.T) {
	t.Parallel()
	h := open(t)
	h.asked(review.Judged{}, "能货到付款吗")
	p := h.gather()[0]
	_, err := h.Get(h.Ctx, "acc_other", p.ID)
	require.ErrorIs(t, err, desk.NotFound)
}
