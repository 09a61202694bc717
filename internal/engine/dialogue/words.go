package dialogue

import (
	"strings"

	"yingda.dev/internal/platform/text"
)

// words are the texts that every flow has without writing them.
type words struct {
	again, back, cancelled, person, cancel, skip, yes, no, handoff, busy, failed string
}

var (
	chinese = words{
		again: "抱歉，我没有看明白。", back: "我们接着刚才的问题。", cancelled: "好的，已经取消。还有什么可以帮您？",
		person: "转人工", cancel: "取消", skip: "跳过", yes: "是", no: "否", handoff: "这就为您转接人工客服，请稍候。",
		busy: "正在为您查询，请稍候。", failed: "抱歉，系统暂时没有回应，这就为您转接人工客服。",
	}
	english = words{
		again: "Sorry, I did not understand that.", back: "Back to the question from before.", cancelled: "All right, cancelled. What else can I do for you?",
		person: "Talk to a person", cancel: "Cancel", skip: "Skip", yes: "Yes", no: "No", handoff: "I am passing you on to a colleague, one moment please.",
		busy: "Looking it up, one moment please.", failed: "Sorry, our system does not answer at the moment. I am passing you on to a colleague.",
	}
	// Whole messages that end a flow, ask for a person or leave an optional value out, in both languages.
	cancelWords = set("取消 算了 不查了 不办了 不弄了 退出 结束 先这样 cancel nevermind stop quit exit forgetit")
	personWords = set("转人工 人工 人工客服 找人工 talktoaperson agent human representative")
	skipWords   = set("跳过 没有 不知道 不清楚 无 不填 skip none dontknow idontknow")
)

func set(s string) map[string]bool {
	out := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		out[w] = true
	}
	return out
}

// packed is a message without spaces and punctuation, for comparison with whole messages.
func packed(s string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" \t\n'’.,!?。，！？~～…、-_", r) {
			return -1
		}
		return r
	}, text.Normalize(s[:min(len(s), 200)]))
}

func wordsOf(locale string) words {
	if locale == "en" {
		return english
	}
	return chinese
}
