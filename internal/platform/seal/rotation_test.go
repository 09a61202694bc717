package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"sort"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

// table is a Walker over rows in memory. before, if set, is called at the
// start of each call and may fail it or write rows, as other units do.
type table struct {
	rows     map[string]Item
	progress Progress
	before   func(call string) error
	// after fails a Save that was committed: its outcome is unknown to the caller.
	after func() error
}

func (w *table) enter(call string) error {
	if w.before == nil {
		return nil
	}
	return w.before(call)
}

func (w *table) Load(context.Context, desk.AccountID) (Progress, error) {
	return w.progress, w.enter("load")
}

func (w *table) Count(context.Context, desk.AccountID) (int64, error) {
	return int64(len(w.rows)), w.enter("count")
}

func (w *table) Page(_ context.Context, _ desk.AccountID, cursor string, limit int) ([]Item, string, error) {
	if err := w.enter("page"); err != nil {
		return nil, "", err
	}
	ids := make([]string, 0, len(w.rows))
	for id := range w.rows {
		if id > cursor {
			ids = append(ids, id)
		}
	}
	sort.Strings(ids)
	var items []Item
	for _, id := range ids[:min(limit, len(ids))] {
		items = append(items, w.rows[id])
		cursor = id
	}
	return items, cursor, nil
}

func (w *table) Save(_ context.Context, _ desk.AccountID, changes []Change, progress Progress) error {
	if err := w.enter("save"); err != nil {
		return err
	}
	for _, c := range changes {
		row, ok := w.rows[c.Place.Row]
		if ok && bytes.Equal(row.Sealed, c.Old) {
			row.Sealed = c.New
			w.rows[c.Place.Row] = row
		}
	}
	w.progress = progress
	if w.after != nil {
		return w.after()
	}
	return nil
}

var _ Walker = (*table)(nil)

func (w *table) put(a *AccountKeys, n int, text string) {
	id := fmt.Sprintf("msg_%04d", n)
	p := Place{Owner: fmt.Sprint("cnv_", n%7), Table: "message", Row: id, Column: "body"}
	w.rows[id] = Item{p, a.Seal(p, []byte(text))}
}

// A rotation that is killed at any call, while others write with old and new
// keys, ends with everything readable and under the new key.
func TestRotationSurvivesKills(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		store, now := newMemory(), newClock()
		master := &Master{generations: []generation{{id: 1, key: [32]byte{1}}}}
		deps := Deps{Master: master, Store: store, Clock: now, Random: rand.Reader}
		ctx := t.Context()
		ring := NewKeyring(deps)
		old, err := ring.Account(ctx, "acc_1")
		require.NoError(t, err)
		w := &table{rows: make(map[string]Item)}
		want := map[string]string{}
		write := func(a *AccountKeys, n int) {
			text := fmt.Sprint("text ", n, " ", len(want))
			w.put(a, n, text)
			want[fmt.Sprintf("msg_%04d", n)] = text
		}
		rows := rapid.IntRange(0, 40).Draw(t, "rows")
		for n := range rows {
			write(old, n)
		}
		chunk := rapid.IntRange(1, 10).Draw(t, "chunk")
		kill, late := desk.E(desk.Unavailable, "killed", ""), 3
		w.before = func(call string) error {
			switch rapid.IntRange(0, 9).Draw(t, call) {
			case 0, 1:
				return kill
			case 2:
				// A unit that still holds the old key writes anywhere, also
				// behind the cursor; a few of them, as units are short.
				if late > 0 {
					late--
					write(old, rapid.IntRange(0, 50).Draw(t, "row"))
				}
			}
			return nil
		}
		w.after = func() error {
			if rapid.IntRange(0, 9).Draw(t, "outcome") == 0 {
				return kill
			}
			return nil
		}
		var p Progress
		for attempt := 0; !p.Finished; attempt++ {
			require.Less(t, attempt, 3_000)
			// Every attempt is a new process.
			r := NewRotation(NewKeyring(deps), w, chunk)
			if p, err = r.Start(ctx, "acc_1"); err == nil {
				p, err = r.Run(ctx, "acc_1")
			}
			if err != nil {
				require.ErrorIs(t, err, desk.Unavailable)
				p = Progress{}
			}
		}
		now.add(time.Minute)
		ring = NewKeyring(deps)
		a, err := ring.Account(ctx, "acc_1")
		require.NoError(t, err)
		require.Len(t, w.rows, len(want))
		stale := 0
		for id, row := range w.rows {
			plain, err := a.Open(row.Place, row.Sealed)
			require.NoError(t, err)
			require.Equal(t, want[id], string(plain))
			if !a.Current(row.Sealed) {
				stale++
			}
		}
		// Only a late writer during the very last pass can leave one behind.
		require.LessOrEqual(t, stale, 3)
		require.Equal(t, p.Total, p.Done)
		for _, k := range store.keys["acc_1"] {
			require.Equal(t, k.Purpose == PurposeData && k.ID < p.Key, k.Retired, "key %d", k.ID)
		}
		// A finished rotation stays finished.
		w.before, w.after = nil, nil
		again, err := NewRotation(ring, w, chunk).Run(ctx, "acc_1")
		require.NoError(t, err)
		require.Equal(t, p, again)
	})
}

func TestRotationWithoutDisturbance(t *testing.T) {
	t.Parallel()
	k, store, now := newRing(t, Config{Propagation: time.Minute})
	a := accountKeys(t, k, "acc_1")
	w := &table{rows: make(map[string]Item)}
	for n := range 25 {
		w.put(a, n, "x")
	}
	r := NewRotation(k, w, 10)
	p, err := r.Step(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Zero(t, p, "nothing was started")
	p, err = r.Start(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Equal(t, Progress{Key: 3, Pass: 1, Total: 25}, p)
	_, err = r.Step(t.Context(), "acc_1")
	require.ErrorIs(t, err, desk.Unavailable, "the key is still spreading")
	now.add(time.Minute)
	p, err = r.Step(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Equal(t, Progress{Key: 3, Pass: 1, Total: 25, Done: 10, Dirty: true, Cursor: "msg_0009"}, p)
	again, err := r.Start(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Equal(t, p, again, "a second start continues")
	p, err = r.Run(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Equal(t, Progress{Key: 3, Pass: 2, Total: 25, Done: 25, Cursor: "msg_0024", Finished: true}, p)
	a = accountKeys(t, k, "acc_1")
	for _, row := range w.rows {
		require.True(t, a.Current(row.Sealed))
	}
	require.NotEqual(t, store.keys["acc_1"][0].Retired, store.keys["acc_1"][1].Retired)

	// One damaged value neither stops the next rotation nor lets keys retire.
	damaged := w.rows["msg_0003"]
	damaged.Sealed = append(desk.Sealed{algAESGCM, 0, 0, 0, 2}, make([]byte, 40)...)
	w.rows["msg_0003"] = damaged
	_, err = r.Start(t.Context(), "acc_1")
	require.NoError(t, err)
	now.add(time.Minute)
	p, err = r.Run(t.Context(), "acc_1")
	require.NoError(t, err)
	require.True(t, p.Finished)
	require.EqualValues(t, 1, p.Unreadable)
	require.Equal(t, damaged.Sealed, w.rows["msg_0003"].Sealed)
	for _, key := range store.keys["acc_1"] {
		if key.ID == 3 {
			require.False(t, key.Retired)
		}
	}
}

func TestRotationStopsWithItsContext(t *testing.T) {
	t.Parallel()
	k, _, _ := newRing(t, Config{})
	w := &table{rows: make(map[string]Item)}
	for n := range 5 {
		w.put(accountKeys(t, k, "acc_1"), n, "x")
	}
	r := NewRotation(k, w, 1)
	_, err := r.Start(t.Context(), "acc_1")
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p, err := r.Run(ctx, "acc_1")
	require.ErrorIs(t, err, desk.Unavailable)
	require.False(t, p.Finished)
}

// A value written under the old key behind the cursor is found by the next pass.
func TestRotationWalksUntilClean(t *testing.T) {
	t.Parallel()
	k, _, _ := newRing(t, Config{})
	old := accountKeys(t, k, "acc_1")
	w := &table{rows: make(map[string]Item)}
	for n := range 6 {
		w.put(old, n, "x")
	}
	r := NewRotation(k, w, 2)
	_, err := r.Start(t.Context(), "acc_1")
	require.NoError(t, err)
	pages := 0
	w.before = func(call string) error {
		if call == "page" {
			if pages++; pages == 3 {
				w.put(old, 0, "late")
			}
		}
		return nil
	}
	p, err := r.Run(t.Context(), "acc_1")
	require.NoError(t, err)
	require.Equal(t, 3, p.Pass)
	a := accountKeys(t, k, "acc_1")
	for _, row := range w.rows {
		require.True(t, a.Current(row.Sealed))
	}
	plain, err := a.Open(w.rows["msg_0000"].Place, w.rows["msg_0000"].Sealed)
	require.NoError(t, err)
	require.Equal(t, "late", string(plain))
}

// A value that somebody rewrites between page and save keeps what they wrote.
func TestRotationNeverUndoesAWrite(t *testing.T) {
	t.Parallel()
	k, _, _ := newRing(t, Config{})
	old := accountKeys(t, k, "acc_1")
	w := &table{rows: make(map[string]Item)}
	w.put(old, 0, "first")
	r := NewRotation(k, w, 0)
	_, err := r.Start(t.Context(), "acc_1")
	require.NoError(t, err)
	done := false
	w.before = func(call string) error {
		if call == "save" && !done {
			done = true
			w.put(old, 0, "second")
		}
		return nil
	}
	_, err = r.Run(t.Context(), "acc_1")
	require.NoError(t, err)
	a := accountKeys(t, k, "acc_1")
	row := w.rows["msg_0000"]
	plain, err := a.Open(row.Place, row.Sealed)
	require.NoError(t, err)
	require.Equal(t, "second", string(plain))
	require.True(t, a.Current(row.Sealed))
}
