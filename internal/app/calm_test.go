package app

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestCalm(t *testing.T) {
	t.Parallel()
	// Each step is a look: how much was allocated since, and how much the
	// process would hold after a collection.
	steps := []struct {
		allocated, held uint64
		trims           bool
		says            string
	}{
		{1 << 20, 0, false, "nothing to speak of was allocated yet"},
		{500 << 20, 0, false, "busy"},
		{2 << 20, 100 << 20, true, "idle after work"},
		{1 << 20, 70 << 20, true, "it helped, so once more"},
		{1 << 20, 69 << 20, true, "and once more"},
		{1 << 20, 0, false, "that did not help"},
		{9 << 20, 0, false, ""},
		{9 << 20, 0, false, ""},
		{9 << 20, 0, false, ""},
		{9 << 20, 60 << 20, true, "enough for another look"},
	}
	var allocated, held, after uint64 = 7, 300 << 20, 0
	trims := 0
	look := make(chan time.Time)
	asked := make(chan struct{})
	c := &calm{
		after: func(d time.Duration) (<-chan time.Time, func()) {
			require.Equal(t, calmLook, d)
			asked <- struct{}{}
			return look, func() {}
		},
		allocated: func() uint64 { return allocated },
		held:      func() uint64 { return held },
		trim:      func() { held = after; trims++ },
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	<-asked
	for _, s := range steps {
		before := trims
		allocated, after = allocated+s.allocated, s.held
		look <- time.Time{}
		<-asked
		require.Equal(t, s.trims, trims > before, "%s", s.says)
	}
	cancel()
	require.NoError(t, <-done)
	fresh := newCalm(nil)
	require.Positive(t, fresh.allocated())
	require.Positive(t, fresh.held())
}
