package knowledge_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/engine/knowledge"
)

// A shop knows what to do with most of its things, but not all of it: who asks
// for the rest is not told about another thing.
func TestNeighboursOfWhatIsMissingDoNotAnswer(t *testing.T) {
	t.Parallel()
	things := []string{"登录密码", "支付密码", "绑定手机", "收货地址", "发票抬头", "会员等级", "优惠券", "购物车", "银行卡", "实名认证"}
	wishes := [][]string{
		{"怎么修改%s", "%s在哪里改", "我想换一个%s", "%s可以改吗", "请问%s怎么更换", "帮我改一下%s", "换%s要什么手续", "%s填错了想改"},
		{"怎么删除%s", "%s能不能删掉", "我不要%s了", "把%s去掉", "请问%s怎么注销", "帮我删一下%s", "取消%s要多久", "%s删不掉怎么办"},
		{"%s在哪里看", "怎么查%s", "我的%s是什么", "查一下%s", "请问%s显示在哪", "看不到%s", "%s找不到了", "去哪里查%s"},
	}
	var entries []knowledge.Entry
	var asked, missing []string
	own := make(map[string]string)
	for i, thing := range things {
		for j, ways := range wishes {
			e := knowledge.Entry{ID: fmt.Sprint(i, "-", j)}
			for k, w := range ways {
				way := fmt.Sprintf(w, thing)
				switch {
				case (i+j)%5 == 4:
					missing = append(missing, way)
				case k < 6:
					e.Ways = append(e.Ways, way)
				default:
					asked = append(asked, way)
					own[way] = e.ID
				}
			}
			if len(e.Ways) > 0 {
				entries = append(entries, e)
			}
		}
	}
	x, _ := train(t, entries, knowledge.Options{})
	answered, right := 0, 0
	for _, way := range asked {
		if a := x.Search(way, 1); a.Confidence >= 0.9 {
			answered++
			if a.Candidates[0].ID == own[way] {
				right++
			}
		}
	}
	wrongly := 0
	for _, way := range missing {
		if a := x.Search(way, 1); a.Confidence >= 0.9 {
			wrongly++
		}
	}
	require.LessOrEqual(t, wrongly, len(missing)/10, "%d of %d", wrongly, len(missing))
	require.GreaterOrEqual(t, answered, len(asked)/5, "%d of %d", answered, len(asked))
	require.GreaterOrEqual(t, right*10, answered*8, "%d of %d", right, answered)
	for _, e := range entries {
		a := x.Search(e.Ways[0], 1)
		require.Greater(t, a.Confidence, 0.9, "an entry's very words are answered")
	}
}
