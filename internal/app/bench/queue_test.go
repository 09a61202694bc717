package bench_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/bench"
	"yingda.dev/internal/app/load"
	"yingda.dev/internal/platform/store/pgtest"
)

// Two processes hand out one queue on PostgreSQL, and the one that does it is
// killed with no chance to say so: the other goes on, everybody gets somebody,
// nobody is given out twice.
func TestKilledNodeOfTwo(t *testing.T) {
	t.Parallel()
	file, err := program()
	require.NoError(t, err)
	dsn := pgtest.Start(t, nil).Database(t)
	ctx, cancel := context.WithTimeout(t.Context(), 4*time.Minute)
	defer cancel()
	start := func(dir string, more ...string) (*bench.Server, string) {
		env, base, err := bench.Environment(dir, dsn)
		require.NoError(t, err)
		s, err := bench.StartServer(ctx, file, dir, append(env, more...), base)
		require.NoError(t, err)
		return s, base
	}
	one, two := t.TempDir(), t.TempDir()
	first, firstBase := start(one, "YINGDA_DEMO=true")
	defer first.Kill()
	shareKeys(t, one, two)
	second, secondBase := start(two)
	defer second.Kill()

	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	book := struct {
		sync.Mutex
		given map[string]int
	}{given: map[string]int{}}
	listening, deaf := context.WithCancel(ctx)
	defer deaf()
	var ears sync.WaitGroup
	defer ears.Wait()
	defer deaf()
	listen := func(base, email string, heard func(load.Event)) *load.Agent {
		a := &load.Agent{Base: base, HTTP: client}
		require.NoError(t, a.LogIn(ctx, email, "yingda-demo"))
		ready := make(chan struct{})
		ears.Go(func() { _ = a.Listen(listening, sync.OnceFunc(func() { close(ready) }), heard) }) // the killed node's ends with it
		<-ready
		return a
	}
	nothing := func(load.Event) {}
	admin := listen(secondBase, "demo@yingda.dev", func(e load.Event) {
		if e.Type == "conversation.assigned" && e.AgentID != "" {
			book.Lock()
			defer book.Unlock()
			book.given[e.ConversationID]++
		}
	})
	listen(firstBase, "demo@yingda.dev", nothing)
	listen(firstBase, "lin@yingda.dev", nothing)
	listen(secondBase, "lin@yingda.dev", nothing)
	var people struct {
		Items []struct {
			ID string `json:"agent_id"`
		} `json:"items"`
	}
	require.Eventually(t, func() bool {
		raw, err := admin.Get(ctx, "/presence")
		return err == nil && json.Unmarshal(raw, &people) == nil && len(people.Items) == 2
	}, 30*time.Second, 50*time.Millisecond)
	for _, p := range people.Items {
		_, err := admin.Put(ctx, "/staffing/agents/"+p.ID, map[string]int{"capacity": 100})
		require.NoError(t, err)
	}
	_, err = admin.Put(ctx, "/staffing/rules", map[string]any{"automatic": true, "answer_within_s": -1})
	require.NoError(t, err)
	withoutBot(t, admin)

	var ids []string
	write := func(n int) {
		v := &load.Visitor{Base: secondBase, HTTP: client, Addr: fmt.Sprintf("10.8.0.%d", n)}
		require.NoError(t, v.Open(ctx, channelKey))
		m, err := v.Send(ctx, "first", bench.Text(n))
		require.NoError(t, err)
		ids = append(ids, m.ConversationID)
	}
	all := func() bool {
		book.Lock()
		defer book.Unlock()
		for _, id := range ids {
			if book.given[id] == 0 {
				return false
			}
		}
		return true
	}
	for n := range 20 {
		write(n)
	}
	require.Eventually(t, all, 30*time.Second, 20*time.Millisecond, "the first node hands out")
	for n := 20; n < 60; n++ {
		if n == 30 {
			first.Kill() // with some of them on their way
		}
		write(n)
	}
	require.Eventually(t, all, 60*time.Second, 50*time.Millisecond, "the second node takes over")
	book.Lock()
	defer book.Unlock()
	for _, id := range ids {
		require.Equal(t, 1, book.given[id], "%s was given out more than once", id)
	}
}

// withoutBot lets people answer first: what the bot does when a node dies is its own test's matter.
func withoutBot(t *testing.T, admin *load.Agent) {
	t.Helper()
	raw, err := admin.Get(t.Context(), "/inboxes")
	require.NoError(t, err)
	var list struct {
		Items []struct {
			ID string `json:"id"`
		} `json:"items"`
	}
	require.NoError(t, json.Unmarshal(raw, &list))
	for _, in := range list.Items {
		raw, err := admin.Get(t.Context(), "/inboxes/"+in.ID)
		require.NoError(t, err)
		var whole struct {
			Name     string         `json:"name"`
			Enabled  bool           `json:"enabled"`
			Version  int64          `json:"version"`
			Settings map[string]any `json:"settings"`
		}
		require.NoError(t, json.Unmarshal(raw, &whole))
		whole.Settings["bot_first"] = false
		_, err = admin.Put(t.Context(), "/inboxes/"+in.ID, whole)
		require.NoError(t, err)
	}
}

// shareKeys gives the second node the keys that the first one made.
func shareKeys(t *testing.T, from, to string) {
	t.Helper()
	found := 0
	require.NoError(t, filepath.WalkDir(from, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".key" {
			return err
		}
		name, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		key, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found++
		if err := os.MkdirAll(filepath.Dir(filepath.Join(to, name)), 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, name), key, 0o600)
	}))
	require.Positive(t, found)
}
