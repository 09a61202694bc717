package rpc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/surface/surfacetest"
)

// Codes as docs/protocol.md promises them.
const (
	parseError, invalidRequest, noMethod, invalid = -32700, -32600, -32601, -32602
	unauthenticated, denied, notFound, limited    = -32001, -32003, -32004, -32029
)

// nothing is stored of anybody: no contact, no conversation, no event.
func empty(t *testing.T, c *surfacetest.Company) {
	t.Helper()
	events, err := c.Store.AccountEvents(t.Context(), c.ID, 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		require.Equal(t, desk.StaffingChanged{}.Kind(), e.Fact.Kind(), "an event was written")
	}
	list, err := c.Store.Conversations(t.Context(), c.ID, store.ConversationFilter{Statuses: []desk.Status{desk.Open, desk.Pending}}, store.Page{Limit: 10})
	require.NoError(t, err)
	require.Empty(t, list)
}

func TestVisitorsDay(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{})
	g := h.Near.Guest("locale", "zh-CN", "page", map[string]string{"url": "https://shop.example/p/1", "title": "洗衣机"})
	require.True(t, strings.HasPrefix(g.Token, "ydv1."))
	require.Equal(t, "您好", g.Opened.Text("result.inbox.greeting"))
	require.Equal(t, "/connection/websocket", g.Opened.Text("result.realtime.url"))
	require.Equal(t, "epoch-1", g.Opened.Text("result.feed.epoch"))
	require.Nil(t, g.Opened.Get("result.conversation"))
	require.Equal(t, false, g.Opened.Get("result.visitor.verified"))

	// Looking, typing, reading and polling make nobody a contact.
	require.Equal(t, map[string]any{}, g.Call("typing", "on", true, "text", "你").Get("result"))
	require.Equal(t, map[string]any{}, g.Call("message.read", "seq", 3).Get("result"))
	require.Equal(t, []any{}, g.Call("message.list").Get("result.messages"))
	require.Nil(t, g.Call("message.list").Get("result.conversation"))
	require.Equal(t, []any{}, g.Call("feed.fetch", "epoch", "epoch-1", "since", 0).Get("result.events"))
	require.Equal(t, true, g.Call("feed.fetch", "epoch", "before", "since", 0).Get("result.reset"))
	empty(t, h.Near)

	said := g.Say("m-1", "你好，洗衣机什么时候到？")
	require.EqualValues(t, 1, said.Number("result.message.seq"))
	require.Equal(t, "m-1", said.Text("result.message.client_id"))
	require.Equal(t, "received", said.Text("result.message.status"))
	require.Equal(t, "visitor", said.Text("result.message.author.kind"))
	require.Nil(t, said.Get("result.message.author.id"), "visitors see no ids of people")
	require.Nil(t, said.Get("result.message.inbox_id"))
	require.Equal(t, "open", said.Text("result.conversation.status"))
	require.EqualValues(t, 1, said.Number("result.conversation.seq"))
	require.Equal(t, false, said.Get("result.repeated"))

	id := desk.ConversationID(said.Text("result.conversation.id"))
	actor := conversation.Actor{Account: h.Near.ID, Agent: h.Near.Answerer.ID, Sight: desk.SeesAll()}
	_, err := h.Conversations.Reply(t.Context(), conversation.ReplyCommand{Actor: actor, ConversationID: id, Content: desk.TextContent("明天")})
	require.NoError(t, err)
	_, err = h.Conversations.Note(t.Context(), conversation.NoteCommand{Actor: actor, ConversationID: id, Text: "内部：仓库缺货"})
	require.NoError(t, err)
	for i := range 5 {
		g.Say(fmt.Sprint("more-", i), "还有")
	}

	list := g.Call("message.list", "limit", 2)
	require.Len(t, list.Get("result.messages"), 2)
	require.Equal(t, true, list.Get("result.more"))
	require.EqualValues(t, 8, list.Number("result.messages.1.seq"))
	require.Equal(t, "林agent", list.Text("result.conversation.assignee.name"))
	whole := g.Call("message.list", "after_seq", 0, "limit", 100)
	require.Len(t, whole.Get("result.messages"), 7)
	require.Equal(t, "林agent", whole.Text("result.messages.1.author.name"))
	require.NotContains(t, string(whole.Body), "仓库缺货")
	require.EqualValues(t, 1, g.Call("message.list", "before_seq", 2).Number("result.messages.0.seq"))

	require.Equal(t, map[string]any{}, g.Call("message.read", "seq", 2).Get("result"))
	feed := g.Call("feed.fetch", "epoch", "epoch-1", "since", 0)
	require.NotContains(t, string(feed.Body), "仓库缺货")
	require.NotContains(t, string(feed.Body), string(h.Near.Answerer.ID))
	require.Equal(t, "conversation.opened", feed.Text("result.events.0.event.type"))
	require.Equal(t, "message.received", feed.Text("result.events.1.event.type"))

	// The same visitor again, with the conversation.
	again := &surfacetest.Guest{House: h}
	again.Open("channel_key", "chk_nearby", "token", g.Token)
	require.Equal(t, string(id), again.Opened.Text("result.conversation.id"))
	// At another company the token is worth nothing.
	other := &surfacetest.Guest{House: h}
	other.Open("channel_key", "chk_faraway", "token", g.Token)
	require.Nil(t, other.Opened.Get("result.conversation"))
	require.Equal(t, []any{}, other.Call("message.list").Get("result.messages"))
}

func TestBatchesAndNotifications(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	var calls []json.RawMessage
	for i := range 50 {
		calls = append(calls, surfacetest.Request("message.send", "client_id", fmt.Sprint("b-", i), "parts", surfacetest.Text(fmt.Sprint("第", i))))
	}
	answer := g.Raw(calls)
	require.Equal(t, http.StatusOK, answer.Status)
	for i := range 50 {
		require.EqualValues(t, i+1, answer.Number(fmt.Sprintf("%d.result.message.seq", i)), "answers keep the order")
	}
	require.EqualValues(t, invalidRequest, g.Raw(append(calls, calls[0])).Number("error.code"))

	silent := g.Raw(`[{"jsonrpc":"2.0","method":"typing","params":{"on":true}},{"jsonrpc":"2.0","method":"no.such"}]`)
	require.Equal(t, http.StatusNoContent, silent.Status)
	require.Empty(t, silent.Body)
	require.Equal(t, http.StatusNoContent, g.Raw(`{"jsonrpc":"2.0","method":"message.send","params":{"client_id":"n","parts":[{"type":"text","text":"悄悄话"}]}}`).Status)
	require.EqualValues(t, 51, g.Call("message.list", "limit", 1).Number("result.messages.0.seq"), "a notification does its work")

	// A batch waits for nothing, however long its calls would.
	begun := time.Now()
	position := g.Call("feed.fetch", "epoch", "epoch-1", "since", 0).Number("result.seq")
	poll := surfacetest.Request("feed.fetch", "epoch", "epoch-1", "since", position, "wait", 25)
	require.Equal(t, http.StatusOK, g.Raw([]json.RawMessage{poll, poll, poll}).Status)
	require.Less(t, time.Since(begun), 15*time.Second)
}

func TestOneMessagePerClientID(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	answers := make([]surfacetest.Answer, 50)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			// Repeats differ in text: the first is what counts.
			answers[i], _ = g.TryCall(t.Context(), "message.send", "client_id", "same", "parts", surfacetest.Text(fmt.Sprint("第", i, "次")))
		})
	}
	wg.Wait()
	fresh := 0
	for _, a := range answers {
		require.Equal(t, http.StatusOK, a.Status)
		require.Nil(t, a.Get("error"), string(a.Body))
		require.Equal(t, answers[0].Get("result.message"), a.Get("result.message"))
		require.Equal(t, answers[0].Get("result.conversation"), a.Get("result.conversation"))
		if a.Get("result.repeated") == false {
			fresh++
		}
	}
	require.Equal(t, 1, fresh)
	require.Len(t, g.Call("message.list").Get("result.messages"), 1)
	// Another visitor's own "same" is another message.
	require.Equal(t, false, h.Near.Guest().Say("same", "我也说").Get("result.repeated"))
}

func TestBadInputStoresNothing(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	part := func(p string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"client_id":"c","parts":[` + p + `]}}`
	}
	open := func(p string) string {
		return `{"jsonrpc":"2.0","id":1,"method":"session.open","params":` + p + `}`
	}
	long := strings.Repeat("长", 10_001)
	for name, tc := range map[string]struct {
		body string
		code int
	}{
		"nothing":               {"", parseError},
		"half":                  {`{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"client_id":"c","parts":[{"type":"te`, parseError},
		"HTML":                  {"<html>", parseError},
		"invalid UTF-8":         {part("{\"type\":\"text\",\"text\":\"\xc3\x28\"}"), parseError},
		"unknown method":        {`{"jsonrpc":"2.0","id":1,"method":"message.delete"}`, noMethod},
		"method of ours":        {`{"jsonrpc":"2.0","id":1,"method":"__proto__"}`, noMethod},
		"oversize":              {part(`{"type":"text","text":"` + strings.Repeat("a", 300<<10) + `"}`), invalidRequest},
		"too long":              {part(`{"type":"text","text":"` + long + `"}`), invalid},
		"empty":                 {part(`{"type":"text","text":" \n\t"}`), invalid},
		"NUL":                   {part(`{"type":"text","text":"a\u0000b"}`), invalid},
		"no parts":              {part(``), invalid},
		"21 parts":              {part(strings.TrimSuffix(strings.Repeat(`{"type":"text","text":"a"},`, 21), ",")), invalid},
		"wrong type":            {part(`{"type":"text","text":7}`), invalid},
		"unknown part":          {part(`{"type":"script","text":"x"}`), invalid},
		"javascript link":       {part(`{"type":"card","card":{"title":"t","url":"javascript:alert(1)"}}`), invalid},
		"foreign file":          {part(`{"type":"image","media":{"url":"https://evil.example/x.png"}}`), invalid},
		"nowhere":               {part(`{"type":"location","location":{"latitude":91,"longitude":0}}`), invalid},
		"huge number":           {part(`{"type":"location","location":{"latitude":1e999,"longitude":0}}`), invalid},
		"buttons of a visitor":  {part(`{"type":"buttons","buttons":[{"label":"x"}]}`), invalid},
		"no client_id":          {`{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"parts":[{"type":"text","text":"x"}]}}`, invalid},
		"client_id with NUL":    {`{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"client_id":"a\u0000","parts":[{"type":"text","text":"x"}]}}`, invalid},
		"client_id too long":    {`{"jsonrpc":"2.0","id":1,"method":"message.send","params":{"client_id":"` + strings.Repeat("c", 101) + `","parts":[{"type":"text","text":"x"}]}}`, invalid},
		"params by position":    {`{"jsonrpc":"2.0","id":1,"method":"message.send","params":["c",[]]}`, invalid},
		"list beyond":           {`{"jsonrpc":"2.0","id":1,"method":"message.list","params":{"limit":101}}`, invalid},
		"list before 0":         {`{"jsonrpc":"2.0","id":1,"method":"message.list","params":{"before_seq":-1}}`, invalid},
		"list by text":          {`{"jsonrpc":"2.0","id":1,"method":"message.list","params":{"limit":"2; DROP TABLE message"}}`, invalid},
		"read 0":                {`{"jsonrpc":"2.0","id":1,"method":"message.read","params":{"seq":0}}`, invalid},
		"read a fraction":       {`{"jsonrpc":"2.0","id":1,"method":"message.read","params":{"seq":1.5}}`, invalid},
		"wait for ever":         {`{"jsonrpc":"2.0","id":1,"method":"feed.fetch","params":{"wait":26}}`, invalid},
		"since -1":              {`{"jsonrpc":"2.0","id":1,"method":"feed.fetch","params":{"since":-1}}`, invalid},
		"open nothing":          {open(`{}`), notFound},
		"open another's secret": {open(`{"channel_key":"' OR 1=1 --"}`), notFound},
		"open with a name":      {open(`{"channel_key":"` + strings.Repeat("名", 10_000) + `"}`), notFound},
		"open from a script":    {open(`{"channel_key":"chk_nearby","page":{"url":"javascript:alert(1)"}}`), invalid},
		"open with long title":  {open(`{"channel_key":"chk_nearby","page":{"url":"https://x.example","title":"` + long + `"}}`), invalid},
		"open with bad word":    {open(`{"channel_key":"chk_nearby","identity":"a.b.c"}`), unauthenticated},
		"open with a number":    {open(`{"channel_key":7}`), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			answer := g.Raw(tc.body)
			require.EqualValues(t, tc.code, answer.Number("error.code"), string(answer.Body))
			require.NotEmpty(t, answer.Text("error.message"))
			require.Less(t, len(answer.Body), 600, "an error does not send back what it got")
		})
	}
	empty(t, h.Near)
	require.NotContains(t, h.Log.String(), "level=ERROR", "what strangers send is no fault of ours")
	g.Say("alive", "still there?")
}

// What is unusual and allowed comes back as it was, everywhere.
func TestUnusualTextSurvives(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	texts := []string{
		`<script>alert(1)</script><img src=x onerror=alert(2)>`, "👩‍👩‍👧‍👦 🇨🇳 é \u200d", "مرحبا بالعالم \u202eabc", "\"}],\"x\":[{\"", "' OR 1=1; --",
		"龘\U00020000\U0002A6D6", strings.Repeat("字", 10_000), "line\nline\ttab", "<!--#exec cmd=\"ls\"-->${jndi:ldap://x}{{7*7}}",
	}
	g := h.Near.Guest()
	for i, text := range texts {
		require.Equal(t, text, g.Say(fmt.Sprint("u-", i), text).Text("result.message.parts.0.text"))
	}
	list := g.Call("message.list", "after_seq", 0, "limit", 100)
	feed := g.Call("feed.fetch", "epoch", "epoch-1", "since", 0)
	for i, text := range texts {
		require.Equal(t, text, list.Text(fmt.Sprintf("result.messages.%d.parts.0.text", i)))
		require.Contains(t, fmt.Sprint(feed.Get("result.events")), text)
	}
	// A form's answer in every text field.
	form := desk.Part{Type: desk.FormPart, Form: &desk.Form{
		Title: texts[0], Fields: []desk.FormField{{Name: "n", Label: texts[1], Kind: "text"}}, Values: map[string]string{"n": texts[2], "": "dropped"},
	}}
	answer := g.Call("message.send", "client_id", "form", "parts", []desk.Part{form})
	require.EqualValues(t, invalid, answer.Number("error.code"), "more values than fields")
	delete(form.Form.Values, "")
	answer = g.Call("message.send", "client_id", "form", "parts", []desk.Part{form})
	require.Equal(t, texts[2], answer.Text("result.message.parts.0.form.values.n"), string(answer.Body))
}

func TestTokens(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	g.Say("1", "一")
	claims, err := h.Tokens.VerifyVisitor(g.Token, h.Clock.Now())
	require.NoError(t, err)
	sign := func(change func(*auth.VisitorClaims)) string {
		c := claims
		change(&c)
		token, err := h.Tokens.SignVisitor(c)
		require.NoError(t, err)
		return token
	}
	far := h.Far.Guest()
	far.Say("1", "far")
	f := strings.Split(g.Token, ".")
	farParts := strings.Split(far.Token, ".")
	for name, tc := range map[string]struct {
		token string
		code  int
	}{
		"none":                  {"", unauthenticated},
		"garbage":               {"ydv1.1.x.y", unauthenticated},
		"expired":               {sign(func(c *auth.VisitorClaims) { c.ExpiresAt = h.Clock.Now().Add(-time.Minute) }), unauthenticated},
		"forged":                {strings.Join([]string{f[0], f[1], farParts[2], f[3]}, "."), unauthenticated},
		"cut":                   {g.Token[:len(g.Token)-2], unauthenticated},
		"another generation":    {strings.Join([]string{f[0], "999", f[2], f[3]}, "."), unauthenticated},
		"of an inbox elsewhere": {sign(func(c *auth.VisitorClaims) { c.Inbox = h.Far.Inbox.ID }), unauthenticated},
		"of an account gone":    {sign(func(c *auth.VisitorClaims) { c.Account = h.IDs.Account() }), unauthenticated},
		"an agent's":            {"yds_whatever", unauthenticated},
		"huge":                  {strings.Repeat("a", 20_000), unauthenticated},
	} {
		t.Run(name, func(t *testing.T) {
			if len(tc.token) > 10_000 {
				tc.token = tc.token[:10_000] // what an HTTP server lets through
			}
			guest := &surfacetest.Guest{House: h, Token: tc.token}
			for _, method := range []string{"message.send", "message.list", "message.read", "typing", "feed.fetch"} {
				require.EqualValues(t, tc.code, guest.Call(method, "client_id", "x", "parts", surfacetest.Text("x"), "seq", 1).Number("error.code"), method)
			}
		})
	}
	require.Len(t, g.Call("message.list").Get("result.messages"), 1)
	require.NotContains(t, h.Log.String(), f[3], "no token in the log")

	// An unused session is remembered for 90 days and renewed by use.
	h.Clock.Advance(80 * 24 * time.Hour)
	g.Open("channel_key", "chk_nearby", "token", g.Token)
	h.Clock.Advance(80 * 24 * time.Hour)
	require.Nil(t, g.Call("message.list").Get("error"))
	h.Clock.Advance(20 * 24 * time.Hour)
	require.EqualValues(t, unauthenticated, g.Call("message.list").Number("error.code"))
}

func TestAnotherCompanysIDs(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	victim, thief := h.Near.Guest(), h.Far.Guest()
	secret := victim.Say("1", "我的卡号")
	thief.Say("1", "hello")
	// Quoting another's message finds nothing and tells nothing.
	quoted := thief.Call("message.send", "client_id", "q", "parts", surfacetest.Text("quote"), "reply_to", secret.Text("result.message.id"))
	require.NotContains(t, string(quoted.Body), "卡号")
	for _, a := range []surfacetest.Answer{
		thief.Call("message.list", "conversation_id", secret.Text("result.conversation.id")),
		thief.Call("feed.fetch", "epoch", "epoch-1", "since", 0, "contact", "x"),
	} {
		require.NotContains(t, string(a.Body), "卡号")
		require.NotContains(t, string(a.Body), secret.Text("result.conversation.id"))
	}
}

func TestKnownUsers(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	ctx := t.Context()
	first, err := h.Workspace.AddHostKey(ctx, h.Near.ID, h.Near.Inbox.ID, "")
	require.NoError(t, err)
	sign := func(key, kid, sub string, change func(jwt.MapClaims)) string {
		claims := jwt.MapClaims{"sub": sub, "name": "王小明", "exp": h.Clock.Now().Add(time.Hour).Unix()}
		if change != nil {
			change(claims)
		}
		token := jwt.NewWithClaims(jwt.SigningMethodHS256, claims)
		token.Header["kid"] = kid
		text, err := token.SignedString([]byte(key))
		require.NoError(t, err)
		return text
	}
	g := &surfacetest.Guest{House: h}
	try := func(identity string) surfacetest.Answer {
		return g.Call("session.open", "channel_key", "chk_nearby", "identity", identity)
	}
	open := func(identity string) *surfacetest.Guest {
		known := &surfacetest.Guest{House: h}
		known.Open("channel_key", "chk_nearby", "identity", identity)
		return known
	}
	wang := open(sign(first.Secret, first.ID, "user-1042", nil))
	require.Equal(t, true, wang.Opened.Get("result.visitor.verified"))
	require.Equal(t, "王小明", wang.Opened.Text("result.visitor.name"))
	wang.Say("1", "我是小明")

	// A key may be changed without a gap: both work until the old one is removed.
	second, err := h.Workspace.AddHostKey(ctx, h.Near.ID, h.Near.Inbox.ID, "")
	require.NoError(t, err)
	for _, key := range []struct{ secret, id string }{{first.Secret, first.ID}, {second.Secret, second.ID}} {
		again := open(sign(key.secret, key.id, "user-1042", nil))
		require.Len(t, again.Call("message.list").Get("result.messages"), 1, "the same person by either key")
	}
	require.NoError(t, h.Workspace.RemoveHostKey(ctx, h.Near.ID, h.Near.Inbox.ID, first.ID))
	require.EqualValues(t, unauthenticated, try(sign(first.Secret, first.ID, "user-1042", nil)).Number("error.code"))

	none := jwt.NewWithClaims(jwt.SigningMethodNone, jwt.MapClaims{"sub": "admin", "exp": h.Clock.Now().Add(time.Hour).Unix()})
	unsigned, err := none.SignedString(jwt.UnsafeAllowNoneSignatureType)
	require.NoError(t, err)
	for name, tc := range map[string]struct {
		token string
		code  int
	}{
		"unsigned":       {unsigned, unauthenticated},
		"another key":    {sign(strings.Repeat("x", 40), second.ID, "user-1042", nil), unauthenticated},
		"unknown kid":    {sign(second.Secret, "kid_x", "user-1042", nil), unauthenticated},
		"expired":        {sign(second.Secret, second.ID, "u", func(c jwt.MapClaims) { c["exp"] = h.Clock.Now().Add(-2 * time.Minute).Unix() }), unauthenticated},
		"for ever":       {sign(second.Secret, second.ID, "u", func(c jwt.MapClaims) { delete(c, "exp") }), unauthenticated},
		"for too long":   {sign(second.Secret, second.ID, "u", func(c jwt.MapClaims) { c["exp"] = h.Clock.Now().Add(48 * time.Hour).Unix() }), invalid},
		"of nobody":      {sign(second.Secret, second.ID, "", nil), invalid},
		"with long name": {sign(second.Secret, second.ID, "u", func(c jwt.MapClaims) { c["name"] = strings.Repeat("名", 10_000) }), unauthenticated},
		"name too long":  {sign(second.Secret, second.ID, "u", func(c jwt.MapClaims) { c["name"] = strings.Repeat("n", 201) }), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			answer := try(tc.token)
			require.EqualValues(t, tc.code, answer.Number("error.code"), string(answer.Body))
		})
	}
	// The site's word is good for its own inbox only.
	require.EqualValues(t, unauthenticated, g.Call("session.open", "channel_key", "chk_faraway", "identity", sign(second.Secret, second.ID, "user-1042", nil)).Number("error.code"))

	// A session of a known user ends by itself, and a token alone does not renew it.
	h.Clock.Advance(6 * 24 * time.Hour)
	wang.Open("channel_key", "chk_nearby", "token", wang.Token)
	require.Equal(t, true, wang.Opened.Get("result.visitor.verified"))
	h.Clock.Advance(2 * 24 * time.Hour)
	require.EqualValues(t, unauthenticated, wang.Call("message.list").Number("error.code"))
	wang.Open("channel_key", "chk_nearby", "token", wang.Token)
	require.Equal(t, false, wang.Opened.Get("result.visitor.verified"))
	require.Nil(t, wang.Opened.Get("result.conversation"))
}

func TestAllowedOriginsAndSwitch(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	settings := desk.InboxSettings{AllowedOrigins: []string{"https://shop.example"}}
	_, err := h.Workspace.ChangeInbox(t.Context(), h.Near.ID, h.Near.Inbox.ID, workspace.InboxChange{Name: "网页", Settings: settings, Enabled: true})
	require.NoError(t, err)
	g := h.Near.Guest()
	from := func(origin string) int64 {
		g.Header = map[string]string{"Origin": origin}
		opened := g.Call("session.open", "channel_key", "chk_nearby").Number("error.code")
		require.Equal(t, opened, g.Call("message.list").Number("error.code"), "every call is checked")
		return opened
	}
	require.EqualValues(t, -1, from("https://shop.example"))
	require.EqualValues(t, -1, from(h.URL), "our own widget page")
	for _, origin := range []string{"https://shop.example.evil.example", "http://shop.example", "null", "https://shop.example:8443"} {
		require.EqualValues(t, denied, from(origin), origin)
	}
	_, err = h.Workspace.ChangeInbox(t.Context(), h.Near.ID, h.Near.Inbox.ID, workspace.InboxChange{Name: "网页", Settings: settings, Enabled: false})
	require.NoError(t, err)
	g.Header = nil
	require.EqualValues(t, denied, g.Call("session.open", "channel_key", "chk_nearby").Number("error.code"))
	require.EqualValues(t, denied, g.Call("message.send", "client_id", "x", "parts", surfacetest.Text("x")).Number("error.code"))

	preflight := h.Do("OPTIONS", "/rpc/v1", map[string]string{"Origin": "https://shop.example"}, nil)
	require.Equal(t, http.StatusNoContent, preflight.Status)
	require.Equal(t, "*", preflight.Header.Get("Access-Control-Allow-Origin"))
	require.Empty(t, preflight.Header.Get("Access-Control-Allow-Credentials"))
	get := h.Do("GET", "/rpc/v1", nil, nil)
	require.Equal(t, http.StatusMethodNotAllowed, get.Status)
}

func TestLimitsSpareTheOffice(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{})
	office := map[string]string{"Test-Addr": "203.0.113.7"}
	// One floods …
	flood := &surfacetest.Guest{House: h, Header: office}
	flood.Open("channel_key", "chk_nearby")
	refused := 0
	for i := range 60 {
		a := flood.Call("message.send", "client_id", fmt.Sprint("f-", i), "parts", surfacetest.Text("x"))
		if a.Get("error") == nil {
			continue
		}
		refused++
		require.EqualValues(t, limited, a.Number("error.code"))
		require.Equal(t, "limited", a.Text("error.data.kind"))
		require.Positive(t, a.Number("error.data.retry_after_ms"))
	}
	require.Equal(t, 30, refused, "30 at once and not more")
	// … and 200 colleagues behind the same address write all the same.
	var wg sync.WaitGroup
	failures := make(chan string, 200)
	for i := range 200 {
		wg.Go(func() {
			g := &surfacetest.Guest{House: h, Header: office}
			opened, err := g.TryCall(t.Context(), "session.open", "channel_key", "chk_nearby")
			if err == nil {
				g.Token = opened.Text("result.token")
				opened, err = g.TryCall(t.Context(), "message.send", "client_id", fmt.Sprint(i), "parts", surfacetest.Text("在吗"))
			}
			if err != nil || opened.Get("error") != nil {
				failures <- fmt.Sprint(err, string(opened.Body))
			}
		})
	}
	wg.Wait()
	close(failures)
	require.Empty(t, failures)
	// The flood may go on after the time it was told.
	h.Clock.Advance(time.Second)
	flood.Say("later", "好了")
	// Opening without end is refused as well.
	g := &surfacetest.Guest{House: h, Header: office}
	last := surfacetest.Answer{}
	for range 150 {
		if last = g.Call("session.open", "channel_key", "chk_nearby"); last.Get("error") != nil {
			break
		}
	}
	require.EqualValues(t, limited, last.Number("error.code"))
	elsewhere := &surfacetest.Guest{House: h, Header: map[string]string{"Test-Addr": "198.51.100.1"}}
	elsewhere.Open("channel_key", "chk_nearby")
}

func TestPolling(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{})
	g := h.Near.Guest()
	seq := g.Opened.Number("result.feed.seq")
	poll := func(since int64, wait int) chan surfacetest.Answer {
		answer := make(chan surfacetest.Answer, 1)
		go func() {
			a, _ := g.TryCall(context.WithoutCancel(t.Context()), "feed.fetch", "epoch", "epoch-1", "since", since, "wait", wait)
			answer <- a
		}()
		return answer
	}
	// A poll of somebody who has not written ends when they do, elsewhere.
	waiting := poll(seq, 25)
	begun := time.Now()
	id := desk.ConversationID(g.Say("1", "在吗").Text("result.conversation.id"))
	first := <-waiting
	require.Less(t, time.Since(begun), 20*time.Second)
	require.Contains(t, string(first.Body), "在吗")
	seq = g.Call("feed.fetch", "epoch", "epoch-1", "since", seq).Number("result.seq")
	// A poll of a contact ends with the answer.
	waiting = poll(seq, 25)
	_, err := h.Conversations.Reply(t.Context(), conversation.ReplyCommand{
		Actor: conversation.Actor{Account: h.Near.ID, Agent: h.Near.Answerer.ID, Sight: desk.SeesAll()}, ConversationID: id, Content: desk.TextContent("在的"),
	})
	require.NoError(t, err)
	require.Contains(t, string((<-waiting).Body), "在的")
	require.Less(t, time.Since(begun), 20*time.Second)
	// Short polls return at once, with nothing left after the last.
	seq = g.Call("feed.fetch", "epoch", "epoch-1", "since", seq).Number("result.seq")
	require.Equal(t, []any{}, g.Call("feed.fetch", "epoch", "epoch-1", "since", seq).Get("result.events"))
	// A wait that ends without news says so.
	quiet := <-poll(seq, 1)
	require.Equal(t, []any{}, quiet.Get("result.events"))
	require.Equal(t, false, quiet.Get("result.reset"))
	// Another epoch, or a position that never was, begins anew.
	require.Equal(t, true, g.Call("feed.fetch", "epoch", "epoch-0", "since", seq).Get("result.reset"))
	require.Equal(t, true, g.Call("feed.fetch", "epoch", "epoch-1", "since", 1<<40).Get("result.reset"))
}
