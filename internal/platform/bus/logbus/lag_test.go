package logbus_test

import (
	"context"
	"crypto/rand"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/sqlite"
	"yingda.dev/internal/platform/timer"
)

// A consumer that is stuck commits nothing; its lag must grow all the same.
func TestLagOfAStuckConsumer(t *testing.T) {
	t.Parallel()
	clock := desk.ClockFunc(time.Now)
	d, err := sqlite.Open(t.Context(), sqlite.Deps{Clock: clock, Log: slog.New(slog.DiscardHandler)},
		sqlite.Config{Path: filepath.Join(t.TempDir(), "test.db")})
	require.NoError(t, err)
	s := run(t, d)
	metrics := prometheus.NewRegistry()
	ids := desk.NewIDs(clock, rand.Reader)
	b, err := logbus.New(logbus.Deps{
		Store: s, IDs: ids, Clock: clock, Jitter: func() float64 { return 0.5 },
		After: timer.Wall, Log: slog.New(slog.DiscardHandler), Metrics: metrics,
	}, logbus.Config{Linger: time.Millisecond})
	require.NoError(t, err)
	lag := func() float64 {
		families, err := metrics.Gather()
		require.NoError(t, err)
		for _, f := range families {
			if f.GetName() == "yingda_bus_lag_events" {
				return f.GetMetric()[0].GetGauge().GetValue()
			}
		}
		return -1
	}
	require.InDelta(t, -1, lag(), 0, "nobody consumes")

	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- b.Run(ctx) }()
	stuck, release := make(chan struct{}, 100), make(chan struct{})
	go func() {
		ended <- b.Consume(ctx, bus.Consumer{Name: "stuck", Handle: func(context.Context, []desk.Event) (bus.Effects, error) {
			stuck <- struct{}{}
			<-release
			return nil, nil
		}})
	}()
	account, conversation := ids.Account(), ids.Conversation()
	shard, _ := conversation.Shard()
	emit := func() {
		require.NoError(t, s.Write(t.Context(), account, func(_ context.Context, tx *store.Tx) error {
			return tx.Emit(desk.Event{
				AccountID: account, Shard: shard, ConversationID: conversation, Actor: desk.Author{Kind: desk.BySystem},
				Fact: desk.MessageReceived{MessageFact: desk.MessageFact{MessageID: ids.Message(shard), Seq: 1, Body: desk.Sealed("x")}},
			})
		}))
	}
	emit()
	<-stuck
	for range 6 {
		emit()
	}
	reaches := func(want float64) {
		t.Helper()
		require.Eventually(t, func() bool { return lag() == want }, 20*time.Second, 5*time.Millisecond)
	}
	reaches(7)
	close(release)
	reaches(0)
	cancel()
	require.NoError(t, <-ended)
	require.NoError(t, <-ended)
	require.InDelta(t, -1, lag(), 0)
}
