package load

import (
	"sync"
	"time"
)

// Ledger compares what senders were promised with what listeners got. Both
// sides write into it independently; it forgets nothing until it is dropped.
type Ledger struct {
	mu        sync.Mutex
	sent      int
	acked     map[string]time.Time // message id → when its sending began
	arrived   map[string]time.Time // message id → when the first listener got it
	lastSeq   map[[2]string]int64  // listener, conversation → newest seq seen
	seen      map[[2]string]bool   // listener, message
	twice     int
	disorder  int
	latencies []time.Duration
}

// NewLedger returns an empty one.
func NewLedger() *Ledger {
	return &Ledger{
		acked: map[string]time.Time{}, arrived: map[string]time.Time{},
		lastSeq: map[[2]string]int64{}, seen: map[[2]string]bool{},
	}
}

// Sent notes that a sender began to send.
func (l *Ledger) Sent() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sent++
}

// Acked notes the server's promise for a message whose sending began at began.
func (l *Ledger) Acked(m Message, began time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.acked[m.ID] = began
	l.settle(m.ID)
}

// Arrived notes that listener got m at that time.
func (l *Ledger) Arrived(listener string, m Message, at time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := [2]string{listener, m.ID}
	if l.seen[key] {
		l.twice++
		return
	}
	l.seen[key] = true
	chain := [2]string{listener, m.ConversationID}
	if m.Seq <= l.lastSeq[chain] {
		l.disorder++
	}
	l.lastSeq[chain] = max(l.lastSeq[chain], m.Seq)
	if _, again := l.arrived[m.ID]; !again {
		l.arrived[m.ID] = at
		l.settle(m.ID)
	}
}

// settle records the time from sending to arrival once both are known; the
// arrival is often known before the sender reads its answer.
func (l *Ledger) settle(id string) {
	began, promised := l.acked[id]
	at, there := l.arrived[id]
	if promised && there {
		l.latencies = append(l.latencies, at.Sub(began))
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
	b := Books{Sent: l.sent, Acked: len(l.acked), Duplicated: l.twice, OutOfOrder: l.disorder}
	for id := range l.acked {
		if _, ok := l.arrived[id]; ok {
			b.Delivered++
		} else {
			b.Lost++
		}
	}
	return b, append([]time.Duration(nil), l.latencies...)
}

// Settled reports whether everything promised has arrived.
func (l *Ledger) Settled() bool {
	b, _ := l.Books()
	return b.Lost == 0
}
