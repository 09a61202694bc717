package sentiment_test

import (
	"math"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/engine/sentiment"
)

// None of these lines is in the corpus.
func TestMoods(t *testing.T) {
	t.Parallel()
	j, err := sentiment.New()
	require.NoError(t, err)
	for label, lines := range map[sentiment.Label][]string{
		sentiment.Negative: {
			"等了五天了还没到货，到底怎么回事", "什么破手机，买来就死机", "再不退钱我就去12315投诉你们！！", "有没有人管？？？", "客服态度太差了",
			"一点都不好用", "質量太差，騙子", "气死我了😡😡", "退钱退钱退钱", "你们难道没有良心吗", "虽然便宜但是质量太差", "不满意", "💩💩",
			"this is a terrible experience, I want a refund", "worst app ever!!!", "这个app太terrible了",
		},
		sentiment.Neutral: {
			"请问我的洗衣机什么时候到", "可以开发票吗", "我想改一下收货地址", "尺码怎么选", "贵不贵", "订单号 20261121001", "明天下午三点", "do you ship to Berlin?",
			"how do I change my password", "有没有红色的",
		},
		sentiment.Positive: {
			"谢谢你，问题解决了", "非常满意，下次还来", "客服小姐姐辛苦了", "质量超级好，给好评👍", "一点都不贵，很喜欢", "没有让我失望，很好",
			"虽然等了两天但是东西真的很好", "🌹🌹🌹", "thank you, that was very helpful", "I love this shop!", "謝謝，非常滿意",
		},
	} {
		for _, s := range lines {
			r := j.Read(s)
			require.Equal(t, label, r.Label, "%s %+v", s, r)
		}
	}
}

// The stronger it is said, the further from the middle.
func TestStrength(t *testing.T) {
	t.Parallel()
	j, err := sentiment.New()
	require.NoError(t, err)
	for _, rising := range [][]string{
		{"垃圾骗子，太恶心了，投诉", "太差了", "有点慢", "请问几点送货", "还不错", "非常满意，太棒了"},
		{"这是骗人的垃圾！！！", "不太满意"},
		{"worst service ever, I hate you", "not great", "when do you open"},
	} {
		before := -1.0
		for _, s := range rising {
			r := j.Read(s)
			require.Greater(t, r.Score, before, s)
			before = r.Score
		}
	}
	for _, furious := range []string{"骗子！退钱！我要投诉你们", "垃圾店铺，气死我了", "You are all liars and this is horrible!!!"} {
		require.Less(t, j.Read(furious).Score, 3.0, furious)
	}
}

func sound(t testing.TB, r sentiment.Reading, s string) {
	t.Helper()
	if len(s) > 40 {
		s = s[:40]
	}
	require.InDelta(t, 1, r.Negative+r.Neutral+r.Positive, 1e-9, s)
	require.False(t, math.IsNaN(r.Score), s)
	require.GreaterOrEqual(t, r.Score, 0.0, s)
	require.LessOrEqual(t, r.Score, 10.0, s)
	require.GreaterOrEqual(t, r.Confidence, 1.0/3-1e-9, s)
	require.LessOrEqual(t, r.Confidence, 1.0, s)
	switch r.Label {
	case sentiment.Negative:
		require.LessOrEqual(t, r.Score, 5.0, s)
	case sentiment.Positive:
		require.GreaterOrEqual(t, r.Score, 5.0, s)
	case sentiment.Neutral:
		require.InDelta(t, 5, r.Score, 2.6, s)
	}
}

func TestOddTexts(t *testing.T) {
	t.Parallel()
	j, err := sentiment.New()
	require.NoError(t, err)
	for _, s := range []string{"", " \n\t", "\u200b\u200d", "\xff\xfe", "\x00\x01"} {
		require.Equal(t, sentiment.Reading{Score: 5, Confidence: 1, Neutral: 1}, j.Read(s), "%q", s)
	}
	for _, s := range []string{
		strings.Repeat("垃圾", 10000), strings.Repeat("😡", 12500), strings.Repeat("不", 20000), strings.Repeat("!", 50000), strings.Repeat("bad ", 12500),
		"👨‍👩‍👧‍👦👨‍👩‍👧‍👦", "مرحبا, где мой заказ? 환불해 주세요 返品したい", "ＶＥＲＹ　ＢＡＤ", "1234567890", "。。。。", "no no no", "\xe4\xb8", "不",
	} {
		sound(t, j.Read(s), s)
	}
	// The end of a long text counts.
	story := strings.Repeat("我的订单号是一二三四五，地址是人民路。", 60)
	require.Less(t, j.Read(story+strings.Repeat("骗子垃圾，太恶心了！", 5)).Score, j.Read(story).Score)
	for l, word := range map[sentiment.Label]string{-1: "negative", 0: "neutral", 1: "positive"} {
		require.Equal(t, word, l.String())
	}
}

func TestTwoJudgesAgree(t *testing.T) {
	t.Parallel()
	one, err := sentiment.New()
	require.NoError(t, err)
	two, err := sentiment.New()
	require.NoError(t, err)
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for _, s := range []string{"等了三天了", "谢谢", "where is it", "太差了！！"} {
				if one.Read(s) != two.Read(s) {
					t.Error("two readings of", s)
				}
			}
		})
	}
	all.Wait()
}

func FuzzRead(f *testing.F) {
	j, err := sentiment.New()
	require.NoError(f, err)
	for _, s := range []string{"等了三天了还没发货？？", "not bad, but 太慢了", "😡", "贵不贵", "yeah right", "不", "no", "\xff不好", "kind of the shit"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		sound(t, j.Read(s), s)
		if c := j.Compound(s); math.IsNaN(c) || c < -1 || c > 1 {
			t.Fatalf("compound %v of %q (%v)", c, s, utf8.ValidString(s))
		}
	})
}

func BenchmarkRead(b *testing.B) {
	j, err := sentiment.New()
	require.NoError(b, err)
	for name, s := range map[string]string{
		"chat":  "等了三天了还没发货，到底什么时候能到？",
		"mixed": "这个app太terrible了，my order还没到，I am very upset!!",
		"long":  strings.Repeat("虽然便宜但是质量太差，客服态度也不好。", 1500),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				j.Read(s)
			}
		})
	}
}

func BenchmarkNew(b *testing.B) {
	for b.Loop() {
		_, err := sentiment.New()
		require.NoError(b, err)
	}
}
