package surfacetest_test

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/surface/surfacetest"
)

var update = flag.Bool("update", false, "rewrite the golden hop list")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, surfacetest.Leaks()...) }

// The document that new colleagues read first says which functions a message
// passes. This test sends one there and back and holds the document to it.
func TestFollowOneMessage(t *testing.T) {
	t.Parallel()
	trail := &trail{legs: []leg{{title: comesIn}, {title: agentHears}, {title: answered}, {title: visitorHears}}}
	h := surfacetest.Start(t, surfacetest.Options{
		Roomy:     true,
		Driver:    func(d store.Driver) store.Driver { return probedDriver{d, trail} },
		Publisher: func(p feed.Publisher) feed.Publisher { return probedPublisher{p, trail} },
	})
	agent := h.LogIn(h.Near.Answerer)
	ear := agent.Socket()
	visitor := h.Near.Guest()
	conversation := visitor.Say("m-1", "洗衣机什么时候到？").Text("result.message.conversation_id")
	hears(ear, "message.received")
	waiting := visitor.Socket()
	reply := agent.Post("/api/v1/conversations/"+conversation+"/replies", map[string]any{"parts": surfacetest.Text("明天上午。")})
	require.Equal(t, 200, reply.Status, string(reply.Body))
	hears(waiting, "message.sent")

	file := filepath.Join("..", "..", "..", "docs", "follow-one-message.md")
	document, err := os.ReadFile(file)
	require.NoError(t, err)
	const opening, closing = "<!-- hops: written by go test ./internal/surface/surfacetest -update -->\n", "<!-- end of hops -->"
	before, rest, ok := strings.Cut(string(document), opening)
	require.True(t, ok)
	golden, after, ok := strings.Cut(rest, closing)
	require.True(t, ok)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(before+opening+trail.text()+closing+after), 0o600))
		return
	}
	require.Equal(t, golden, trail.text(), "the path has changed: run this test with -update and read the document again")
}

// The legs of the journey.
const (
	comesIn      = "The visitor's message comes in: JSON-RPC over HTTP, until the commit"
	agentHears   = "The agent's screen hears of it: from the event log to the socket"
	answered     = "The agent answers: REST, until the commit"
	visitorHears = "The visitor hears of it"
)

func hears(s *surfacetest.Socket, kind string) {
	for a := s.Next(); a.Text("event.type") != kind; a = s.Next() {
		continue
	}
}

// trail notes the calls that first lead to each probe.
type trail struct {
	mu   sync.Mutex
	legs []leg
}

type leg struct {
	title string
	hops  []string
}

var (
	ours    = regexp.MustCompile(`^yingda\.dev/internal/(.*)$`)
	closure = regexp.MustCompile(`(\.func\d+|\.gowrap\d+|\[\.\.\.\]|\.\d+)+$`)
)

// note takes the call stack, ours only, from outside inwards.
func (tr *trail) note(title string) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	i := slices.IndexFunc(tr.legs, func(l leg) bool { return l.title == title })
	if len(tr.legs[i].hops) > 0 {
		return
	}
	var hops []string
	pcs := make([]uintptr, 64)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		m := ours.FindStringSubmatch(f.Function)
		if m == nil || strings.Contains(m[1], "surfacetest") {
			continue
		}
		hop := closure.ReplaceAllString(m[1], "")
		if len(hops) == 0 || hops[len(hops)-1] != hop {
			hops = append(hops, hop)
		}
	}
	slices.Reverse(hops)
	tr.legs[i].hops = hops
}

func (tr *trail) text() string {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	var b strings.Builder
	for _, l := range tr.legs {
		b.WriteString("\n**" + l.title + "**\n\n```\n" + strings.Join(l.hops, "\n") + "\n```\n")
	}
	return b.String() + "\n"
}

type probedDriver struct {
	store.Driver
	trail *trail
}

// Do notes who asks for a commit.
func (p probedDriver) Do(ctx context.Context, c store.Command) (store.Outcome, error) {
	if strings.HasPrefix(c.Scope, "agent:") {
		p.trail.note(answered)
	} else {
		p.trail.note(comesIn)
	}
	return p.Driver.Do(ctx, c)
}

type probedPublisher struct {
	feed.Publisher
	trail *trail
}

// Publish notes how a fact comes to be pushed.
func (p probedPublisher) Publish(channel string, data []byte) error {
	switch {
	case strings.HasPrefix(channel, "agent:") && strings.Contains(string(data), `"message.received"`):
		p.trail.note(agentHears)
	case strings.HasPrefix(channel, "contact:") && strings.Contains(string(data), `"message.sent"`):
		p.trail.note(visitorHears)
	}
	return p.Publisher.Publish(channel, data)
}
