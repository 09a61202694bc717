package realtime_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/surface/realtime"
	"yingda.dev/internal/surface/surfacetest"
)

// eventStream reads an open stream.
type eventStream struct {
	t      testing.TB
	answer *http.Response
	lines  *bufio.Scanner
	// beats counts the signs of life.
	beats int
	Close func()
}

func openStream(t testing.TB, g *surfacetest.Guest, body string) (*eventStream, int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.URL+"/rpc/v1/stream", strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Authorization", "Bearer "+g.Token)
	for k, v := range g.Header {
		r.Header.Set(k, v)
	}
	answer, err := (&http.Client{}).Do(r) //nolint:bodyclose // Close does
	require.NoError(t, err)
	lines := bufio.NewScanner(answer.Body)
	lines.Buffer(nil, 4<<20)
	s := &eventStream{t: t, answer: answer, lines: lines, Close: func() { cancel(); answer.Body.Close() }}
	t.Cleanup(s.Close)
	return s, answer.StatusCode
}

// next is the next event; false if the stream has ended.
func (s *eventStream) next() (surfacetest.Answer, bool) {
	s.t.Helper()
	for s.lines.Scan() {
		line := s.lines.Bytes()
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			return surfacetest.Answer{Body: bytes.Clone(data)}, true
		}
		if len(line) == 1 {
			s.beats++
		}
	}
	return surfacetest.Answer{}, false
}

func (s *eventStream) must() surfacetest.Answer {
	s.t.Helper()
	a, ok := s.next()
	require.True(s.t, ok, "the stream ended")
	return a
}

func TestConversationOverAStream(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	s, status := openStream(t, g, `{"epoch":"","since":0}`)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "text/event-stream; charset=utf-8", s.answer.Header.Get("Content-Type"))
	require.Equal(t, "*", s.answer.Header.Get("Access-Control-Allow-Origin"))
	require.Contains(t, s.answer.Header.Get("Cache-Control"), "no-transform")
	first := s.must()
	require.Equal(t, "epoch-1", first.Text("batch.epoch"))
	require.Equal(t, []any{}, first.Get("batch.events"), "a stranger has no feed")

	// The first message, by another way, puts the stream into the feed.
	said := g.Say("1", "你好")
	seen := map[string]bool{}
	for !seen["message.received"] {
		got := s.must()
		events, _ := got.Get("batch.events").([]any)
		for i := range events {
			seen[got.Text("batch.events."+string(rune('0'+i))+".event.type")] = true
		}
		if got.Get("event") != nil {
			seen[got.Text("event.type")] = true
		}
	}
	actor := conversation.Actor{Account: h.Near.ID, Agent: h.Near.Answerer.ID, Sight: desk.SeesAll()}
	id := desk.ConversationID(said.Text("result.conversation.id"))
	_, err := h.Conversations.Reply(t.Context(), conversation.ReplyCommand{Actor: actor, ConversationID: id, Content: desk.TextContent("明天\n<b>"), Key: "r"})
	require.NoError(t, err)
	_, err = h.Conversations.Note(t.Context(), conversation.NoteCommand{Actor: actor, ConversationID: id, Text: "内部"})
	require.NoError(t, err)
	_, err = h.Conversations.Reply(t.Context(), conversation.ReplyCommand{Actor: actor, ConversationID: id, Content: desk.TextContent("后天"), Key: "r2"})
	require.NoError(t, err)
	var texts []string
	for len(texts) < 2 {
		if got := s.must(); got.Text("event.type") == "message.sent" {
			texts = append(texts, got.Text("event.message.parts.0.text"))
			require.NotContains(t, string(got.Body), "内部")
		}
	}
	require.Equal(t, []string{"明天\n<b>", "后天"}, texts)
	s.Close()

	// Whoever comes back gets what they missed, and then what follows.
	again, _ := openStream(t, g, `{"epoch":"epoch-1","since":1}`)
	missed := again.must()
	require.Contains(t, string(missed.Body), "后天")
	require.Equal(t, false, missed.Get("batch.reset"))
	head := missed.Number("batch.seq")
	g.Say("2", "好")
	for got := again.must(); ; got = again.must() {
		require.LessOrEqual(t, got.Number("prev"), max(head, got.Number("prev")))
		if got.Text("event.type") == "message.received" {
			break
		}
	}
	lost, _ := openStream(t, g, `{"epoch":"before","since":9}`)
	require.Equal(t, true, lost.must().Get("batch.reset"))
	for _, s := range []*eventStream{again, lost} {
		s.Close()
	}
	eventually(t, "closed streams hold no feeds", func() bool { return attached(t, h) == 0 })
}

func TestStreamsAreAdmittedLikeSockets(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true, Realtime: realtime.Config{MaxConnectionsPerUser: 2}})
	inbox, err := h.Workspace.CreateInbox(t.Context(), h.Near.ID, workspace.NewInbox{
		Channel: "webchat", Name: "网页", Settings: desk.InboxSettings{AllowedOrigins: []string{"https://shop.example"}},
	})
	require.NoError(t, err)
	g := h.Near.Guest()
	for name, tc := range map[string]struct {
		token, origin, body string
		status              int
	}{
		"no token":        {"", "", `{}`, http.StatusUnauthorized},
		"someone's token": {"ydv1.1.x.y", "", `{}`, http.StatusUnauthorized},
		"not JSON":        {g.Token, "", `hello`, http.StatusBadRequest},
		"negative":        {g.Token, "", `{"since":-1}`, http.StatusBadRequest},
		"too long":        {g.Token, "", `{"epoch":"` + strings.Repeat("x", 5000) + `"}`, http.StatusBadRequest},
	} {
		_, status := openStream(t, &surfacetest.Guest{House: h, Token: tc.token, Header: map[string]string{}}, tc.body)
		require.Equal(t, tc.status, status, name)
	}
	strict := &surfacetest.Guest{House: h, Header: map[string]string{"Origin": "https://shop.example"}}
	strict.Open("channel_key", inbox.Key)
	_, status := openStream(t, strict, `{}`)
	require.Equal(t, http.StatusOK, status)
	strict.Header["Origin"] = "https://evil.example"
	_, status = openStream(t, strict, `{}`)
	require.Equal(t, http.StatusForbidden, status)

	one, _ := openStream(t, g, `{}`)
	openStream(t, g, `{}`)
	third, status := openStream(t, g, `{}`)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.NotEmpty(t, third.answer.Header.Get("Retry-After"))
	one.Close()
	eventually(t, "the place is free again", func() bool {
		s, status := openStream(t, g, `{}`)
		s.Close()
		return status == http.StatusOK
	})
	for method, want := range map[string]int{http.MethodGet: http.StatusMethodNotAllowed, http.MethodOptions: http.StatusNoContent} {
		r, err := http.NewRequestWithContext(t.Context(), method, h.URL+"/rpc/v1/stream", nil)
		require.NoError(t, err)
		answer, err := (&http.Client{}).Do(r)
		require.NoError(t, err)
		_, _ = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		require.Equal(t, want, answer.StatusCode)
	}
}

func TestStreamsAreLimitedLikeCalls(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Door: auth.DoorConfig{Visitor: auth.LimiterConfig{Rate: 0.001, Burst: 2}}})
	g := h.Near.Guest()
	openStream(t, g, `{}`)
	openStream(t, g, `{}`)
	s, status := openStream(t, g, `{}`)
	require.Equal(t, http.StatusTooManyRequests, status)
	require.Equal(t, "1000", s.answer.Header.Get("Retry-After"))
}

// A quiet stream shows that it lives, and ends when the visitor may not be
// there any more.
func TestStreamsAreAskedFor(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true, Realtime: realtime.Config{PingInterval: 20 * time.Millisecond}})
	g := h.Near.Guest()
	s, _ := openStream(t, g, `{}`)
	s.must()
	h.Clock.Advance(91 * 24 * time.Hour) // the token has expired
	bye := s.must()
	require.Equal(t, "unauthenticated", bye.Text("bye"))
	_, more := s.next()
	require.False(t, more)
}

func TestStreamsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	g.Say("1", "你好")
	s, _ := openStream(t, g, `{}`)
	s.must()
	h.Realtime.Drain()
	_, more := s.next()
	require.False(t, more)
	_, status := openStream(t, g, `{}`)
	require.Equal(t, http.StatusServiceUnavailable, status)
	eventually(t, "its feed is let go", func() bool { return attached(t, h) == 0 })
}

// A reader who does not read is let go instead of filling the memory.
func TestASlowReaderOfAStreamIsLetGo(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	g.Say("1", "你好")
	s, _ := openStream(t, g, `{}`)
	s.must()
	fast, _ := openStream(t, g, `{}`)
	fast.must()
	done := make(chan int)
	go func() {
		n := 0
		for {
			if _, ok := fast.next(); !ok {
				done <- n
				return
			}
			n++
		}
	}()
	var parts []desk.Part
	for range 8 {
		parts = append(parts, surfacetest.Text(strings.Repeat("字", 9_000))...)
	}
	ended := func() float64 { return counted(t, h, "yingda_realtime_streams_ended_total", "slow") }
	for i := 0; ended() == 0; i++ {
		require.Less(t, i, 3_000)
		g.Call("message.send", "client_id", "m"+time.Duration(i).String(), "parts", parts)
	}
	fast.Close()
	require.Positive(t, <-done)
}

func counted(t *testing.T, h *surfacetest.House, name, label string) float64 {
	t.Helper()
	families, err := h.Metrics.Gather()
	require.NoError(t, err)
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			if m.GetLabel()[0].GetValue() == label {
				return m.GetCounter().GetValue()
			}
		}
	}
	return 0
}
