package nlu_test

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
)

// shop is a small training set: ways of asking filled with things asked about.
func shop() (out []nlu.Example) {
	things := []string{"洗衣机", "手机壳", "运动鞋", "冰箱", "耳机", "T恤", "书包", "电饭煲"}
	for intent, ways := range map[string][]string{
		"logistics": {"我的%s什么时候到", "%s发货了吗", "%s到哪里了", "查一下%s的物流", "%s怎么还没送到"},
		"refund":    {"我要退%s", "%s能退货吗", "%s退款多久到账", "不想要%s了怎么退", "申请%s退款"},
		"invoice":   {"%s的发票怎么开", "买%s能开发票吗", "发票抬头写错了，%s", "补开%s发票", "%s有电子发票吗"},
		"price":     {"%s多少钱", "%s有优惠吗", "%s降价了能补差价吗", "%s什么时候打折", "%s有没有券"},
		"greeting":  {"你好，%s", "在吗在吗%s", "hello %s", "hi there %s", "有人吗%s"},
	} {
		for _, w := range ways {
			for _, t := range things {
				out = append(out, nlu.Example{Intent: intent, Text: fmt.Sprintf(w, t)})
			}
		}
	}
	// The map's order is of no account: the test must not depend on it either.
	for i := range out {
		for j := i + 1; j < len(out); j++ {
			if out[j].Text < out[i].Text {
				out[i], out[j] = out[j], out[i]
			}
		}
	}
	return out
}

// train makes a model of lines alone, which most tests are about.
func train(t testing.TB, examples []nlu.Example) (*nlu.Model, nlu.Report) {
	t.Helper()
	m, r, err := nlu.Train(examples, nlu.Options{Linear: true}, nil)
	require.NoError(t, err)
	require.False(t, m.Mixed())
	return m, r
}

func TestClassify(t *testing.T) {
	t.Parallel()
	m, r := train(t, shop())
	require.Equal(t, 200, r.Examples)
	require.Greater(t, r.Accuracy, 0.9)
	require.Empty(t, r.Thin)
	right := 0
	for _, j := range r.Judged {
		if shop()[j.Example].Intent == j.Guess {
			right++
		}
		require.True(t, j.Confidence >= 0 && j.Confidence <= 1)
	}
	require.InDelta(t, r.Accuracy, float64(right)/float64(len(r.Judged)), 1e-9)
	for text, intent := range map[string]string{
		"我的空調什麼時候到":   "logistics", // traditional, and never heard of the thing
		"ｗｈｅｎ 快递到哪里了": "logistics",
		"毛衣能退货吗":      "refund",
		"可以開電子發票嗎":    "invoice",
		"HELLO!!":     "greeting",
	} {
		v := m.Classify(text, 3)
		require.Len(t, v.Guesses, 3)
		require.Equal(t, intent, v.Guesses[0].Intent, text)
		require.Greater(t, v.Guesses[0].P, v.Guesses[1].P)
	}
	sure := m.Classify("我的冰箱什么时候到", 1)
	strange := m.Classify("昨晚的月亮为什么是蓝色的呀朋友", 1)
	require.Greater(t, sure.Confidence, 0.8)
	require.Less(t, strange.Confidence, 0.5)
	require.Equal(t, nlu.Verdict{}, m.Classify(" \n", 1))
	require.Equal(t, nlu.Verdict{}, m.Classify("退货", 0))
	require.Len(t, m.Classify("退货", 99).Guesses, 5)
}

// Examples in simplified characters answer questions in traditional ones, and
// the other way round, exactly alike.
func TestTraditionalIsSimplified(t *testing.T) {
	t.Parallel()
	m, _ := train(t, shop())
	for traditional, simplified := range map[string]string{
		"我的空調什麼時候到": "我的空调什么时候到", "可以開電子發票嗎": "可以开电子发票吗", "降價了能補差價嗎": "降价了能补差价吗",
	} {
		require.Equal(t, m.Classify(simplified, 5), m.Classify(traditional, 5))
	}
}

// Training repeats exactly, and a stored model says the same.
func TestModelIsReproducibleAndStorable(t *testing.T) {
	t.Parallel()
	a, _ := train(t, shop())
	b, _ := train(t, shop())
	stored := a.AppendBinary(nil)
	require.True(t, bytes.Equal(stored, b.AppendBinary(nil)))
	c, err := nlu.Read(stored)
	require.NoError(t, err)
	require.Equal(t, a.Intents(), c.Intents())
	for _, e := range shop() {
		require.Equal(t, a.Classify(e.Text, 2), c.Classify(e.Text, 2))
	}
	other, _, err := nlu.Train(shop(), nlu.Options{Linear: true, Seed: 7}, nil)
	require.NoError(t, err)
	require.False(t, bytes.Equal(stored, other.AppendBinary(nil)))
}

func TestDamagedModelsAreRefused(t *testing.T) {
	t.Parallel()
	m, _ := train(t, shop())
	stored := m.AppendBinary(nil)
	for _, n := range []int{0, 5, 12, 20, 80, len(stored) / 2, len(stored) - 1} {
		_, err := nlu.Read(stored[:n])
		require.ErrorIs(t, err, desk.Invalid, "the first %d bytes", n)
	}
	_, err := nlu.Read(append(bytes.Clone(stored), 0))
	require.ErrorIs(t, err, desk.Invalid)
}

// What real workspaces contain: nothing of it may break a training.
func TestOddTrainings(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("很长的文字", 10_000)
	for name, c := range map[string][]nlu.Example{
		"two intents, one example each": {{"a", "你好"}, {"b", "再见"}},
		"one example for each of many":  one(300),
		"contradictions":                {{"a", "退货"}, {"b", "退货"}, {"a", "退款"}, {"b", "退款"}},
		"emoji only":                    {{"a", "😀😀"}, {"b", "😡"}},
		"50 kB":                         {{"a", long}, {"b", "短"}},
		"mixed scripts":                 {{"a", "iPhone15手机ケースकेस"}, {"b", "Привет مرحبا"}},
		"the same text again":           {{"a", "x"}, {"a", "x"}, {"a", "x"}, {"b", "y"}, {"b", "y"}, {"b", "y"}, {"b", "y"}},
	} {
		m, r, err := nlu.Train(c, nlu.Options{Outside: []string{"", "天气"}}, nil)
		require.NoError(t, err, name)
		require.Len(t, m.Intents(), r.Intents, name)
		v := m.Classify(c[0].Text, 2)
		require.NotEmpty(t, v.Guesses, name)
		require.InDelta(t, 0.5, v.Confidence, 0.5, name)
		_, err = nlu.Read(m.AppendBinary(nil))
		require.NoError(t, err, name)
	}
	_, r := train(t, []nlu.Example{{"a", "退货"}, {"b", "退货"}, {"b", " "}, {"b", "发票"}})
	require.Equal(t, 1, r.Contradictions)
	require.Equal(t, 1, r.Skipped)
	require.Equal(t, []string{"a", "b"}, r.Thin)
	for name, c := range map[string][]nlu.Example{
		"nothing": nil, "one intent": {{"a", "你好"}}, "no intent": {{"", "你好"}, {"b", "x"}},
		"no text": {{"a", ""}, {"b", "\t"}}, "too many": make([]nlu.Example, nlu.MaxExamples+1),
	} {
		_, _, err := nlu.Train(c, nlu.Options{}, nil)
		require.ErrorIs(t, err, desk.Invalid, name)
	}
}

func one(n int) (out []nlu.Example) {
	for i := range n {
		out = append(out, nlu.Example{Intent: fmt.Sprint("i", i), Text: fmt.Sprintf("问题%d号 question %d", i, i)})
	}
	return out
}

// matters are as many intents, each of which has the same ways of asking.
func matters(n int, ways ...string) (out []nlu.Example) {
	for i := range n {
		for _, way := range ways {
			out = append(out, nlu.Example{Intent: fmt.Sprint("i", i), Text: fmt.Sprintf(way, fmt.Sprintf("%c%c业务", 0x4e00+i%97, 0x5e00+i))})
		}
	}
	return out
}

// With thousands of intents each example is found word for word, and what
// resembles one is found by what tells it from the others.
func TestFiveThousandIntents(t *testing.T) {
	t.Parallel()
	set := matters(5_000, "怎么办理%s")
	m, _ := train(t, set)
	right := 0
	for i, e := range set {
		if i%50 != 0 {
			continue
		}
		v := m.Classify(e.Text+"？", 1)
		require.Equal(t, e.Intent, v.Guesses[0].Intent)
		require.Greater(t, v.Confidence, 0.9)
		if m.Classify("请问"+strings.TrimPrefix(e.Text, "怎么")+"要多久", 1).Guesses[0].Intent == e.Intent {
			right++
		}
	}
	require.Greater(t, right, 95)
	m, _, err := nlu.Train(matters(450, "怎么办理%s", "%s在哪里看"), nlu.Options{Unjudged: true}, nil)
	require.NoError(t, err)
	require.Equal(t, "i7", m.Classify(matters(8, "想看%s")[7].Text, 1).Guesses[0].Intent)
}

// An example that is asked word for word is known for certain, but not one that
// stands under several intents.
func TestWordForWord(t *testing.T) {
	t.Parallel()
	set := append(shop(), nlu.Example{"greeting", "退"}, nlu.Example{"price", "呃呃"}, nlu.Example{"invoice", "呃呃！"}, nlu.Example{"price", "呃呃？"})
	m, _, err := nlu.Train(set, nlu.Options{Linear: true, Outside: []string{"发票上的税号是什么意思", "呃呃", "今天的天气"}, Own: 2}, nil)
	require.NoError(t, err)
	for range 2 {
		for _, classify := range []func(string, int) nlu.Verdict{m.Classify, m.ClassifyFast} {
			v := classify("退!!", 9)
			require.Len(t, v.Guesses, 5)
			require.Equal(t, "greeting", v.Guesses[0].Intent)
			require.Greater(t, v.Confidence, 0.9)
			total := 0.0
			for _, g := range v.Guesses {
				total += g.P
			}
			require.InDelta(t, 1, total, 1e-6)
			require.Len(t, classify("退", 1).Guesses, 1)
			v = classify("呃呃", 2)
			require.Equal(t, "price", v.Guesses[0].Intent)
			require.InDelta(t, 0.65, v.Confidence, 0.05)
			require.Less(t, classify("發票上的税号是什么意思？", 2).Confidence, 0.1)
		}
		m, err = nlu.Read(m.AppendBinary(nil))
		require.NoError(t, err)
	}
}

// Texts that stand in the set several times are not judged by models that have
// seen them: of labels that are drawn by lot, none can be guessed.
func TestCopiesDoNotFlatter(t *testing.T) {
	t.Parallel()
	var set []nlu.Example
	for i := range 80 {
		for range 4 {
			set = append(set, nlu.Example{Intent: fmt.Sprint(i * i % 7 % 4), Text: fmt.Sprintf("%c%c%c", 0x4e00+i*7%31, 0x4f00+i*11%37, 0x5000+i*5%41)})
		}
	}
	_, r := train(t, set)
	require.Less(t, r.Accuracy, 0.6)
}

// What means none of the intents is told from texts that mean none, but not
// from one that says what an example says.
func TestOutside(t *testing.T) {
	t.Parallel()
	about := []string{"月亮", "恐龙", "地铁", "数学", "诗歌", "足球", "台风", "火星"}
	var outside []string
	for _, a := range about[:6] {
		for _, way := range []string{"%s是怎么来的", "为什么会有%s", "给我讲讲%s的故事", "%s好玩吗", "谁发明了%s"} {
			outside = append(outside, fmt.Sprintf(way, a))
		}
	}
	taught, _, err := nlu.Train(shop(), nlu.Options{Linear: true, Outside: append(outside, "请问%s什么时候到", "我的洗衣机什么时候能到")}, nil)
	require.NoError(t, err)
	untaught, _ := train(t, shop())
	for _, a := range about[6:] {
		text := "给我讲讲" + a + "是怎么来的吗"
		require.Less(t, taught.Classify(text, 1).Confidence, min(0.3, untaught.Classify(text, 1).Confidence))
	}
	v := taught.Classify("我的洗衣机什么时候能到", 1)
	require.Equal(t, "logistics", v.Guesses[0].Intent)
	require.Greater(t, v.Confidence, 0.8)
}

func TestProgressAndCancel(t *testing.T) {
	t.Parallel()
	last := nlu.Progress{Done: -1}
	_, _, err := nlu.Train(shop(), nlu.Options{Linear: true}, func(p nlu.Progress) bool {
		require.Equal(t, last.Done+1, p.Done)
		require.Less(t, p.Done, p.Total)
		last = p
		return true
	})
	require.NoError(t, err)
	require.Equal(t, last.Total-1, last.Done)
	_, _, err = nlu.Train(shop(), nlu.Options{}, func(p nlu.Progress) bool { return p.Done < 3 })
	require.ErrorIs(t, err, desk.Unavailable)
}

// A model answers while another is trained and swapped in.
func TestClassifyConcurrently(t *testing.T) {
	t.Parallel()
	m, _ := train(t, shop())
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for _, e := range shop()[:50] {
				m.Classify(e.Text, 3)
			}
		})
	}
	train(t, shop())
	wg.Wait()
}

func FuzzRead(f *testing.F) {
	m, _, err := nlu.Train([]nlu.Example{{"a", "你好"}, {"b", "bye now"}}, nlu.Options{}, nil)
	require.NoError(f, err)
	f.Add(m.AppendBinary(nil))
	f.Add([]byte("yingda.nlu.1"))
	f.Fuzz(func(_ *testing.T, data []byte) {
		if m, err := nlu.Read(data); err == nil {
			m.Classify("你好 bye", 2)
		}
	})
}

func FuzzClassify(f *testing.F) {
	m, _, err := nlu.Train(shop(), nlu.Options{Linear: true}, nil)
	require.NoError(f, err)
	f.Add("我的冰箱什么时候到")
	f.Add("\xff\xfe\x00 é e\u0301 👨‍👩‍👧 ١٢٣")
	f.Fuzz(func(t *testing.T, text string) {
		v := m.Classify(text, 3)
		require.False(t, v.Confidence < 0 || v.Confidence > 1)
	})
}

func BenchmarkClassify(b *testing.B) {
	m, _ := train(b, shop())
	for b.Loop() {
		m.Classify("我的洗衣机怎么还没有送到，能不能帮我查一下", 3)
	}
}
