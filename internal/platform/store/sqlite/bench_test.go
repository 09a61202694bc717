package sqlite_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
)

func open(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
		sqlite.Config{Path: filepath.Join(t.TempDir(), "yingda.db")})
	require.NoError(t, err)
	return d, nil
}

// BenchmarkReceive measures durable customers' messages: 64 callers, contact
// and conversation exist, 400 bytes of sealed body, an idempotency key each.
//
//	go test -run '^$' -bench Receive ./internal/platform/store/sqlite
func BenchmarkReceive(b *testing.B) {
	env := storetest.Start(b, func(t testing.TB, _ desk.Clock) (store.Driver, func() store.Driver) {
		return open(t, desk.ClockFunc(time.Now))
	})
	n := env.Tenant()
	body := bytes.Repeat([]byte{0xa5}, 400)
	const callers, contacts = 64, 256
	for i := range contacts {
		n.Do(n.Receive(fmt.Sprint("person", i), "", body))
	}
	var next atomic.Int64
	work := make(chan error, callers)
	b.ReportAllocs()
	b.ResetTimer()
	before := cpu(b)
	for range callers {
		go func() {
			for {
				i := next.Add(1)
				if i > int64(b.N) {
					work <- nil
					return
				}
				if _, err := env.Store.Do(env.Ctx, n.Receive(fmt.Sprint("person", i%contacts), fmt.Sprint("key", i), body)); err != nil {
					work <- err
					return
				}
			}
		}()
	}
	for range callers {
		require.NoError(b, <-work)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "messages/s")
	b.ReportMetric(float64((cpu(b)-before).Microseconds())/float64(b.N), "cpu-us/message")
}

// cpu is what the process has used, callers included; unlike the rate it tells
// the truth on a busy machine.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
