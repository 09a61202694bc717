package bot

import (
	"fmt"
	"slices"
	"strings"

	"yingda.dev/internal/desk"
)

// words are what the bot says of its own accord, in one language.
type words struct {
	greeting, handOver, fallback, askBack, noneOfThese, intro string
	smallTalk                                                 map[string]string
	// The summary for colleagues.
	head, why, asked, collected, mood, tried string
	reasons                                  map[string]string
}

var chinese = words{
	greeting:    "您好，我是智能助手{name}，可以先为您解答常见问题；需要人工时请随时告诉我。",
	intro:       "我是智能助手{name}，由我先为您解答。",
	handOver:    "好的，正在为您转接人工客服。您刚才说的内容已经一并转交，不用再重复。",
	fallback:    "这个问题我不能确定，不想给您错误的答案，已为您转给人工客服，请稍等。",
	askBack:     "您想问的是哪一个？",
	noneOfThese: "都不是，转人工",
	smallTalk: map[string]string{
		"@greeting": "您好，我是智能助手{name}。请问有什么可以帮您？", "@thanks": "不客气，还有需要随时找我。",
		"@ack": "好的，还有需要随时找我。", "@wordless": "我在的。请问有什么可以帮您？直接用文字说就好。", "@goodbye": "好的，祝您生活愉快，再见。",
		"@bot_identity": "我是智能助手{name}，不是真人。常见问题我可以马上回答，需要人工时我会为您转接。",
		"@chitchat":     "聊天我不太在行，不过订单、配送、售后这类问题可以直接问我。", "@nonsense": "抱歉，这句我没看懂。您可以换个说法，或者回复“转人工”。",
		"@complaint": "给您带来不好的体验，非常抱歉。我这就请人工客服为您处理。",
	},
	head: "机器人转交", why: "原因", asked: "客户说", collected: "已收集", mood: "情绪", tried: "已答复",
	reasons: map[string]string{
		WishForPerson: "客户要求人工", BadMood: "客户情绪不佳", Unknown: "知识之外的问题", Repeated: "重复提问，之前的回答没有帮上忙", Policy: "这个主题规定由人工处理",
		FlowSaysSo: "流程要求人工处理", NoText: "客户发来的不是文字", Failure: "机器人出错", ThumbDown: "客户说回答没有帮助", ReviewExpired: "草稿没有人及时审核",
		ReviewRefused: "草稿被同事拒绝", SwitchedOff: "机器人已关闭",
	},
}

var english = words{
	greeting:    "Hello, I’m {name}, a virtual assistant. I can answer common questions right away; just say so whenever you want a person.",
	intro:       "I’m {name}, a virtual assistant, and will try to help first.",
	handOver:    "All right, I’m passing you on to a colleague. They can read what you wrote, so there is no need to repeat it.",
	fallback:    "I’m not certain about this one and don’t want to give you a wrong answer. A colleague will take over shortly.",
	askBack:     "Which of these do you mean?",
	noneOfThese: "None of these, talk to a person",
	smallTalk: map[string]string{
		"@greeting": "Hello, I’m {name}, a virtual assistant. How can I help?", "@thanks": "You’re welcome. I’m here if you need anything else.",
		"@ack": "All right. I’m here if you need anything else.", "@wordless": "I’m here. How can I help? Just tell me in words.",
		"@goodbye": "Goodbye, and have a nice day.", "@bot_identity": "I’m {name}, a virtual assistant, not a person. I answer common questions and pass you on whenever you want.",
		"@chitchat": "I’m not much of a talker, but do ask me about orders, delivery or returns.", "@nonsense": "Sorry, I did not understand that. Please put it another way, or write “talk to a person”.",
		"@complaint": "I’m very sorry about that. I’m asking a colleague to take care of it.",
	},
	head: "Handed over by the bot", why: "Why", asked: "The customer wrote", collected: "Collected", mood: "Mood", tried: "Answered so far",
	reasons: map[string]string{
		WishForPerson: "the customer asked for a person", BadMood: "the customer is upset", Unknown: "a question beyond what is known",
		Repeated: "asked again; the answer before did not help", Policy: "this topic is for people", FlowSaysSo: "the flow asks for a person",
		NoText: "the customer sent something that is no text", Failure: "the bot failed", ThumbDown: "the customer said the answer did not help",
		ReviewExpired: "nobody looked at the draft in time", ReviewRefused: "a colleague refused the draft", SwitchedOff: "the bot is switched off",
	},
}

func wordsOf(l desk.Locale) words {
	if l == desk.English {
		return english
	}
	return chinese
}

// named puts the bot's name into a text.
func (s Settings) named(text string, l desk.Locale) string {
	name := s.Name
	if name == "" && l == desk.English {
		name = "the assistant"
		text = strings.ReplaceAll(text, "{name}, a virtual assistant", "the virtual assistant")
	}
	return strings.ReplaceAll(text, "{name}", name)
}

// text is the account's own text, or the product's.
func (s Settings) text(l desk.Locale, own func(Texts) string, product string) string {
	if t := strings.TrimSpace(own(s.Texts[l])); t != "" {
		return s.named(t, l)
	}
	return s.named(product, l)
}

// handOverText is what the customer hears when people take over.
func (s Settings) handOverText(l desk.Locale, reason string) string {
	w := wordsOf(l)
	switch reason {
	case Unknown, Failure, ReviewExpired, ReviewRefused, NoText:
		return s.text(l, func(t Texts) string { return t.Fallback }, w.fallback)
	case BadMood:
		return s.text(l, func(t Texts) string { return t.HandOver }, w.smallTalk["@complaint"])
	}
	return s.text(l, func(t Texts) string { return t.HandOver }, w.handOver)
}

// summary is the note that colleagues find.
func summary(l desk.Locale, reason string, v session, score float64) string {
	w := wordsOf(l)
	var b strings.Builder
	line := func(label, text string) {
		if text != "" {
			fmt.Fprintf(&b, "\n%s%s%s", label, map[bool]string{true: ": ", false: "："}[l == desk.English], text)
		}
	}
	b.WriteString(w.head)
	why := w.reasons[reason]
	if why == "" {
		why = reason
	}
	line(w.why, why)
	line(w.asked, strings.Join(v.Said, " / "))
	var slots []string
	for name, value := range v.Slots {
		slots = append(slots, name+" = "+value)
	}
	slices.Sort(slots)
	line(w.collected, strings.Join(slots, ", "))
	if v.Mood.Messages > 0 {
		line(w.mood, fmt.Sprintf("%.1f / 10", score))
	}
	line(w.tried, strings.Join(v.Tried, " / "))
	return b.String()
}
