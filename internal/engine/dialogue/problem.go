package dialogue

import (
	"fmt"
	"slices"
)

// Problem is something wrong, or doubtful, in a file.
type Problem struct {
	// Warning is set if the flow works nevertheless.
	Warning bool
	// Path leads to it: "states.begin[2].ask".
	Path string
	// Line and Column count from 1.
	Line, Column int
	// Key names the text; see Texts.
	Key  string
	Args []any
}

// Message says what is wrong and what to do, in zh or en.
func (p Problem) Message(locale string) string {
	t, ok := problemTexts[p.Key]
	if !ok {
		return p.Key
	}
	if locale == "en" {
		return fmt.Sprintf(t[1], p.Args...)
	}
	return fmt.Sprintf(t[0], p.Args...)
}

// Broken reports whether a problem is more than a warning.
func Broken(problems []Problem) bool {
	return slices.ContainsFunc(problems, func(p Problem) bool { return !p.Warning })
}

// ProblemKeys lists every key, for tests of texts.
func ProblemKeys() []string {
	out := make([]string, 0, len(problemTexts))
	for k := range problemTexts {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// problemTexts are in Chinese and English; both take the same arguments.
var problemTexts = map[string][2]string{
	"too_large":         {"文件超过 %d KB。请拆成几个流程，用 flow 相互调用。", "The file is larger than %d KB. Split it into flows that call each other with flow."},
	"syntax":            {"这里的 YAML 写法有误：%s", "The YAML is not right here: %s"},
	"empty":             {"文件是空的。从 flow、title 和 states 写起。", "The file is empty. Begin with flow, title and states."},
	"alias":             {"不支持 YAML 的锚点和别名（& 和 *），请直接写出内容。", "Anchors and aliases (& and *) are not available; write the content out."},
	"want_map":          {"%s 应写成“名称: 值”的形式。", "%s needs names with values."},
	"want_list":         {"%s 应是列表，每项以“- ”开头。", "%s needs a list, each entry beginning with “- ”."},
	"want_text":         {"%s 应是一段文字。", "%s needs a text."},
	"want_bool":         {"%s 只能是 true 或 false。", "%s is true or false."},
	"want_number":       {"%s 应是 %d 到 %d 之间的整数。", "%s needs a whole number from %d to %d."},
	"want_duration":     {"%s 应是时长，如 5s 或 800ms，最长 %s。", "%s needs a duration such as 5s or 800ms, %s at most."},
	"unknown_field":     {"这里没有 %s 这一项。可以写：%s。", "There is no %s here. Possible are: %s."},
	"did_you_mean":      {"没有 %s 这一项，是不是 %s？", "There is no %s; did you mean %s?"},
	"duplicate":         {"%s 写了两次，只能写一次。", "%s is written twice."},
	"missing":           {"缺少 %s。", "%s is missing."},
	"bad_name":          {"“%s”不能作名称。名称以小写字母开头，由小写字母、数字和下划线组成，最长 60 个字符。", "“%s” is no name. Names begin with a small letter and consist of small letters, digits and underscores, at most 60."},
	"reserved":          {"“%s”是系统保留的名称，请换一个。", "“%s” is a name of the system's; choose another."},
	"too_many":          {"%s 最多 %d 个。", "There are at most %d of %s."},
	"too_long":          {"文字最长 %d 个字。", "A text has at most %d characters."},
	"too_deep":          {"步骤嵌套超过 %d 层。把里面的步骤移到单独的状态，用 goto 跳转。", "Steps lie more than %d deep in each other. Move them to a state of their own and go there with goto."},
	"no_states":         {"还没有状态。在 states 下面写出第一个状态和它的步骤。", "There are no states. Write the first one and its steps below states."},
	"no_steps":          {"这里还没有步骤。", "There are no steps here."},
	"no_verb":           {"这一步没有写做什么。可以写：%s。", "This step does not say what it does. Possible are: %s."},
	"two_verbs":         {"一步只能做一件事，这里写了 %s 和 %s。请分成两步。", "A step does one thing; here are %s and %s. Make two steps of them."},
	"unknown_state":     {"没有名为 %s 的状态。", "There is no state %s."},
	"unknown_slot":      {"没有名为 %s 的信息项。在 slots 里写上它。", "There is no slot %s. Describe it under slots."},
	"unknown_variable":  {"变量 %s 没有来处：它不是信息项，也没有用 set 或 save 赋值。", "Nothing gives the variable %s a value: it is no slot, and no set or save names it."},
	"unknown_flow":      {"没有名为 %s 的流程。", "There is no flow %s."},
	"unknown_kind":      {"没有 %s 这种类型。可以写：%s。", "There is no kind %s. Possible are: %s."},
	"template_open":     {"变量以 {{ 开头，但没有用 }} 结束。", "A variable begins with {{ and does not end with }}."},
	"template_name":     {"{{%s}} 不是变量名。", "{{%s}} is no variable."},
	"expression":        {"条件写法有误：%s", "The condition is not right: %s"},
	"pattern":           {"正则表达式有误：%s", "The regular expression is not right: %s"},
	"items":             {"list 类型要写 1 到 500 个 items。", "The kind list needs 1 to 500 items."},
	"words":             {"“%s”的说法太多或太长。", "“%s” has too many words or too long ones."},
	"secret_here":       {"密钥只能用在 call 的网址和请求头里，不能出现在这里。", "Secrets may stand only in the address and headers of a call, not here."},
	"bad_method":        {"请求方法只能是 GET、POST、PUT、PATCH 或 DELETE。", "The method is GET, POST, PUT, PATCH or DELETE."},
	"two_addresses":     {"一次 call 只能写一个网址。", "A call has one address."},
	"bad_url":           {"网址应以 https:// 或 {{secret.名称}} 开头，主机名里不能有变量。", "An address begins with https:// or {{secret.name}}, and its host holds no variable."},
	"bad_header":        {"请求头 %s 不能使用。", "The header %s cannot be used."},
	"bad_status":        {"%s 不是 HTTP 状态码（400 到 599，或 200 到 299）。", "%s is no HTTP status (400 to 599, or 200 to 299)."},
	"unreachable":       {"没有步骤通向状态 %s，它不会执行。", "No step leads to the state %s; it never runs."},
	"after_jump":        {"这一步之前已经跳走或结束，它不会执行。", "The step before leaves; this one never runs."},
	"endless":           {"从这里开始会一直循环，中间没有等待用户或接口：%s。", "From here it goes round without waiting for anybody: %s."},
	"unused_slot":       {"信息项 %s 没有用到。", "The slot %s is not used."},
	"options":           {"需要 2 到 12 个选项。", "There are 2 to 12 options."},
	"unknown_type":      {"没有 %s 这种动作。可以写：message、api_call、flow、handoff、set、confirm、goto、end。", "There is no action %s. Possible are: message, api_call, flow, handoff, set, confirm, goto, end."},
	"test_line":         {"测试对话的一行写 user、button、bot、call、handoff 或 end 之一。", "A line of a test dialogue is one of user, button, bot, call, handoff, end."},
	"test_begin":        {"测试对话要以 user 开头。", "A test dialogue begins with user."},
	"test_call":         {"call 后面要写 gives，说明接口返回什么。", "Behind call stands gives: what the service answers."},
	"no_tests":          {"还没有测试对话。在调试器里试走一遍并保存，发布时会自动检查。", "There is no test dialogue. Walk through it in the debugger and keep that; it is checked at each publication."},
	"bad_json":          {"这里应是 JSON 列表，例如 [{\"type\":\"message\",\"text\":\"您好\"}]。", "This needs a JSON list such as [{\"type\":\"message\",\"text\":\"Hello\"}]."},
	"bad_locale":        {"locale 只能是 zh 或 en。", "locale is zh or en."},
	"bad_time":          {"时间写成 2026-11-21T10:00:00+08:00 这样。", "A time is written like 2026-11-21T10:00:00+08:00."},
	"form_kind":         {"表单里不能有 %s 类型的信息项：%s。", "A form cannot ask for the kind %s: %s."},
	"score_range":       {"score 应在 0 到 10 之间。", "score lies between 0 and 10."},
	"same_name":         {"已有一个流程叫 %s。", "Another flow is called %s."},
	"recursion":         {"流程 %s 会调用自己：%s。最多嵌套 %d 层，之后转人工。", "The flow %s calls itself: %s. Beyond a depth of %d a person takes over."},
	"text_without_host": {"这里需要一段文字或 text 一项。", "This needs a text, or the field text."},
}
