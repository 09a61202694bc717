package rpc_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/surface/surfacetest"
)

const conflict = -32009

func events(e ...map[string]any) []any { return []any{"events", e} }

func pageEvent(url string) map[string]any {
	return map[string]any{"type": "page", "url": url, "title": "页"}
}

func TestRating(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	require.EqualValues(t, notFound, g.Call("conversation.rate", "conversation_id", "cnv_x", "score", 5).Number("error.code"), "nothing to rate yet")
	id := g.Say("1", "你好").Text("result.conversation.id")
	require.Nil(t, g.Call("message.list").Get("result.conversation.rating"))
	for name, params := range map[string][]any{
		"zero": {"score", 0}, "six": {"score", 6}, "fraction": {"score", 4.5}, "text": {"score", "5"},
		"too many words": {"score", 5, "comment", strings.Repeat("好", 1001)},
	} {
		got := g.Call("conversation.rate", append(params, "conversation_id", id)...)
		require.EqualValues(t, invalid, got.Number("error.code"), name)
	}
	other := h.Near.Guest()
	other.Say("1", "别人")
	require.EqualValues(t, notFound, other.Call("conversation.rate", "conversation_id", id, "score", 1).Number("error.code"), "somebody else's")
	far := h.Far.Guest()
	far.Say("1", "far")
	require.EqualValues(t, notFound, far.Call("conversation.rate", "conversation_id", id, "score", 1).Number("error.code"))

	socket := g.Socket()
	agent := h.LogIn(h.Near.Answerer).Socket()
	rated := g.Call("conversation.rate", "conversation_id", id, "score", 2, "comment", "  等太久  ")
	require.EqualValues(t, 2, rated.Number("result.rating.score"))
	require.Equal(t, "等太久", rated.Text("result.rating.comment"))
	heard := socket.Next()
	require.Equal(t, "conversation.rated", heard.Text("event.type"))
	require.EqualValues(t, 2, heard.Number("event.score"))
	require.NotContains(t, string(heard.Body), "等太久", "the log keeps no words")
	require.Equal(t, "conversation.rated", agent.Next().Text("event.type"))

	asked := h.LogIn(h.Near.Answerer).Get("/api/v1/conversations/" + id)
	require.EqualValues(t, 2, asked.Number("rating.score"))
	require.Equal(t, "等太久", asked.Text("rating.comment"), "colleagues read the words")

	again := g.Call("conversation.rate", "conversation_id", id, "score", 2, "comment", "等太久")
	require.Equal(t, rated.Text("result.rating.at"), again.Text("result.rating.at"), "said again changes nothing")
	g.Call("conversation.rate", "conversation_id", id, "score", 5)
	require.EqualValues(t, 5, g.Call("message.list").Number("result.conversation.rating.score"))
	require.EqualValues(t, 5, g.Open("channel_key", h.Near.Inbox.Key, "token", g.Token).Number("result.conversation.rating.score"))
	require.EqualValues(t, 5, socket.Next().Number("event.score"), "the repeat was told to nobody")

	// A day later it is final.
	require.NoError(t, h.Store.Write(t.Context(), h.Near.ID, func(ctx context.Context, tx *store.Tx) error {
		r, err := tx.Rating(ctx, h.Near.ID, desk.ConversationID(id))
		require.NoError(t, err)
		require.NotEmpty(t, r.FirstAt)
		return nil
	}))
	h.Clock.Advance(25 * time.Hour)
	require.EqualValues(t, conflict, g.Call("conversation.rate", "conversation_id", id, "score", 1).Number("error.code"))
	require.NotContains(t, h.Log.String(), "等太久")
}

func TestRecall(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	said := g.Say("1", "说错了")
	id := said.Text("result.message.id")
	for name, caller := range map[string]*surfacetest.Guest{"stranger": h.Near.Guest(), "other account": h.Far.Guest(), "other visitor": h.Near.Guest()} {
		if name != "stranger" {
			caller.Say("1", "x")
		}
		require.EqualValues(t, notFound, caller.Call("message.recall", "id", id).Number("error.code"), name)
	}
	require.EqualValues(t, invalid, g.Call("message.recall", "id", "7").Number("error.code"))
	agent := h.LogIn(h.Near.Answerer).Socket()
	socket := g.Socket()
	require.Equal(t, map[string]any{}, g.Call("message.recall", "id", id).Get("result"))
	require.Equal(t, "message.recalled", socket.Next().Text("event.type"))
	heard := agent.Next()
	require.Equal(t, "message.recalled", heard.Text("event.type"))
	require.Equal(t, id, heard.Text("event.message_id"))
	list := g.Call("message.list")
	require.Equal(t, []any{}, list.Get("result.messages.0.parts"))
	require.NotEmpty(t, list.Text("result.messages.0.recalled_at"))
	require.Equal(t, map[string]any{}, g.Call("message.recall", "id", id).Get("result"), "again changes nothing")
	late := g.Say("2", "再说").Text("result.message.id")
	h.Clock.Advance(3 * time.Minute)
	got := g.Call("message.recall", "id", late)
	require.Contains(t, []int64{conflict, denied}, got.Number("error.code"), string(got.Body))
}

func TestTrackingIsChecked(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	many := make([]map[string]any, 51)
	props := map[string]any{}
	for i := range many {
		many[i] = pageEvent("https://shop.example/")
		props[fmt.Sprint("p", i)] = i
	}
	for name, tc := range map[string]struct {
		field  string
		params []any
	}{
		"none":             {"events", events()},
		"too many":         {"events", events(many...)},
		"unknown type":     {"events[0].type", events(map[string]any{"type": "click", "url": "https://a.example/"})},
		"no address":       {"events[0].url", events(map[string]any{"type": "page"})},
		"script":           {"events[0].url", events(pageEvent("javascript:alert(1)"))},
		"no host":          {"events[0].url", events(pageEvent("https:///x"))},
		"long address":     {"events[0].url", events(pageEvent("https://a.example/" + strings.Repeat("x", 2048)))},
		"long title":       {"events[0].title", events(map[string]any{"type": "page", "url": "https://a.example/", "title": strings.Repeat("标", 501)})},
		"second is wrong":  {"events[1].url", events(pageEvent("https://a.example/"), pageEvent("ftp://a.example/"))},
		"dwell of nothing": {"events[0].ms", events(map[string]any{"type": "dwell", "url": "https://a.example/"})},
		"dwell of a week":  {"events[0].ms", events(map[string]any{"type": "dwell", "url": "https://a.example/", "ms": 7 * 86_400_000})},
		"no name":          {"events[0].name", events(map[string]any{"type": "custom"})},
		"long name":        {"events[0].name", events(map[string]any{"type": "custom", "name": strings.Repeat("n", 65)})},
		"many props":       {"events[0].props", events(map[string]any{"type": "custom", "name": "n", "props": props})},
		"nested props":     {"events[0].props", events(map[string]any{"type": "custom", "name": "n", "props": map[string]any{"a": []int{1}}})},
		"long prop":        {"events[0].props", events(map[string]any{"type": "custom", "name": "n", "props": map[string]any{"a": strings.Repeat("v", 201)}})},
	} {
		got := h.Near.Guest().Call("track", tc.params...)
		require.EqualValues(t, invalid, got.Number("error.code"), name)
		require.Equal(t, tc.field, got.Text("error.data.field"), name)
	}
	g := h.Near.Guest()
	require.EqualValues(t, unauthenticated, (&surfacetest.Guest{House: h, Header: map[string]string{}}).Call("track", events(pageEvent("https://a.example/"))...).Number("error.code"))
	beacon := (&surfacetest.Guest{House: h, Header: map[string]string{}}).Call("track", append(events(pageEvent("https://a.example/")), "token", g.Token)...)
	require.Equal(t, map[string]any{}, beacon.Get("result"), "a closing page sends its token with the events")
	limits := 0
	for range 12 {
		if g.Call("track", events(pageEvent("https://a.example/"))...).Number("error.code") == limited {
			limits++
		}
	}
	require.Positive(t, limits)
	empty(t, h.Near)
	require.NotContains(t, h.Log.String(), "a.example")
}

// Pages of somebody who has not written wait in memory and reach agents with
// the first message; later ones at once.
func TestPagesFollowTheVisitor(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	heard := make(chan bus.Signal, 10)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan error, 1)
	listening := make(chan struct{})
	go func() {
		done <- h.Bus.Signals(ctx, func(s bus.Signal) {
			select {
			case <-listening:
			default:
				close(listening)
			}
			if s.Kind == bus.Page {
				heard <- s
			}
		})
	}()
	t.Cleanup(func() { stop(); require.NoError(t, <-done) })
	for ready := false; !ready; {
		h.Bus.Signal(t.Context(), bus.Signal{Kind: bus.Typing})
		select {
		case <-listening:
			ready = true
		case <-time.After(time.Millisecond):
		}
	}
	g := h.Near.Guest("page", map[string]string{"url": "https://shop.example/first"})
	g.Call("track", events(pageEvent("https://shop.example/second"))...)
	require.Empty(t, heard)
	said := g.Say("1", "你好")
	first := <-heard
	require.Equal(t, "https://shop.example/second", first.URL, "the newest page")
	require.Equal(t, said.Text("result.conversation.id"), string(first.ConversationID))
	require.Equal(t, h.Near.ID, first.AccountID)
	g.Call("track", events(map[string]any{"type": "dwell", "url": "https://shop.example/second", "ms": 900}, pageEvent("https://shop.example/third"))...)
	require.Equal(t, "https://shop.example/third", (<-heard).URL)
	g.Call("message.send", "client_id", "2", "parts", surfacetest.Text("x"), "context", map[string]any{
		"page": map[string]string{"url": "https://shop.example/fourth"}, "product": map[string]string{"title": "洗衣机", "price": "¥1"},
	})
	require.Equal(t, "https://shop.example/fourth", (<-heard).URL)
	bad := g.Call("message.send", "client_id", "3", "parts", surfacetest.Text("x"), "context", map[string]any{"page": map[string]string{"url": "javascript:x"}})
	require.NotEmpty(t, bad.Text("result.message.id"), "a message stands whatever is told beside it")
	require.Empty(t, heard)
}

func TestConsentIsInTheToken(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	for _, granted := range []bool{true, false} {
		got := g.Call("consent.set", "granted", granted)
		claims, err := h.Tokens.VerifyVisitor(got.Text("result.token"), h.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, granted, claims.Consent)
		before, err := h.Tokens.VerifyVisitor(g.Token, h.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, before.External, claims.External, "the same visitor")
		require.Equal(t, before.ExpiresAt, claims.ExpiresAt, "no longer than before")
		g.Token = got.Text("result.token")
		opened := g.Open("channel_key", h.Near.Inbox.Key, "token", g.Token)
		claims, err = h.Tokens.VerifyVisitor(opened.Text("result.token"), h.Clock.Now())
		require.NoError(t, err)
		require.Equal(t, granted, claims.Consent, "resumed with what was said")
	}
	require.EqualValues(t, invalid, g.Call("consent.set").Number("error.code"))
	opened := g.Open("channel_key", h.Near.Inbox.Key, "token", g.Token, "consent", true)
	claims, err := h.Tokens.VerifyVisitor(opened.Text("result.token"), h.Clock.Now())
	require.NoError(t, err)
	require.True(t, claims.Consent)
	empty(t, h.Near)
}

func TestTheFormBeforeTheChatIntroduces(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	for field, prechat := range map[string]map[string]string{
		"prechat.email": {"email": "nobody"}, "prechat.phone": {"phone": "call me"}, "prechat.size": {"size": strings.Repeat("x", 201)},
		"prechat": {strings.Repeat("n", 65): "x"},
	} {
		got := h.Near.Guest().Call("message.send", "client_id", "1", "parts", surfacetest.Text("x"), "prechat", prechat)
		require.EqualValues(t, invalid, got.Number("error.code"))
		require.Equal(t, field, got.Text("error.data.field"))
	}
	empty(t, h.Near)
	g := h.Near.Guest()
	require.Equal(t, false, g.Opened.Get("result.visitor.known.email"))
	g.Call("message.send", "client_id", "1", "parts", surfacetest.Text("x"),
		"prechat", map[string]string{"name": " 王小明 ", "email": "wang@example.com", "order": "A-1042", "empty": ""})
	opened := g.Open("channel_key", h.Near.Inbox.Key, "token", g.Token)
	require.Equal(t, true, opened.Get("result.visitor.known.email"))
	require.Equal(t, false, opened.Get("result.visitor.known.phone"))
	live, err := h.Conversations.Get(t.Context(), h.Near.ID, desk.ConversationID(opened.Text("result.conversation.id")))
	require.NoError(t, err)
	require.Equal(t, desk.Profile{
		Name: "王小明", Email: "wang@example.com", Locale: desk.Chinese, Attributes: map[string]string{"order": "A-1042"},
	}, live.Contact.Profile)
	// Who has written before fills what is not known, and changes nothing that is.
	g.Call("message.send", "client_id", "2", "parts", surfacetest.Text("y"),
		"prechat", map[string]string{"name": "别人", "email": "other@example.com", "phone": "138 0013 8000", "order": "B-1", "size": "L"})
	live, err = h.Conversations.Get(t.Context(), h.Near.ID, desk.ConversationID(opened.Text("result.conversation.id")))
	require.NoError(t, err)
	require.Equal(t, desk.Profile{
		Name: "王小明", Email: "wang@example.com", Phone: "138 0013 8000", Locale: desk.Chinese, Attributes: map[string]string{"order": "A-1042", "size": "L"},
	}, live.Contact.Profile)
	require.NotContains(t, h.Log.String(), "wang@")
}

func TestSessionTellsWhoIsThere(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	require.Equal(t, false, h.Near.Guest().Opened.Get("result.inbox.online"))
	h.LogIn(h.Near.Answerer).Socket()
	g := h.Near.Guest()
	require.Equal(t, true, g.Opened.Get("result.inbox.online"))
	require.Equal(t, false, h.Far.Guest().Opened.Get("result.inbox.online"), "another company's colleague is nobody's here")
	now, err := time.Parse(time.RFC3339, g.Opened.Text("result.now"))
	require.NoError(t, err)
	require.WithinDuration(t, h.Clock.Now(), now, time.Second)
}

// Where the inbox asks, nothing is kept before the visitor said yes.
func TestNothingIsFollowedBeforeConsent(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	off := false
	inbox, err := h.Workspace.CreateInbox(t.Context(), h.Near.ID, workspace.NewInbox{
		Channel: "webchat", Name: "网页", Settings: desk.InboxSettings{Widget: desk.WidgetSettings{Consent: true, Rating: &off}},
	})
	require.NoError(t, err)
	page := map[string]string{"url": "https://shop.example/first"}
	g := &surfacetest.Guest{House: h, Header: map[string]string{}}
	opened := g.Open("channel_key", inbox.Key, "page", page)
	require.Equal(t, true, opened.Get("result.inbox.widget.consent"))
	require.Equal(t, false, opened.Get("result.inbox.features.rating"))
	require.EqualValues(t, denied, g.Call("track", events(pageEvent("https://shop.example/"))...).Number("error.code"))
	require.Zero(t, h.Visitors.Strangers())
	g.Token = g.Call("consent.set", "granted", true).Text("result.token")
	require.Equal(t, map[string]any{}, g.Call("track", events(pageEvent("https://shop.example/"))...).Get("result"))
	require.Equal(t, 1, h.Visitors.Strangers())
	g.Open("channel_key", inbox.Key, "token", g.Token, "page", page)
	g.Token = g.Call("consent.set", "granted", false).Text("result.token")
	require.Zero(t, h.Visitors.Strangers(), "a no drops what was kept")
	require.EqualValues(t, denied, g.Call("track", events(pageEvent("https://shop.example/"))...).Number("error.code"))
	opened = g.Open("channel_key", inbox.Key, "page", page, "consent", true)
	require.NotEmpty(t, opened.Text("result.token"))
	require.Equal(t, 1, h.Visitors.Strangers())
}
