package bench_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/bench"
	"yingda.dev/internal/app/load"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/pgtest"
)

// Rounds of killing in the ordinary suite; `make soak` does 50.
const usualRounds = 4

func rounds(t *testing.T) int {
	t.Helper()
	text, ok := os.LookupEnv("SOAK_ROUNDS")
	if !ok {
		return usualRounds
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

// program builds the product as it ships, without the race detector, once.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "yingda-crash-")
	if err != nil {
		return "", err
	}
	file := filepath.Join(dir, "yingda")
	cmd := exec.Command("go", "build", "-o", file, "yingda.dev/cmd/yingda")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return file, nil
})

func TestMain(m *testing.M) {
	status := m.Run()
	if file, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(file))
	}
	os.Exit(status)
}

// A SIGKILL at a random moment under load, again and again: what a visitor was
// promised is there, once and in order, for the visitor and for the agent.
func TestKilledServerKeepsItsPromises(t *testing.T) {
	t.Parallel()
	crash(t, "sqlite", func(s *bench.Server) (restart func()) {
		s.Kill()
		return func() {}
	})
}

// The same with PostgreSQL: in turn the program is killed and the database is
// stopped without a chance to finish anything.
func TestKilledDatabaseKeepsItsPromises(t *testing.T) {
	t.Parallel()
	cluster := pgtest.Start(t, nil)
	turn := 0
	crash(t, cluster.Database(t), func(s *bench.Server) (restart func()) {
		turn++
		if turn%2 == 0 {
			s.Kill()
			return func() {}
		}
		require.NoError(t, cluster.Stop(pgtest.Immediate))
		s.Kill()
		return func() { require.NoError(t, cluster.Start()) }
	})
}

const (
	visitorsUnderFire = 12
	channelKey        = "chk_demo"
)

func crash(t *testing.T, dsn string, strike func(*bench.Server) (restart func())) {
	t.Helper()
	file, err := program()
	require.NoError(t, err)
	dir := t.TempDir()
	env, base, err := bench.Environment(dir, dsn)
	require.NoError(t, err)
	env = append(env, "YINGDA_DEMO=true")
	ctx, cancel := context.WithTimeout(t.Context(), 55*time.Minute)
	defer cancel()
	server, err := bench.StartServer(ctx, file, dir, env, base)
	require.NoError(t, err)
	defer func() { server.Kill() }()

	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	ledger := load.NewLedger()
	agent := &load.Agent{Base: base, HTTP: client}
	require.NoError(t, agent.LogIn(ctx, "demo@yingda.dev", "yingda-demo"))
	listening, deaf := context.WithCancel(ctx)
	defer deaf()
	ready := make(chan struct{})
	ears := make(chan error, 1)
	go func() { ears <- hear(listening, agent, ledger, sync.OnceFunc(func() { close(ready) })) }()
	<-ready

	var stop atomic.Bool
	writers := make([]*writer, visitorsUnderFire)
	var writing sync.WaitGroup
	for i := range writers {
		writers[i] = &writer{Visitor: load.Visitor{Base: base, HTTP: client, Addr: fmt.Sprintf("10.9.0.%d", i+1)}}
		writing.Go(func() { writers[i].err = writers[i].write(ctx, &stop, ledger) })
	}
	for range rounds(t) {
		pause, err := rand.Int(rand.Reader, big.NewInt(500))
		require.NoError(t, err)
		time.Sleep(time.Duration(150+pause.Int64()) * time.Millisecond) // any moment is a good one for a power cut
		restart := strike(server)
		restart()
		server, err = bench.StartServer(ctx, file, dir, env, base)
		require.NoError(t, err)
	}
	stop.Store(true)
	writing.Wait()
	require.Eventually(t, ledger.Settled, 30*time.Second, 20*time.Millisecond, "messages that were promised never reached the agent")
	deaf()
	require.NoError(t, <-ears)

	books, _ := ledger.Books()
	t.Logf("%d rounds: %+v", rounds(t), books)
	require.Zero(t, books.Lost)
	require.Zero(t, books.Duplicated, "the agent saw a message twice")
	require.Zero(t, books.OutOfOrder, "the agent saw messages out of order")
	require.Greater(t, books.Acked, visitorsUnderFire, "nothing was under way; the test proved nothing")
	for _, w := range writers {
		require.NoError(t, w.err)
		w.check(ctx, t)
	}
	require.NoError(t, server.Stop())
}

// hear listens through every restart.
func hear(ctx context.Context, agent *load.Agent, ledger *load.Ledger, ready func()) error {
	for {
		err := agent.Listen(ctx, ready, func(e load.Event) {
			if e.Message != nil {
				ledger.Arrived("agent", *e.Message, time.Now())
			}
		})
		switch {
		case ctx.Err() != nil:
			return nil //nolint:nilerr // the test is over
		case errors.Is(err, load.ErrReset):
			return err // nothing here is long enough for the log to be trimmed
		}
		time.Sleep(20 * time.Millisecond) // the server is being restarted
	}
}

// writer is a visitor with a ledger of their own.
type writer struct {
	load.Visitor
	promised []load.Message
	err      error
}

func (w *writer) write(ctx context.Context, stop *atomic.Bool, ledger *load.Ledger) error {
	pause := func(ctx context.Context) error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
			return nil
		}
	}
	for {
		if err := w.Open(ctx, channelKey); err == nil {
			break
		}
		if err := pause(ctx); err != nil {
			return err
		}
	}
	for n := 1; !stop.Load(); n++ {
		ledger.Sent()
		began := time.Now()
		m, err := w.Deliver(ctx, "m"+strconv.Itoa(n), bench.Text(n), pause)
		if err != nil {
			return err
		}
		ledger.Acked(m, began)
		w.promised = append(w.promised, m)
	}
	return nil
}

// check holds what the server has against what it promised.
func (w *writer) check(ctx context.Context, t *testing.T) {
	t.Helper()
	stored, err := w.List(ctx)
	require.NoError(t, err)
	// The bot may answer once, and while nobody is connected the queue says so.
	stored = slices.DeleteFunc(stored, func(m load.Message) bool { return m.Author.Kind != string(desk.ByVisitor) })
	require.Len(t, stored, len(w.promised), "the conversation holds something else than what was promised")
	for i, m := range stored {
		require.Equal(t, w.promised[i].ID, m.ID)
		require.Equal(t, w.promised[i].Seq, m.Seq)
		require.Equal(t, "m"+strconv.Itoa(i+1), m.ClientID)
		require.Equal(t, bench.Text(i+1), m.Parts[0].Text)
		if i > 0 {
			require.Greater(t, m.Seq, stored[i-1].Seq)
		}
	}
}
