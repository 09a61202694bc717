package seal

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"yingda.dev/internal/desk"
)

// KeyStore keeps the wrapped account keys. It is called concurrently.
type KeyStore interface {
	// LoadKeys returns every key of the account, retired ones too, in any order.
	// An account without keys has none; that is not an error.
	LoadKeys(ctx context.Context, account desk.AccountID) ([]WrappedKey, error)
	// AddKey inserts a key, durably. If the account has a key with this ID it
	// must refuse with Conflict and never replace it: two nodes may both try to
	// make the first keys of an account.
	AddKey(ctx context.Context, account desk.AccountID, key WrappedKey) error
	// UpdateKey replaces Wrapped and Retired of the key with this ID; NotFound
	// if there is none.
	UpdateKey(ctx context.Context, account desk.AccountID, key WrappedKey) error
}

// Deps are what a Keyring works with. All but Config are required.
type Deps struct {
	Master *Master
	Store  KeyStore
	Clock  desk.Clock
	// Random is crypto/rand.Reader in the product; it is read concurrently.
	Random io.Reader
	Config Config
}

// Config tunes a Keyring.
type Config struct {
	// Refresh is how long loaded keys are used before the store is asked
	// again. Default 30 s.
	Refresh time.Duration
	// Propagation is how old a new data key must be before it seals, so that
	// every node has loaded it by then: more than Refresh plus the longest unit
	// of work if several nodes share a database. Default 0, for a single node.
	Propagation time.Duration
	// CachedOwners bounds the derived ciphers held for all accounts together,
	// 1 KiB each. Default 16,384.
	CachedOwners int
}

// maxAccounts bounds the accounts whose keys are held. When it is reached an
// arbitrary one is dropped and loaded again at its next use.
const maxAccounts = 10_000

// staleAfter limits how often values under unknown keys make the keyring ask
// the store again.
const staleAfter = time.Second

// Keyring hands out the keys of accounts and changes them.
type Keyring struct {
	deps  Deps
	cache *cache

	mu       sync.RWMutex
	accounts map[desk.AccountID]*entry
}

type entry struct {
	// loading holds one token; whoever has it may load.
	loading chan struct{}
	keys    atomic.Pointer[AccountKeys]
}

// NewKeyring returns an empty keyring; keys are loaded when first asked for.
func NewKeyring(deps Deps) *Keyring {
	if deps.Master == nil || deps.Store == nil || deps.Clock == nil || deps.Random == nil {
		panic("seal: a keyring needs a master key, a store, a clock and a random source")
	}
	if deps.Config.Refresh <= 0 {
		deps.Config.Refresh = 30 * time.Second
	}
	if deps.Config.CachedOwners <= 0 {
		deps.Config.CachedOwners = defaultCached
	}
	return &Keyring{deps: deps, cache: newCache(deps.Config.CachedOwners), accounts: make(map[desk.AccountID]*entry)}
}

// AccountKeys seals, opens and hashes for one account with the keys known when
// it was handed out. Ask the keyring for each unit of work rather than keeping
// it, or rotation is not noticed.
type AccountKeys struct {
	ring    *Keyring
	account desk.AccountID
	data    map[uint32]*dataKey
	active  *dataKey
	// newest may be higher than active.id while a new key is spreading.
	newest uint32
	index  *indexKey

	loaded, until time.Time
	stale         atomic.Bool
}

// Account returns the account's keys. They are cached; about once per
// Config.Refresh one caller reads the store while the others go on with what
// they have. An account without keys gets its first ones. If the store fails
// while older keys are held, those are returned.
func (k *Keyring) Account(ctx context.Context, account desk.AccountID) (*AccountKeys, error) {
	const op = "load account keys"
	if account == "" {
		return nil, desk.E(desk.Internal, op, "")
	}
	e := k.entry(account)
	now := k.deps.Clock.Now()
	held := e.keys.Load()
	if held != nil {
		if held.fresh(now) {
			return held, nil
		}
		select {
		case <-e.loading:
		default:
			return held, nil // another caller is loading
		}
	} else {
		select {
		case <-e.loading:
		case <-ctx.Done():
			return nil, desk.Wrap(desk.Unavailable, op, ctx.Err())
		}
		if held = e.keys.Load(); held != nil {
			e.loading <- struct{}{}
			return held, nil
		}
	}
	defer func() { e.loading <- struct{}{} }()
	keys, err := k.load(ctx, account, now)
	if err != nil {
		if held != nil {
			return held, nil
		}
		return nil, desk.Wrap(desk.KindOf(err), op, err)
	}
	e.keys.Store(keys)
	return keys, nil
}

// Rotate adds a data key and makes it the active one (after
// Config.Propagation). Values sealed before stay readable; a Rotation seals
// them anew. It returns the new key's id. If another node rotates at the same
// moment, one of them gets Conflict.
func (k *Keyring) Rotate(ctx context.Context, account desk.AccountID) (uint32, error) {
	const op = "rotate account key"
	if _, err := k.Account(ctx, account); err != nil {
		return 0, err
	}
	stored, err := k.deps.Store.LoadKeys(ctx, account)
	if err != nil {
		return 0, desk.Wrap(desk.KindOf(err), op, err)
	}
	var last uint32
	for _, w := range stored {
		last = max(last, w.ID)
	}
	if err := k.add(ctx, account, last+1, PurposeData); err != nil {
		return 0, desk.Wrap(desk.KindOf(err), op, err)
	}
	k.forget(account)
	return last + 1, nil
}

// Retire marks the account's data keys with an id below before as no longer
// needed by its tables. They are kept and go on opening values: backups and
// the event log hold values sealed under them.
func (k *Keyring) Retire(ctx context.Context, account desk.AccountID, before uint32) error {
	const op = "retire account keys"
	stored, err := k.deps.Store.LoadKeys(ctx, account)
	if err != nil {
		return desk.Wrap(desk.KindOf(err), op, err)
	}
	for _, w := range stored {
		if w.Purpose != PurposeData || w.ID >= before || w.Retired {
			continue
		}
		w.Retired = true
		if err := k.deps.Store.UpdateKey(ctx, account, w); err != nil {
			return desk.Wrap(desk.KindOf(err), op, err)
		}
	}
	return nil
}

// RotateMaster wraps the accounts' keys under the master's active generation
// and returns how many keys it changed. What is done already is passed over,
// so after an interruption it is simply called again. Older generations may be
// taken out of the key file once it has returned 0 for every account and no
// backup from before is needed.
func (k *Keyring) RotateMaster(ctx context.Context, accounts []desk.AccountID) (int, error) {
	const op = "rotate master key"
	changed := 0
	for _, account := range accounts {
		stored, err := k.deps.Store.LoadKeys(ctx, account)
		if err != nil {
			return changed, desk.Wrap(desk.KindOf(err), op, err)
		}
		for _, w := range stored {
			if w.Generation() == k.deps.Master.Generation() {
				continue
			}
			key, err := k.deps.Master.unwrap(account, w)
			if err != nil {
				return changed, err
			}
			w, err = k.deps.Master.wrap(account, w, key, k.deps.Random)
			clear(key)
			if err != nil {
				return changed, desk.Wrap(desk.Internal, op, err)
			}
			if err := k.deps.Store.UpdateKey(ctx, account, w); err != nil {
				return changed, desk.Wrap(desk.KindOf(err), op, err)
			}
			changed++
		}
	}
	return changed, nil
}

// String hides the keys.
func (k *Keyring) String() string { return redacted }

// GoString hides the keys.
func (k *Keyring) GoString() string { return redacted }

// LogValue hides the keys.
func (k *Keyring) LogValue() slog.Value { return slog.StringValue(redacted) }

// String hides the keys.
func (a *AccountKeys) String() string { return redacted }

// GoString hides the keys.
func (a *AccountKeys) GoString() string { return redacted }

// LogValue hides the keys.
func (a *AccountKeys) LogValue() slog.Value { return slog.StringValue(redacted) }

func (a *AccountKeys) fresh(now time.Time) bool {
	if a.stale.Load() && now.Sub(a.loaded) >= staleAfter {
		return false
	}
	return now.Before(a.until)
}

func (k *Keyring) entry(account desk.AccountID) *entry {
	k.mu.RLock()
	e := k.accounts[account]
	k.mu.RUnlock()
	if e != nil {
		return e
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if e := k.accounts[account]; e != nil {
		return e
	}
	if len(k.accounts) >= maxAccounts {
		for other := range k.accounts {
			delete(k.accounts, other)
			break
		}
	}
	e = &entry{loading: make(chan struct{}, 1)}
	e.loading <- struct{}{}
	k.accounts[account] = e
	return e
}

// forget makes the next Account read the store.
func (k *Keyring) forget(account desk.AccountID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.accounts, account)
}

// load reads, and for a new account first makes, the account's keys.
func (k *Keyring) load(ctx context.Context, account desk.AccountID, now time.Time) (*AccountKeys, error) {
	stored, err := k.deps.Store.LoadKeys(ctx, account)
	if err != nil {
		return nil, err
	}
	if !complete(stored) {
		// Fixed ids, so that of two nodes doing this at once one is refused.
		for id, purpose := range map[uint32]string{1: PurposeIndex, 2: PurposeData} {
			if err := k.add(ctx, account, id, purpose); err != nil && !errors.Is(err, desk.Conflict) {
				return nil, err
			}
		}
		if stored, err = k.deps.Store.LoadKeys(ctx, account); err != nil {
			return nil, err
		}
		if !complete(stored) {
			return nil, desk.E(desk.Internal, "create account keys", "")
		}
	}
	return k.unlock(account, stored, now)
}

func complete(stored []WrappedKey) bool {
	var data, index bool
	for _, w := range stored {
		data = data || w.Purpose == PurposeData
		index = index || w.Purpose == PurposeIndex
	}
	return data && index
}

func (k *Keyring) add(ctx context.Context, account desk.AccountID, id uint32, purpose string) error {
	key := make([]byte, keySize)
	defer clear(key)
	if _, err := io.ReadFull(k.deps.Random, key); err != nil {
		return err
	}
	w, err := k.deps.Master.wrap(account, WrappedKey{ID: id, Purpose: purpose, CreatedAt: k.deps.Clock.Now()}, key, k.deps.Random)
	if err != nil {
		return err
	}
	return k.deps.Store.AddKey(ctx, account, w)
}

// unlock unwraps the keys and chooses the active one.
func (k *Keyring) unlock(account desk.AccountID, stored []WrappedKey, now time.Time) (*AccountKeys, error) {
	a := &AccountKeys{
		ring: k, account: account, data: make(map[uint32]*dataKey),
		loaded: now, until: now.Add(k.deps.Config.Refresh),
	}
	var first, active uint32
	for _, w := range stored {
		raw, err := k.deps.Master.unwrap(account, w)
		if err != nil {
			return nil, err
		}
		switch w.Purpose {
		case PurposeIndex:
			if a.index == nil || w.ID > a.index.id {
				a.index, err = newIndexKey(w.ID, raw)
			}
		case PurposeData:
			if a.data[w.ID], err = newDataKey(w.ID, raw); err != nil {
				break
			}
			if w.Retired {
				break
			}
			if first == 0 || w.ID < first {
				first = w.ID
			}
			a.newest = max(a.newest, w.ID)
			switch from := w.CreatedAt.Add(k.deps.Config.Propagation); {
			case !from.After(now):
				active = max(active, w.ID)
			case from.Before(a.until):
				a.until = from
			}
		}
		clear(raw)
		if err != nil {
			return nil, desk.Wrap(desk.Internal, "unlock account keys", err)
		}
	}
	if active == 0 {
		active = first // a new account does not wait
	}
	if a.active = a.data[active]; a.active == nil || a.index == nil {
		return nil, desk.E(desk.Internal, "unlock account keys", "")
	}
	return a, nil
}
