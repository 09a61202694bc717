package seal

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
)

// indexKey makes the keyed hashes of an account. Both uses have a key of
// their own, so a token can never be compared with a hash.
type indexKey struct {
	id     uint32
	hashes macPool
	tokens macPool
}

// macPool reuses HMAC states: restarting one is three times cheaper than a new one.
type macPool struct{ pool sync.Pool }

func newIndexKey(id uint32, key []byte) (*indexKey, error) {
	k := &indexKey{id: id}
	for label, p := range map[string]*macPool{"hash": &k.hashes, "token": &k.tokens} {
		sub, err := hkdf.Expand(sha256.New, key, "yingda index 1\x00"+label, keySize)
		if err != nil {
			return nil, err
		}
		p.pool.New = func() any { return hmac.New(sha256.New, sub) }
	}
	return k, nil
}

func (p *macPool) sum(parts ...[]byte) (out [sha256.Size]byte) {
	mac := p.pool.Get().(hash.Hash) //nolint:errcheck // the pool holds nothing else
	mac.Reset()
	for _, b := range parts {
		mac.Write(b)
	}
	mac.Sum(out[:0])
	p.pool.Put(mac)
	return out
}

// Hash is the keyed hash of a value under a label, 64 hex digits: equal values
// of one account have equal hashes, so a sealed value can be found exactly.
// Labels ("user", "anon", "phone") keep realms apart.
func (a *AccountKeys) Hash(label, value string) string {
	sum := a.index.hashes.sum(appendString(nil, label), []byte(value))
	return hex.EncodeToString(sum[:])
}

// Token is the blind index token of a word: the first 8 bytes of its keyed
// hash. Tokens show how often a word occurs, not which word it is; two words
// share one with probability 2^-64, so hits are verified on the clear text.
func (a *AccountKeys) Token(word string) uint64 {
	sum := a.index.tokens.sum([]byte(word))
	return binary.BigEndian.Uint64(sum[:8])
}
