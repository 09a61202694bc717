package bench_test

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/bench"
	"yingda.dev/internal/app/load"
	"yingda.dev/internal/platform/store/pgtest"
)

// asker is a customer of the bot under fire.
type asker struct {
	load.Visitor
	asked time.Time
}

// underFire are what is answered at once, the beginning of something, for whose
// rest the bot waits, and idle talk. Every company's bot knows all of it, with an
// answer of one message each.
var underFire = [...]string{"你是机器人吗？", "在吗", "你喜欢什么颜色"}

// asks opens a session and writes to the bot.
func asks(ctx context.Context, t *testing.T, client *http.Client, base string, n int) *asker {
	t.Helper()
	a := &asker{Visitor: load.Visitor{Base: base, HTTP: client, Addr: fmt.Sprintf("10.7.%d.%d", n/250, n%250)}}
	require.NoError(t, a.Open(ctx, channelKey))
	_, err := a.Send(ctx, "q", underFire[n%len(underFire)])
	require.NoError(t, err)
	a.asked = time.Now()
	return a
}

// heard is what the bot has said to a customer; what nobody could read is
// nothing.
func (a *asker) heard(ctx context.Context) (texts []string) {
	all, err := a.List(ctx)
	if err != nil {
		return nil
	}
	for _, m := range all {
		if m.Author.Kind == "bot" {
			texts = append(texts, m.Parts[0].Text)
		}
	}
	return texts
}

// served waits until everybody has heard from the bot, once.
func served(ctx context.Context, t *testing.T, askers []*asker, within time.Duration) {
	t.Helper()
	open := askers
	require.Eventually(t, func() bool {
		var left []*asker
		for _, a := range open {
			if len(a.heard(ctx)) == 0 {
				left = append(left, a)
			}
		}
		open = left
		return len(left) == 0
	}, within, 300*time.Millisecond, "a customer of the bot hears nothing") // as often as one visitor may ask
	for i, a := range askers {
		var texts []string
		require.Eventually(t, func() bool { texts = a.heard(ctx); return len(texts) > 0 }, time.Minute, 300*time.Millisecond, "customer %d", i)
		require.Len(t, texts, 1, "customer %d", i)
	}
}

// answering waits until the bot at base answers at once: it holds the bot's
// shards, and its models are loaded.
func answering(ctx context.Context, t *testing.T, client *http.Client, base string) {
	t.Helper()
	n := 3000
	require.Eventually(t, func() bool {
		n += len(underFire)
		v := asks(ctx, t, client, base, n)
		for time.Since(v.asked) < 5*time.Second {
			if len(v.heard(ctx)) == 1 {
				return true
			}
			time.Sleep(200 * time.Millisecond)
		}
		return false
	}, time.Minute, 10*time.Millisecond, "the bot is never quick")
}

// Of two processes on PostgreSQL the one that answers is killed with questions
// in its hands: the other answers each of them, once.
func TestBotOutlivesItsNode(t *testing.T) {
	t.Parallel()
	file, err := program()
	require.NoError(t, err)
	dsn := pgtest.Start(t, nil).Database(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	one, two := t.TempDir(), t.TempDir()
	files := "YINGDA_FILES_DIR=" + filepath.Join(t.TempDir(), "files") // nodes share it
	start := func(dir string, more ...string) (*bench.Server, string) {
		env, base, err := bench.Environment(dir, dsn)
		require.NoError(t, err)
		s, err := bench.StartServer(ctx, file, dir, append(append(env, files), more...), base)
		require.NoError(t, err)
		return s, base
	}
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	first, firstBase := start(one, "YINGDA_DEMO=true")
	defer first.Kill()
	answering(ctx, t, client, firstBase)
	shareKeys(t, one, two)
	second, base := start(two)
	defer second.Kill()
	var askers []*asker
	for n := range 36 {
		if n == 24 {
			first.Kill()
		}
		askers = append(askers, asks(ctx, t, client, base, n))
	}
	began := time.Now()
	// The timers of what was asked come at eight seconds, the shards at fifteen.
	served(ctx, t, askers, 30*time.Second)
	t.Logf("the last heard %v after the first node had died", time.Since(began))
	answering(ctx, t, client, base) // the survivor is as quick as the one before it
}

// A single process is killed with questions in its hands: after its start each
// is answered, once, and what is asked then is answered at once.
func TestBotOutlivesItsProcess(t *testing.T) {
	t.Parallel()
	file, err := program()
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	dir := t.TempDir()
	env, base, err := bench.Environment(dir, "sqlite")
	require.NoError(t, err)
	server, err := bench.StartServer(ctx, file, dir, append(env, "YINGDA_DEMO=true"), base)
	require.NoError(t, err)
	defer func() { server.Kill() }()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	answering(ctx, t, client, base)
	var askers []*asker
	for n := range 30 {
		askers = append(askers, asks(ctx, t, client, base, n))
	}
	server.Kill()
	server, err = bench.StartServer(ctx, file, dir, env, base)
	require.NoError(t, err)
	began := time.Now()
	served(ctx, t, append(askers, asks(ctx, t, client, base, 30)), 15*time.Second)
	t.Logf("the last heard %v after the start", time.Since(began))
}
