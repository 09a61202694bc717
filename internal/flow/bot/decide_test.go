package bot

import (
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/sentiment"
)

// What is whole is answered at once when the bot is sure; what is a beginning
// waits for the rest.
func TestEnds(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"怎么退货", "怎么开发票", "多久发货", "能开发票", "我要退货", "运费多少", "可以货到付款吗", "在哪看物流", "快递啥时候到", "申请退款", "我想换个地址。",
		"how do I return this", "where is my order", "can I pay cash", "什么时候发货", "保修几年", "好的！",
	} {
		require.True(t, ends(text), text)
	}
	for _, text := range []string{
		"", "在", "你好", "请问", "请问一下", "我想问下", "那个", "我那个", "洗衣机", "我的洗衣机", "你们", "hi", "hello", "order", "我昨天买的那个，", "问题如下：", "就是那个",
	} {
		require.False(t, ends(text), text)
	}
}

// What needs no engine is told without one.
func TestAside(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"好的": "@ack", "嗯嗯": "@ack", "OK": "@ack", "知道了。": "@ack", "got it": "@ack",
		"🙂🙂": "@wordless", "？？？": "@wordless", "...": "@wordless", "😡": "@wordless",
		"": "", "好的什么时候发货": "", "好用吗": "", "1": "", "DD20261104": "", "行李箱": "",
	} {
		require.Equal(t, want, aside(text), text)
	}
	quiet := evidence{}
	quiet.mood.Label, quiet.mood.Score = sentiment.Negative, 1
	require.Equal(t, SmallTalk, decide(Usual(), session{}, question{text: "？？？", newest: "？？？"}, quiet).kind, "it asks whether anybody is there")
	require.Equal(t, HandOver, decide(Usual(), session{}, question{text: "😡😡", newest: "😡😡"}, quiet).kind)
}

func TestLocaleOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]desk.Locale{
		"hello": desk.English, "Thanks!": desk.English, "where is it": desk.English, "ok": "", "DD20261104": "", "怎么return": desk.Chinese, "???": "",
	} {
		require.Equal(t, want, localeOf(text), text)
	}
}
