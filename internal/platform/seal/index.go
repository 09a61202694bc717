package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"sync"
)

// indexKey makes the keyed hashes of an account. Each use has a key of its
// own, so a token can never be compared with a hash.
type indexKey struct {
	id     uint32
	hashes macPool
	// words makes tokens, of a word that fits into a block or of a digest that
	// digests makes of a longer one.
	words   cipher.Block
	digests macPool
}

// macPool reuses HMAC states: restarting one is three times cheaper than a new one.
type macPool struct{ pool sync.Pool }

func newIndexKey(id uint32, key []byte) (*indexKey, error) {
	k := &indexKey{id: id}
	derive := func(label string) ([]byte, error) {
		return hkdf.Expand(sha256.New, key, "yingda index 1\x00"+label, keySize)
	}
	for label, p := range map[string]*macPool{"hash": &k.hashes, "digest": &k.digests} {
		sub, err := derive(label)
		if err != nil {
			return nil, err
		}
		p.pool.New = func() any { return hmac.New(sha256.New, sub) }
	}
	sub, err := derive("word")
	if err != nil {
		return nil, err
	}
	k.words, err = aes.NewCipher(sub)
	return k, err
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

// Tokens are the blind index tokens of words, in their order: 8 bytes of a
// keyed hash each. They show how often a word occurs, not which word it is;
// two words share one with probability 2^-64, so hits are verified on the
// clear text.
//
// A message has about a hundred words, most of them of two characters, so the
// keyed hash of a word is one block of AES-256, which is a pseudo-random
// permutation, cut to its first half: 36 ns where HMAC-SHA256 took 290
// (BenchmarkTokens). The block is the word, its length in the last byte and
// zeros between, which no two words share. A word of more than 15 bytes is
// replaced by 15 bytes of its HMAC, under a last byte that no length has.
func (a *AccountKeys) Tokens(words []string) []uint64 {
	out := make([]uint64, len(words))
	var block [aes.BlockSize]byte
	for i, w := range words {
		const last = aes.BlockSize - 1
		clear(block[:])
		if len(w) <= last {
			copy(block[:], w)
			block[last] = byte(len(w)) //nolint:gosec // at most 15
		} else {
			sum := a.index.digests.sum([]byte(w))
			copy(block[:], sum[:last])
			block[last] = 0xff
		}
		a.index.words.Encrypt(block[:], block[:])
		out[i] = binary.BigEndian.Uint64(block[:8])
	}
	return out
}
