package rpc

import "sync"

// meetings wake long polls of visitors who have not written yet, the moment
// that they do, in this process. It holds an entry per waiting visitor.
type meetings struct {
	mu      sync.Mutex
	waiting map[string]*meeting
}

type meeting struct {
	begun   chan struct{}
	waiters int
}

// wait returns what is closed when the visitor becomes a contact, and how to
// stop waiting.
func (m *meetings) wait(key string) (begun <-chan struct{}, leave func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	w := m.waiting[key]
	if w == nil {
		w = &meeting{begun: make(chan struct{})}
		m.waiting[key] = w
	}
	w.waiters++
	return w.begun, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		if w.waiters--; w.waiters == 0 && m.waiting[key] == w {
			delete(m.waiting, key)
		}
	}
}

// begin wakes those who wait for the visitor.
func (m *meetings) begin(key string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if w := m.waiting[key]; w != nil {
		close(w.begun)
		delete(m.waiting, key)
	}
}
