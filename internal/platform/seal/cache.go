package seal

import (
	"crypto/cipher"
	"hash/maphash"
	"sync"

	"yingda.dev/internal/desk"
)

const (
	cacheShards = 16
	// A derived cipher takes about 1 KiB, so all shards hold 16 MiB at most.
	defaultCached = 16_384
)

// cache keeps the ciphers of owners used lately, for all accounts together, so
// that its size does not grow with their number. When full it forgets the one
// that was not used for longest (CLOCK, an approximation of LRU); forgetting
// costs a derivation of about 2 µs and nothing else.
type cache struct {
	seed   maphash.Seed
	shards [cacheShards]cacheShard
}

type cacheKey struct {
	account desk.AccountID
	id      uint32
	owner   string
}

type cacheShard struct {
	mu    sync.Mutex
	limit int
	index map[cacheKey]int
	slots []cacheSlot
	hand  int
}

type cacheSlot struct {
	key  cacheKey
	aead cipher.AEAD
	used bool
}

func newCache(size int) *cache {
	c := &cache{seed: maphash.MakeSeed()}
	for i := range c.shards {
		c.shards[i].limit = max(1, size/cacheShards)
		c.shards[i].index = make(map[cacheKey]int)
	}
	return c
}

// get returns the owner's cipher, deriving it if it is not held.
func (c *cache) get(account desk.AccountID, key *dataKey, owner string) cipher.AEAD {
	k := cacheKey{account, key.id, owner}
	s := &c.shards[maphash.String(c.seed, owner)%cacheShards]
	s.mu.Lock()
	if i, ok := s.index[k]; ok {
		s.slots[i].used = true
		aead := s.slots[i].aead
		s.mu.Unlock()
		return aead
	}
	s.mu.Unlock()
	// Derived outside the lock; two callers may do it at once, with one result.
	aead := key.derive(owner)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.put(k, aead)
	return aead
}

func (s *cacheShard) put(k cacheKey, aead cipher.AEAD) {
	if _, ok := s.index[k]; ok {
		return
	}
	slot := cacheSlot{key: k, aead: aead}
	if len(s.slots) < s.limit {
		s.index[k] = len(s.slots)
		s.slots = append(s.slots, slot)
		return
	}
	for s.slots[s.hand].used {
		s.slots[s.hand].used = false
		s.hand = (s.hand + 1) % len(s.slots)
	}
	delete(s.index, s.slots[s.hand].key)
	s.slots[s.hand] = slot
	s.index[k] = s.hand
	s.hand = (s.hand + 1) % len(s.slots)
}
