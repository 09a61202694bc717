package bot

import (
	"container/heap"
	"context"
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

// fragment is one message of the customer.
type fragment struct {
	seq     int64
	at      time.Time
	content desk.Content
}

// maxFragments is how many messages in a row are read as one question; of more
// the newest count.
const maxFragments = 20

// turn is what one conversation waits for.
type turn struct {
	account   desk.AccountID
	id        desk.ConversationID
	contact   desk.ContactID
	inbox     desk.InboxID
	fragments []fragment
	// read is up to which message it is known that there is nothing else of the
	// customer's; late does the turn whatever has come since.
	read int64
	late bool
	// heard grows with each message; who has read less begins anew.
	heard int
	// running: a worker has it. queued: it is in ready.
	running, queued bool
	// due is when the window is over; zero while a first look is owed.
	due   time.Time
	tries int
}

// table is what the workers have to do. It is bounded, and a conversation is in
// one worker's hands at a time.
type table struct {
	mu    sync.Mutex
	most  int
	turns map[desk.ConversationID]*turn
	ready chan desk.ConversationID
	later schedule
	// wake tells the time keeper that something is due earlier than it thinks.
	wake chan struct{}
}

func newTable(most int) *table {
	return &table{
		most: most, turns: make(map[desk.ConversationID]*turn), wake: make(chan struct{}, 1),
		// As long as there may be turns: a turn is in it once at most.
		ready: make(chan desk.ConversationID, most),
	}
}

func (t *table) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.turns)
}

// queued is how many wait for a worker.
func (t *table) queued() int { return len(t.ready) }

// hear adds a message; false if there is no room.
func (t *table) hear(e desk.Event, f fragment) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.turns[e.ConversationID]
	if v == nil {
		if len(t.turns) >= t.most {
			return false
		}
		v = &turn{account: e.AccountID, id: e.ConversationID, contact: e.ContactID, inbox: e.State.InboxID}
		t.turns[e.ConversationID] = v
	}
	if n := len(v.fragments); n > 0 && v.fragments[n-1].seq >= f.seq {
		return true // heard before
	}
	v.fragments = append(v.fragments, f)
	if len(v.fragments) > maxFragments {
		v.fragments = v.fragments[len(v.fragments)-maxFragments:]
	}
	v.heard++
	v.inbox = e.State.InboxID
	v.due = time.Time{}
	t.enqueue(v)
	return true
}

// enqueue gives the turn to a worker, unless one has it or will have it.
func (t *table) enqueue(v *turn) {
	if v.running || v.queued {
		return
	}
	v.queued = true
	t.ready <- v.id // never blocks: see newTable
}

// take gives a worker a copy of what there is to do; false if there is nothing
// any more.
func (t *table) take(id desk.ConversationID) (turn, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.turns[id]
	if v == nil || v.running {
		return turn{}, false
	}
	v.queued, v.running = false, true
	out := *v
	out.fragments = append([]fragment(nil), v.fragments...)
	return out, true
}

// done takes a turn back that is finished: what it has not read is another turn.
func (t *table) done(was turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.turns[was.id]
	if v == nil {
		return
	}
	v.running = false
	if v.heard == was.heard {
		delete(t.turns, was.id)
		return
	}
	last := int64(0)
	if n := len(was.fragments); n > 0 {
		last = was.fragments[n-1].seq
	}
	for len(v.fragments) > 0 && v.fragments[0].seq <= last {
		v.fragments = v.fragments[1:]
	}
	v.tries = 0
	t.enqueue(v)
}

// wait takes a turn back that is to be taken again at due, or at once if there
// is more to read.
func (t *table) wait(was turn, due time.Time, tried bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	v := t.turns[was.id]
	if v == nil {
		return
	}
	v.running = false
	if tried {
		v.tries++
	}
	if v.heard != was.heard {
		t.enqueue(v)
		return
	}
	v.due = due
	heap.Push(&t.later, appointment{due, v.id})
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// drop forgets a conversation that is not the bot's any more.
func (t *table) drop(id desk.ConversationID) {
	t.mu.Lock()
	defer t.mu.Unlock()
	// One in ready or in a worker's hands is found out there.
	if v := t.turns[id]; v != nil && !v.running && !v.queued {
		delete(t.turns, id)
	}
}

// claim marks a conversation as in somebody's hands, if it is in nobody's.
func (t *table) claim(v turn) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.turns[v.id] != nil {
		return false
	}
	v.running = true
	t.turns[v.id] = &v
	return true
}

// ripe gives what is due to the workers and says when to look again; false if
// nothing is put off.
func (t *table) ripe(now time.Time) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for len(t.later) > 0 {
		next := t.later[0]
		v := t.turns[next.id]
		if v != nil && v.due.Equal(next.at) && next.at.After(now) {
			return next.at, true
		}
		heap.Pop(&t.later)
		if v != nil && v.due.Equal(next.at) && !v.due.IsZero() {
			t.enqueue(v)
		}
	}
	return time.Time{}, false
}

// appointment is when a turn is to be taken again. One whose turn has another
// time meanwhile counts for nothing.
type appointment struct {
	at time.Time
	id desk.ConversationID
}

type schedule []appointment

func (s *schedule) Len() int           { return len(*s) }
func (s *schedule) Less(i, j int) bool { return (*s)[i].at.Before((*s)[j].at) }
func (s *schedule) Swap(i, j int)      { (*s)[i], (*s)[j] = (*s)[j], (*s)[i] }
func (s *schedule) Push(x any)         { *s = append(*s, x.(appointment)) } //nolint:errcheck,forcetypeassert // heap.Push is called with one
func (s *schedule) Pop() any {
	old := *s
	last := old[len(old)-1]
	*s = old[:len(old)-1]
	return last
}

// keepTime wakes turns whose window is over.
func (s *Service) keepTime(ctx context.Context) {
	for ctx.Err() == nil {
		pause := time.Minute
		if next, some := s.table.ripe(s.deps.Clock.Now()); some {
			pause = max(next.Sub(s.deps.Clock.Now()), time.Millisecond)
		}
		if s.load.effort() != Full {
			pause = min(pause, s.load.Calm/4)
			s.load.rest(s.table.queued())
		}
		fired, stop := s.deps.After(pause)
		select {
		case <-ctx.Done():
		case <-fired:
		case <-s.table.wake:
		}
		stop()
	}
}

// work takes turns until ctx ends.
func (s *Service) work(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case id := <-s.table.ready:
			if v, ok := s.table.take(id); ok {
				s.attend(ctx, v)
			}
		}
	}
}
