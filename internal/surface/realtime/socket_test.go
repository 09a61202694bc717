package realtime_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/surface/surfacetest"
)

// attached is how many feeds the house holds for connections.
func attached(t *testing.T, h *surfacetest.House) float64 {
	t.Helper()
	families, err := h.Metrics.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() == "yingda_feed_attached_feeds" {
			return f.GetMetric()[0].GetGauge().GetValue()
		}
	}
	t.Fatal("no such metric")
	return 0
}

func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 20*time.Second, 5*time.Millisecond, what)
}

func TestConversationOverTheSocket(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	lin := h.LogIn(h.Near.Answerer)
	desk1 := lin.Socket()
	require.Equal(t, "epoch-1", desk1.Position.Epoch)
	g := h.Near.Guest()
	visitor := g.Socket()
	require.Empty(t, visitor.Position.Epoch, "a stranger has no feed")

	// The same methods in frames, with the same answers.
	require.Equal(t, []any{}, visitor.Call("message.list").Get("result.messages"))
	require.EqualValues(t, -32601, visitor.Call("no.such").Number("error.code"))
	require.EqualValues(t, -32602, visitor.Call("message.send", "client_id", "x").Number("error.code"))
	for _, junk := range []string{`"text"`, `7`, `[]`, `{"jsonrpc":"1.0"}`} {
		a, err := visitor.Frame("rpc", []byte(junk))
		require.NoError(t, err)
		require.EqualValues(t, -32600, a.Number("error.code"), junk)
	}
	other, err := visitor.Frame("publish", []byte(`{}`))
	require.NoError(t, err)
	require.Equal(t, 104, other.Status, "there is one frame method")
	silent, err := visitor.Frame("rpc", []byte(`{"jsonrpc":"2.0","method":"typing","params":{"on":true}}`))
	require.NoError(t, err)
	require.Equal(t, "null", string(silent.Body))

	said := visitor.Call("message.send", "client_id", "m-1", "parts", surfacetest.Text("你好"))
	require.EqualValues(t, 1, said.Number("result.message.seq"), string(said.Body))
	one := "/api/v1/conversations/" + said.Text("result.conversation.id")

	// The desk hears it, with places that follow each other.
	var last int64
	for _, kind := range []string{"contact.created", "conversation.opened", "message.received"} {
		push := desk1.Next()
		require.Equal(t, kind, push.Text("event.type"), string(push.Body))
		require.Equal(t, "epoch-1", push.Text("epoch"))
		if last != 0 {
			require.Equal(t, last, push.Number("prev"))
		}
		last = push.Number("seq")
	}
	// From its first message on, the visitor's socket is in the feed.
	require.Equal(t, http.StatusNoContent, lin.Post(one+"/typing", map[string]bool{"on": true}).Status)
	for {
		push := visitor.Next()
		if push.Get("signal") == nil {
			continue // its own first message
		}
		require.Equal(t, "typing", push.Text("signal.type"))
		require.Equal(t, "林agent", push.Text("signal.by.name"))
		require.Nil(t, push.Get("signal.by.id"))
		break
	}
	lin.Post(one+"/notes", map[string]string{"text": "内部"})
	require.Equal(t, http.StatusOK, lin.Post(one+"/replies", map[string]any{"parts": surfacetest.Text("在的")}).Status)
	for push := visitor.Next(); ; push = visitor.Next() {
		require.NotContains(t, string(push.Body), "内部")
		if push.Text("event.type") == "message.sent" {
			require.Equal(t, "在的", push.Text("event.message.parts.0.text"))
			break
		}
	}
	visitor.Call("typing", "on", true, "text", "谢")
	for push := desk1.Next(); ; push = desk1.Next() {
		if push.Get("signal") != nil {
			require.Equal(t, "谢", push.Text("signal.text"))
			break
		}
	}
	// An agent's socket carries no visitor's calls.
	refused, err := desk1.Frame("rpc", surfacetest.Request("message.list"))
	require.NoError(t, err)
	require.NotEqual(t, http.StatusOK, refused.Status)

	// Feeds end with their connections.
	require.InDelta(t, 2, attached(t, h), 0)
	require.NoError(t, visitor.Conn.CloseNow())
	require.NoError(t, desk1.Conn.Close(websocket.StatusNormalClosure, ""))
	eventually(t, "feeds are detached", func() bool { return attached(t, h) == 0 })
	strangers, agents := h.Realtime.Held()
	require.Zero(t, strangers+agents)
}

// Whatever tab and transport the first message comes by, every tab joins.
func TestFirstMessageWakesAllTabs(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	tabs := []*surfacetest.Socket{g.Socket(), g.Socket(), g.Socket()}
	stranger := h.Near.Guest().Socket()
	held, _ := h.Realtime.Held()
	require.Equal(t, 4, held)
	id := g.Say("1", "用 HTTP 发的").Text("result.conversation.id")
	for _, tab := range tabs {
		require.Contains(t, string(tab.Call("feed.fetch", "epoch", "epoch-1", "since", 0).Body), "用 HTTP 发的")
	}
	_, err := h.Conversations.Reply(t.Context(), conversation.ReplyCommand{
		Actor: conversation.Actor{Account: h.Near.ID, Agent: h.Near.Answerer.ID, Sight: desk.SeesAll()}, ConversationID: desk.ConversationID(id), Content: desk.TextContent("收到"),
	})
	require.NoError(t, err)
	for _, tab := range tabs {
		push := tab.Next()
		for push.Text("event.type") != "message.sent" {
			push = tab.Next()
		}
	}
	held, _ = h.Realtime.Held() // before the stranger's wait ends, and the socket with it
	require.Equal(t, 1, held)
	_, err = stranger.TryNext(50 * time.Millisecond)
	require.Error(t, err, "somebody else hears nothing")
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{})
	lin := h.LogIn(h.Near.Answerer)
	g := h.Near.Guest()
	blind, _ := h.LogIn(h.Near.Administrator).Token("people.read")
	cookie := map[string]string{"Cookie": lin.Header["Cookie"]}
	evil := map[string]string{"Cookie": lin.Header["Cookie"], "Origin": "https://evil.example"}
	own := map[string]string{"Cookie": lin.Header["Cookie"], "Origin": h.URL}
	for name, tc := range map[string]struct {
		header map[string]string
		data   any
		code   int
	}{
		"nobody":                  {nil, map[string]string{}, 4501},
		"no data":                 {nil, nil, 4501},
		"junk":                    {nil, "junk", 3501},
		"forged visitor":          {nil, map[string]string{"visitor_token": g.Token + "x"}, 4501},
		"another kind of token":   {nil, map[string]string{"visitor_token": "ydt_x"}, 4501},
		"junk API token":          {nil, map[string]string{"token": "ydt_x"}, 4501},
		"ended session":           {map[string]string{"Cookie": "yingda_session=yds_x"}, map[string]string{}, 4501},
		"cookie from elsewhere":   {evil, map[string]string{}, 4503},
		"token without the right": {nil, map[string]string{"token": strings.TrimPrefix(blind.Header["Authorization"], "Bearer ")}, 4503},
		"own page":                {own, map[string]string{}, 0},
		"program with a cookie":   {cookie, map[string]string{}, 0},
		"visitor from any site":   {map[string]string{"Origin": "https://shop.example"}, map[string]string{"visitor_token": g.Token}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := h.Dial(tc.header, tc.data)
			if tc.code == 0 {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			require.Equal(t, tc.code, surfacetest.CloseCode(err), err.Error())
		})
	}
	settings := desk.InboxSettings{AllowedOrigins: []string{"https://shop.example"}}
	_, err := h.Workspace.ChangeInbox(t.Context(), h.Near.ID, h.Near.Inbox.ID, workspace.InboxChange{Name: "网页", Settings: settings, Enabled: true})
	require.NoError(t, err)
	_, err = h.Dial(map[string]string{"Origin": "https://evil.example"}, map[string]string{"visitor_token": g.Token})
	require.Equal(t, 4503, surfacetest.CloseCode(err))
	_, err = h.Dial(map[string]string{"Origin": "https://shop.example"}, map[string]string{"visitor_token": g.Token})
	require.NoError(t, err)
	// Connecting counts like a call.
	for range 40 {
		_, err = h.Dial(nil, map[string]string{"visitor_token": g.Token})
		if err != nil {
			break
		}
	}
	require.Error(t, err)
	eventually(t, "refused connections leave nothing", func() bool {
		s, err := h.Dial(own, map[string]string{})
		return err == nil && s.Conn.CloseNow() == nil && attached(t, h) <= 2
	})
}

func TestFramesAndTabsAreBounded(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	s := g.Socket()
	_, err := s.Frame("rpc", surfacetest.Request("message.send", "client_id", "1", "parts", surfacetest.Text(strings.Repeat("a", 300<<10))))
	require.Error(t, err)
	// The reason arrives unless the reset of a connection with unread bytes overtakes it.
	require.Contains(t, []websocket.StatusCode{websocket.StatusMessageTooBig, -1}, websocket.CloseStatus(err))
	require.Empty(t, g.Call("message.list").Get("result.messages"))
	s = g.Socket()
	require.NoError(t, s.Conn.Write(t.Context(), websocket.MessageText, []byte("{not json")))
	require.NotZero(t, s.Closed())
	// Twenty tabs of one visitor, and no more.
	var open []*surfacetest.Socket
	for range 25 {
		if s, err := h.Dial(nil, map[string]string{"visitor_token": g.Token}); err == nil {
			open = append(open, s)
		}
	}
	require.Len(t, open, 20)
	g.Say("1", "still alive")
}

// Who is locked out hears nothing more after the next look.
func TestLockedOutAgentsStopListening(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	bot, id := admin.Token("conversations.read")
	lin, sup := h.LogIn(h.Near.Answerer), h.LogIn(h.Near.Supervisor)
	stays, program, leaves, disabled := admin.Socket(), bot.Socket(), lin.Socket(), sup.Socket()
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/tokens/"+id).Status)
	require.Equal(t, http.StatusNoContent, lin.Delete("/api/v1/session").Status)
	off := true
	_, err := h.Workspace.ChangeAgent(t.Context(), auth.Principal{}, h.Near.ID, h.Near.Supervisor.ID, workspace.AgentChange{Disabled: &off})
	require.NoError(t, err)
	h.Realtime.Check(t.Context())
	for _, gone := range []*surfacetest.Socket{program, leaves, disabled} {
		require.Equal(t, 4501, gone.Closed())
	}
	h.Near.Guest().Say("1", "谁在听？")
	require.Equal(t, "staffing.changed", stays.Next().Text("event.type"))
	require.Equal(t, "contact.created", stays.Next().Text("event.type"))
	eventually(t, "one is left", func() bool { return attached(t, h) == 1 })
}

// Who is connected to an inbox that is switched off hears nothing more.
func TestSwitchedOffInboxEndsItsConnections(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	talker, silent, far := h.Near.Guest(), h.Near.Guest(), h.Far.Guest()
	talker.Say("1", "在吗")
	far.Say("1", "hallo")
	open := []*surfacetest.Socket{talker.Socket(), silent.Socket()}
	stays := far.Socket()
	h.Realtime.Check(t.Context())
	in := h.Near.Inbox
	_, err := h.Workspace.ChangeInbox(t.Context(), h.Near.ID, in.ID, workspace.InboxChange{Name: in.Name, Settings: in.Settings})
	require.NoError(t, err)
	h.Realtime.Check(t.Context())
	for _, gone := range open {
		require.Equal(t, 4503, gone.Closed())
	}
	_, err = h.Dial(nil, map[string]string{"visitor_token": talker.Token})
	require.Error(t, err)
	far.Say("2", "wir sind noch da")
	require.NotEmpty(t, stays.Next().Text("event.type"))
}

// A reader who does not read is cut off, the others are served, and fetching
// brings back what was missed.
func TestSlowReader(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	lin := h.LogIn(h.Near.Answerer)
	slow := lin.Socket()
	// Nothing is read from this one, and its window is small.
	g := h.Near.Guest()
	big := strings.Repeat("很长的消息", 1900)
	const many = 300
	for i := range many {
		g.Say(fmt.Sprint("m-", i), big)
	}
	eventually(t, "the slow reader is cut off", func() bool { return attached(t, h) == 0 })
	seen, since := 0, slow.Position.Seq
	for more := true; more; {
		a := lin.Get(fmt.Sprintf("/api/v1/feed?epoch=epoch-1&since=%d", since))
		require.Equal(t, false, a.Get("reset"))
		seen += strings.Count(string(a.Body), `"message.received"`)
		since, more = a.Number("seq"), a.Get("more") == true
	}
	require.Equal(t, many, seen)
}

// The rule of docs/protocol.md, kept by a client whose connection is cut at
// random: every message once, in order.
func TestFeedRuleSurvivesCuts(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	id := desk.ConversationID(g.Say("0", "开始").Text("result.conversation.id"))
	const many = 150
	done := make(chan error, 1)
	go func() {
		actor := conversation.Actor{Account: h.Near.ID, Agent: h.Near.Answerer.ID, Sight: desk.SeesAll()}
		for i := range many {
			if _, err := h.Conversations.Reply(context.WithoutCancel(t.Context()), conversation.ReplyCommand{
				Actor: actor, ConversationID: id, Content: desk.TextContent(fmt.Sprint(i)),
			}); err != nil {
				done <- err
				return
			}
		}
		done <- nil
	}()
	moment := uint32(1) // any sequence without a pattern
	var got []string
	epoch, seq := g.Opened.Text("result.feed.epoch"), g.Opened.Number("result.feed.seq")
	show := func(event surfacetest.Answer) {
		if event.Text("event.type") == "message.sent" {
			got = append(got, event.Text("event.message.parts.0.text"))
		}
	}
	fetch := func(s *surfacetest.Socket) bool {
		for {
			a, err := s.Frame("rpc", surfacetest.Request("feed.fetch", "epoch", epoch, "since", seq))
			if err != nil {
				return false
			}
			require.Equal(t, false, a.Get("result.reset"), string(a.Body))
			events, ok := a.Get("result.events").([]any)
			require.True(t, ok, string(a.Body))
			for i := range events {
				if at := a.Number(fmt.Sprintf("result.events.%d.seq", i)); at > seq {
					seq = at
					show(item(a, i))
				}
			}
			seq = max(seq, a.Number("result.seq"))
			if a.Get("result.more") != true {
				return true
			}
		}
	}
	reconnects := 0
	for deadline := time.Now().Add(30 * time.Second); len(got) < many; reconnects++ {
		require.True(t, time.Now().Before(deadline), "%d of %d after %d connections", len(got), many, reconnects)
		s := g.Socket()
		for ok := fetch(s); ok && len(got) < many; {
			push, err := s.TryNext(2 * time.Second)
			if err != nil {
				break
			}
			if moment = moment*1_664_525 + 1_013_904_223; moment>>24%8 == 0 {
				_ = s.Conn.CloseNow() // cut, in the middle of things
			}
			switch at, prev := push.Number("seq"), push.Number("prev"); {
			case push.Get("signal") != nil || at <= seq:
			case prev > seq:
				ok = fetch(s)
			default:
				seq = at
				show(push)
			}
		}
		_ = s.Conn.CloseNow()
	}
	require.NoError(t, <-done)
	for i, text := range got {
		require.Equal(t, fmt.Sprint(i), text, "in order and once")
	}
	require.Greater(t, reconnects, 1, "it was cut")
	eventually(t, "nothing stays attached", func() bool { return attached(t, h) == 0 })
}

func TestGracefulStop(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	visitor, agent := h.Near.Guest().Socket(), h.LogIn(h.Near.Answerer).Socket()
	stopped := make(chan struct{})
	go func() {
		h.StopRealtime()
		close(stopped)
	}()
	for _, s := range []*surfacetest.Socket{visitor, agent} {
		code := s.Closed()
		require.GreaterOrEqual(t, code, 3000)
		require.Less(t, code, 3500, "told to come back")
	}
	select {
	case <-stopped:
	case <-time.After(20 * time.Second):
		t.Fatal("it did not stop")
	}
	eventually(t, "feeds are detached", func() bool { return attached(t, h) == 0 })
}

// item is one event of a fetch in the shape of a push.
func item(a surfacetest.Answer, i int) surfacetest.Answer {
	body, err := json.Marshal(a.Get(fmt.Sprintf("result.events.%d", i)))
	if err != nil {
		return surfacetest.Answer{}
	}
	return surfacetest.Answer{Body: body}
}
