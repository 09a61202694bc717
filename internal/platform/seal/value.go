package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"

	"yingda.dev/internal/desk"
)

// Place is where a sealed value lives. All of it is bound to the value.
type Place struct {
	// Owner is the id of the conversation, contact, agent or inbox whose key
	// seals the value.
	Owner string
	// Table, Row and Column name the cell, as in the schema.
	Table, Row, Column string
}

// The algorithms a value may name in its first byte. 2 is set aside for
// SM4-GCM (GB/T 32907, RFC 8998), which has the same nonce and tag sizes.
const algAESGCM = 1

const (
	headerSize = 1 + 4 // algorithm, key id
	nonceSize  = 12
	tagSize    = 16
	// Overhead is how many bytes sealing adds to a value.
	Overhead = headerSize + nonceSize + tagSize
)

// errOpen is the one answer to a value that does not open, whatever the
// reason, so that a caller's caller learns nothing by trying.
var errOpen = desk.E(desk.Internal, "open sealed value", "")

// Seal encrypts plain for its place under the active key. The caller keeps
// plain. It panics if the random source fails, as nothing safe can follow.
func (a *AccountKeys) Seal(p Place, plain []byte) desk.Sealed {
	key := a.active
	out := make([]byte, headerSize+nonceSize, len(plain)+Overhead)
	out[0] = algAESGCM
	binary.BigEndian.PutUint32(out[1:], key.id)
	if _, err := io.ReadFull(a.ring.deps.Random, out[headerSize:]); err != nil {
		panic(fmt.Errorf("seal: random source failed: %w", err))
	}
	aead := a.ring.cache.get(a.account, key, p.Owner)
	return aead.Seal(out, out[headerSize:], plain, a.additional(out[:headerSize], p))
}

// Open decrypts a value and proves that it was sealed for this account and
// place and not changed since. Every failure is the same Internal error. The
// result belongs to the caller.
func (a *AccountKeys) Open(p Place, s desk.Sealed) ([]byte, error) {
	if len(s) < Overhead || s[0] != algAESGCM {
		return nil, errOpen
	}
	key, ok := a.data[binary.BigEndian.Uint32(s[1:])]
	if !ok {
		// Perhaps another node has rotated the key a moment ago.
		a.stale.Store(true)
		return nil, errOpen
	}
	body := headerSize + nonceSize
	aead := a.ring.cache.get(a.account, key, p.Owner)
	plain, err := aead.Open(nil, s[headerSize:body], s[body:], a.additional(s[:headerSize], p))
	if err != nil {
		return nil, errOpen
	}
	return plain, nil
}

// Current reports whether the value is sealed under the active key. It looks
// only at the header and proves nothing about the content.
func (a *AccountKeys) Current(s desk.Sealed) bool {
	return len(s) >= Overhead && s[0] == algAESGCM && binary.BigEndian.Uint32(s[1:]) == a.active.id
}

// Reseal returns the value sealed under the active key, and whether it had to
// be changed. A value that does not open is an error and stays as it is.
func (a *AccountKeys) Reseal(p Place, s desk.Sealed) (desk.Sealed, bool, error) {
	if a.Current(s) {
		return s, false, nil
	}
	plain, err := a.Open(p, s)
	if err != nil {
		return nil, false, err
	}
	sealed := a.Seal(p, plain)
	clear(plain)
	return sealed, true, nil
}

// additional is the data bound to a value: the header, then account, table,
// row and column, each with its length in front so that no two places can
// read alike. The owner is bound through its key.
func (a *AccountKeys) additional(header []byte, p Place) []byte {
	b := make([]byte, 0, 192)
	b = append(b, header...)
	for _, s := range [...]string{string(a.account), p.Table, p.Row, p.Column} {
		b = appendString(b, s)
	}
	return b
}

func appendString(b []byte, s string) []byte {
	b = binary.BigEndian.AppendUint32(b, uint32(len(s))) //nolint:gosec // far below 4 GiB
	return append(b, s...)
}

// dataKey is one generation of an account's data key, ready to derive from.
type dataKey struct {
	id uint32
	// prk is the pseudorandom key of HKDF (RFC 5869 §2.2), extracted once.
	prk []byte
}

func newDataKey(id uint32, key []byte) (*dataKey, error) {
	prk, err := hkdf.Extract(sha256.New, key, []byte("yingda seal 1"))
	if err != nil {
		return nil, err
	}
	return &dataKey{id: id, prk: prk}, nil
}

// derive makes the cipher of one owner.
func (k *dataKey) derive(owner string) cipher.AEAD {
	key, err := hkdf.Expand(sha256.New, k.prk, "owner\x00"+owner, keySize)
	if err != nil {
		panic(fmt.Errorf("seal: derive: %w", err)) // 32 bytes are always possible
	}
	return newGCM(key)
}

// newGCM panics only if the key has a wrong size, which is a defect here.
func newGCM(key []byte) cipher.AEAD {
	block, err := aes.NewCipher(key)
	if err != nil {
		panic(fmt.Errorf("seal: cipher: %w", err))
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil {
		panic(fmt.Errorf("seal: cipher: %w", err))
	}
	return gcm
}
