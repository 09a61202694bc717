package training_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/dirblob"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/store/storetest"
	"yingda.dev/internal/platform/timer"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// school is a service on a real database, with what it stands on.
type school struct {
	*storetest.Tenant
	*training.Service
	trainer *trainer
	deps    training.Deps
	dir     string
	blobs   *blob.Store
	stop    func()
}

// trainer learns here, and lets a test come between.
type trainer struct {
	here training.Here
	// before, if set, is called first; its error is the training's.
	before atomic.Pointer[func(context.Context, training.Order) error]
	calls  atomic.Int64
}

func (t *trainer) Train(ctx context.Context, o training.Order, step func(training.Step), made func(training.Made) error) error {
	t.calls.Add(1)
	if f := t.before.Load(); f != nil {
		if err := (*f)(ctx, o); err != nil {
			return err
		}
	}
	return t.here.Train(ctx, o, step, made)
}

func (t *trainer) meanwhile(f func(context.Context, training.Order) error) { t.before.Store(&f) }

func open(t *testing.T) *school {
	t.Helper()
	dir := t.TempDir()
	env := storetest.Start(t, func(t testing.TB, clock desk.Clock) (store.Driver, func() store.Driver) {
		d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)}, sqlite.Config{Path: filepath.Join(dir, "yingda.db")})
		require.NoError(t, err)
		return d, nil
	})
	master, err := seal.CreateMaster(filepath.Join(t.TempDir(), "master.key"), rand.Reader)
	require.NoError(t, err)
	keys := seal.NewKeyring(seal.Deps{Master: master, Store: env.Store, Clock: env.Clock, Random: rand.Reader})
	book, err := audit.New(audit.Deps{Store: env.Store, Keys: keys, IDs: env.IDs})
	require.NoError(t, err)
	folder, err := dirblob.Open(filepath.Join(dir, "files"), "test")
	require.NoError(t, err)
	log := slog.New(slog.DiscardHandler)
	bus, err := logbus.New(logbus.Deps{
		Store: env.Store, IDs: env.IDs, Clock: env.Clock, After: timer.Wall, Jitter: func() float64 { return 0.5 }, Log: log, Metrics: prometheus.NewRegistry(),
	}, logbus.Config{})
	require.NoError(t, err)
	s := &school{Tenant: env.Tenant(), trainer: &trainer{here: training.Here{Clock: env.Clock, Linear: true}}, dir: dir, blobs: blob.New(folder, rand.Reader)}
	s.deps = training.Deps{
		Store: env.Store, Keys: keys, Blobs: s.blobs, Bus: bus, Audit: book, IDs: env.IDs, Clock: env.Clock, After: timer.Wall,
		Trainer: s.trainer, Log: log, Metrics: prometheus.NewRegistry(), Node: "test",
	}
	s.start(t, bus.Run)
	s.Service, s.stop = s.node(t, "test")
	return s
}

// node runs a further service on the same ground.
func (s *school) node(t *testing.T, name string) (*training.Service, func()) {
	t.Helper()
	return s.nodeWith(t, name, training.Config{})
}

func (s *school) nodeWith(t *testing.T, name string, c training.Config) (*training.Service, func()) {
	t.Helper()
	d := s.deps
	d.Node, d.Metrics = name, prometheus.NewRegistry()
	c.Debounce, c.Look = time.Microsecond, 20*time.Millisecond
	n, err := training.New(d, c)
	require.NoError(t, err)
	return n, s.start(t, n.Run)
}

func (s *school) start(t *testing.T, run func(context.Context) error) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- run(ctx) }()
	var once atomic.Bool
	stop = func() {
		if once.CompareAndSwap(false, true) {
			cancel()
			require.NoError(t, <-done)
		}
	}
	t.Cleanup(stop)
	return stop
}

func (s *school) by(key string) desk.By {
	return desk.By{Account: s.ID, Agent: s.Agent.ID, Key: key}
}

// intent is one of a shop's with twenty examples.
func intent(name string, ways ...string) training.Intent {
	i := training.Intent{Name: name, Title: name, Enabled: true}
	for _, thing := range []string{"洗衣机", "手机壳", "运动鞋", "冰箱", "耳机"} {
		for _, w := range ways {
			i.Examples = append(i.Examples, fmt.Sprintf(w, thing))
		}
	}
	return i
}

func orders() training.Intent {
	return intent("order_status", "我的%s什么时候到", "%s发货了吗", "%s到哪里了", "查一下%s的物流")
}

func refunds() training.Intent {
	return intent("refund", "我要退%s", "%s能退货吗", "%s退款多久到账", "不想要%s了怎么退")
}

func (s *school) save(t *testing.T, i training.Intent) training.Intent {
	t.Helper()
	saved, err := s.SaveIntent(s.Ctx, s.by(""), i)
	require.NoError(t, err)
	return saved
}

// until waits for what must happen.
func until(t *testing.T, what string, is func() bool) {
	t.Helper()
	require.Eventually(t, is, 60*time.Second, 5*time.Millisecond, what)
}

// settled waits until nothing is trained or waits to be.
func (s *school) settled(t *testing.T) {
	t.Helper()
	until(t, "the training ends", func() bool {
		jobs, err := s.deps.Store.ActiveTrainingJobs(s.Ctx, s.ID)
		require.NoError(t, err)
		return len(jobs) == 0
	})
}

// serves waits until the model serves that the last training made.
func (s *school) serves(t *testing.T, n *training.Service, version string) training.Current {
	t.Helper()
	var c training.Current
	until(t, "the model serves", func() bool {
		var err error
		c, err = n.Current(s.Ctx, s.ID)
		require.NoError(t, err)
		return c.Version == version
	})
	return c
}

func (s *school) stored(t *testing.T) store.Training {
	t.Helper()
	now, err := s.deps.Store.Training(s.Ctx, s.ID)
	require.NoError(t, err)
	return now
}
