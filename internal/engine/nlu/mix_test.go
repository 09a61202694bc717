package nlu_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
)

// vague is what lines cannot separate and networks can: what a text means
// depends on two characters together that never stand side by side.
func vague() (out []nlu.Example) {
	between := []rune("天地玄黄宇宙洪荒日月盈昃辰宿列张寒来暑往秋收冬藏")
	for i, x := range between {
		for _, way := range []struct{ intent, format string }{
			{"pick up", "请%c甲%c丙"},
			{"pick up", "%c乙%c丁吗"},
			{"bring", "请%c甲%c丁"},
			{"bring", "%c乙%c丙吗"},
			{"bring", "甲%c丁"},
			{"pick up", "甲%c丙"},
			{"bring", "乙%c丙"},
			{"pick up", "乙%c丁"},
		} {
			words := []any{between[(i*7+3)%len(between)], x}
			if len([]rune(way.format)) == 4 {
				words = words[1:]
			}
			out = append(out, nlu.Example{Intent: way.intent, Text: fmt.Sprintf(way.format, words...)})
		}
	}
	return out
}

type trained struct {
	model  *nlu.Model
	report nlu.Report
	ticks  []nlu.Progress
}

var outside = nlu.Options{Outside: []string{"今天的天气", "hello", "地球为什么是圆的", "who wrote hamlet", "甲骨文是什么", "唱首歌"}}

// mixed is trained once for all tests.
var mixed = sync.OnceValue(func() (out trained) {
	var err error
	out.model, out.report, err = nlu.Train(vague(), outside.Hurried(), func(p nlu.Progress) bool {
		out.ticks = append(out.ticks, p)
		return true
	})
	if err != nil {
		panic(err)
	}
	return out
})

func TestMixed(t *testing.T) {
	t.Parallel()
	x := mixed()
	require.True(t, x.model.Mixed())
	require.True(t, x.report.Mixed)
	require.Greater(t, x.report.Accuracy, x.report.LinearAccuracy+0.1)
	for n, p := range x.ticks {
		require.Equal(t, n, p.Done)
		require.Equal(t, x.ticks[0].Total, p.Total)
	}
	require.Len(t, x.ticks, x.ticks[0].Total)
	for _, text := range []string{"", "\n", "😀", "请天甲地丙", "何時能到ｗｈａｔ", "\xff\xfe", string(make([]byte, 50_000)), repeated("冰箱 fridge ", 4_000)} {
		for _, v := range []nlu.Verdict{x.model.Classify(text, 3), x.model.ClassifyFast(text, 3)} {
			require.False(t, v.Confidence < 0 || v.Confidence > 1, "%.40q", text)
			total := 0.0
			for _, g := range v.Guesses {
				total += g.P
			}
			require.LessOrEqual(t, total, 1.0001)
		}
	}
	require.Equal(t, "pick up", x.model.Classify("劳驾甲很丙", 1).Guesses[0].Intent)
	require.Equal(t, "bring", x.model.Classify("劳驾甲很丁", 1).Guesses[0].Intent)
}

func repeated(s string, n int) string { return string(bytes.Repeat([]byte(s), n)) }

// A stored model answers exactly as the one that was stored, and is refused if
// any part of it is missing.
func TestMixedIsStorable(t *testing.T) {
	t.Parallel()
	x := mixed()
	stored := x.model.AppendBinary(nil)
	again, err := nlu.Read(stored)
	require.NoError(t, err)
	require.True(t, bytes.Equal(stored, again.AppendBinary(nil)))
	for _, e := range vague() {
		require.Equal(t, x.model.Classify(e.Text, 3), again.Classify(e.Text, 3))
		require.Equal(t, x.model.ClassifyFast(e.Text, 3), again.ClassifyFast(e.Text, 3))
	}
	for n := 0; n < len(stored); n += 1 + len(stored)/97 {
		_, err := nlu.Read(stored[:n])
		require.ErrorIs(t, err, desk.Invalid, "the first %d bytes", n)
	}
}

// The same seed gives the same networks, byte for byte.
func TestMixedIsReproducible(t *testing.T) {
	t.Parallel()
	again, _, err := nlu.Train(vague(), outside.Hurried(), nil)
	require.NoError(t, err)
	require.True(t, again.Mixed())
	require.True(t, bytes.Equal(mixed().model.AppendBinary(nil), again.AppendBinary(nil)))
}

func TestMixedCanBeCancelled(t *testing.T) {
	t.Parallel()
	some := len(mixed().ticks) / 8
	_, _, err := nlu.Train(vague(), outside.Hurried(), func(p nlu.Progress) bool { return p.Done < some })
	require.ErrorIs(t, err, desk.Unavailable)
}

func TestMixedConcurrently(t *testing.T) {
	t.Parallel()
	m := mixed().model
	want := make([]nlu.Verdict, 0, 60)
	for _, e := range vague()[:60] {
		want = append(want, m.Classify(e.Text, 2))
	}
	again, err := nlu.Read(m.AppendBinary(nil)) // one that has met nothing yet
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i, e := range vague()[:60] {
				if got := again.Classify(e.Text, 2); got.Confidence != want[i].Confidence {
					t.Errorf("%s: %v, alone %v", e.Text, got, want[i])
				}
			}
		})
	}
	wg.Wait()
}

func BenchmarkClassifyMixed(b *testing.B) {
	m := mixed().model
	for b.Loop() {
		m.Classify("请问我的洗衣机什么时候能到，能不能帮我查一下", 3)
	}
}
