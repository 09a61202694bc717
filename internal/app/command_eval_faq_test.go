package app

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/engine/nlu"
)

func TestFAQsAreJudged(t *testing.T) {
	t.Parallel()
	var index, queries []nlu.Example
	for i, what := range []string{"退货", "开发票", "查物流", "修改地址", "注销账户", "领取优惠券"} {
		id := fmt.Sprint(i)
		for _, way := range []string{"怎么%s", "我想%s", "请问如何%s", "%s在哪里"} {
			index = append(index, nlu.Example{Intent: id, Text: fmt.Sprintf(way, what)})
		}
		queries = append(queries, nlu.Example{Intent: id, Text: fmt.Sprintf("你好，%s要怎么弄", what)})
	}
	f, err := judgeFAQs(systemClock(), index, queries, []nlu.Example{{Intent: "x", Text: "the moon is blue"}})
	require.NoError(t, err)
	require.InDelta(t, 1, f.Top1, 1e-9)
	require.InDelta(t, 1, f.Top3, 1e-9)
	require.Zero(t, *f.FalseAnswerRate)
	require.Equal(t, 24, f.ways)
	line, err := json.Marshal(f)
	require.NoError(t, err)
	var keys map[string]any
	require.NoError(t, json.Unmarshal(line, &keys))
	for _, k := range []string{"top1", "top3", "coverage_at_90", "precision_at_90", "false_answer_rate_none", "ece", "p99_ms"} {
		require.Contains(t, keys, k)
	}
}
