package logbus

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// Sealer hides an account's signals from whoever can read the database.
type Sealer interface {
	Seal(ctx context.Context, account desk.AccountID, plain []byte) ([]byte, error)
	Open(ctx context.Context, account desk.AccountID, sealed []byte) ([]byte, error)
}

// across holds the signals on their way to other nodes: at most capacity, the
// oldest is dropped for the newest.
type across struct {
	capacity int
	dropped  prometheus.Counter
	waves    store.Waves
	wake     chan struct{}

	mu      sync.Mutex
	waiting []bus.Signal
}

func (a *across) put(s bus.Signal) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.waiting) >= a.capacity {
		a.waiting = append(a.waiting[:0], a.waiting[1:]...)
		a.dropped.Inc()
	}
	a.waiting = append(a.waiting, s)
	select {
	case a.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (a *across) take() []bus.Signal {
	a.mu.Lock()
	defer a.mu.Unlock()
	s := a.waiting
	a.waiting = nil
	return s
}

// shout is what goes between nodes: sealed signals and who shouts.
type shout struct {
	From   string   `json:"f"`
	Sealed []parcel `json:"s"`
}

type parcel struct {
	Account desk.AccountID `json:"a"`
	Signal  []byte         `json:"x"`
}

// envelope is what a parcel and a shout take besides the sealed signal, amply.
const envelope = 64

// listen spreads what other nodes shout, until ctx ends.
func (b *Bus) listen(ctx context.Context) {
	heard := make(chan string, b.cfg.SignalBuffer)
	stop := b.across.waves.Shouts(func(text string) {
		select {
		case heard <- text:
		default: // too many at once: signals may be lost
			b.across.dropped.Inc()
		}
	})
	defer stop()
	for {
		select {
		case <-ctx.Done():
			return
		case text := <-heard:
			b.hear(ctx, text)
		}
	}
}

// carry shouts what is signalled here, until ctx ends.
func (b *Bus) carry(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-b.across.wake:
			b.shout(ctx, b.across.take())
			b.pause(ctx, b.cfg.SignalPause)
		}
	}
}

// shout says signals to the other nodes, as many in one as fit.
func (b *Bus) shout(ctx context.Context, signals []bus.Signal) {
	next, size := shout{From: b.holder}, envelope
	say := func() {
		if len(next.Sealed) == 0 {
			return
		}
		text, err := json.Marshal(next)
		if err == nil {
			err = b.across.waves.Shout(ctx, string(text))
		}
		if err != nil && ctx.Err() == nil {
			b.across.dropped.Add(float64(len(next.Sealed)))
			b.deps.Log.DebugContext(ctx, "signals not told to other nodes", "error", err)
		}
		next.Sealed, size = nil, envelope
	}
	for _, s := range signals {
		plain, err := json.Marshal(s)
		if err != nil {
			continue // a Signal always encodes
		}
		sealed, err := b.deps.Sealer.Seal(ctx, s.AccountID, plain)
		need := envelope + len(s.AccountID) + (len(sealed)+2)/3*4
		if err != nil || need > store.MaxShout-envelope {
			b.across.dropped.Inc() // longer than anybody types
			continue
		}
		if size+need > store.MaxShout {
			say()
		}
		next.Sealed, size = append(next.Sealed, parcel{s.AccountID, sealed}), size+need
	}
	say()
}

// hear spreads what another node shouted. What cannot be read is nobody's.
func (b *Bus) hear(ctx context.Context, text string) {
	var s shout
	if json.Unmarshal([]byte(text), &s) != nil || s.From == b.holder {
		return
	}
	for _, p := range s.Sealed {
		plain, err := b.deps.Sealer.Open(ctx, p.Account, p.Signal)
		if err != nil {
			continue
		}
		var signal bus.Signal
		if json.Unmarshal(plain, &signal) == nil && signal.AccountID == p.Account {
			b.lane.spread(signal)
		}
	}
}
