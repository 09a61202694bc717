package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/pgtest"
)

func TestMain(m *testing.M) {
	if os.Getenv(serveChild) != "" {
		os.Exit(runAsProgram())
	}
	// The test binary stands for the program where the program starts itself.
	if len(os.Args) > 1 && slices.Contains([]string{"read-document", "train"}, os.Args[1]) {
		os.Exit(Main(context.Background(), Process{Args: os.Args[1:], Env: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr}))
	}
	// The realtime library counts for ever once a node was built; a process builds one.
	goleak.VerifyTestMain(stopping{m}, goleak.IgnoreTopFunction("github.com/FZambia/eagle.(*Eagle).aggregate"))
}

// stopping stops the shared PostgreSQL before leaks are looked for.
type stopping struct{ *testing.M }

// Run runs the tests.
func (s stopping) Run() int {
	code := s.M.Run()
	if err := pgtest.StopShared(); err != nil {
		return 1
	}
	return code
}

// fixedClock stands until it is set.
type fixedClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *fixedClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *fixedClock) set(seconds int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = time.Unix(seconds, 0).UTC()
}

// diary notes what happens in which order.
type diary struct {
	mu    sync.Mutex
	lines []string
}

func (d *diary) note(line string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lines = append(d.lines, line)
}

func (d *diary) part(name string, started chan<- string) part {
	return part{name, func(ctx context.Context) error {
		started <- name
		<-ctx.Done()
		d.note("end " + name)
		return ctx.Err()
	}}
}

func TestStagesStopInReverse(t *testing.T) {
	t.Parallel()
	var d diary
	started := make(chan string, 4)
	s := &stages{
		log: quiet(), timeout: time.Minute, stopping: func() { d.note("stopping") },
		list: []stage{
			{parts: []part{d.part("store", started)}, then: func(context.Context) error { d.note("prepared"); return nil }},
			{parts: []part{d.part("bus", started)}},
			{parts: []part{d.part("http", started)}},
		},
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	for range 3 {
		<-started
	}
	cancel()
	require.NoError(t, <-done)
	require.Equal(t, []string{"prepared", "stopping", "end http", "end bus", "end store"}, d.lines)
}

func TestAFailedPartStopsTheRest(t *testing.T) {
	t.Parallel()
	for name, failure := range map[string]error{"with an error": errors.New("disk gone"), "by ending": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var d diary
			started := make(chan string, 4)
			s := &stages{
				log: quiet(), timeout: time.Minute, stopping: func() {},
				list: []stage{
					{parts: []part{d.part("store", started)}},
					{parts: []part{{"consumer", func(context.Context) error { return failure }}}},
					{parts: []part{d.part("http", started)}},
				},
			}
			err := s.Run(t.Context())
			require.ErrorContains(t, err, "consumer: ")
			require.Equal(t, []string{"end http", "end store"}, d.lines)
		})
	}
}

// A part that hangs must not keep the others, above all the store, from being told.
func TestAPartThatHangs(t *testing.T) {
	t.Parallel()
	var d diary
	started := make(chan string, 4)
	release := make(chan struct{})
	hung := part{"hung", func(context.Context) error { <-release; return nil }}
	told := make(chan struct{})
	store := part{"store", func(ctx context.Context) error { <-ctx.Done(); close(told); return nil }}
	s := &stages{log: quiet(), timeout: 10 * time.Millisecond, stopping: func() {}, list: []stage{{parts: []part{store}}, {parts: []part{hung, d.part("fine", started)}}}}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-started
		cancel()
	}()
	err := s.Run(ctx)
	require.ErrorContains(t, err, "hung did not stop in time")
	require.NotContains(t, fmt.Sprint(err), "fine did")
	<-told
	close(release)
}

// What follows a start must not wait for ever for a part that is gone.
func TestFollowUp(t *testing.T) {
	t.Parallel()
	var d diary
	started := make(chan string, 4)
	gone := errors.New("database gone")
	s := &stages{
		log: quiet(), timeout: time.Minute, stopping: func() {},
		list: []stage{
			{
				parts: []part{{"store", func(context.Context) error { return gone }}},
				then:  func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() },
			},
			{parts: []part{d.part("http", started)}},
		},
	}
	require.ErrorIs(t, s.Run(t.Context()), gone)
	require.Empty(t, d.lines, "the next stage does not start")

	bad := errors.New("wrong key")
	s.list[0] = stage{parts: []part{d.part("store", started)}, then: func(context.Context) error { return bad }}
	require.ErrorIs(t, s.Run(t.Context()), bad)
	require.Equal(t, []string{"end store"}, d.lines)
}

// A stop while something is still being prepared is a stop and no failure.
func TestStopDuringFollowUp(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	var d diary
	started := make(chan string, 4)
	s := &stages{
		log: quiet(), timeout: time.Minute, stopping: func() {},
		list: []stage{
			{parts: []part{d.part("store", started)}, then: orderly(func(ctx context.Context) error {
				cancel()
				<-ctx.Done()
				return desk.Wrap(desk.Unavailable, "seed", ctx.Err())
			})},
			{parts: []part{d.part("http", started)}},
		},
	}
	require.NoError(t, s.Run(ctx))
	require.Equal(t, []string{"end store"}, d.lines, "the next stage does not start")
	bad := errors.New("bad")
	require.ErrorIs(t, orderly(func(context.Context) error { return bad })(t.Context()), bad)
}

// The database stays open while a part still uses it.
func TestLatePartsKeepTheDatabase(t *testing.T) {
	t.Parallel()
	c := config.Default()
	c.DataDir, c.Keys.File = filepath.Join(t.TempDir(), "data"), filepath.Join(t.TempDir(), "master.key")
	k, err := openCore(t.Context(), c, quiet())
	require.NoError(t, err)
	late := (&runningStage{names: []string{"store"}}).late()
	require.Equal(t, late, k.closeAfter(late))
	_, err = k.store.Head(t.Context())
	require.NoError(t, err)
	bad := errors.New("bad")
	require.ErrorIs(t, k.closeAfter(bad), bad)
	_, err = k.store.Head(t.Context())
	require.Error(t, err)
}
