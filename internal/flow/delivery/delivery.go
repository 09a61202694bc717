package delivery

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// conversations is what delivery needs of flow/conversation.
type conversations interface {
	// SetMessageSent moves a message's status upward and keeps the platform's
	// name of it; a lower status changes nothing.
	SetMessageSent(ctx context.Context, account desk.AccountID, id desk.MessageID, status desk.DeliveryStatus, reason, external string) error
}

// follower is the side of the bus that tells every node everything.
type follower interface {
	Follow(ctx context.Context, from int64, fn func(events []desk.Event)) error
}

// signer gives the files of a content their addresses, in place; package
// attachment implements it.
type signer interface {
	Sign(account desk.AccountID, c *desk.Content)
}

// Deps are delivery's required collaborators.
type Deps struct {
	Store         *store.Store
	Keys          *seal.Keyring
	IDs           *desk.IDs
	Clock         desk.Clock
	After         timer.After
	Jitter        func() float64
	Channels      *channel.Registry
	Conversations conversations
	// Files may be nil: then files have no addresses.
	Files   signer
	Bus     follower
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Config tunes delivery. The zero value of each field is its default.
type Config struct {
	// PublicURL is put before the paths of our own files, for platforms fetch
	// them: "https://desk.example". Empty leaves them as they are.
	PublicURL string
	// Workers is how many messages are sent at once. Defaults to 8.
	Workers int
	// SendTimeout bounds one call of an adapter. Defaults to 20 s.
	SendTimeout time.Duration
	// Attempts is how often a message is tried. Defaults to 8.
	Attempts int
	// Backoff is the pause after a first failure; it doubles up to MaxBackoff.
	// Default to 2 s and 10 min.
	Backoff, MaxBackoff time.Duration
	// Quiet is how long an inbox waits whose credentials were refused, or that
	// was throttled without being told how long. Defaults to 1 min.
	Quiet time.Duration
	// Recheck is how often a held message is looked at though the customer did
	// not write. Defaults to 10 min.
	Recheck time.Duration
	// MaxAge is when a message that could not be sent is given up. Defaults to
	// desk.ReopenWindow.
	MaxAge time.Duration
	// Fallback is the longest time between two looks at the outbox. Defaults to
	// 5 s.
	Fallback time.Duration
}

// Delivery sends what the outbox holds. Build it with New, then Run it.
type Delivery struct {
	deps   Deps
	cfg    Config
	holder string
	rates  *rates

	// wake tells the loop to look at once; capacity 1, more says nothing more.
	wake chan struct{}

	mu sync.Mutex
	// held are the rows this node put off until the customer writes, and those
	// it may yet put off. At most maxHeld: beyond, they only wait for Recheck.
	held map[desk.ConversationID]heldRow

	outcomes *prometheus.CounterVec
	delay    prometheus.Histogram
}

const maxHeld = 10_000

// heldRow is a row whose customer is listened for.
type heldRow struct {
	item store.OutboxItem
	// asleep: nobody works on the row. One that is worked on must not be made
	// due, for a second worker would send it beside the first.
	asleep bool
}

// New builds a Delivery. A missing collaborator, a negative setting or a
// metric that is registered already is an error.
func New(d Deps, cfg Config) (*Delivery, error) {
	const op = "build delivery"
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Clock == nil || d.After == nil || d.Jitter == nil || d.Channels == nil ||
		d.Conversations == nil || d.Bus == nil || d.Log == nil || d.Metrics == nil {
		return nil, desk.E(desk.Invalid, op, "a required part is missing")
	}
	if cfg.Workers < 0 || cfg.Attempts < 0 {
		return nil, desk.E(desk.Invalid, op, "a setting is negative")
	}
	if cfg.Workers == 0 {
		cfg.Workers = 8
	}
	if cfg.Attempts == 0 {
		cfg.Attempts = 8
	}
	for _, f := range []struct {
		value *time.Duration
		def   time.Duration
	}{
		{&cfg.SendTimeout, 20 * time.Second},
		{&cfg.Backoff, 2 * time.Second},
		{&cfg.MaxBackoff, 10 * time.Minute},
		{&cfg.Quiet, time.Minute},
		{&cfg.Recheck, 10 * time.Minute},
		{&cfg.MaxAge, desk.ReopenWindow},
		{&cfg.Fallback, 5 * time.Second},
	} {
		if *f.value < 0 {
			return nil, desk.E(desk.Invalid, op, "a setting is negative")
		}
		if *f.value == 0 {
			*f.value = f.def
		}
	}
	v := &Delivery{
		deps: d, cfg: cfg, holder: d.IDs.Other("node"), rates: newRates(), wake: make(chan struct{}, 1),
		held: map[desk.ConversationID]heldRow{},
		outcomes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_delivery_outcomes_total", Help: "What became of messages taken from the outbox, by channel and result.",
		}, []string{"channel", "result"}),
		delay: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "yingda_delivery_delay_seconds", Help: "From a message's commit until the platform took it.",
			Buckets: []float64{0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 600, 3600},
		}),
	}
	for _, c := range []prometheus.Collector{v.outcomes, v.delay} {
		if err := d.Metrics.Register(c); err != nil {
			return nil, desk.Wrap(desk.Internal, op, err)
		}
	}
	return v, nil
}

// Run sends until ctx ends and returns when no send is under way any more.
func (d *Delivery) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	defer parts.Wait()
	parts.Go(func() { d.listen(ctx) })
	// A slot is taken before a row is, so that no row waits here claimed.
	slots := make(chan struct{}, d.cfg.Workers)
	for failures := 0; ctx.Err() == nil; {
		pause, err := d.look(ctx, slots, &parts)
		if err != nil && ctx.Err() == nil {
			failures++
			pause = d.backoff(failures)
			d.deps.Log.WarnContext(ctx, "outbox unreadable", "error", err, "failures", failures)
		} else {
			failures = 0
		}
		if pause <= 0 {
			continue
		}
		fired, stop := d.deps.After(pause)
		select {
		case <-ctx.Done():
		case <-d.wake:
		case <-fired:
		}
		stop()
	}
	return nil
}

// look starts as many sends as there are free slots and says how long there is
// nothing more to do.
func (d *Delivery) look(ctx context.Context, slots chan struct{}, parts *sync.WaitGroup) (time.Duration, error) {
	free := cap(slots) - len(slots)
	if free == 0 {
		return d.cfg.Fallback, nil // a send that ends wakes us
	}
	next, found, err := d.deps.Store.NextOutbox(ctx)
	if err != nil {
		return 0, err
	}
	now := d.deps.Clock.Now()
	if !found {
		return d.cfg.Fallback, nil
	}
	if wait := next.Sub(now); wait > 0 {
		return min(wait, d.cfg.Fallback), nil
	}
	items, err := d.deps.Store.DueOutbox(ctx, d.holder, now, free)
	if err != nil {
		return 0, err
	}
	for _, item := range items {
		slots <- struct{}{} // never blocks: only this loop takes slots
		parts.Go(func() {
			defer func() {
				<-slots
				d.kick()
			}()
			d.process(ctx, item)
		})
	}
	if len(items) == 0 {
		// What is due is being sent, or waits behind an earlier message.
		return d.cfg.Fallback, nil
	}
	return 0, nil
}

func (d *Delivery) kick() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// listen wakes the loop for new messages and releases held ones when their
// customer writes.
func (d *Delivery) listen(ctx context.Context) {
	for failures := 1; ctx.Err() == nil; failures++ {
		err := d.deps.Bus.Follow(ctx, 0, func(events []desk.Event) {
			for _, e := range events {
				switch f := e.Fact.(type) {
				case desk.MessageSent:
					if f.Status == desk.Queued {
						d.kick()
					}
				case desk.MessageReceived:
					d.release(ctx, e.ConversationID)
				}
			}
		})
		if err != nil && ctx.Err() == nil {
			d.deps.Log.WarnContext(ctx, "delivery cannot follow the log", "error", err)
			fired, stop := d.deps.After(d.backoff(failures))
			select {
			case <-ctx.Done():
			case <-fired:
			}
			stop()
		}
	}
}

// expect begins to watch for the customer's next message; false if the list
// is full.
func (d *Delivery) expect(item store.OutboxItem) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.held) >= maxHeld {
		return false
	}
	d.held[item.ConversationID] = heldRow{item: item}
	return true
}

// hold leaves a row to be released when the customer writes; false if they
// wrote since expect.
func (d *Delivery) hold(item store.OutboxItem) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	if h, still := d.held[item.ConversationID]; !still || h.item.MessageID != item.MessageID {
		return false
	}
	d.held[item.ConversationID] = heldRow{item: item, asleep: true}
	return true
}

// forget ends the watch for a row that is not held.
func (d *Delivery) forget(p *parcel) {
	if p.held || !p.watched {
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.held[p.item.ConversationID].item.MessageID == p.item.MessageID { // else the next row's watch has begun
		delete(d.held, p.item.ConversationID)
	}
}

func (d *Delivery) release(ctx context.Context, conversation desk.ConversationID) {
	d.mu.Lock()
	h := d.held[conversation]
	delete(d.held, conversation)
	d.mu.Unlock()
	if !h.asleep {
		return // not held, or hold sees that its entry is gone
	}
	item := h.item
	item.Holder, item.Due = "", d.deps.Clock.Now()
	if err := d.update(ctx, item); err != nil && desk.KindOf(err) != desk.Conflict {
		d.deps.Log.WarnContext(ctx, "held message not released", "error", err) // Recheck finds it
	}
	d.kick()
}

func (d *Delivery) update(ctx context.Context, item store.OutboxItem) error {
	return d.deps.Store.Write(ctx, item.AccountID, func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateOutbox(ctx, item)
	})
}

func (d *Delivery) backoff(failures int) time.Duration {
	t := d.cfg.Backoff << min(max(failures-1, 0), 20)
	if t <= 0 || t > d.cfg.MaxBackoff {
		t = d.cfg.MaxBackoff
	}
	return t/2 + time.Duration(d.deps.Jitter()*float64(t/2))
}
