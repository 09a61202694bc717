package training

import (
	"embed"
	"encoding/json"
	"strings"
	"sync"

	"yingda.dev/internal/desk"
)

//go:embed builtin/*.tsv
var shipped embed.FS

// The built-in intents. Outside holds examples of what means none of the
// intents; it is never what a text is taken for.
const (
	Greeting    = "@greeting"
	Thanks      = "@thanks"
	Goodbye     = "@goodbye"
	BotIdentity = "@bot_identity"
	Person      = "@person"
	Complaint   = "@complaint"
	Chitchat    = "@chitchat"
	Nonsense    = "@nonsense"
	Outside     = "@outside"
)

// BuiltinNames lists the built-in intents in the order they are shown.
func BuiltinNames() []string {
	return []string{Greeting, Thanks, Goodbye, BotIdentity, Person, Complaint, Chitchat, Nonsense, Outside}
}

func builtinID(name string) string { return "int_" + strings.TrimPrefix(name, "@") }

// builtinTexts are titles and replies by name and language.
var builtinTexts = map[desk.Locale]map[string][2]string{
	desk.Chinese: {
		Greeting:    {"打招呼", "您好，很高兴为您服务。请问有什么可以帮您？"},
		Thanks:      {"致谢", "不客气，能帮到您就好。"},
		Goodbye:     {"告别", "感谢您的咨询，祝您生活愉快，再见。"},
		BotIdentity: {"问是不是机器人", "我是智能助手，可以马上为您解答常见问题；需要时也可以为您转接人工客服。"},
		Person:      {"找人工", "好的，正在为您转接人工客服，请稍候。"},
		Complaint:   {"投诉", "非常抱歉给您带来了不好的体验，我马上请同事来为您处理。"},
		Chitchat:    {"闲聊", "我更擅长解答与我们产品和服务有关的问题，您可以直接说说遇到的情况。"},
		Nonsense:    {"无意义输入", "抱歉，我没有看懂。您可以换个说法，或者直接告诉我想办的事。"},
		Outside:     {"都不是", ""},
	},
	desk.English: {
		Greeting:    {"Greeting", "Hello, how can I help you?"},
		Thanks:      {"Thanks", "You are welcome."},
		Goodbye:     {"Goodbye", "Thank you for getting in touch. Goodbye."},
		BotIdentity: {"Asks whether it is a bot", "I am an assistant program. I answer common questions at once, and can bring in a person when you need one."},
		Person:      {"Wants a person", "Of course. I am passing you on to a person; one moment, please."},
		Complaint:   {"Complaint", "I am sorry about that. I am asking a colleague to look into it right away."},
		Chitchat:    {"Small talk", "I am better at questions about our products and services. Tell me what you need."},
		Nonsense:    {"Says nothing", "Sorry, I did not understand that. Could you put it another way, or tell me what you would like to do?"},
		Outside:     {"None of these", ""},
	},
}

var builtinExamples = sync.OnceValue(func() map[string][]string {
	out := make(map[string][]string)
	for _, file := range []string{"builtin/zh.tsv", "builtin/en.tsv"} {
		for label, t := range lines(file) {
			out[label] = append(out[label], t)
		}
	}
	return out
})

// OutsideTexts are texts that mean none of a company's matters, for others who
// learn what lies far away. The answer is shared and must not be changed.
func OutsideTexts() []string { return outsideTexts() }

// outsideTexts are texts that mean none of a company's matters.
var outsideTexts = sync.OnceValue(func() (out []string) {
	for _, file := range []string{"builtin/outside.zh.tsv", "builtin/outside.en.tsv"} {
		for _, t := range lines(file) {
			out = append(out, t)
		}
	}
	return out
})

// lines are label and text of a shipped file; a test reads them all.
func lines(file string) func(func(string, string) bool) {
	return func(yield func(string, string) bool) {
		data, err := shipped.ReadFile(file)
		if err != nil {
			panic(err) // it is embedded
		}
		for line := range strings.Lines(string(data)) {
			label, t, ok := strings.Cut(strings.TrimRight(line, "\r\n"), "\t")
			if ok && label != "" && t != "" && !yield(label, t) {
				return
			}
		}
	}
}

// BuiltinReply is the shipped reply of a built-in intent in a language; "" if
// it has none.
func BuiltinReply(name string, locale desk.Locale) string {
	texts, ok := builtinTexts[locale]
	if !ok {
		texts = builtinTexts[desk.English]
	}
	return texts[name][1]
}

// builtin is a built-in intent as it is shipped.
func builtin(name string, locale desk.Locale) Intent {
	texts, ok := builtinTexts[locale]
	if !ok {
		texts = builtinTexts[desk.English]
	}
	type action struct {
		Type   string `json:"type"`
		Text   string `json:"text,omitempty"`
		Reason string `json:"reason,omitempty"`
	}
	actions := []action{}
	if reply := texts[name][1]; reply != "" {
		actions = append(actions, action{Type: "message", Text: reply})
	}
	switch name {
	case Person:
		actions = append(actions, action{Type: "handoff", Reason: "wish"})
	case Complaint:
		actions = append(actions, action{Type: "handoff", Reason: "complaint"})
	}
	raw, err := json.Marshal(actions)
	if err != nil {
		panic(err) // strings only
	}
	return Intent{
		ID: builtinID(name), Name: name, Title: texts[name][0], Examples: builtinExamples()[name], Actions: raw, Enabled: true, Builtin: true,
	}
}
