package postgres_test

import (
	"context"
	"io"
	"net"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/storetest"
)

// wire stands between a node and the server. Silence makes the connections
// that exist swallow everything, as a network does that lost its route.
type wire struct {
	net.Listener
	server string
	parts  sync.WaitGroup

	mu     sync.Mutex
	silent chan struct{}
	open   []net.Conn
}

func newWire(t *testing.T, dsn string) (w *wire, through string) {
	t.Helper()
	address, err := url.Parse(dsn)
	require.NoError(t, err)
	query := address.Query()
	const socket = "/.s.PGSQL.5432"
	folder, err := os.MkdirTemp("", "wire") //nolint:usetesting // t.TempDir is too long for a socket's name
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "unix", folder+socket)
	require.NoError(t, err)
	w = &wire{Listener: l, server: query.Get("host") + socket, silent: make(chan struct{})}
	w.parts.Go(w.accept)
	t.Cleanup(func() {
		_ = l.Close()
		w.mu.Lock()
		for _, c := range w.open {
			_ = c.Close()
		}
		w.mu.Unlock()
		w.parts.Wait()
	})
	query.Set("host", folder)
	address.RawQuery = query.Encode()
	return w, address.String()
}

func (w *wire) accept() {
	for {
		near, err := w.Accept()
		if err != nil {
			return
		}
		far, err := (&net.Dialer{}).Dial("unix", w.server)
		if err != nil {
			_ = near.Close()
			continue
		}
		w.mu.Lock()
		silent := w.silent
		w.open = append(w.open, near, far)
		w.mu.Unlock()
		w.parts.Go(func() { carry(near, far, silent) })
		w.parts.Go(func() { carry(far, near, silent) })
	}
}

func carry(to io.WriteCloser, from io.Reader, silent <-chan struct{}) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			_ = to.Close()
			return
		}
		select {
		case <-silent:
		default:
			_, _ = to.Write(buffer[:n])
		}
	}
}

func (w *wire) silence() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.silent)
	w.silent = make(chan struct{})
}

func TestASilentConnectionDoesNotHideOtherNodes(t *testing.T) {
	t.Parallel()
	dsn := database(t)
	w, through := newWire(t, dsn)
	far := store.New(node(t, through, desk.ClockFunc(time.Now), func(c *postgres.Config) {
		c.Poll, c.ReadTime = 20*time.Millisecond, time.Second
	}))
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- far.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		require.NoError(t, <-done)
		require.NoError(t, far.Close())
	})
	near := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, dsn, clock), nil
	})
	tenant := near.Tenant()
	commits, stop := far.Watch()
	defer stop()
	hears := func(key string) {
		t.Helper()
		_, err := near.Store.Do(near.Ctx, tenant.Receive("ada", key, []byte("sealed")))
		require.NoError(t, err)
		select {
		case <-commits:
		case <-time.After(15 * time.Second):
			require.FailNow(t, "the other node's commit was not noticed", key)
		}
	}
	hears("1")
	w.silence()
	hears("2")
}

// Work without a deadline of its own does not wait for ever for a server whose
// answers do not come.
func TestASilentConnectionEndsReads(t *testing.T) {
	t.Parallel()
	w, through := newWire(t, database(t))
	far := store.New(node(t, through, desk.ClockFunc(time.Now), func(c *postgres.Config) {
		c.Readers, c.ReadTime = 1, 200*time.Millisecond
	}))
	defer far.Close() //nolint:errcheck // the connections are dead on purpose
	_, err := far.Head(t.Context())
	require.NoError(t, err)
	w.silence()
	failed := make(chan error, 1)
	go func() {
		_, err := far.Head(t.Context())
		failed <- err
	}()
	select {
	case err := <-failed:
		require.ErrorIs(t, err, desk.Unavailable)
	case <-time.After(15 * time.Second):
		require.FailNow(t, "the look-up waits for ever")
	}
	require.Eventually(t, func() bool { _, err := far.Head(t.Context()); return err == nil }, 15*time.Second, 20*time.Millisecond,
		"the next connection works")
}
