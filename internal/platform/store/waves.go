package store

import "context"

// MaxShout is the longest text of a shout, in bytes.
const MaxShout = 7900

// Waves are what a Driver has whose database has several nodes: short texts
// that the other nodes hear now or never. They are never kept, and cost no wait
// for a disk; whoever uses them seals what others must not read. Safe for
// concurrent use.
type Waves interface {
	// Shout says a text of at most MaxShout bytes to all nodes, this one too.
	Shout(ctx context.Context, text string) error
	// Shouts gives fn what any node shouts from now on until stop is called. fn
	// must not block.
	Shouts(fn func(text string)) (stop func())
}

// Waves is nil where there is but one node.
func (s *Store) Waves() Waves {
	w, _ := s.driver.(Waves)
	return w
}
