package auth

import (
	"context"
	"crypto/rand"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// cheap settings keep tests quick; the default is tested once.
func cheap(t testing.TB, config PasswordConfig) *Passwords {
	config.MemoryKiB, config.Passes = 64, 1
	p, err := NewPasswords(PasswordDeps{rand.Reader}, config)
	require.NoError(t, err)
	return p
}

func TestPasswords(t *testing.T) {
	t.Parallel()
	p, err := NewPasswords(PasswordDeps{rand.Reader}, PasswordConfig{})
	require.NoError(t, err)
	hash, err := p.Hash(t.Context(), "正确的密码 horse")
	require.NoError(t, err)
	require.True(t, strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$"), hash)
	ok, rehash, err := p.Verify(t.Context(), hash, "正确的密码 horse")
	require.NoError(t, err)
	require.True(t, ok)
	require.False(t, rehash)
	ok, _, err = p.Verify(t.Context(), hash, "正确的密码 horsE")
	require.NoError(t, err)
	require.False(t, ok)
	require.False(t, p.NeedsRehash(hash))

	// A hash of other settings still verifies and asks to be replaced.
	q := cheap(t, PasswordConfig{})
	ok, rehash, err = q.Verify(t.Context(), hash, "正确的密码 horse")
	require.NoError(t, err)
	require.True(t, ok && rehash)
	require.True(t, q.NeedsRehash(hash))
	require.True(t, q.NeedsRehash("rubbish"))
	weak, err := q.Hash(t.Context(), "12345678")
	require.NoError(t, err)
	again, err := q.Hash(t.Context(), "12345678")
	require.NoError(t, err)
	require.NotEqual(t, weak, again, "salts differ")

	flips(weak, func(s string) {
		ok, _, err := q.Verify(t.Context(), s, "12345678")
		require.NoError(t, err)
		require.False(t, ok, s)
	})
	for _, bad := range []string{"", "12345678", "$argon2i" + weak[9:], strings.Replace(weak, "m=64", "m=4294967295", 1), strings.Replace(weak, "t=1", "t=99999", 1), strings.Replace(weak, "p=1", "p=0", 1), weak + "$"} {
		ok, _, err := q.Verify(t.Context(), bad, "12345678")
		require.NoError(t, err)
		require.False(t, ok, bad)
	}
	ok, _, err = q.Verify(t.Context(), "", "")
	require.NoError(t, err)
	require.False(t, ok)
	ok, _, err = q.Verify(t.Context(), weak, strings.Repeat("x", MaxPasswordBytes+1))
	require.NoError(t, err)
	require.False(t, ok)

	for _, bad := range []string{"", "1234567", "密码密码密码密", strings.Repeat("x", MaxPasswordBytes+1), "\xff\xff\xff\xff\xff\xff\xff\xff"} {
		_, err := q.Hash(t.Context(), bad)
		require.ErrorIs(t, err, desk.Invalid)
	}
	for _, bad := range []PasswordConfig{{MemoryKiB: 1 << 30}, {Passes: 1000}, {Lanes: 100}, {Concurrent: -1}} {
		_, err := NewPasswords(PasswordDeps{rand.Reader}, bad)
		require.ErrorIs(t, err, desk.Invalid)
	}
}

// A test of the reference implementation: argon2id, m=65,536 KiB, t=2, p=1,
// "password" with the salt "somesalt" (github.com/P-H-C/phc-winner-argon2,
// src/test.c).
func TestPublishedArgonVector(t *testing.T) {
	t.Parallel()
	p := cheap(t, PasswordConfig{})
	const hash = "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"
	ok, rehash, err := p.Verify(t.Context(), hash, "password")
	require.NoError(t, err)
	require.True(t, ok && rehash)
	ok, _, err = p.Verify(t.Context(), strings.Replace(hash, "CTFh", "CTFi", 1), "password")
	require.NoError(t, err)
	require.False(t, ok)
}

func TestHashingIsBounded(t *testing.T) {
	t.Parallel()
	p := cheap(t, PasswordConfig{Concurrent: 1, Waiting: 1})
	p.turn <- struct{}{} // somebody hashes
	p.queue <- struct{}{}
	ctx, cancel := context.WithCancel(t.Context())
	var wg sync.WaitGroup
	var waited error
	wg.Go(func() { _, waited = p.Hash(ctx, "12345678") })
	require.Eventually(t, func() bool { return len(p.queue) == 2 }, waitLong, waitShort)
	_, _, err := p.Verify(t.Context(), "", "x")
	require.ErrorIs(t, err, desk.Limited, "one hashes, one waits, the third is sent away")
	cancel()
	wg.Wait()
	require.ErrorIs(t, waited, desk.Unavailable)
	<-p.turn
	<-p.queue
	_, err = p.Hash(t.Context(), "12345678")
	require.NoError(t, err)
	require.Empty(t, p.queue)
	require.Empty(t, p.turn)
}

func FuzzPHC(f *testing.F) {
	f.Add("$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")
	f.Add("$argon2id$v=19$m=,t=,p=$$")
	f.Fuzz(func(t *testing.T, s string) {
		h, ok := parsePHC(s)
		if ok {
			require.True(t, h.sane())
			again, ok := parsePHC(h.String())
			require.True(t, ok)
			require.Equal(t, h, again)
		}
	})
}

func BenchmarkHash(b *testing.B) {
	p, err := NewPasswords(PasswordDeps{rand.Reader}, PasswordConfig{})
	require.NoError(b, err)
	for b.Loop() {
		if _, err := p.Hash(b.Context(), "12345678"); err != nil {
			b.Fatal(err)
		}
	}
}
