package sqlite

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/storetest"
)

// opened is a driver that does not run yet, so that a test decides what lands
// in one batch.
func opened(t *testing.T, clock desk.Clock, config Config) *Driver {
	t.Helper()
	if config.Path == "" {
		config.Path = filepath.Join(t.TempDir(), "yingda.db")
	}
	d, err := Open(t.Context(), Deps{Clock: clock, Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewPedanticRegistry()}, config)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, d.Close()) })
	return d
}

func (d *Driver) started(t *testing.T) (stop func()) {
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	return func() {
		cancel()
		require.NoError(t, <-done)
	}
}

// waiting puts a function into the queue and waits until it is there.
func (d *Driver) waiting(t *testing.T, account desk.AccountID, fn func(context.Context, *store.Tx) error) <-chan error {
	t.Helper()
	before := d.queue.length()
	out := make(chan error, 1)
	go func() { out <- d.Write(t.Context(), account, fn) }()
	require.Eventually(t, func() bool { return d.queue.length() > before }, 10*time.Second, 50*time.Microsecond)
	return out
}

func put(key string) func(context.Context, *store.Tx) error {
	return func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Emit(desk.Event{AccountID: "acc_x", Fact: desk.ContactCreated{}}); err != nil {
			return err
		}
		return tx.PutInstallationValue(ctx, key, key)
	}
}

func TestUnitThatLosesTheTransactionHarmsNoNeighbour(t *testing.T) {
	t.Parallel()
	for _, culprit := range []int{0, 1, 4, 8} {
		t.Run(fmt.Sprint("unit ", culprit), func(t *testing.T) {
			t.Parallel()
			d := opened(t, storetest.NewClock(), Config{})
			var ran atomic.Int32
			lost := errors.New("transaction rolled back under us")
			var answers []<-chan error
			for i := range 9 {
				unit := put(fmt.Sprint("key", i))
				if i == culprit {
					unit = func(ctx context.Context, _ *store.Tx) error {
						ran.Add(1)
						_, err := d.writer.ExecContext(ctx, "ROLLBACK") // what an interrupt can do
						return errors.Join(lost, err)
					}
				}
				answers = append(answers, d.waiting(t, "", unit))
			}
			defer d.started(t)()
			s := store.New(d)
			for i, answer := range answers {
				err := <-answer
				if i == culprit {
					require.ErrorIs(t, err, lost)
					continue
				}
				require.NoError(t, err)
				_, err = s.InstallationValue(t.Context(), fmt.Sprint("key", i))
				require.NoError(t, err)
			}
			require.Equal(t, int32(2), ran.Load(), "once among others and once alone")
			head, err := s.Head(t.Context())
			require.NoError(t, err)
			require.Equal(t, int64(8), head)
			events, err := s.Events(t.Context(), 0, 100)
			require.NoError(t, err)
			require.Len(t, events, 8)
			require.NoError(t, d.Write(t.Context(), "", put("after")))
		})
	}
}

// TestClockSetBack: the log's times never fall, whatever the clock does.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "yingda.db")
	clock := storetest.NewClock()
	d := opened(t, clock, Config{Path: path})
	stop := d.started(t)
	require.NoError(t, d.Write(t.Context(), "", put("one")))
	clock.Advance(-time.Hour)
	require.NoError(t, d.Write(t.Context(), "", put("two")))
	stop()
	require.NoError(t, d.Close())
	d = opened(t, clock, Config{Path: path})
	defer d.started(t)()
	require.NoError(t, d.Write(t.Context(), "", put("three")))
	events, err := d.Events(t.Context(), 0, 10)
	require.NoError(t, err)
	require.Len(t, events, 3)
	for i, e := range events[1:] {
		require.False(t, e.At.Before(events[i].At))
	}
}

func TestSlowUnitRunsAgainAlone(t *testing.T) {
	t.Parallel()
	d := opened(t, desk.ClockFunc(time.Now), Config{UnitTime: 20 * time.Millisecond, BatchTime: time.Minute})
	var ran atomic.Int32
	slow := d.waiting(t, "", func(ctx context.Context, tx *store.Tx) error {
		if ran.Add(1) == 1 {
			<-ctx.Done()
			_, err := tx.InstallationValue(ctx, "neighbour") // an interrupted statement
			return err
		}
		return put("slow")(ctx, tx)
	})
	hopeless := d.waiting(t, "", func(ctx context.Context, _ *store.Tx) error {
		<-ctx.Done()
		return ctx.Err()
	})
	neighbour := d.waiting(t, "", put("neighbour"))
	defer d.started(t)()
	require.NoError(t, <-slow)
	require.NoError(t, <-neighbour)
	require.ErrorIs(t, <-hopeless, context.DeadlineExceeded)
	require.Equal(t, int32(2), ran.Load())
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	d := opened(t, storetest.NewClock(), Config{})
	defer d.started(t)()
	s := store.New(d)
	limit := func(pages string) {
		require.NoError(t, s.Write(t.Context(), "", func(ctx context.Context, _ *store.Tx) error {
			_, err := d.writer.ExecContext(ctx, "PRAGMA max_page_count = "+pages)
			return err
		}))
	}
	write := func(i int) error {
		return s.Write(t.Context(), "", func(ctx context.Context, tx *store.Tx) error {
			return tx.PutInstallationValue(ctx, fmt.Sprint("key", i), string(make([]byte, 3000)))
		})
	}
	var pages int
	require.NoError(t, d.writer.QueryRowContext(t.Context(), "PRAGMA page_count").Scan(&pages)) // the tables alone take some
	limit(fmt.Sprint(pages + 40))
	var err error
	written := 0
	for ; written < 200 && err == nil; written++ {
		err = write(written)
	}
	require.ErrorIs(t, err, desk.Unavailable)
	require.NotEmpty(t, desk.UserMessage(err))
	value, err := s.InstallationValue(t.Context(), "key0")
	require.NoError(t, err, "reading goes on")
	require.Len(t, value, 3000)
	require.ErrorIs(t, write(written), desk.Unavailable)
	_, err = s.InstallationValue(t.Context(), fmt.Sprint("key", written))
	require.ErrorIs(t, err, desk.NotFound)
	limit("100000") // there is space again
	require.NoError(t, write(written))
}

func TestQueueIsBoundedAndFair(t *testing.T) {
	t.Parallel()
	q := newQueue(5, 3)
	add := func(account desk.AccountID) error { return q.push(&unit{account: account}) }
	for range 3 {
		require.NoError(t, add("busy"))
	}
	require.ErrorIs(t, add("busy"), desk.Limited)
	require.NoError(t, add("quiet"))
	require.NoError(t, add("other"))
	require.ErrorIs(t, add("fourth"), desk.Limited)
	var order []desk.AccountID
	for u := q.pop(); u != nil; u = q.pop() {
		order = append(order, u.account)
	}
	require.Equal(t, []desk.AccountID{"busy", "quiet", "other", "busy", "busy"}, order)

	gone := &unit{account: "busy"}
	gone.state.Store(abandoned)
	require.NoError(t, q.push(gone))
	require.Nil(t, q.pop(), "nobody waits for it any more")
	q.close()
	require.ErrorIs(t, add("late"), desk.Unavailable)
}

func TestAbandonedWriteDoesNotRun(t *testing.T) {
	t.Parallel()
	d := opened(t, storetest.NewClock(), Config{})
	ctx, cancel := context.WithCancel(t.Context())
	var ran atomic.Bool
	answer := make(chan error, 1)
	go func() {
		answer <- d.Write(ctx, "", func(context.Context, *store.Tx) error { ran.Store(true); return nil })
	}()
	require.Eventually(t, func() bool { return d.queue.length() == 1 }, 10*time.Second, 50*time.Microsecond)
	cancel()
	require.ErrorIs(t, <-answer, desk.Unavailable)
	stop := d.started(t)
	require.NoError(t, d.Write(t.Context(), "", put("key")))
	stop()
	require.False(t, ran.Load())
}

func TestEventsBeyondMemory(t *testing.T) {
	t.Parallel()
	d := opened(t, storetest.NewClock(), Config{Ring: 4})
	defer d.started(t)()
	for i := range 20 {
		require.NoError(t, d.Write(t.Context(), "", put(fmt.Sprint(i))))
	}
	for after := range int64(21) {
		events, err := d.Events(t.Context(), after, 3)
		require.NoError(t, err)
		require.Len(t, events, int(min(3, 20-after)))
		for i, e := range events {
			require.Equal(t, after+int64(i)+1, e.Pos)
		}
	}
}

func TestReadersCannotWriteAndAreBounded(t *testing.T) {
	t.Parallel()
	d := opened(t, storetest.NewClock(), Config{ReadTime: 20 * time.Millisecond})
	_, err := d.Reader().ExecContext(t.Context(), "DELETE FROM log_head")
	require.Error(t, err)
	var n int
	err = d.Reader().QueryRowContext(t.Context(),
		"WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM c) SELECT count(*) FROM c").Scan(&n)
	require.Error(t, err)
	require.Equal(t, desk.Unavailable, d.Kind(err))
	require.Error(t, d.Reader().QueryRowContext(t.Context(), "SELECT nothing").Scan(&n))
}

func TestUndurableSettingsAreRefused(t *testing.T) {
	t.Parallel()
	d := opened(t, storetest.NewClock(), Config{})
	require.NoError(t, durable(t.Context(), d.writer.conn))
	_, err := d.writer.conn.ExecContext(t.Context(), "PRAGMA synchronous = normal")
	require.NoError(t, err)
	require.Error(t, durable(t.Context(), d.writer.conn))
}

// TestAnsweredIsOnDisk opens the files as a crash would leave them: the
// database and its log, without a checkpoint and without the shared memory.
func TestAnsweredIsOnDisk(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "odd name?%20#1")
	require.NoError(t, os.Mkdir(folder, 0o700))
	d := opened(t, storetest.NewClock(), Config{Path: filepath.Join(folder, "yingda.db")})
	defer d.started(t)()
	for i := range 50 {
		require.NoError(t, d.Write(t.Context(), "", put(fmt.Sprint("key", i))))
	}
	info, err := os.Stat(filepath.Join(folder, "yingda.db"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.FileExists(t, filepath.Join(folder, "yingda.search.db"))

	crashed := t.TempDir()
	for _, name := range []string{"yingda.db", "yingda.db-wal"} {
		copyFile(t, filepath.Join(folder, name), filepath.Join(crashed, name))
	}
	again := opened(t, storetest.NewClock(), Config{Path: filepath.Join(crashed, "yingda.db")})
	s := store.New(again)
	head, err := s.Head(t.Context())
	require.NoError(t, err)
	require.Equal(t, int64(50), head)
	for i := range 50 {
		_, err := s.InstallationValue(t.Context(), fmt.Sprint("key", i))
		require.NoError(t, err)
	}
	events, err := s.Events(t.Context(), 0, 100)
	require.NoError(t, err)
	require.Len(t, events, 50)
	defer again.started(t)()
	require.NoError(t, again.Write(t.Context(), "", put("more")))
	events, err = s.Events(t.Context(), 50, 100)
	require.NoError(t, err)
	require.Equal(t, int64(51), events[0].Pos)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	require.NoError(t, err)
	defer in.Close()
	out, err := os.Create(to)
	require.NoError(t, err)
	_, err = io.Copy(out, in)
	require.NoError(t, errors.Join(err, out.Close()))
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	deps := Deps{Clock: storetest.NewClock(), Log: slog.New(slog.DiscardHandler)}
	_, err := Open(t.Context(), deps, Config{})
	require.ErrorIs(t, err, desk.Invalid)
	_, err = Open(t.Context(), deps, Config{Path: filepath.Join(t.TempDir(), "missing", "yingda.db")})
	require.ErrorIs(t, err, desk.Unavailable)
	notADatabase := filepath.Join(t.TempDir(), "yingda.db")
	require.NoError(t, os.WriteFile(notADatabase, []byte("this is a text file that is not a database"), 0o600))
	_, err = Open(t.Context(), deps, Config{Path: notADatabase})
	require.Error(t, err)
}

func TestClosedBeforeRun(t *testing.T) {
	t.Parallel()
	d := opened(t, storetest.NewClock(), Config{})
	answer := d.waiting(t, "", put("key"))
	require.NoError(t, d.Close())
	require.ErrorIs(t, <-answer, desk.Unavailable)
}
