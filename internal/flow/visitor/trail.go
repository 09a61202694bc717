package visitor

import (
	"container/list"
	"sync"
	"time"

	"yingda.dev/internal/desk"
)

const (
	// strangerFor is how long pages of somebody who has not written are kept.
	strangerFor = 30 * time.Minute
	// maxStrangers bounds how many of them are known at a time; the ones who were
	// quiet longest are forgotten first.
	maxStrangers = 20_000
	// maxTrail bounds the pages kept of each.
	maxTrail = 50
)

// trails keeps pages of visitors who have not written. Its size is bounded by
// maxStrangers × maxTrail, and what is older than strangerFor goes whenever
// something is added.
type trails struct {
	mu     sync.Mutex
	byKey  map[string]*list.Element
	recent *list.List // of *trail, the one heard of last at the back
	most   int
}

type trail struct {
	key    string
	seen   time.Time
	visits []desk.PageVisit
}

func newTrails(most int) *trails {
	return &trails{byKey: make(map[string]*list.Element), recent: list.New(), most: most}
}

// add keeps visits, the oldest going first.
func (t *trails) add(key string, visits []desk.PageVisit, now time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.byKey[key]
	if e == nil {
		e = t.recent.PushBack(&trail{key: key})
		t.byKey[key] = e
	}
	t.recent.MoveToBack(e)
	one := e.Value.(*trail) //nolint:errcheck,forcetypeassert // the list holds trails only
	one.seen = now
	one.visits = append(one.visits, visits...)
	if extra := len(one.visits) - maxTrail; extra > 0 {
		one.visits = append([]desk.PageVisit(nil), one.visits[extra:]...)
	}
	for first := t.recent.Front(); first != nil; first = t.recent.Front() {
		oldest := first.Value.(*trail) //nolint:errcheck,forcetypeassert // as above
		if t.recent.Len() <= t.most && now.Sub(oldest.seen) < strangerFor {
			break
		}
		t.remove(first, oldest)
	}
}

// take returns what is kept and not too old, and forgets it.
func (t *trails) take(key string, now time.Time) []desk.PageVisit {
	t.mu.Lock()
	defer t.mu.Unlock()
	e := t.byKey[key]
	if e == nil {
		return nil
	}
	one := e.Value.(*trail) //nolint:errcheck,forcetypeassert // as above
	t.remove(e, one)
	for len(one.visits) > 0 && now.Sub(one.visits[0].At) >= strangerFor {
		one.visits = one.visits[1:]
	}
	return one.visits
}

func (t *trails) remove(e *list.Element, one *trail) {
	t.recent.Remove(e)
	delete(t.byKey, one.key)
}

func (t *trails) len() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.recent.Len()
}
