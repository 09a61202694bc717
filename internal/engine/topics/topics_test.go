package topics_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/engine/topics"
)

var questions = []string{
	"怎么退货", "你好", "退货怎么弄", "發票怎麼開", "可以开发票吗", "我要退货，怎么退", "How do I return an item?", "怎么开发票", "怎么退货？",
	"I want to return an item", "😀", "", "洗衣机漏水了怎么办",
}

func TestWhatAsksForTheSameStandsTogether(t *testing.T) {
	t.Parallel()
	var got []string
	for _, topic := range topics.Group(questions, topics.Options{Near: 0.3}) {
		var members []string
		for _, m := range topic.Members {
			members = append(members, questions[m])
		}
		require.Equal(t, topic.Lead, topic.Members[0])
		got = append(got, strings.Join(members, " | "))
	}
	require.Equal(t, []string{
		"怎么退货 | 怎么退货？ | 我要退货，怎么退 | 退货怎么弄",
		"發票怎麼開 | 怎么开发票 | 可以开发票吗",
		"How do I return an item? | I want to return an item",
	}, got)
}

func TestTheLargestTopicsComeFirstAndNoMoreThanWanted(t *testing.T) {
	t.Parallel()
	require.Len(t, topics.Group(questions, topics.Options{Near: 0.3, Most: 1}), 1)
	require.Len(t, topics.Group(questions, topics.Options{Near: 0.3, Least: 4}), 1)
	require.Empty(t, topics.Group(nil, topics.Options{}))
	require.Len(t, topics.Group([]string{"在吗", "在吗", "在吗？"}, topics.Options{}), 1, "only one question, asked often")
}

func TestEveryGroupingKeepsItsPromises(t *testing.T) {
	t.Parallel()
	words := []string{"退货", "发票", "怎么", "多久", "到", "return", "item", "洗衣机", "吗", "?", "１２", "😀", "\xff"}
	rapid.Check(t, func(t *rapid.T) {
		all := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) string {
			return strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 6).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "gap"))
		}), 0, 60).Draw(t, "questions")
		o := topics.Options{Near: rapid.Float64Range(0.05, 1).Draw(t, "near"), Least: rapid.IntRange(1, 4).Draw(t, "least")}
		got := topics.Group(all, o)
		seen := map[int]bool{}
		for i, topic := range got {
			require.GreaterOrEqual(t, len(topic.Members), o.Least)
			require.Equal(t, topic.Lead, topic.Members[0])
			require.True(t, topic.Closeness > 0 && topic.Closeness <= 1+1e-9, fmt.Sprint(topic.Closeness))
			if i > 0 {
				require.LessOrEqual(t, len(topic.Members), len(got[i-1].Members))
			}
			for _, m := range topic.Members {
				require.False(t, seen[m], "in one topic at most")
				seen[m] = true
			}
		}
		require.Equal(t, got, topics.Group(slices.Clone(all), o), "the same again")
	})
}

func BenchmarkGroup(b *testing.B) {
	var many []string
	for i := range 10_000 {
		many = append(many, questions[i%len(questions)]+fmt.Sprint("订单", i*7919%10_000))
	}
	for b.Loop() {
		topics.Group(many, topics.Options{})
	}
}
