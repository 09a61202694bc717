package load

import (
	"slices"
	"sync"
	"time"
)

// Ledger compares what senders were promised with what listeners got. Both
// sides write into it independently; it forgets nothing until it is dropped.
type Ledger struct {
	mu        sync.Mutex
	sent      int
	messages  map[string]*entry
	lastSeq   map[chain]int64 // newest seq seen
	twice     int
	disorder  int
	latencies []time.Duration
}

// entry is one message: when its sending began if it was promised, when the
// first listener got it, and all who did.
type entry struct {
	began, arrived time.Time
	heard          []string // few: the agents of one account
}

type chain struct{ listener, conversation string }

// NewLedger returns an empty one.
func NewLedger() *Ledger {
	return &Ledger{messages: map[string]*entry{}, lastSeq: map[chain]int64{}}
}

// Sent notes that a sender began to send.
func (l *Ledger) Sent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
}

// entry finds or begins a message's; the caller holds mu.
func (l *Ledger) entry(id string) *entry {
	e := l.messages[id]
	if e == nil {
		e = &entry{}
		l.messages[id] = e
	}
	return e
}

// Acked notes the server's promise for a message whose sending began at began.
func (l *Ledger) Acked(m Message, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(m.ID)
	e.began = began
	l.settle(e)
}

// Arrived notes that listener got m at that time.
func (l *Ledger) Arrived(listener string, m Message, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	e := l.entry(m.ID)
	if slices.Contains(e.heard, listener) {
		l.twice++
		return
	}
	e.heard = append(e.heard, listener)
	c := chain{listener, m.ConversationID}
	if m.Seq <= l.lastSeq[c] {
		l.disorder++
	}
	l.lastSeq[c] = max(l.lastSeq[c], m.Seq)
	if e.arrived.IsZero() {
		e.arrived = at
		l.settle(e)
	}
}

// settle records the time from sending to arrival once both are known; the
// arrival is often known before the sender reads its answer.
func (l *Ledger) settle(e *entry) {
	if !e.began.IsZero() && !e.arrived.IsZero() {
		l.latencies = append(l.latencies, e.arrived.Sub(e.began))
	}
}

// Books is what a Ledger says at one moment.
type Books struct {
	Sent       int `json:"sent"`
	Acked      int `json:"acked"`
	Delivered  int `json:"delivered"`
	Lost       int `json:"lost"` // promised and not delivered
	Duplicated int `json:"duplicated"`
	OutOfOrder int `json:"out_of_order"`
}

// Books counts. Latencies are those of messages both promised and delivered,
// from the start of sending to the first listener, in no order.
func (l *Ledger) Books() (Books, []time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b := Books{Sent: l.sent, Duplicated: l.twice, OutOfOrder: l.disorder}
	for _, e := range l.messages {
		switch {
		case e.began.IsZero(): // nobody promised it: an answer that was lost, or the first hello
			continue
		case e.arrived.IsZero():
			b.Lost++
		default:
			b.Delivered++
		}
		b.Acked++
	}
	return b, append([]time.Duration(nil), l.latencies...)
}

// Settled reports whether everything promised has arrived.
func (l *Ledger) Settled() bool {
	b, _ := l.Books()
	return b.Lost == 0
}
