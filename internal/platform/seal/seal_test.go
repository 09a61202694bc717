package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// memory is a KeyStore that behaves as the databases do.
type memory struct {
	mu    sync.Mutex
	keys  map[desk.AccountID][]WrappedKey
	loads int
	fail  error
}

func newMemory() *memory { return &memory{keys: make(map[desk.AccountID][]WrappedKey)} }

func (m *memory) LoadKeys(_ context.Context, account desk.AccountID) ([]WrappedKey, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.loads++
	return append([]WrappedKey(nil), m.keys[account]...), m.fail
}

func (m *memory) AddKey(_ context.Context, account desk.AccountID, key WrappedKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, k := range m.keys[account] {
		if k.ID == key.ID {
			return desk.E(desk.Conflict, "add key", "")
		}
	}
	m.keys[account] = append(m.keys[account], key)
	return m.fail
}

func (m *memory) UpdateKey(_ context.Context, account desk.AccountID, key WrappedKey) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i, k := range m.keys[account] {
		if k.ID == key.ID {
			m.keys[account][i].Wrapped, m.keys[account][i].Retired = key.Wrapped, key.Retired
			return m.fail
		}
	}
	return desk.E(desk.NotFound, "update key", "")
}

var _ KeyStore = (*memory)(nil)

// clock is set by hand.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) add(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

func newClock() *clock { return &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)} }

func newMaster(t testing.TB, generations int) *Master {
	m := &Master{}
	for i := range generations {
		g, err := newGeneration(uint32(i+1), rand.Reader)
		require.NoError(t, err)
		m.generations = append(m.generations, g)
	}
	return m
}

func newRing(t testing.TB, config Config) (*Keyring, *memory, *clock) {
	store, now := newMemory(), newClock()
	return NewKeyring(Deps{Master: newMaster(t, 1), Store: store, Clock: now, Random: rand.Reader, Config: config}), store, now
}

func accountKeys(t testing.TB, k *Keyring, account desk.AccountID) *AccountKeys {
	a, err := k.Account(t.Context(), account)
	require.NoError(t, err)
	return a
}

var body = Place{Owner: "cnv_1", Table: "message", Row: "msg_1", Column: "body"}

func TestSealAndOpen(t *testing.T) {
	t.Parallel()
	k, _, _ := newRing(t, Config{})
	a := accountKeys(t, k, "acc_1")
	for _, plain := range []string{"", "您好", strings.Repeat("x", 100_000)} {
		s := a.Seal(body, []byte(plain))
		require.Len(t, s, len(plain)+Overhead)
		require.NotContains(t, string(s), "您好")
		got, err := a.Open(body, s)
		require.NoError(t, err)
		require.Equal(t, plain, string(got))
		require.NotEqual(t, s, a.Seal(body, []byte(plain)), "the nonce must differ")
	}
	// A keyring without anything in memory, as after a restart.
	s := a.Seal(body, []byte("later"))
	again := accountKeys(t, NewKeyring(k.deps), "acc_1")
	got, err := again.Open(body, s)
	require.NoError(t, err)
	require.Equal(t, "later", string(got))
}

func TestNothingElseOpens(t *testing.T) {
	t.Parallel()
	k, _, _ := newRing(t, Config{})
	_, err := k.Rotate(t.Context(), "acc_1") // two keys, so that a flipped key id may name a real one
	require.NoError(t, err)
	a := accountKeys(t, k, "acc_1")
	s := a.Seal(body, []byte("secret text"))

	refuse := func(a *AccountKeys, p Place, s desk.Sealed) {
		t.Helper()
		got, err := a.Open(p, s)
		require.Nil(t, got)
		require.Equal(t, error(errOpen), err, "every failure must look the same")
		require.ErrorIs(t, err, desk.Internal)
		require.Empty(t, desk.UserMessage(err))
	}
	for i := range s {
		for bit := range 8 {
			flipped := bytes.Clone(s)
			flipped[i] ^= 1 << bit
			refuse(a, body, flipped)
		}
	}
	for n := range s {
		refuse(a, body, s[:n])
	}
	refuse(a, body, append(bytes.Clone(s), 0))
	for _, p := range []Place{
		{"cnv_2", "message", "msg_1", "body"},
		{"cnv_1", "messag", "emsg_1", "body"}, // the same letters, other borders
		{"cnv_1", "message", "msg_2", "body"},
		{"cnv_1", "message", "msg_1", "preview"},
		{"cnv_1", "message", "msg_1b", "ody"},
		{"", "message", "msg_1", "body"},
		{},
	} {
		refuse(a, p, s)
	}
	refuse(accountKeys(t, k, "acc_2"), body, s)
	unknown := bytes.Clone(s)
	binary.BigEndian.PutUint32(unknown[1:], 99)
	refuse(a, body, unknown)

	// The account is bound by the additional data too, not only by its key.
	stolen := &AccountKeys{ring: k, account: "acc_2", data: a.data, active: a.active, index: a.index}
	refuse(stolen, body, s)
}

func TestHashesAndTokens(t *testing.T) {
	t.Parallel()
	k, store, _ := newRing(t, Config{})
	a, b := accountKeys(t, k, "acc_1"), accountKeys(t, k, "acc_2")
	h := a.Hash("user", "42")
	require.Len(t, h, 64)
	require.Equal(t, h, a.Hash("user", "42"))
	require.Equal(t, h, accountKeys(t, NewKeyring(k.deps), "acc_1").Hash("user", "42"), "after a restart")
	require.NotEqual(t, h, a.Hash("anon", "42"))
	require.NotEqual(t, h, a.Hash("user4", "2"))
	require.NotEqual(t, h, b.Hash("user", "42"))

	// Short words, words around the size of a block, long ones, and pairs that
	// padding could confuse.
	words := []string{
		"退款", "款退", "", "\x00", "\x00\x00", "a", "a\x00", "\x00a", strings.Repeat("a", 14), strings.Repeat("a", 15),
		strings.Repeat("a", 16), strings.Repeat("a", 17), strings.Repeat("a", 15) + "\x0f", strings.Repeat("a", 15) + "\xff", strings.Repeat("退", 20),
	}
	tokens := a.Tokens(words)
	require.Len(t, tokens, len(words))
	different := map[uint64]bool{}
	for i, token := range tokens {
		different[token] = true
		require.Equal(t, []uint64{token}, a.Tokens(words[i:i+1]), "a token depends on its word alone")
		require.NotContains(t, b.Tokens(words), token, "accounts share no tokens")
	}
	require.Len(t, different, len(words))
	require.Equal(t, tokens, accountKeys(t, NewKeyring(k.deps), "acc_1").Tokens(words), "after a restart")

	// Rotating data keys leaves look-ups alone.
	_, err := k.Rotate(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Equal(t, h, accountKeys(t, k, "acc_1").Hash("user", "42"))
	require.Len(t, store.keys["acc_1"], 3)
}

func TestTwoNodesMakeOneSetOfKeys(t *testing.T) {
	t.Parallel()
	k, store, _ := newRing(t, Config{})
	var wg sync.WaitGroup
	sealed := make([]desk.Sealed, 16)
	for i := range sealed {
		node := NewKeyring(k.deps)
		wg.Go(func() {
			a, err := node.Account(context.WithoutCancel(t.Context()), "acc_1")
			if err == nil {
				sealed[i] = a.Seal(body, []byte("one"))
			}
		})
	}
	wg.Wait()
	require.Len(t, store.keys["acc_1"], 2)
	a := accountKeys(t, k, "acc_1")
	for _, s := range sealed {
		_, err := a.Open(body, s)
		require.NoError(t, err)
	}
}

func TestRotationSpreadsBeforeItSeals(t *testing.T) {
	t.Parallel()
	k, _, now := newRing(t, Config{Refresh: 30 * time.Second, Propagation: time.Minute})
	other := NewKeyring(k.deps)
	before := accountKeys(t, k, "acc_1").Seal(body, []byte("before"))
	accountKeys(t, other, "acc_1")
	id, err := k.Rotate(t.Context(), "acc_1")
	require.NoError(t, err)
	require.EqualValues(t, 3, id)

	require.True(t, accountKeys(t, k, "acc_1").Current(before), "the new key must not seal yet")
	now.add(59 * time.Second)
	require.True(t, accountKeys(t, k, "acc_1").Current(before))
	accountKeys(t, other, "acc_1") // refreshed once since: it knows the key
	now.add(time.Second)
	a := accountKeys(t, k, "acc_1")
	require.False(t, a.Current(before))
	after := a.Seal(body, []byte("after"))
	for s, want := range map[string]string{string(before): "before", string(after): "after"} {
		got, err := accountKeys(t, other, "acc_1").Open(body, desk.Sealed(s))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	sealed, changed, err := a.Reseal(body, before)
	require.NoError(t, err)
	require.True(t, changed)
	require.True(t, a.Current(sealed))
	_, changed, err = a.Reseal(body, sealed)
	require.NoError(t, err)
	require.False(t, changed)
	_, _, err = a.Reseal(Place{Owner: "cnv_2"}, before)
	require.Error(t, err)
}

func TestUnknownKeyMakesTheRingLookAgain(t *testing.T) {
	t.Parallel()
	k, store, now := newRing(t, Config{})
	other := NewKeyring(k.deps)
	accountKeys(t, other, "acc_1")
	_, err := k.Rotate(t.Context(), "acc_1")
	require.NoError(t, err)
	s := accountKeys(t, k, "acc_1").Seal(body, []byte("x"))
	_, err = accountKeys(t, other, "acc_1").Open(body, s)
	require.Error(t, err)
	loads := store.loads
	accountKeys(t, other, "acc_1")
	require.Equal(t, loads, store.loads, "not more than once a second")
	now.add(time.Second)
	_, err = accountKeys(t, other, "acc_1").Open(body, s)
	require.NoError(t, err)
}

func TestStoreFailureKeepsOldKeys(t *testing.T) {
	t.Parallel()
	k, store, now := newRing(t, Config{})
	s := accountKeys(t, k, "acc_1").Seal(body, []byte("x"))
	store.fail = desk.E(desk.Unavailable, "read", "")
	now.add(time.Hour)
	_, err := accountKeys(t, k, "acc_1").Open(body, s)
	require.NoError(t, err)
	_, err = k.Account(t.Context(), "acc_2")
	require.ErrorIs(t, err, desk.Unavailable)
	_, err = k.Account(t.Context(), "")
	require.Error(t, err)
}

func TestWrappedKeysAreBound(t *testing.T) {
	t.Parallel()
	k, store, _ := newRing(t, Config{})
	accountKeys(t, k, "acc_1")
	m := k.deps.Master
	for _, w := range store.keys["acc_1"] {
		_, err := m.unwrap("acc_1", w)
		require.NoError(t, err)
		refuse := func(m *Master, account desk.AccountID, w WrappedKey) {
			t.Helper()
			_, err := m.unwrap(account, w)
			require.ErrorIs(t, err, desk.Internal)
		}
		for i := range w.Wrapped {
			flipped := w
			flipped.Wrapped = bytes.Clone(w.Wrapped)
			flipped.Wrapped[i] ^= 1
			refuse(m, "acc_1", flipped)
			flipped.Wrapped = w.Wrapped[:i]
			refuse(m, "acc_1", flipped)
		}
		refuse(m, "acc_2", w)
		other := w
		other.ID++
		refuse(m, "acc_1", other)
		other = w
		other.Purpose = map[string]string{PurposeData: PurposeIndex, PurposeIndex: PurposeData}[w.Purpose]
		refuse(m, "acc_1", other)
		refuse(newMaster(t, 1), "acc_1", w)
	}
}

func TestRotateMaster(t *testing.T) {
	t.Parallel()
	k, store, _ := newRing(t, Config{})
	accounts := []desk.AccountID{"acc_1", "acc_2"}
	values := map[desk.AccountID]desk.Sealed{}
	for _, id := range accounts {
		values[id] = accountKeys(t, k, id).Seal(body, []byte("x"))
	}
	g, err := newGeneration(2, rand.Reader)
	require.NoError(t, err)
	deps := k.deps
	deps.Master = &Master{generations: []generation{k.deps.Master.generations[0], g}}
	k = NewKeyring(deps)
	n, err := k.RotateMaster(t.Context(), accounts[:1]) // interrupted after the first account
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = k.RotateMaster(t.Context(), accounts)
	require.NoError(t, err)
	require.Equal(t, 2, n)
	n, err = k.RotateMaster(t.Context(), accounts)
	require.NoError(t, err)
	require.Zero(t, n)
	for _, w := range store.keys["acc_2"] {
		require.EqualValues(t, 2, w.Generation())
	}
	// The old generation is not needed any more.
	deps.Master = &Master{generations: []generation{g}}
	for _, id := range accounts {
		got, err := accountKeys(t, NewKeyring(deps), id).Open(body, values[id])
		require.NoError(t, err)
		require.Equal(t, "x", string(got))
	}
}

func TestKeysAreNeverPrinted(t *testing.T) {
	t.Parallel()
	k, _, _ := newRing(t, Config{})
	a := accountKeys(t, k, "acc_1")
	secret := fmt.Sprintf("%v", k.deps.Master.generations[0].key)
	secret = secret[1 : len(secret)-1]
	var out bytes.Buffer
	log := slog.New(slog.NewJSONHandler(&out, nil))
	for _, v := range []any{k.deps.Master, k, a} {
		fmt.Fprintf(&out, "%v %+v %#v %s\n", v, v, v, v)
		log.Info("keys", "value", v)
		b, err := json.Marshal(v)
		require.NoError(t, err)
		out.Write(b)
	}
	require.Contains(t, out.String(), redacted)
	require.NotContains(t, out.String(), secret)
	require.NotContains(t, out.String(), fmt.Sprintf("%v", a.active.prk))
}

func TestCacheIsBoundedAndRight(t *testing.T) {
	t.Parallel()
	k, _, _ := newRing(t, Config{CachedOwners: 32})
	accounts := []*AccountKeys{accountKeys(t, k, "acc_1"), accountKeys(t, k, "acc_2")}
	var wg sync.WaitGroup
	failed := make(chan string, 8)
	for g := range 8 {
		wg.Go(func() {
			for i := range 300 {
				a := accounts[(g+i)%2]
				p := Place{Owner: fmt.Sprint("cnv_", (i*7+g)%100), Table: "message", Row: "msg", Column: "body"}
				got, err := a.Open(p, a.Seal(p, []byte(p.Owner)))
				if err != nil || string(got) != p.Owner {
					failed <- p.Owner
					return
				}
			}
		})
	}
	wg.Wait()
	require.Empty(t, failed)
	held := 0
	for i := range k.cache.shards {
		s := &k.cache.shards[i]
		require.Len(t, s.index, len(s.slots))
		held += len(s.slots)
	}
	require.LessOrEqual(t, held, 32)
	require.Positive(t, held)
}

func FuzzOpen(f *testing.F) {
	k, _, _ := newRing(f, Config{})
	a := accountKeys(f, k, "acc_1")
	sealed := a.Seal(body, []byte("hello"))
	f.Add([]byte(sealed))
	f.Add([]byte{})
	f.Add(bytes.Repeat([]byte{algAESGCM}, Overhead))
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := a.Open(body, data)
		require.Equal(t, bytes.Equal(data, sealed), err == nil)
	})
}

func BenchmarkSeal300(b *testing.B) {
	k, _, _ := newRing(b, Config{})
	a := accountKeys(b, k, "acc_1")
	plain := bytes.Repeat([]byte("退款"), 50)
	b.ReportAllocs()
	for b.Loop() {
		a.Seal(body, plain)
	}
}

func BenchmarkOpen300(b *testing.B) {
	k, _, _ := newRing(b, Config{})
	a := accountKeys(b, k, "acc_1")
	s := a.Seal(body, bytes.Repeat([]byte("退款"), 50))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := a.Open(body, s); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSealNewOwner(b *testing.B) {
	k, _, _ := newRing(b, Config{})
	a := accountKeys(b, k, "acc_1")
	for i := 0; b.Loop(); i++ {
		a.Seal(Place{Owner: fmt.Sprint(i)}, nil)
	}
}

// BenchmarkTokens makes the tokens of a message: a hundred pairs of characters.
func BenchmarkTokens(b *testing.B) {
	k, _, _ := newRing(b, Config{})
	a := accountKeys(b, k, "acc_1")
	words := slices.Repeat([]string{"退款"}, 100)
	for b.Loop() {
		a.Tokens(words)
	}
}
