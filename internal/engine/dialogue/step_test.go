package dialogue_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
)

var now = time.Date(2026, 11, 21, 10, 0, 0, 0, time.FixedZone("CST", 8*3600))

const returns = `
flow: returns
title: 退货
salutation: 亲
slots:
  no: {label: 订单号, kind: order, ask: 订单号？, check: 'value != "DD0000"', invalid: 这个订单号不能用。, again: 请看看订单页。}
  why: {label: 原因, ask: 哪里不满意？, items: [{value: size, label: 尺码不对}, {value: broken, label: 坏了}]}
  when: {label: 上门时间, kind: datetime, ask: 什么时候方便？}
  mail: {kind: email, ask: 邮箱？, optional: true, retries: 0}
states:
  begin:
    - ask: [no, why]
    - confirm: "为 {{no}} 申请退货（{{why}}），对吗？"
      yes: book
      no:
        - clear: [no, why]
        - goto: begin
  book:
    - ask: [when, mail]
    - call:
        post: "https://shop.example/returns/{{no}}?at={{when}}"
        headers: {Authorization: "Bearer {{secret.key}}", X-Why: "{{why}}"}
        body: {order: "{{no}}", count: 1, mail: "{{mail}}", note: "因为{{why}}"}
        save: {id: body.id, n: len(body.items)}
      on:
        409:
          - say: 您已经申请过了。
          - end:
    - set: {twice: "= n * 2", text: "编号{{id}}"}
    - flow: thanks
      with: {word: "{{text}}"}
      take: {mood: feeling}
    - say: "{{mood}} {{twice}}"
    - escalate: {reason: refund, score: 2}
    - end: 完成
`

const thanks = `
flow: thanks
slots:
  feeling: {ask: "{{word}}，满意吗？", items: [满意, 一般]}
states:
  begin:
    - set: {word: "= word"}
    - ask: feeling
`

func parse(t testing.TB, sources ...string) dialogue.Set {
	t.Helper()
	out := dialogue.Set{}
	for _, s := range sources {
		f, problems := dialogue.Parse([]byte(s))
		require.False(t, dialogue.Broken(problems), "%+v", problems)
		out[f.Name] = f
	}
	return out
}

// chat leads a dialogue through JSON, as it is stored.
type chat struct {
	t     testing.TB
	set   dialogue.Set
	state dialogue.State
	out   dialogue.Outcome
}

func (c *chat) step(in dialogue.Input) *chat {
	c.t.Helper()
	out, err := dialogue.Step(c.set, c.state, in, now)
	require.NoError(c.t, err)
	data, err := json.Marshal(out.State)
	require.NoError(c.t, err)
	c.state, err = dialogue.ReadState(data)
	require.NoError(c.t, err)
	c.out = out
	return c
}

func (c *chat) begin(flow, text string) *chat {
	c.t.Helper()
	return c.step(dialogue.Input{Kind: dialogue.Begin, Flow: flow, Text: text})
}

func (c *chat) say(text string) *chat {
	c.t.Helper()
	return c.step(dialogue.Input{Kind: dialogue.Message, Text: text})
}

func (c *chat) gives(status int, body string) *chat {
	c.t.Helper()
	for _, e := range c.out.Effects {
		if e.Kind == dialogue.CallIt {
			return c.step(dialogue.Input{Kind: dialogue.Answered, Result: &dialogue.Result{Call: e.Call.ID, Status: status, Body: json.RawMessage(body)}})
		}
	}
	c.t.Fatal("nothing is called")
	return c
}

// texts are the effects in short.
func (c *chat) texts() (out []string) {
	for _, e := range c.out.Effects {
		switch e.Kind {
		case dialogue.SayIt:
			out = append(out, e.Content.PlainText())
		default:
			out = append(out, string(e.Kind)+":"+e.Reason)
		}
	}
	return out
}

func TestAWholeReturn(t *testing.T) {
	t.Parallel()
	c := &chat{t: t, set: parse(t, returns, thanks)}
	require.Equal(t, []string{"订单号？"}, c.begin("returns", "我要退货").texts())
	require.Equal(t, []string{"这个订单号不能用。"}, c.say("DD0000").texts())
	require.Equal(t, []string{"哪里不满意？\n尺码不对\n坏了"}, c.say("DD123456").texts())
	require.Equal(t, []string{"为 DD123456 申请退货（size），对吗？\n是\n否"}, c.say("第一个").texts())
	require.Equal(t, []string{"抱歉，我没有看明白。\n为 DD123456 申请退货（size），对吗？\n是\n否"}, c.say("啥").texts())
	require.Equal(t, []string{"什么时候方便？"}, c.say("对的").texts())
	require.Equal(t, []string{"邮箱？\n跳过"}, c.say("明天下午三点").texts())
	require.Equal(t, []string{"call:"}, c.say("跳过").texts())
	call := c.out.Effects[0].Call
	require.Equal(t, "https://shop.example/returns/DD123456?at=2026-11-22T15%3A00%3A00%2B08%3A00", call.URL.String())
	require.Equal(t, "Bearer {{secret.key}}", call.Headers[0].Value.String())
	require.JSONEq(t, `{"order":"DD123456","count":1,"mail":"","note":"因为size"}`, string(call.Body))
	require.Equal(t, []string{"编号R1，满意吗？\n满意\n一般"}, c.gives(200, `{"id":"R1","items":[1,2]}`).texts())
	require.Equal(t, []string{"ended:done", "满意 4", "escalate:refund", "完成", "ended:done"}, c.say("满意").texts())
	require.False(t, c.state.Active())
}

func TestOneMessageMayAnswerMuch(t *testing.T) {
	t.Parallel()
	c := &chat{t: t, set: parse(t, returns, thanks)}
	require.Equal(t, []string{"为 DD123456 申请退货（broken），对吗？\n是\n否"}, c.begin("returns", "单号DD123456坏了要退").texts())
	require.Equal(t, []string{"订单号？"}, c.say("不对").texts(), "declined: asked again from the start")
}

func TestAStatusHasItsOwnBranch(t *testing.T) {
	t.Parallel()
	c := &chat{t: t, set: parse(t, returns, thanks)}
	c.begin("returns", "DD123456坏了").say("对").say("明天9点").say("跳过")
	require.Equal(t, []string{"您已经申请过了。", "ended:done"}, c.gives(409, ``).texts())
	c.begin("returns", "DD123456坏了").say("对").say("明天9点").say("跳过")
	require.Equal(t, []string{"正在为您查询，请稍候。"}, c.say("好了吗").texts())
	stale := c.step(dialogue.Input{Kind: dialogue.Answered, Result: &dialogue.Result{Call: "call_1", Status: 200}})
	require.Empty(t, stale.texts(), "an answer to an earlier call")
	out := c.step(dialogue.Input{Kind: dialogue.Answered, Result: &dialogue.Result{Call: "call_2", Failure: "timeout"}})
	require.Equal(t, []string{"抱歉，系统暂时没有回应，这就为您转接人工客服。", "handoff:call_failed"}, out.texts())
	require.Equal(t, []dialogue.Known{{Label: "订单号", Value: "DD123456"}, {Label: "原因", Value: "坏了"}, {Label: "上门时间", Value: "2026-11-22T09:00:00+08:00"}}, c.out.Effects[1].Slots)
}

func TestTheLadderEndsWithAPerson(t *testing.T) {
	t.Parallel()
	c := &chat{t: t, set: parse(t, returns, thanks)}
	c.begin("returns", "")
	require.Equal(t, []string{"请看看订单页。"}, c.say("嗯").texts())
	require.Equal(t, []string{"请看看订单页。\n转人工\n取消"}, c.say("嗯嗯").texts())
	require.Equal(t, []string{"这就为您转接人工客服，请稍候。", "handoff:not_understood"}, c.say("嗯嗯嗯").texts())
	c.begin("returns", "")
	require.Equal(t, []string{"这就为您转接人工客服，请稍候。", "handoff:wish"}, c.say("转人工！").texts())
	c.begin("returns", "")
	require.Equal(t, []string{"好的，已经取消。还有什么可以帮您？", "ended:cancelled"}, c.say("算了").texts())
}

func TestDigressionComesBack(t *testing.T) {
	t.Parallel()
	c := &chat{t: t, set: parse(t, returns, thanks, strings.ReplaceAll(small("    - end: 查完"), "flow: small", "flow: other"))}
	c.begin("returns", "")
	aside := desk.TextContent("9 点到 21 点")
	c.step(dialogue.Input{Kind: dialogue.Message, Text: "几点上班", Aside: &dialogue.Aside{Content: aside, P: 0.95}})
	require.Equal(t, []string{"9 点到 21 点", "我们接着刚才的问题。\n订单号？"}, c.texts())
	c.step(dialogue.Input{Kind: dialogue.Message, Text: "不太像", Aside: &dialogue.Aside{Content: aside, P: 0.5}})
	require.Equal(t, []string{"请看看订单页。"}, c.texts(), "not sure enough")
	c.step(dialogue.Input{Kind: dialogue.Message, Text: "先查下别的", Guess: &dialogue.Guess{Flow: "other", P: 0.95}})
	require.Equal(t, []string{"单号？"}, c.texts())
	require.Equal(t, []string{"DD999999", "查完", "ended:done", "我们接着刚才的问题。\n订单号？"}, c.say("DD999999").texts())
	c.step(dialogue.Input{Kind: dialogue.Message, Text: "DD123456", Guess: &dialogue.Guess{Flow: "other", P: 0.99}})
	require.Equal(t, []string{"哪里不满意？\n尺码不对\n坏了"}, c.texts(), "an answer of its own form is an answer")
	c.step(dialogue.Input{Kind: dialogue.Message, Text: "另外帮我查查那个", Guess: &dialogue.Guess{Flow: "other", P: 0.95}})
	require.Equal(t, []string{"DD123456", "查完", "ended:done", "我们接着刚才的问题。\n哪里不满意？\n尺码不对\n坏了"}, c.texts(), "what is known is not asked again")
	c.step(dialogue.Input{Kind: dialogue.Message, Text: "再查一下 DD777777", Guess: &dialogue.Guess{Flow: "other", P: 0.95}})
	require.Equal(t, []string{"DD777777", "查完", "ended:done", "我们接着刚才的问题。\n哪里不满意？\n尺码不对\n坏了"}, c.texts(), "who names another means that one")
	require.Equal(t, []string{"ended:timeout"}, c.step(dialogue.Input{Kind: dialogue.TimedOut}).texts())
}

func TestAFormIsFilledInOrAnswered(t *testing.T) {
	t.Parallel()
	source := "flow: f\nslots:\n  name: {label: 姓名, ask: 姓名？}\n  phone: {label: 电话, kind: phone, ask: 电话？}\n  ok: {kind: yes_no, label: 同意, ask: 同意吗？}\nstates:\n  a:\n    - form: [name, phone, ok]\n    - end: \"{{name}} {{phone}} {{ok}}\""
	c := &chat{t: t, set: parse(t, source)}
	c.begin("f", "")
	form := c.out.Effects[0].Content.Parts[0].Form
	require.Len(t, form.Fields, 3)
	require.Equal(t, []string{"是", "否"}, form.Fields[2].Options)
	c.step(dialogue.Input{Kind: dialogue.Message, Form: map[string]string{"name": "林晓", "phone": "138", "ok": "是"}})
	require.Equal(t, []string{"电话？"}, c.texts(), "what was not good is asked alone")
	require.Equal(t, []string{"林晓 13812345678 true", "ended:done"}, c.say("138 1234 5678").texts())
}

// Who talks cannot reach into templates, addresses, headers or secrets.
func TestWordsOfVisitorsStayWords(t *testing.T) {
	t.Parallel()
	source := "flow: f\nslots:\n  x: {ask: x？}\nstates:\n  a:\n    - ask: x\n    - call: {post: \"https://a.example/p/{{x}}/q\", headers: {A: \"{{x}}\"}, body: {x: \"{{x}}\"}}\n    - end: \"{{x}}\""
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"{{secret.key}}", "../..", "..", "a\r\nHost: b", `","y":1`, "?a=b#c", "{{contact.name}}", "@evil.example"})).Draw(t, "word")
		f, _ := dialogue.Parse([]byte(source))
		set := dialogue.Set{"f": f}
		out, err := dialogue.Step(set, dialogue.State{}, dialogue.Input{Kind: dialogue.Begin, Flow: "f"}, now)
		if err != nil {
			t.Fatal(err)
		}
		out, err = dialogue.Step(set, out.State, dialogue.Input{Kind: dialogue.Message, Text: word}, now)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range out.Effects {
			if e.Kind != dialogue.CallIt {
				continue
			}
			for _, p := range append(e.Call.URL, e.Call.Headers[0].Value...) {
				if p.Secret != "" {
					t.Fatalf("%q names a secret", word)
				}
			}
			address := e.Call.URL.String()
			inner, ok := strings.CutPrefix(address, "https://a.example/p/")
			inner, ok2 := strings.CutSuffix(inner, "/q")
			if !ok || !ok2 || strings.ContainsAny(inner, "/?#\r\n ") || inner == ".." || inner == "." {
				t.Fatalf("%q leads to %q", word, address)
			}
			if strings.ContainsAny(e.Call.Headers[0].Value.String(), "\r\n") {
				t.Fatalf("%q breaks a header", word)
			}
			var body map[string]any
			if json.Unmarshal(e.Call.Body, &body) != nil || len(body) != 1 {
				t.Fatalf("%q breaks the body: %s", word, e.Call.Body)
			}
		}
	})
}

func TestAnUnknownStateIsRefused(t *testing.T) {
	t.Parallel()
	set := parse(t, returns, thanks)
	for data, kind := range map[string]desk.Kind{
		`{"v":2,"frames":[{"flow":"returns"}]}`: desk.Unsupported, `{"frames":[{"flow":"returns"}]}`: desk.Unsupported, `[]`: desk.Invalid,
		`{"v":1,"frames":[{},{},{},{},{},{}]}`: desk.Invalid, strings.Repeat("x", 200_000): desk.Invalid,
	} {
		_, err := dialogue.ReadState([]byte(data))
		require.ErrorIs(t, err, kind, data[:min(len(data), 50)])
	}
	_, err := dialogue.Step(set, dialogue.State{Version: 7}, dialogue.Input{Kind: dialogue.Message}, now)
	require.ErrorIs(t, err, desk.Unsupported)
	empty, err := dialogue.ReadState(nil)
	require.NoError(t, err)
	require.False(t, empty.Active())
}

func TestAChangedFlowGoesOnWhereItCan(t *testing.T) {
	t.Parallel()
	c := &chat{t: t, set: parse(t, returns, thanks)}
	c.begin("returns", "DD123456")
	c.set = parse(t, strings.Replace(returns, "哪里不满意？", "原因？", 1), thanks)
	require.Equal(t, []string{"为 DD123456 申请退货（broken），对吗？\n是\n否"}, c.say("坏了").texts())
	c.set = parse(t, "flow: returns\nslots:\n  no: {kind: order, ask: 单号？}\nstates:\n  new:\n    - ask: no\n    - choose: \"{{no}}？\"\n      options: [退, 换]", thanks)
	require.Equal(t, []string{"DD123456？\n退\n换"}, c.say("对").texts(), "begun again with what is known")
	c.set = parse(t, thanks)
	require.Equal(t, []string{"这就为您转接人工客服，请稍候。", "handoff:flow_gone"}, c.say("退").texts())
}

func TestGoingRoundEndsWithAPerson(t *testing.T) {
	t.Parallel()
	c := &chat{t: t, set: parse(t, "flow: f\nslots:\n  no: {kind: order, ask: 单号？}\nstates:\n  a:\n    - ask: no\n    - say: 好\n    - goto: a", "flow: g\nstates:\n  a:\n    - flow: g")}
	out := c.begin("f", "DD123456").texts()
	require.Equal(t, "handoff:loop", out[len(out)-1])
	require.LessOrEqual(t, len(out), 12)
	out = c.begin("g", "").texts()
	require.Equal(t, "handoff:flow_gone", out[len(out)-1])
}

// Whatever comes in, a Step ends, its State survives JSON and stays bounded, and
// every message can be sent.
func TestStepsAreBoundedAndStatesSurvive(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("../../app/demo/zh/flows/order_status.yaml")
	require.NoError(t, err)
	set := parse(t, returns, thanks, string(source), "flow: loop\nstates:\n  a:\n    - flow: loop")
	words := []string{"", "DD123456", "DD20261101", "对", "不", "坏了", "尺码不对", "明天下午三点", "取消", "转人工", "跳过", "a@b.example", "满意", "随便", "催一催", "另一个", "{{no}}", "\xff", strings.Repeat("长", 3000)}
	rapid.Check(t, func(t *rapid.T) {
		var state dialogue.State
		call := ""
		for range rapid.IntRange(1, 25).Draw(t, "turns") {
			in := dialogue.Input{Kind: dialogue.Message, Text: rapid.SampledFrom(words).Draw(t, "text")}
			switch rapid.IntRange(0, 12).Draw(t, "kind") {
			case 0, 1:
				in.Kind, in.Flow = dialogue.Begin, rapid.SampledFrom([]string{"returns", "order_status", "thanks", "loop", "none"}).Draw(t, "flow")
			case 2, 3, 4:
				in = dialogue.Input{Kind: dialogue.Answered, Result: &dialogue.Result{
					Call: call, Status: rapid.SampledFrom([]int{0, 200, 204, 404, 409, 500}).Draw(t, "status"),
					Body: json.RawMessage(rapid.SampledFrom([]string{"", "{}", "[", `{"id":1,"items":[1],"status":"shipped"}`, `"` + strings.Repeat("x", 20_000) + `"`}).Draw(t, "body")),
				}}
			case 5:
				in.Guess = &dialogue.Guess{Flow: rapid.SampledFrom([]string{"returns", "order_status", "thanks"}).Draw(t, "guess"), P: 0.95}
			case 6:
				in.Aside = &dialogue.Aside{Content: desk.TextContent("答"), P: 0.95}
			case 7:
				in.Form = map[string]string{"no": in.Text, "mail": "x"}
			case 8:
				in.Kind = rapid.SampledFrom([]dialogue.InputKind{dialogue.TimedOut, dialogue.Stop, "else"}).Draw(t, "end")
			}
			before, _ := json.Marshal(state)
			out, err := dialogue.Step(set, state, in, now)
			if err != nil {
				t.Fatal(err)
			}
			if after, _ := json.Marshal(state); string(after) != string(before) {
				t.Fatal("the State that was handed in has changed")
			}
			data, err := json.Marshal(out.State)
			if err != nil || len(data) > dialogue.MaxState {
				t.Fatalf("%d bytes, %v", len(data), err)
			}
			if state, err = dialogue.ReadState(data); err != nil {
				t.Fatal(err)
			}
			again, _ := json.Marshal(state)
			if string(again) != string(data) {
				t.Fatal("a State does not survive JSON")
			}
			if len(out.Trace) > 4*dialogue.MaxStepsPerTurn || len(out.Effects) > 60 {
				t.Fatal("unbounded")
			}
			for _, e := range out.Effects {
				if e.Kind == dialogue.SayIt && e.Content.Validate() != nil {
					t.Fatalf("cannot be sent: %+v", e.Content)
				}
				if e.Kind == dialogue.CallIt {
					call = e.Call.ID
				}
			}
			if state.Active() && state.Waiting() == "" {
				t.Fatal("nobody is waited for")
			}
		}
	})
}
