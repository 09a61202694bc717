package auth

import "hash/maphash"

// slots is a bounded table of per-key state for limiters. Keys are kept as
// seeded 64-bit hashes, so memory is constant however long keys are; two keys
// share a slot with probability 2^-64, which no outsider can arrange.
//
// When it is full, a new key takes the slot of one whose state is worth no
// more than a fresh one (idle). If none is found among scan neighbours, the new
// key shares the overflow slot with all others in its position: strangers are
// slowed down together, and no key that is being limited is ever forgotten.
// It is not safe for concurrent use.
type slots[T any] struct {
	seed     maphash.Seed
	limit    int
	index    map[uint64]int
	entries  []slot[T]
	hand     int
	overflow T
}

type slot[T any] struct {
	key   uint64
	state T
}

// scan bounds the work of one look-up in a full table.
const scan = 16

func newSlots[T any](limit int, overflow T) *slots[T] {
	return &slots[T]{seed: maphash.MakeSeed(), limit: limit, index: make(map[uint64]int), overflow: overflow}
}

// get returns the key's state, a fresh one if it has none. The pointer is good
// until the next get.
func (s *slots[T]) get(key string, fresh T, idle func(*T) bool) *T {
	h := maphash.String(s.seed, key)
	if i, ok := s.index[h]; ok {
		return &s.entries[i].state
	}
	if len(s.entries) < s.limit {
		s.index[h] = len(s.entries)
		s.entries = append(s.entries, slot[T]{h, fresh})
		return &s.entries[len(s.entries)-1].state
	}
	for range min(scan, len(s.entries)) {
		i := s.hand
		s.hand = (s.hand + 1) % len(s.entries)
		if e := &s.entries[i]; idle(&e.state) {
			delete(s.index, e.key)
			e.key, e.state = h, fresh
			s.index[h] = i
			return &e.state
		}
	}
	return &s.overflow
}

// find returns the key's own state, or nil.
func (s *slots[T]) find(key string) *T {
	if i, ok := s.index[maphash.String(s.seed, key)]; ok {
		return &s.entries[i].state
	}
	return nil
}
