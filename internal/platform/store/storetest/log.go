package storetest

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
)

// tailingReader reads while many write on both nodes. It must see every event
// once, in order, without a gap, and every answered command.
func tailingReader(n *Tenant) {
	const writers, each = 4, 60
	start, err := n.Store.Head(n.Ctx)
	require.NoError(n, err)
	type tail struct {
		events []desk.Event
		err    error
	}
	// Each conversation has one writer: 2 more events for the first message.
	want := int64(writers * (each + 2 + each))
	tails := make(chan tail, 2)
	for _, node := range []*store.Store{n.Store, n.Peer} {
		commits, cancel := node.Watch()
		go func() {
			defer cancel()
			var seen tail
			for pos := start; seen.err == nil && pos < start+want; {
				var batch []desk.Event
				if batch, seen.err = node.Events(n.Ctx, pos, 50); len(batch) > 0 {
					seen.events = append(seen.events, batch...)
					pos = batch[len(batch)-1].Pos
					continue
				}
				select {
				case <-commits:
				case <-time.After(30 * time.Second): // only if a signal was lost
					seen.err = fmt.Errorf("no signal after position %d of %d", pos-start, want)
				}
			}
			tails <- seen
		}()
	}
	var mu sync.Mutex
	answered := make(map[int64]string)
	for _, err := range n.crowd(writers, func(w int) error {
		node := []*store.Store{n.Store, n.Peer}[w%2]
		for i := range each {
			out, err := node.Do(n.Ctx, n.Receive(fmt.Sprint("person", w), fmt.Sprint(i), nil))
			if err != nil {
				return err
			}
			visible, err := node.Events(n.Ctx, out.Pos-1, 1)
			if err != nil {
				return err
			}
			if len(visible) != 1 || visible[0].Pos != out.Pos {
				return fmt.Errorf("answered event %d is not visible", out.Pos)
			}
			mu.Lock()
			answered[out.Pos] = out.ResultID
			mu.Unlock()
			if err := node.Write(n.Ctx, n.ID, func(_ context.Context, tx *store.Tx) error {
				return tx.Emit(desk.Event{AccountID: n.ID, ContactID: out.ContactID, Fact: desk.ContactCreated{InboxID: n.Inbox.ID}})
			}); err != nil {
				return err
			}
		}
		return nil
	}) {
		require.NoError(n, err)
	}
	var logs [][]desk.Event
	for range 2 {
		got := <-tails
		require.NoError(n, got.err)
		require.Len(n, got.events, int(want))
		logs = append(logs, got.events)
	}
	seq := make(map[desk.ConversationID]int64)
	for i, e := range logs[0] {
		require.Equal(n, start+int64(i)+1, e.Pos)
		require.Equal(n, e, logs[1][i], "both readers see the same")
		if m, ok := desk.MessageOf(e.Fact); ok {
			require.Equal(n, seq[e.ConversationID]+1, m.Seq)
			seq[e.ConversationID] = m.Seq
			require.Equal(n, answered[e.Pos], string(m.MessageID))
			delete(answered, e.Pos)
		}
	}
	require.Empty(n, answered)
}

func events(n *Tenant) {
	out := n.Do(n.Receive("ada", "", []byte("body")))
	stranger := n.Tenant()
	stranger.Do(stranger.Receive("ada", "", nil))
	n.Write(func(_ context.Context, tx *store.Tx) error {
		for _, f := range desk.Facts() {
			if err := tx.Emit(desk.Event{AccountID: n.ID, Shard: 3, ConversationID: out.Conversation.ID, Fact: f}); err != nil {
				return err
			}
		}
		return nil
	})
	head, err := n.Store.Head(n.Ctx)
	require.NoError(n, err)
	require.Equal(n, int64(3+3+len(desk.Facts())), head)
	oldest, err := n.Store.Oldest(n.Ctx)
	require.NoError(n, err)
	require.Equal(n, int64(1), oldest)

	all, err := n.Store.Events(n.Ctx, 0, 0)
	require.NoError(n, err)
	require.Len(n, all, int(head))
	mine, err := n.Store.AccountEvents(n.Ctx, n.ID, 0, 0)
	require.NoError(n, err)
	require.Len(n, mine, int(head)-3)
	for i, e := range mine { // from the table
		require.Equal(n, all[e.Pos-1], e, "memory and table differ in event %d", i)
		require.Equal(n, n.ID, e.AccountID)
	}
	some, err := n.Store.Events(n.Ctx, 2, 3)
	require.NoError(n, err)
	require.Equal(n, all[2:5], some)
	none, err := n.Store.Events(n.Ctx, head, 10)
	require.NoError(n, err)
	require.Empty(n, none)
	page, err := n.Store.AccountEvents(n.Ctx, n.ID, mine[1].Pos, 2)
	require.NoError(n, err)
	require.Equal(n, mine[2:4], page)
}

func trim(n *Tenant) {
	write := func(count int) {
		for range count {
			n.Do(n.Receive("ada", "", nil))
		}
	}
	write(10) // positions 1 to 12
	n.Clock.Advance(2 * time.Hour)
	write(10) // 13 to 22
	n.Clock.Advance(time.Hour)

	claimed, err := n.Store.ClaimPositions(n.Ctx, "reader", "node", time.Hour)
	require.NoError(n, err)
	require.Len(n, claimed, desk.Shards)
	require.False(n, claimed[0].Rebuild)
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		return tx.SavePositions(ctx, "reader", "node", claimed, 5)
	}))
	// Older than 2.5 hours are 12; the reader holds all above 5.
	got, err := n.Store.Trim(n.Ctx, n.Clock.Now().Add(-150*time.Minute), 0)
	require.NoError(n, err)
	require.Equal(n, int64(5), got.Events)
	require.Zero(n, got.Rebuild)
	oldest, err := n.Store.Oldest(n.Ctx)
	require.NoError(n, err)
	require.Equal(n, int64(6), oldest)

	// By number: 4 newest may stay, and half as many more are held for it.
	got, err = n.Store.Trim(n.Ctx, n.Clock.Now().Add(-1000*time.Hour), 4)
	require.NoError(n, err)
	require.Equal(n, int64(desk.Shards), got.Rebuild)
	require.Equal(n, int64(22-4-5), got.Events)
	claimed, err = n.Store.ClaimPositions(n.Ctx, "reader", "node", time.Hour)
	require.NoError(n, err)
	require.True(n, claimed[0].Rebuild)
	require.Equal(n, int64(1), claimed[0].Token, "a renewal keeps the token")

	// All is old: the newest event always stays, so that the head can be told.
	n.Clock.Advance(100 * time.Hour)
	_, err = n.Store.Trim(n.Ctx, n.Clock.Now().Add(-time.Hour), 0)
	require.NoError(n, err)
	oldest, err = n.Store.Oldest(n.Ctx)
	require.NoError(n, err)
	head, err := n.Store.Head(n.Ctx)
	require.NoError(n, err)
	require.Equal(n, int64(22), head)
	require.Equal(n, head, oldest)
	write(1)
	next, err := n.Store.Events(n.Ctx, head, 10)
	require.NoError(n, err)
	require.Len(n, next, 1)
	require.Equal(n, head+1, next[0].Pos)
}

func trimDedupe(n *Tenant) {
	n.Do(n.Receive("ada", "old", nil))
	n.Clock.Advance(time.Hour)
	n.Do(n.Receive("ada", "new", nil))
	_, err := n.Store.Trim(n.Ctx, n.Clock.Now().Add(-time.Minute), 0)
	require.NoError(n, err)
	require.True(n, n.Do(n.Receive("ada", "old", nil)).Repeated, "keys do not go with events")
	gone, err := n.Store.TrimKeys(n.Ctx, n.Clock.Now().Add(-time.Minute))
	require.NoError(n, err)
	require.Equal(n, int64(1), gone)
	require.True(n, n.Do(n.Receive("ada", "new", nil)).Repeated)
	require.False(n, n.Do(n.Receive("ada", "old", nil)).Repeated)
}

func once(n *Tenant) {
	use := func(node *store.Store, scope, key, result string, after error) (first string, repeated bool, err error) {
		err = node.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) (err error) {
			if first, repeated, err = tx.Once(ctx, n.ID, scope, key, result); err != nil {
				return err
			}
			return after
		})
		return first, repeated, err
	}
	_, _, err := use(n.Store, "s", "k", "undone", desk.E(desk.NotFound, "test", ""))
	n.kind(desk.NotFound, err)
	_, err = n.Store.FirstAnswer(n.Ctx, n.ID, "s", "k")
	n.kind(desk.NotFound, err)
	first, repeated, err := use(n.Store, "s", "k", "one", nil)
	require.NoError(n, err)
	require.False(n, repeated)
	require.Equal(n, "one", first)
	first, repeated, err = use(n.Peer, "s", "k", "two", nil)
	require.NoError(n, err)
	require.True(n, repeated)
	require.Equal(n, "one", first)
	answer, err := n.Peer.FirstAnswer(n.Ctx, n.ID, "s", "k")
	require.NoError(n, err)
	require.Equal(n, "one", answer)
	_, repeated, err = use(n.Store, "another", "k", "", nil)
	require.NoError(n, err)
	require.False(n, repeated, "keys are their scope's own")
	_, _, err = use(n.Store, "s", "", "", nil)
	n.kind(desk.Internal, err)

	// Of many at once, one is the first.
	answers := make([]string, 8)
	var fresh atomic.Int64
	for _, err := range n.crowd(len(answers), func(i int) error {
		first, repeated, err := use([]*store.Store{n.Store, n.Peer}[i%2], "s", "crowd", fmt.Sprint(i), nil)
		if answers[i] = first; !repeated {
			fresh.Add(1)
		}
		return err
	}) {
		require.NoError(n, err)
	}
	require.Equal(n, int64(1), fresh.Load())
	for _, a := range answers {
		require.Equal(n, answers[0], a)
	}
}

func positions(n *Tenant) {
	save := func(holder string, was store.Position, pos int64) error {
		return n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
			// An effect that must vanish if the position is refused.
			if err := tx.PutInstallationValue(ctx, "effect", fmt.Sprint(holder, pos)); err != nil {
				return err
			}
			return tx.SavePositions(ctx, "reader", holder, []store.Position{was}, pos)
		})
	}
	first, err := n.Store.ClaimPositions(n.Ctx, "reader", "a", time.Minute)
	require.NoError(n, err)
	require.Len(n, first, desk.Shards)
	for i, p := range first {
		require.Equal(n, desk.Shard(i), p.Shard)
		require.Zero(n, p.Pos)
	}
	require.NoError(n, save("a", first[3], 7))
	// A unit that was committed and, because nobody knew, runs again.
	n.kind(desk.Conflict, save("a", first[3], 8))
	at7 := first[3]
	at7.Pos = 7
	require.NoError(n, save("a", at7, 5), "a position does not go back")
	again, err := n.Store.ClaimPositions(n.Ctx, "reader", "a", time.Minute)
	require.NoError(n, err)
	require.Equal(n, int64(7), again[3].Pos)
	require.NoError(n, save("a", at7, 7), "nothing new is no conflict")
	none, err := n.Peer.ClaimPositions(n.Ctx, "reader", "b", time.Minute)
	require.NoError(n, err)
	require.Empty(n, none)
	other, err := n.Peer.ClaimPositions(n.Ctx, "another", "b", time.Minute)
	require.NoError(n, err)
	require.Len(n, other, desk.Shards, "consumers do not touch each other")

	n.Clock.Advance(2 * time.Minute) // a is taken for dead
	taken, err := n.Peer.ClaimPositions(n.Ctx, "reader", "b", time.Minute)
	require.NoError(n, err)
	require.Len(n, taken, desk.Shards)
	require.Equal(n, int64(7), taken[3].Pos)
	require.Greater(n, taken[3].Token, first[3].Token)
	n.kind(desk.Conflict, save("a", at7, 8))
	n.kind(desk.Conflict, save("b", at7, 8))
	effect, err := n.Store.InstallationValue(n.Ctx, "effect")
	require.NoError(n, err)
	require.Equal(n, "a7", effect)
	require.NoError(n, save("b", taken[3], 9))

	require.NoError(n, n.Peer.ReleasePositions(n.Ctx, "reader", "b"))
	back, err := n.Store.ClaimPositions(n.Ctx, "reader", "a", time.Minute)
	require.NoError(n, err)
	require.Equal(n, int64(9), back[3].Pos)
	require.Greater(n, back[3].Token, taken[3].Token)
	all, err := n.Store.Positions(n.Ctx)
	require.NoError(n, err)
	require.Len(n, all, 2*desk.Shards)
	n.kind(desk.Denied, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.SavePositions(ctx, "reader", "a", back, 0)
	}))
	_, err = n.Store.ClaimPositions(n.Ctx, "", "a", time.Minute)
	require.Error(n, err)

	// Many nodes ask at once: each shard goes to one of them.
	got := make([][]store.Position, 8)
	for _, err := range n.crowd(len(got), func(i int) (err error) {
		node := []*store.Store{n.Store, n.Peer}[i%2]
		got[i], err = node.ClaimPositions(n.Ctx, "crowded", fmt.Sprint("node", i), time.Hour)
		return err
	}) {
		require.NoError(n, err)
	}
	shards := make(map[desk.Shard]bool)
	for _, ps := range got {
		for _, p := range ps {
			require.False(n, shards[p.Shard])
			shards[p.Shard] = true
		}
	}
	require.Len(n, shards, desk.Shards)
}

func rebuild(n *Tenant) {
	for range 5 {
		n.Do(n.Receive("ada", "", nil))
	}
	n.Clock.Advance(time.Hour)
	_, err := n.Store.Trim(n.Ctx, n.Clock.Now(), 0)
	require.NoError(n, err)
	late, err := n.Store.ClaimPositions(n.Ctx, "late", "a", time.Minute)
	require.NoError(n, err)
	require.True(n, late[0].Rebuild, "the log does not begin at 1 any more")

	early := late[0]
	early.Rebuild = false
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		return tx.SavePositions(ctx, "late", "a", []store.Position{early}, 6)
	}))
	late[0].Pos = 6
	wrong := late[0]
	wrong.Token--
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		return tx.FinishRebuild(ctx, "late", "a", wrong)
	}))
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		return tx.FinishRebuild(ctx, "late", "a", late[0])
	}))
	late, err = n.Store.ClaimPositions(n.Ctx, "late", "a", time.Minute)
	require.NoError(n, err)
	require.False(n, late[0].Rebuild)
	require.Equal(n, int64(6), late[0].Pos)
	require.True(n, late[1].Rebuild)
}

func epoch(n *Tenant) {
	_, err := n.Store.Epoch(n.Ctx)
	n.kind(desk.NotFound, err)
	for _, value := range []string{"first", "second"} {
		require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error { return tx.SetEpoch(ctx, value) }))
		got, err := n.Store.Epoch(n.Ctx)
		require.NoError(n, err)
		require.Equal(n, value, got)
	}
	n.kind(desk.Denied, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.SetEpoch(ctx, "mine") }))
}

// tables holds the driver's tables to the portable ones: every query of
// package query must be one that the database understands.
func tables(t *testing.T, open Open) {
	node, _ := open(t, NewClock())
	t.Cleanup(func() { require.NoError(t, node.Close()) })
	require.Contains(t, []string{"sqlite", "postgres"}, store.New(node).Dialect())
	columns, err := query.Columns()
	require.NoError(t, err)
	require.Greater(t, len(columns), 15)
	for table, names := range columns {
		rows, err := node.Reader().QueryContext(t.Context(), "SELECT * FROM "+table+" LIMIT 0")
		require.NoError(t, err, table)
		got, err := rows.Columns()
		require.NoError(t, err)
		require.NoError(t, rows.Close())
		require.Equal(t, names, got, table)
	}
}

// drains proves that what was accepted before the end is answered, and what
// comes after is refused.
func drains(t *testing.T, open Open) {
	clock := NewClock()
	node, _ := open(t, clock)
	s := store.New(node)
	ctx, stop := context.WithCancel(t.Context())
	running := make(chan error, 1)
	entered := make(chan struct{})
	const more = 20
	answers := make(chan error, more+1)
	write := func(unit func(context.Context, *store.Tx) error) {
		answers <- s.Write(t.Context(), "", unit)
	}
	go write(func(ctx context.Context, tx *store.Tx) error {
		select {
		case <-entered:
		default:
			close(entered)
		}
		return tx.SetEpoch(ctx, "drained")
	})
	go func() { running <- s.Run(ctx) }()
	<-entered
	for range more {
		go write(func(ctx context.Context, tx *store.Tx) error { return tx.SetEpoch(ctx, "drained") })
	}
	stop()
	for range more + 1 {
		if err := <-answers; err != nil {
			require.ErrorIs(t, err, desk.Unavailable)
		}
	}
	require.NoError(t, <-running)
	require.ErrorIs(t, s.Write(t.Context(), "", func(context.Context, *store.Tx) error { return nil }), desk.Unavailable)
	got, err := s.Epoch(t.Context())
	require.NoError(t, err)
	require.Equal(t, "drained", got)
	require.NoError(t, s.Close())
}

// shouts reach every node or nobody, and leave nothing behind. A driver for one
// node has none.
func shouts(n *Tenant) {
	near, far := n.Store.Waves(), n.Peer.Waves()
	require.Equal(n, near == nil, far == nil)
	if near == nil {
		require.Equal(n, n.Store, n.Peer, "a database with several nodes carries shouts")
		return
	}
	heard := [2]chan string{make(chan string, 1000), make(chan string, 1000)}
	for i, w := range []store.Waves{near, far} {
		stop := w.Shouts(func(text string) { heard[i] <- text })
		defer stop()
		w.Shouts(func(string) { n.Error("whoever stopped hears nothing") })()
	}
	before, err := n.Store.Head(n.Ctx)
	require.NoError(n, err)
	longest := strings.Repeat("x", store.MaxShout)
	// Nothing tells when the nodes listen: it is shouted until both hear.
	for len(heard[0]) == 0 || len(heard[1]) == 0 {
		require.NoError(n, near.Shout(n.Ctx, longest))
		select {
		case <-time.After(10 * time.Millisecond):
		case <-n.Ctx.Done():
			n.Fatal("nobody hears")
		}
	}
	require.Equal(n, longest, <-heard[1])
	require.NoError(n, far.Shout(n.Ctx, "back"))
	for text := <-heard[0]; text != "back"; text = <-heard[0] {
		require.Equal(n, longest, text)
	}
	require.ErrorIs(n, near.Shout(n.Ctx, longest+"x"), desk.Invalid)
	after, err := n.Store.Head(n.Ctx)
	require.NoError(n, err)
	require.Equal(n, before, after)
}
