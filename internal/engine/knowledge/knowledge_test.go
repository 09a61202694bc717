package knowledge_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/knowledge"
)

// shop is what a small shop knows: ways of asking filled with what is asked about.
func shop() (out []knowledge.Entry) {
	things := []string{"洗衣机", "手机壳", "运动鞋", "冰箱", "耳机", "T恤", "书包", "电饭煲"}
	for i, ways := range [][]string{
		{"我的%s什么时候到", "%s发货了吗", "%s到哪里了", "查一下%s的物流", "%s怎么还没送到"},
		{"我要退%s", "%s能退货吗", "%s退款多久到账", "不想要%s了怎么退", "申请%s退款"},
		{"%s的发票怎么开", "买%s能开发票吗", "发票抬头写错了，%s", "补开%s发票", "%s有电子发票吗"},
		{"%s多少钱", "%s有优惠吗", "%s降价了能补差价吗", "%s什么时候打折", "%s有没有券"},
		{"%s怎么安装", "师傅什么时候来装%s", "%s安装要收费吗", "预约安装%s", "%s安装说明在哪"},
		{"how do I return my %s", "refund for the %s", "sending back a %s", "return label for %s please", "%s money back"},
	} {
		e := knowledge.Entry{ID: fmt.Sprint("faq-", i)}
		for k, w := range ways {
			for n := range 3 {
				e.Ways = append(e.Ways, fmt.Sprintf(w, things[(k+3*n+i)%len(things)]))
			}
		}
		out = append(out, e)
	}
	return out
}

func train(t testing.TB, entries []knowledge.Entry, o knowledge.Options) (*knowledge.Index, knowledge.Report) {
	t.Helper()
	x, r, err := knowledge.Train(entries, o, nil)
	require.NoError(t, err)
	return x, r
}

func TestSearch(t *testing.T) {
	t.Parallel()
	x, r := train(t, shop(), knowledge.Options{})
	require.Equal(t, 6, x.Len())
	require.Equal(t, 90, r.Ways)
	require.Positive(t, r.Judged)
	require.Greater(t, r.Top1, 0.85)
	for question, id := range map[string]string{
		"毛衣能退货吗":                  "faq-1",
		"ＴＶ的电子发票怎麽开":              "faq-2",
		"我的自行车到哪里了":               "faq-0",
		"预约师傅安装":                  "faq-4",
		"please refund my jacket": "faq-5",
		"retrun label":            "faq-5", // a slip of the finger
	} {
		a := x.Search(question, 3)
		require.NotEmpty(t, a.Candidates, question)
		require.Equal(t, id, a.Candidates[0].ID, question)
	}
	sure := x.Search("我的冰箱什么时候到", 1)
	require.Greater(t, sure.Confidence, 0.8)
	require.Contains(t, shop()[0].Ways[sure.Candidates[0].Way], "什么时候到")
	require.Less(t, x.Search("昨晚的月亮为什么是蓝色的呀朋友", 1).Confidence, 0.8)
	for _, nothing := range []string{"", " \n", "。。。", "\xff", "鼺"} {
		require.Zero(t, x.Search(nothing, 3), nothing)
	}
	require.Zero(t, x.Search("退货", 0))
}

// Two entries that are asked for in the same words are not told apart, and the
// confidence says so.
func TestContradictionsAreNotAnswered(t *testing.T) {
	t.Parallel()
	entries := append(shop(), knowledge.Entry{ID: "again", Ways: shop()[1].Ways})
	x, r := train(t, entries, knowledge.Options{})
	require.Equal(t, 15, r.Contradictions)
	a := x.Search(shop()[1].Ways[0], 2)
	require.ElementsMatch(t, []string{"faq-1", "again"}, []string{a.Candidates[0].ID, a.Candidates[1].ID})
	require.Less(t, a.Confidence, 0.9)
}

func TestSynonyms(t *testing.T) {
	t.Parallel()
	groups := [][]string{{"快递", "顺丰", "包裹"}, {"mobile phone", "cellphone"}}
	entries := []knowledge.Entry{
		{ID: "parcel", Ways: []string{"快递几天到"}}, {ID: "phone", Ways: []string{"repair my mobile phone"}}, {ID: "hours", Ways: []string{"几点关门"}},
	}
	x, _ := train(t, entries, knowledge.Options{Synonyms: groups})
	require.Equal(t, "parcel", x.Search("顺丰呢", 1).Candidates[0].ID)
	require.Equal(t, "phone", x.Search("CellPhone", 1).Candidates[0].ID)
	plain, _ := train(t, entries, knowledge.Options{})
	require.Empty(t, plain.Search("顺丰呢", 1).Candidates)
	body := "您的包裹在路上"
	require.Equal(t, []string{"包裹"}, marked(body, x.Highlight(body, "顺丰到哪")))
	kept, err := knowledge.Read(x.AppendBinary(nil))
	require.NoError(t, err)
	require.Equal(t, x.Search("顺丰呢", 1), kept.Search("顺丰呢", 1))
	for _, bad := range [][][]string{{{"a", ""}}, {{strings.Repeat("长", 40), "b"}}, {make([]string, knowledge.MaxSynonyms+1)}} {
		_, _, err := knowledge.Train(entries, knowledge.Options{Synonyms: bad}, nil)
		require.ErrorIs(t, err, desk.Invalid)
	}
}

func marked(s string, spans []knowledge.Span) (out []string) {
	for _, p := range spans {
		out = append(out, s[p.Start:p.End])
	}
	return out
}

func TestHighlight(t *testing.T) {
	t.Parallel()
	x, _ := train(t, shop(), knowledge.Options{})
	for _, c := range []struct {
		text, question string
		want           []string
	}{
		{"七天内可以退货，退货运费由您承担", "能退货吗", []string{"退货", "退货"}},
		{"ＲＥＦＵＮＤ in 3 days", "refund please", []string{"ＲＥＦＵＮＤ"}},
		{"开票", "票", []string{"票"}},
		{"无关", "退货", nil},
		{"", "退货", nil},
	} {
		require.Equal(t, c.want, marked(c.text, x.Highlight(c.text, c.question)), c.text)
	}
}

func TestIndexIsReproducibleAndStorable(t *testing.T) {
	t.Parallel()
	a, _ := train(t, shop(), knowledge.Options{})
	b, _ := train(t, shop(), knowledge.Options{})
	stored := a.AppendBinary(nil)
	require.True(t, bytes.Equal(stored, b.AppendBinary(nil)))
	require.NotContains(t, string(stored), "发票", "no text is kept")
	c, err := knowledge.Read(stored)
	require.NoError(t, err)
	for _, e := range shop() {
		for _, w := range e.Ways {
			require.Equal(t, a.Search(w, 3), c.Search(w, 3))
		}
	}
	require.True(t, bytes.Equal(stored, c.AppendBinary(nil)))
	for _, n := range []int{0, 5, 12, 20, 150, 400, len(stored) / 2, len(stored) - 1} {
		_, err := knowledge.Read(stored[:n])
		require.ErrorIs(t, err, desk.Invalid, "the first %d bytes", n)
	}
	_, err = knowledge.Read(append(stored, 0))
	require.ErrorIs(t, err, desk.Invalid)
}

// What real workspaces contain: nothing of it may break a training.
func TestOddTrainings(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("很长的文字。", 3_000)
	single := func(n int) (out []knowledge.Entry) {
		for i := range n {
			out = append(out, knowledge.Entry{ID: fmt.Sprint(i), Ways: []string{fmt.Sprintf("怎么办理%c%c业务", 0x4e00+i%97, 0x5e00+i)}})
		}
		return out
	}
	for name, entries := range map[string][]knowledge.Entry{
		"one":                {{"a", []string{"怎么退货"}}},
		"one with many ways": {shop()[0]},
		"two":                {{"a", []string{"怎么退货"}}, {"b", []string{"怎么付款"}}},
		"one way each":       single(300),
		"emoji":              {{"a", []string{"😀😀", "👍"}}, {"b", []string{"😡"}}},
		"50 kB":              {{"a", []string{long}}, {"b", []string{"短"}}},
		"mixed scripts":      {{"a", []string{"iPhone15手机ケースकेस"}}, {"b", []string{"Привет مرحبا"}}},
		"the same":           {{"a", []string{"x", "x"}}, {"b", []string{"x"}}},
		"empty ways":         {{"a", []string{"", "退货"}}, {"b", []string{" "}}, {"c", nil}},
	} {
		x, r, err := knowledge.Train(entries, knowledge.Options{Outside: []string{"", "天气"}}, nil)
		require.NoError(t, err, name)
		require.Equal(t, r.Entries, x.Len())
		way := entries[0].Ways[len(entries[0].Ways)-1]
		a := x.Search(way, 2)
		require.NotEmpty(t, a.Candidates, name)
		require.InDelta(t, 0.5, a.Confidence, 0.5, name)
		if name != "the same" {
			require.Equal(t, entries[0].ID, a.Candidates[0].ID, name)
		}
		x.Search(long, 3)
		_, err = knowledge.Read(x.AppendBinary(nil))
		require.NoError(t, err, name)
	}
	x, r := train(t, []knowledge.Entry{{"a", []string{"", "怎么退货"}}, {"b", []string{"付款"}}}, knowledge.Options{})
	require.Equal(t, 1, r.Skipped)
	require.Equal(t, []string{"a", "b"}, r.Thin)
	require.Equal(t, 1, x.Search("怎么退货", 1).Candidates[0].Way, "ways are numbered as they were given")
	require.Greater(t, x.Search("怎么退货", 1).Confidence, 0.9, "what is asked in an entry's own words is answered from the first day on")
	require.Less(t, x.Search("今天天气怎么样", 1).Confidence, 0.9)
	for name, entries := range map[string][]knowledge.Entry{
		"nothing": nil, "no id": {{"", []string{"x"}}}, "an id twice": {{"a", []string{"x"}}, {"a", []string{"y"}}},
		"no text": {{"a", []string{"\t"}}}, "too many": make([]knowledge.Entry, knowledge.MaxEntries+1),
		"a long id": {{strings.Repeat("a", 300), []string{"x"}}},
	} {
		_, _, err := knowledge.Train(entries, knowledge.Options{}, nil)
		require.ErrorIs(t, err, desk.Invalid, name)
	}
}

func TestProgressAndCancel(t *testing.T) {
	t.Parallel()
	done := 0
	_, _, err := knowledge.Train(shop(), knowledge.Options{}, func(p knowledge.Progress) bool {
		require.GreaterOrEqual(t, p.Done, done)
		require.Less(t, p.Done, p.Total)
		done = p.Done
		return true
	})
	require.NoError(t, err)
	require.Positive(t, done)
	_, _, err = knowledge.Train(shop(), knowledge.Options{}, func(p knowledge.Progress) bool { return p.Done < 2 })
	require.ErrorIs(t, err, desk.Unavailable)
}

// An index answers while another is trained.
func TestSearchConcurrently(t *testing.T) {
	t.Parallel()
	x, _ := train(t, shop(), knowledge.Options{})
	want := x.Search("我的冰箱什么时候到", 3)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, e := range shop() {
				for _, w := range e.Ways {
					x.Search(w, 3)
				}
			}
			if got := x.Search("我的冰箱什么时候到", 3); got.Confidence != want.Confidence {
				t.Errorf("confidence %v, not %v", got.Confidence, want.Confidence)
			}
		})
	}
	train(t, shop()[:3], knowledge.Options{})
	wg.Wait()
}

func TestChunk(t *testing.T) {
	t.Parallel()
	article := "开头一段。\n\n# 退货\n\n七天无理由退货。运费自理！\n\n## 例外\n\n" + strings.Repeat("生鲜食品不能退货。", 80) + "\n\n```\n# not a heading\n```\n# Delivery\nWe ship within 2 days. Tracking is sent by mail.\n"
	pieces := knowledge.Chunk(article)
	headings := make([]string, len(pieces))
	for i, p := range pieces {
		headings[i] = p.Heading
	}
	require.Equal(t, []string{"", "退货", "退货 › 例外", "退货 › 例外", "退货 › 例外", "Delivery"}, headings)
	require.Less(t, pieces[3].Start, pieces[2].End, "what goes on repeats the end of what was before")
	require.Contains(t, article[pieces[4].Start:pieces[4].End], "# not a heading")
	require.Equal(t, "# Delivery\nWe ship within 2 days. Tracking is sent by mail.\n", article[pieces[5].Start:pieces[5].End])
	require.Empty(t, knowledge.Chunk(" \n"))
}

// Whatever the article: pieces follow each other, are not too long, cut no
// character, and leave out nothing but white space.
func TestChunkProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.SampledFrom([]string{
			"# 标题\n", "## sub heading\n", "\n", "\n\n", "一句话。", "Short one. ", strings.Repeat("没有句号", 120), "```\n", "😀", " ", "\t", "?!”", "a.b.c ",
			strings.Repeat("句子很多。", 30), "\xff", "#", "####### no\n", "\r\n",
		})).Draw(t, "parts")
		article := strings.Join(parts, "")
		end := 0
		for i, p := range knowledge.Chunk(article) {
			require.Less(t, p.Start, p.End)
			require.Greater(t, p.End, end, "piece %d has something new", i)
			if p.Start > end {
				require.Empty(t, strings.TrimSpace(article[end:p.Start]), "left out before piece %d", i)
			}
			require.LessOrEqual(t, utf8.RuneCountInString(strings.TrimSpace(article[p.Start:p.End])), knowledge.PieceRunes+200)
			require.True(t, utf8.RuneStart(article[p.Start]) || !utf8.ValidString(article))
			end = p.End
		}
		require.Empty(t, strings.TrimSpace(article[end:]))
	})
}

func FuzzRead(f *testing.F) {
	for _, entries := range [][]knowledge.Entry{{{"a", []string{"你好"}}}, {{"a", []string{"你好", "hello there"}}, {"b", []string{"bye now"}}}} {
		x, _, err := knowledge.Train(entries, knowledge.Options{Synonyms: [][]string{{"bye", "再见"}}}, nil)
		require.NoError(f, err)
		f.Add(x.AppendBinary(nil))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := knowledge.Read(data)
		if err != nil {
			require.ErrorIs(t, err, desk.Invalid)
			return
		}
		x.Search("你好 bye", 2)
		x.Highlight("你好 bye", "再见")
	})
}

func FuzzSearch(f *testing.F) {
	x, _, err := knowledge.Train(shop(), knowledge.Options{Synonyms: [][]string{{"退货", "return"}}}, nil)
	require.NoError(f, err)
	f.Add("我的冰箱什么时候到")
	f.Add("\xff\xfe\x00 é e\u0301 👨‍👩‍👧 ١٢٣ return")
	f.Fuzz(func(t *testing.T, s string) {
		a := x.Search(s, 3)
		require.False(t, a.Confidence < 0 || a.Confidence > 1)
		end := 0
		for _, p := range x.Highlight(s, s) {
			require.True(t, end <= p.Start && p.Start < p.End && p.End <= len(s))
			end = p.End
		}
		for _, p := range knowledge.Chunk(s) {
			require.True(t, p.Start < p.End && p.End <= len(s))
		}
	})
}

// BenchmarkTenThousand searches 10,000 FAQs with five ways of asking each and
// prints the 99th percentile; the bound is 2 ms.
func BenchmarkTenThousand(b *testing.B) {
	things := []rune("账户密码订单发票退款物流会员积分优惠券商品店铺地址支付余额提现绑定手机邮箱实名认证冻结解除修改查询申请取消投诉评价")
	ways := []string{"怎么办理%s", "%s在哪里看", "请问%s失败了怎么办", "我的%s一直不行，能帮我看一下吗", "%s要多久"}
	entries := make([]knowledge.Entry, 10_000)
	for i := range entries {
		n := i
		var what []rune
		for range 5 {
			what = append(what, things[n*7%len(things)])
			n = n/3 + n%13*17
		}
		what = append(what, rune(0x5e00+i%300), rune(0x6e00+i/300))
		entries[i].ID = fmt.Sprint(i)
		for _, w := range ways {
			entries[i].Ways = append(entries[i].Ways, fmt.Sprintf(w, string(what)))
		}
	}
	began := time.Now()
	x, _ := train(b, entries, knowledge.Options{})
	trained := time.Since(began)
	var times []time.Duration
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		began := time.Now()
		x.Search("你好我想问一下"+entries[i*7919%len(entries)].Ways[i%5], 3)
		times = append(times, time.Since(began))
	}
	slices.Sort(times)
	b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
	b.ReportMetric(trained.Seconds(), "train-s")
}
