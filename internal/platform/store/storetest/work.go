package storetest

import (
	"context"
	"fmt"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func timers(n *Tenant) {
	_, ok, err := n.Store.NextTimer(n.Ctx)
	require.NoError(n, err)
	require.False(n, ok)
	base := n.Clock.Now()
	ref := func(i int) store.TimerRef {
		return store.TimerRef{AccountID: n.ID, Kind: "snooze", Subject: fmt.Sprint(i)}
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		for i := range 5 {
			if err := tx.PutTimer(ctx, store.Timer{TimerRef: ref(i), Due: base.Add(time.Duration(i) * time.Hour), Data: "{}"}); err != nil {
				return err
			}
		}
		return nil
	})
	due, ok, err := n.Store.NextTimer(n.Ctx)
	require.NoError(n, err)
	require.True(n, ok)
	require.True(n, base.Equal(due))

	now := base.Add(2 * time.Hour) // 0, 1 and 2 are due
	got, err := n.Store.DueTimers(n.Ctx, "a", now, 2)
	require.NoError(n, err)
	require.Equal(n, []string{"0", "1"}, subjects(got))
	require.Equal(n, "{}", got[0].Data)
	rest, err := n.Peer.DueTimers(n.Ctx, "b", now, 10)
	require.NoError(n, err)
	require.Equal(n, []string{"2"}, subjects(rest))

	require.NoError(n, n.Store.HoldTimers(n.Ctx, "a", now.Add(store.TimerClaim)))
	over := now.Add(store.TimerClaim + time.Second)
	ours, err := n.Peer.DueTimers(n.Ctx, "c", over, 10)
	require.NoError(n, err)
	require.Equal(n, []string{"2"}, subjects(ours), "who says so keeps them, who says nothing does not")
	require.NoError(n, n.Store.HoldTimers(n.Ctx, "c", base.Add(-store.TimerClaim)))
	given, err := n.Peer.DueTimers(n.Ctx, "d", now, 10)
	require.NoError(n, err)
	require.Equal(n, []string{"2"}, subjects(given), "what was given up is free at once")
	n.Write(func(ctx context.Context, tx *store.Tx) error { // 0 is done, 1 was moved meanwhile
		if err := tx.DeleteTimer(ctx, got[0].TimerRef, got[0].Due); err != nil {
			return err
		}
		if err := tx.PutTimer(ctx, store.Timer{TimerRef: ref(1), Due: now}); err != nil {
			return err
		}
		return tx.DeleteTimer(ctx, got[1].TimerRef, got[1].Due)
	})
	again, err := n.Store.DueTimers(n.Ctx, "a", now, 10)
	require.NoError(n, err)
	require.Equal(n, []string{"1"}, subjects(again), "a moved timer is free at once")
	later, err := n.Store.DueTimers(n.Ctx, "a", now.Add(2*time.Minute), 10)
	require.NoError(n, err)
	require.Equal(n, []string{"1", "2"}, subjects(later), "nobody finished them")
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.CancelTimer(ctx, ref(1)); err != nil {
			return err
		}
		return tx.CancelTimer(ctx, ref(99))
	})
	_, err = n.Store.Timer(n.Ctx, ref(1))
	n.kind(desk.NotFound, err)

	n.onceEach(20, func(ctx context.Context, tx *store.Tx, i int) error {
		return tx.PutTimer(ctx, store.Timer{TimerRef: ref(100 + i), Due: base})
	}, func(node *store.Store, holder string) (ids []string, err error) {
		got, err := node.DueTimers(n.Ctx, holder, base.Add(time.Minute), 3)
		return subjects(got), err
	})
}

// onceEach adds rows and lets many claim them: each must go to one of them.
func (n *Tenant) onceEach(rows int, add func(context.Context, *store.Tx, int) error, claim func(*store.Store, string) ([]string, error)) {
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		for i := range rows {
			if err := add(ctx, tx, i); err != nil {
				return err
			}
		}
		return nil
	})
	claimed := make([][]string, 8)
	for _, err := range n.crowd(len(claimed), func(i int) error {
		for {
			ids, err := claim([]*store.Store{n.Store, n.Peer}[i%2], fmt.Sprint("holder", i))
			if err != nil || len(ids) == 0 {
				return err
			}
			claimed[i] = append(claimed[i], ids...)
		}
	}) {
		require.NoError(n, err)
	}
	seen := make(map[string]int)
	for _, ids := range claimed {
		for _, id := range ids {
			seen[id]++
			require.Equal(n, 1, seen[id])
		}
	}
	// With several nodes a claim may come back empty while another one holds the
	// rows, so some may be left for the next round; none may be handed out twice.
	for left, err := claim(n.Store, "last"); len(left) > 0; left, err = claim(n.Store, "last") {
		require.NoError(n, err)
		for _, id := range left {
			seen[id]++
			require.Equal(n, 1, seen[id])
		}
	}
	require.Len(n, seen, rows)
}

func subjects(timers []store.Timer) (out []string) {
	for _, t := range timers {
		out = append(out, t.Subject)
	}
	return out
}

func outbox(n *Tenant) {
	_, ok, err := n.Store.NextOutbox(n.Ctx)
	require.NoError(n, err)
	require.False(n, ok)
	ada, bob := n.Do(n.Receive("ada", "", nil)), n.Do(n.Receive("bob", "", nil))
	first := n.Do(n.Reply(ada.Conversation.ID, "", nil))
	second := n.Do(n.Reply(ada.Conversation.ID, "", nil))
	third := n.Do(n.Reply(bob.Conversation.ID, "", nil))
	due, ok, err := n.Store.NextOutbox(n.Ctx)
	require.NoError(n, err)
	require.True(n, ok)
	now := n.Clock.Now()
	require.True(n, due.Before(now))

	got, err := n.Store.DueOutbox(n.Ctx, "a", now, 10)
	require.NoError(n, err)
	require.Len(n, got, 2, "the second reply waits for the first")
	require.Equal(n, first.ResultID, string(got[0].MessageID))
	require.Equal(n, third.ResultID, string(got[1].MessageID))
	require.Equal(n, "a", got[0].Holder)
	require.Equal(n, ada.ContactID, got[0].ContactID)

	stolen := got[0]
	stolen.Holder = "b"
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteOutbox(ctx, stolen) }))
	retry := got[1]
	retry.Attempts, retry.Error, retry.Due = 1, "timeout", now.Add(time.Minute)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.UpdateOutbox(ctx, retry); err != nil {
			return err
		}
		return tx.DeleteOutbox(ctx, got[0])
	})
	got, err = n.Store.DueOutbox(n.Ctx, "a", now, 10)
	require.NoError(n, err)
	require.Len(n, got, 1)
	require.Equal(n, second.ResultID, string(got[0].MessageID))
	got, err = n.Store.DueOutbox(n.Ctx, "b", now.Add(2*time.Minute), 10)
	require.NoError(n, err)
	require.Len(n, got, 2, "the retry and what nobody finished")
	byID := map[string]store.OutboxItem{string(got[0].MessageID): got[0], string(got[1].MessageID): got[1]}
	require.Equal(n, int64(1), byID[third.ResultID].Attempts)
	require.Equal(n, "timeout", byID[third.ResultID].Error)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		if err := tx.DeleteOutbox(ctx, got[0]); err != nil {
			return err
		}
		return tx.DeleteOutbox(ctx, got[1])
	})

	for i := range 12 {
		in := n.Do(n.Receive(fmt.Sprint("person", i), "", nil))
		n.Do(n.Reply(in.Conversation.ID, "", nil))
	}
	late := n.Clock.Now().Add(time.Minute)
	claimed := make(map[desk.MessageID]bool)
	for {
		items, err := n.Peer.DueOutbox(n.Ctx, "c", late, 5)
		require.NoError(n, err)
		if len(items) == 0 {
			break
		}
		for _, item := range items {
			require.False(n, claimed[item.MessageID])
			claimed[item.MessageID] = true
		}
	}
	require.Len(n, claimed, 12)
}

func leases(n *Tenant) {
	a, ok, err := n.Store.AcquireLease(n.Ctx, "mail", "a", time.Minute)
	require.NoError(n, err)
	require.True(n, ok)
	_, ok, err = n.Peer.AcquireLease(n.Ctx, "mail", "b", time.Minute)
	require.NoError(n, err)
	require.False(n, ok)
	a, err = n.Store.RenewLease(n.Ctx, a, 3*time.Minute)
	require.NoError(n, err)
	n.Clock.Advance(2 * time.Minute)
	_, ok, err = n.Peer.AcquireLease(n.Ctx, "mail", "b", time.Minute)
	require.NoError(n, err)
	require.False(n, ok, "it was renewed")
	n.Clock.Advance(2 * time.Minute)
	b, ok, err := n.Peer.AcquireLease(n.Ctx, "mail", "b", time.Minute)
	require.NoError(n, err)
	require.True(n, ok)
	require.Greater(n, b.Token, a.Token)
	_, err = n.Store.RenewLease(n.Ctx, a, time.Minute)
	n.kind(desk.Conflict, err)
	require.NoError(n, n.Store.ReleaseLease(n.Ctx, a)) // too late: does nothing
	_, ok, err = n.Store.AcquireLease(n.Ctx, "mail", "c", time.Minute)
	require.NoError(n, err)
	require.False(n, ok)
	require.NoError(n, n.Peer.ReleaseLease(n.Ctx, b))
	c, ok, err := n.Store.AcquireLease(n.Ctx, "mail", "c", time.Minute)
	require.NoError(n, err)
	require.True(n, ok)
	require.Greater(n, c.Token, b.Token)

	winners := make([]bool, 10)
	for _, err := range n.crowd(len(winners), func(i int) (err error) {
		node := []*store.Store{n.Store, n.Peer}[i%2]
		_, winners[i], err = node.AcquireLease(n.Ctx, "crowded", fmt.Sprint(i), time.Hour)
		return err
	}) {
		require.NoError(n, err)
	}
	won := 0
	for _, w := range winners {
		if w {
			won++
		}
	}
	require.Equal(n, 1, won)
}

func deadLetters(n *Tenant) {
	out := n.Do(n.Receive("ada", "", []byte("one")))
	n.Do(n.Receive("ada", "", []byte("two")))
	list, err := n.Store.AccountEvents(n.Ctx, n.ID, 0, 0)
	require.NoError(n, err)
	install := func(unit func(context.Context, *store.Tx) error) {
		require.NoError(n, n.Store.Write(n.Ctx, "", unit))
	}
	park := func(e desk.Event, attempts int64) {
		install(func(ctx context.Context, tx *store.Tx) error {
			return tx.Park(ctx, store.DeadLetter{ID: n.IDs.Other("ded"), Consumer: "indexer", Event: e, Error: "no key", Attempts: attempts})
		})
	}
	park(list[3], 1) // out of order on purpose
	park(list[2], 5)
	parked, err := n.Store.ParkedConversations(n.Ctx, "indexer")
	require.NoError(n, err)
	require.Equal(n, []store.Parked{{AccountID: n.ID, Shard: list[2].Shard, ConversationID: out.Conversation.ID}}, parked)
	others, err := n.Store.ParkedConversations(n.Ctx, "another")
	require.NoError(n, err)
	require.Empty(n, others)

	letters, err := n.Store.DeadLetters(n.Ctx, n.ID, store.Page{})
	require.NoError(n, err)
	require.Len(n, letters, 2)
	require.Equal(n, list[2], letters[0].Event)
	require.Equal(n, int64(5), letters[0].Attempts)
	require.False(n, letters[0].Replay)
	page, err := n.Store.DeadLetters(n.Ctx, n.ID, store.Page{BeforeID: letters[0].ID, Limit: 1})
	require.NoError(n, err)
	require.Equal(n, letters[1:], page)
	one, err := n.Store.DeadLetter(n.Ctx, n.ID, letters[1].ID)
	require.NoError(n, err)
	require.Equal(n, letters[1], one)

	none, err := n.Store.DueReplays(n.Ctx, "indexer", 10)
	require.NoError(n, err)
	require.Empty(n, none)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.Replay(ctx, n.ID, letters[0].ID) })
	due, err := n.Store.DueReplays(n.Ctx, "indexer", 10)
	require.NoError(n, err)
	require.Len(n, due, 2, "all of the conversation, in log order")
	require.Equal(n, []int64{list[2].Pos, list[3].Pos}, []int64{due[0].Event.Pos, due[1].Event.Pos})
	install(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteDeadLetter(ctx, n.ID, due[0].ID) })
	park(due[1].Event, 1) // fails again
	due, err = n.Store.DueReplays(n.Ctx, "indexer", 10)
	require.NoError(n, err)
	require.Empty(n, due)
	letters, err = n.Store.DeadLetters(n.Ctx, n.ID, store.Page{})
	require.NoError(n, err)
	require.Len(n, letters, 1)
	require.Equal(n, int64(2), letters[0].Attempts)
	n.kind(desk.Denied, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.Park(ctx, store.DeadLetter{ID: "ded_x", Consumer: "indexer", Event: list[0]})
	}))
}

func expiredSessions(n *Tenant) {
	now := n.Clock.Now()
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		for i := range 4 {
			if err := tx.InsertSession(ctx, store.Session{
				Hash: fmt.Sprint("h", i), AccountID: n.ID, AgentID: n.Agent.ID, ExpiresAt: now.Add(time.Duration(i) * time.Hour),
			}); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		gone, err := tx.DeleteExpiredSessions(ctx, now.Add(90*time.Minute))
		require.Equal(n, int64(2), gone)
		return err
	}))
	_, err := n.Store.Session(n.Ctx, "h1")
	n.kind(desk.NotFound, err)
	_, err = n.Store.Session(n.Ctx, "h2")
	require.NoError(n, err)
	n.kind(desk.Denied, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.DeleteExpiredSessions(ctx, now)
		return err
	}))
}
