package postgres_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/pgtest"
	"yingda.dev/internal/platform/store/postgres"
	"yingda.dev/internal/platform/store/storetest"
)

// BenchmarkReceive measures durable customers' messages: 64 callers, contact
// and conversation exist, 400 bytes of sealed body, an idempotency key each.
//
//	go test -run '^$' -bench Receive ./internal/platform/store/postgres
func BenchmarkReceive(b *testing.B) {
	for _, committers := range []int{1, 2} {
		b.Run(fmt.Sprintf("committers=%d", committers), func(b *testing.B) { benchmarkReceive(b, committers) })
	}
}

func benchmarkReceive(b *testing.B, committers int) {
	env := storetest.Start(b, func(t testing.TB, _ desk.Clock) (store.Driver, func() store.Driver) {
		return node(t, database(t), desk.ClockFunc(time.Now), func(c *postgres.Config) { c.Committers = committers }), nil
	})
	n := env.Tenant()
	body := bytes.Repeat([]byte{0xa5}, 400)
	const callers, contacts = 64, 256
	for i := range contacts {
		n.Do(n.Receive(fmt.Sprint("person", i), "", body))
	}
	pid, err := pgtest.Shared(b).ServerPID()
	require.NoError(b, err)
	var next atomic.Int64
	work := make(chan error, callers)
	b.ReportAllocs()
	b.ResetTimer()
	before, server := cpu(b), serverCPU(b, pid)
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
	b.ReportMetric(float64((serverCPU(b, pid)-server).Microseconds())/float64(b.N), "server-cpu-us/message")
}

// cpu is what this process has used, callers included.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// serverCPU is what the server's processes have used, the ended ones included.
func serverCPU(b *testing.B, postmaster int) time.Duration {
	const tick = time.Second / 100 // of /proc, the same on every Linux
	var ticks int64
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	require.NoError(b, err)
	for _, path := range stats {
		content, err := os.ReadFile(path)
		if err != nil {
			continue // ended meanwhile
		}
		_, rest, _ := strings.Cut(string(content), ") ")
		f := strings.Fields(rest) // from the third field of proc(5) on
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		require.NoError(b, err)
		if f[1] != strconv.Itoa(postmaster) && pid != postmaster {
			continue
		}
		for _, field := range f[11:15] { // user, system, and those of waited-for children
			n, err := strconv.ParseInt(field, 10, 64)
			require.NoError(b, err)
			ticks += n
		}
	}
	return time.Duration(ticks) * tick
}
