package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func firstMessage(n *Tenant) {
	out := n.Do(n.Receive("ada", "k1", []byte("hello")))
	require.False(n, out.Repeated)
	require.Equal(n, int64(1), out.Conversation.Seq)

	got, err := n.Store.Conversation(n.Ctx, n.ID, out.Conversation.ID)
	require.NoError(n, err)
	require.Equal(n, out.Conversation, got)

	contact, err := n.Store.Contact(n.Ctx, n.ID, out.ContactID)
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("sealed profile"), contact.Profile)

	byIdentity, err := n.Store.ContactByIdentity(n.Ctx, n.ID, "user", "ada")
	require.NoError(n, err)
	require.Equal(n, out.ContactID, byIdentity)
	identities, err := n.Store.Identities(n.Ctx, n.ID, out.ContactID)
	require.NoError(n, err)
	require.Len(n, identities, 1)
	require.Equal(n, desk.Sealed("external of "+out.ContactID), identities[0].External)
	require.True(n, identities[0].Verified)

	live, err := n.Store.LiveConversation(n.Ctx, n.ID, out.ContactID, "")
	require.NoError(n, err)
	require.Equal(n, out.Conversation.ID, live)

	events, err := n.Store.AccountEvents(n.Ctx, n.ID, 0, 0)
	require.NoError(n, err)
	require.Len(n, events, 3)
	require.Equal(n, out.Pos, events[2].Pos)
	require.IsType(n, desk.ContactCreated{}, events[0].Fact)
	require.IsType(n, desk.ConversationOpened{}, events[1].Fact)
	received, ok := events[2].Fact.(desk.MessageReceived)
	require.True(n, ok)
	require.Equal(n, out.Conversation.State(), events[2].State)
	require.Equal(n, desk.Author{Kind: desk.ByVisitor, ID: string(out.ContactID)}, events[2].Actor)

	message, err := n.Store.Message(n.Ctx, n.ID, desk.MessageID(out.ResultID))
	require.NoError(n, err)
	require.Equal(n, received.Stored(events[2]), message)
	require.Equal(n, desk.Sealed("hello"), message.Body)
}

func conversationGoesOn(n *Tenant) {
	first := n.Do(n.Receive("ada", "", []byte("one")))
	second := n.Do(n.Receive("ada", "", []byte("two")))
	require.Equal(n, first.Conversation.ID, second.Conversation.ID)
	require.Equal(n, first.ContactID, second.ContactID)
	require.Equal(n, int64(2), second.Conversation.Seq)
	contact, err := n.Store.Contact(n.Ctx, n.ID, first.ContactID)
	require.NoError(n, err)
	require.True(n, contact.SeenAt.After(contact.CreatedAt))
}

func newAfterResolved(n *Tenant) {
	first := n.Do(n.Receive("ada", "", []byte("one")))
	resolved := n.Do(n.change(first.Conversation.ID, func(c desk.Conversation, now time.Time) (desk.Transition, error) {
		t, err := c.Resolve(now)
		t.Conversation.ResolvedAt = now.Add(-desk.ReopenWindow) // as if long ago
		return t, err
	}))
	require.Equal(n, desk.Resolved, resolved.Conversation.Status)

	// Through another node, so that what this one remembers of her is wrong.
	second, err := n.Peer.Do(n.Ctx, n.Receive("ada", "", []byte("two")))
	require.NoError(n, err)
	require.NotEqual(n, first.Conversation.ID, second.Conversation.ID)
	require.Equal(n, first.ContactID, second.ContactID)
	live, err := n.Store.LiveConversation(n.Ctx, n.ID, first.ContactID, "")
	require.NoError(n, err)
	require.Equal(n, second.Conversation.ID, live)
	third := n.Do(n.Receive("ada", "", []byte("three")))
	require.Equal(n, second.Conversation.ID, third.Conversation.ID)
	require.Equal(n, int64(2), third.Conversation.Seq)
	list, err := n.Store.Conversations(n.Ctx, n.ID, store.ConversationFilter{Contact: first.ContactID}, store.Page{})
	require.NoError(n, err)
	require.Len(n, list, 2)
}

// change is a command that only changes the conversation's state.
func (n *Tenant) change(id desk.ConversationID, do func(desk.Conversation, time.Time) (desk.Transition, error)) store.Command {
	return store.Command{
		Account: n.ID, Target: store.Target{Conversation: id},
		Decide: func(s store.Situation) (store.Effects, error) {
			t, err := do(s.Conversation, s.Now)
			return store.Effects{Conversation: t.Conversation, Facts: t.Facts, Actor: desk.Author{Kind: desk.BySystem}}, err
		},
	}
}

func reply(n *Tenant) {
	in := n.Do(n.Receive("ada", "", []byte("one")))
	out := n.Do(n.Reply(in.Conversation.ID, "r1", []byte("answer")))
	require.Equal(n, int64(2), out.Conversation.Seq)
	require.Equal(n, n.Agent.ID, out.Conversation.AssigneeID)
	m, err := n.Store.Message(n.Ctx, n.ID, desk.MessageID(out.ResultID))
	require.NoError(n, err)
	require.Equal(n, desk.Queued, m.Status)

	_, err = n.Store.Do(n.Ctx, n.Reply(n.IDs.Conversation(), "r2", []byte("to nobody")))
	n.kind(desk.NotFound, err)
	other := n.Tenant()
	_, err = n.Store.Do(n.Ctx, other.Reply(in.Conversation.ID, "r3", []byte("to a stranger")))
	n.kind(desk.NotFound, err)
}

func receiptsMoveUpward(n *Tenant) {
	in := n.Do(n.Receive("ada", "", []byte("one")))
	out := n.Do(n.Reply(in.Conversation.ID, "", []byte("answer")))
	id := desk.MessageID(out.ResultID)
	receipt := func(status desk.DeliveryStatus, reason, external string) store.Outcome {
		return n.Do(store.Command{
			Account: n.ID, Target: store.Target{Conversation: in.Conversation.ID},
			Decide: func(store.Situation) (store.Effects, error) {
				return store.Effects{
					Statuses: []store.MessageStatus{{MessageID: id, Status: status, Reason: reason, ExternalID: external}},
					Facts:    []desk.Fact{desk.MessageStatusChanged{MessageID: id, Status: status, Reason: reason}},
				}, nil
			},
		})
	}
	require.NotZero(n, receipt(desk.Failed, "window", "").Pos)
	require.NotZero(n, receipt(desk.Delivered, "", "platform-7").Pos)
	require.Zero(n, receipt(desk.Sent, "", "").Pos, "a late receipt tells nothing new")
	m, err := n.Store.MessageByExternal(n.Ctx, n.ID, n.Inbox.ID, "platform-7")
	require.NoError(n, err)
	require.Equal(n, id, m.ID)
	require.Equal(n, desk.Delivered, m.Status)
	require.Empty(n, m.FailureReason)
	events, err := n.Store.AccountEvents(n.Ctx, n.ID, out.Pos, 0)
	require.NoError(n, err)
	require.Len(n, events, 2)
	require.Equal(n, desk.MessageStatusChanged{MessageID: id, Seq: 2, Status: desk.Delivered}, events[1].Fact)

	other := n.Do(n.Receive("bob", "", []byte("one")))
	_, err = n.Store.Do(n.Ctx, store.Command{
		Account: n.ID, Target: store.Target{Conversation: other.Conversation.ID},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{Statuses: []store.MessageStatus{{MessageID: id, Status: desk.Read}}}, nil
		},
	})
	n.kind(desk.NotFound, err)
}

func commandTimers(n *Tenant) {
	in := n.Do(n.Receive("ada", "", []byte("one")))
	ref := store.TimerRef{AccountID: n.ID, Kind: "snooze", Subject: string(in.Conversation.ID)}
	due := n.Clock.Now().Add(240 * time.Hour)
	act := func(e store.Effects) {
		n.Do(store.Command{
			Account: n.ID, Target: store.Target{Conversation: in.Conversation.ID},
			Decide: func(store.Situation) (store.Effects, error) { return e, nil },
		})
	}
	act(store.Effects{Timers: []store.Timer{{TimerRef: ref, Due: due, Data: "{}"}}})
	act(store.Effects{Timers: []store.Timer{{TimerRef: ref, Due: due.Add(time.Hour)}}})
	timer, err := n.Store.Timer(n.Ctx, ref)
	require.NoError(n, err)
	require.Equal(n, store.Timer{TimerRef: ref, Due: due.Add(time.Hour)}, timer)
	act(store.Effects{Cancel: []store.TimerRef{ref}})
	_, err = n.Store.Timer(n.Ctx, ref)
	n.kind(desk.NotFound, err)
}

func effectsAreChecked(n *Tenant) {
	in := n.Do(n.Receive("ada", "", []byte("one")))
	stranger := n.Tenant()
	shard, _ := in.Conversation.ID.Shard()
	for name, spoil := range map[string]func(*store.Effects){
		"message of another shard":        func(e *store.Effects) { e.Messages[0].ID = n.IDs.Message((shard + 1) % desk.Shards) },
		"message of another account":      func(e *store.Effects) { e.Messages[0].AccountID = stranger.ID },
		"message of another conversation": func(e *store.Effects) { e.Messages[0].ConversationID = n.IDs.Conversation() },
		"conversation of another account": func(e *store.Effects) { e.Conversation.AccountID = stranger.ID },
		"conversation of another contact": func(e *store.Effects) { e.Conversation.ContactID = n.IDs.Contact() },
		"another conversation":            func(e *store.Effects) { e.Conversation.ID = n.IDs.Conversation() },
		"contact that exists":             func(e *store.Effects) { e.Contact = &store.Contact{ID: in.ContactID, AccountID: n.ID} },
		"timer of another account":        func(e *store.Effects) { e.Timers = []store.Timer{{TimerRef: store.TimerRef{AccountID: stranger.ID}}} },
		"cancel of another account":       func(e *store.Effects) { e.Cancel = []store.TimerRef{{AccountID: stranger.ID}} },
		"outbox of another account":       func(e *store.Effects) { e.Outbox[0].AccountID = stranger.ID },
		"no fact":                         func(e *store.Effects) { e.Facts = append(e.Facts, nil) },
	} {
		c := n.Reply(in.Conversation.ID, "spoilt", []byte("answer"))
		good := c.Decide
		c.Decide = func(s store.Situation) (store.Effects, error) {
			e, err := good(s)
			spoil(&e)
			return e, err
		}
		_, err := n.Store.Do(n.Ctx, c)
		require.Error(n, err, name)
		require.Equal(n, desk.Internal, desk.KindOf(err), name)
	}
	now, err := n.Store.Conversation(n.Ctx, n.ID, in.Conversation.ID)
	require.NoError(n, err)
	require.Equal(n, in.Conversation, now)

	for _, c := range []store.Command{
		{},
		{Account: "acc_1"},
		{Account: n.ID, Decide: n.Reply(in.Conversation.ID, "", nil).Decide},
		{Account: n.ID, Decide: n.Reply(in.Conversation.ID, "", nil).Decide, Target: store.Target{Conversation: "cnv_1"}},
		{Account: n.ID, Decide: n.Reply(in.Conversation.ID, "", nil).Decide, Target: store.Target{Identity: &store.IdentityClaim{}}},
	} {
		_, err := n.Store.Do(n.Ctx, c)
		require.Error(n, err)
	}
}

func failedUnit(n *Tenant) {
	refused := errors.New("refused")
	c := n.Receive("ada", "k", []byte("one"))
	good := c.Decide
	c.Decide = func(s store.Situation) (store.Effects, error) {
		_, _ = good(s)
		return store.Effects{}, refused
	}
	_, err := n.Store.Do(n.Ctx, c)
	require.ErrorIs(n, err, refused)

	// A message id that is taken is a defect that only the database notices.
	in := n.Do(n.Receive("bob", "", []byte("one")))
	c = n.Receive("bob", "k", []byte("two"))
	again := c.Decide
	c.Decide = func(s store.Situation) (store.Effects, error) {
		e, err := again(s)
		e.Messages[0].ID = desk.MessageID(in.ResultID)
		return e, err
	}
	neighbours := n.crowd(20, func(i int) error {
		if i == 10 {
			_, err := n.Store.Do(n.Ctx, c)
			return err
		}
		_, err := n.Store.Do(n.Ctx, n.Receive(fmt.Sprint("neighbour", i), "k", []byte("one")))
		return err
	})
	for i, err := range neighbours {
		if i == 10 {
			n.kind(desk.Conflict, err)
		} else {
			require.NoError(n, err)
		}
	}

	err = n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.InsertContact(ctx, store.Contact{ID: n.IDs.Contact(), AccountID: n.ID}); err != nil {
			return err
		}
		if err := tx.Emit(desk.Event{AccountID: n.ID, Fact: desk.ContactCreated{}}); err != nil {
			return err
		}
		return refused
	})
	require.ErrorIs(n, err, refused)

	// Nothing is left, not even the keys.
	_, err = n.Store.ContactByIdentity(n.Ctx, n.ID, "user", "ada")
	n.kind(desk.NotFound, err)
	require.False(n, n.Do(n.Receive("ada", "k", []byte("one"))).Repeated)
	require.False(n, n.Do(n.Receive("bob", "k", []byte("two"))).Repeated)
	contacts, err := n.Store.ContactPage(n.Ctx, n.ID, "", 0)
	require.NoError(n, err)
	require.Len(n, contacts, 2+19)
	events, err := n.Store.AccountEvents(n.Ctx, n.ID, 0, 0)
	require.NoError(n, err)
	require.Len(n, events, 3*(2+19)+1)
}

// crowd runs n functions at once and returns their errors.
func (e *Env) crowd(n int, fn func(i int) error) []error {
	errs := make([]error, n)
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i := range n {
		wg.Go(func() {
			<-start
			errs[i] = fn(i)
		})
	}
	close(start)
	wg.Wait()
	return errs
}

func repeat(n *Tenant) {
	first := n.Do(n.Receive("ada", "k", []byte("one")))
	n.Do(n.Receive("ada", "", []byte("two")))
	c := n.Receive("ada", "k", []byte("one"))
	c.Decide = func(store.Situation) (store.Effects, error) {
		return store.Effects{}, errors.New("decided a repeat")
	}
	again := n.Do(c)
	require.True(n, again.Repeated)
	require.Equal(n, first.ResultID, again.ResultID)
	require.Equal(n, first.ContactID, again.ContactID)
	require.Equal(n, int64(2), again.Conversation.Seq, "the conversation as it is now")
	require.Zero(n, again.Pos)

	onConversation := n.Reply(first.Conversation.ID, "k", []byte("answer"))
	answer := n.Do(onConversation)
	require.False(n, answer.Repeated, "the same key in another scope")
	repeated := n.Do(onConversation)
	require.True(n, repeated.Repeated)
	require.Equal(n, answer.ResultID, repeated.ResultID)
	require.Equal(n, first.ContactID, repeated.ContactID)

	other := n.Tenant()
	require.False(n, other.Do(other.Receive("ada", "k", []byte("one"))).Repeated, "the same key in another account")
}

func fiftyRepeats(n *Tenant) {
	outs := make([]store.Outcome, 50)
	for _, err := range n.crowd(len(outs), func(i int) (err error) {
		node := []*store.Store{n.Store, n.Peer}[i%2]
		outs[i], err = node.Do(n.Ctx, n.Receive("ada", "k", []byte("one")))
		return err
	}) {
		require.NoError(n, err)
	}
	fresh := 0
	for _, out := range outs {
		require.Equal(n, outs[0].ResultID, out.ResultID)
		require.Equal(n, outs[0].ContactID, out.ContactID)
		require.Equal(n, int64(1), out.Conversation.Seq)
		if !out.Repeated {
			fresh++
		}
	}
	require.Equal(n, 1, fresh)
}

func fiftyThroughTwoDoors(n *Tenant) {
	second := *n
	second.Inbox.ID, second.Inbox.Key = n.IDs.Inbox(), n.IDs.Other("chk")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutInbox(ctx, second.Inbox) })
	outs := make([]store.Outcome, 50)
	for _, err := range n.crowd(len(outs), func(i int) (err error) {
		door := []*Tenant{n, &second}[i%2]
		node := []*store.Store{n.Store, n.Peer}[i/2%2]
		outs[i], err = node.Do(n.Ctx, door.Receive("ada", fmt.Sprint(i), []byte("one")))
		return err
	}) {
		require.NoError(n, err)
	}
	seqs := make(map[int64]bool)
	for _, out := range outs {
		require.Equal(n, outs[0].ContactID, out.ContactID)
		require.Equal(n, outs[0].Conversation.ID, out.Conversation.ID)
		seqs[out.Conversation.Seq] = true
	}
	require.Len(n, seqs, len(outs), "each message has a seq of its own")
	list, err := n.Store.Conversations(n.Ctx, n.ID, store.ConversationFilter{}, store.Page{})
	require.NoError(n, err)
	require.Len(n, list, 1)
	contacts, err := n.Store.ContactPage(n.Ctx, n.ID, "", 0)
	require.NoError(n, err)
	require.Len(n, contacts, 1)
	messages, err := n.Store.Messages(n.Ctx, n.ID, list[0].ID, store.MessageRange{})
	require.NoError(n, err)
	for i, m := range messages {
		require.Equal(n, int64(i+1), m.Seq)
	}
}

// oppositeOrders is the classic deadlock: units that touch the same rows in
// opposite orders, on both nodes, among commands on the same conversations.
func oppositeOrders(n *Tenant) {
	a, b := n.Do(n.Receive("ada", "", nil)), n.Do(n.Receive("bob", "", nil))
	touch := func(ctx context.Context, tx *store.Tx, id desk.ContactID) error {
		c, err := tx.Contact(ctx, n.ID, id)
		if err != nil {
			return err
		}
		c.Profile = append(c.Profile, '.')
		return tx.UpdateContact(ctx, c)
	}
	const rounds = 40
	for _, err := range n.crowd(rounds, func(i int) error {
		node := []*store.Store{n.Store, n.Peer}[i/2%2]
		order := []desk.ContactID{a.ContactID, b.ContactID}
		if i%2 == 0 {
			order[0], order[1] = order[1], order[0]
		}
		if err := node.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
			return errors.Join(touch(ctx, tx, order[0]), touch(ctx, tx, order[1]))
		}); err != nil {
			return err
		}
		_, err := node.Do(n.Ctx, n.Receive([]string{"ada", "bob"}[i%2], "", nil))
		return err
	}) {
		require.NoError(n, err)
	}
	for _, out := range []store.Outcome{a, b} {
		c, err := n.Store.Conversation(n.Ctx, n.ID, out.Conversation.ID)
		require.NoError(n, err)
		require.Equal(n, int64(1+rounds/2), c.Seq)
	}
}

// cancelledCallers go away at every stage; those who stay must not notice.
func cancelledCallers(n *Tenant) {
	n.Do(n.Receive("ada", "", nil))
	const each = 60
	stayed := 0
	for i, err := range n.crowd(2*each, func(i int) error {
		if i%2 == 0 {
			_, err := n.Store.Do(n.Ctx, n.Receive("ada", fmt.Sprint("stays", i), nil))
			return err
		}
		ctx, cancel := context.WithCancel(n.Ctx)
		if i%4 == 1 {
			go cancel() // races with the unit on purpose
			_, err := n.Store.Do(ctx, n.Receive("ada", fmt.Sprint("goes", i), nil))
			return err
		}
		return n.Store.Write(ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
			cancel() // in the middle of its own unit
			_, err := tx.Agents(ctx, n.ID)
			return err
		})
	}) {
		if i%2 == 0 {
			require.NoError(n, err)
			stayed++
		} else if err != nil {
			n.kind(desk.Unavailable, err)
		}
	}
	c, err := n.Store.Conversations(n.Ctx, n.ID, store.ConversationFilter{}, store.Page{})
	require.NoError(n, err)
	require.Len(n, c, 1)
	require.GreaterOrEqual(n, c[0].Seq, int64(1+stayed))
	messages, err := n.Store.Messages(n.Ctx, n.ID, c[0].ID, store.MessageRange{})
	require.NoError(n, err)
	require.Len(n, messages, int(c[0].Seq))

	// Who went away asks again with the key and finds out.
	for i := 1; i < 2*each; i += 4 {
		n.Do(n.Receive("ada", fmt.Sprint("goes", i), nil))
	}
	after, err := n.Store.Conversation(n.Ctx, n.ID, c[0].ID)
	require.NoError(n, err)
	require.Equal(n, int64(1+each+each/2), after.Seq)
	gone, cancel := context.WithCancel(n.Ctx)
	cancel()
	_, err = n.Store.Do(gone, n.Receive("ada", "never", nil))
	n.kind(desk.Unavailable, err)
}

func panics(n *Tenant) {
	in := n.Do(n.Receive("ada", "", nil))
	_, err := n.Store.Do(n.Ctx, n.change(in.Conversation.ID, func(desk.Conversation, time.Time) (desk.Transition, error) { panic("call 13800138000") }))
	require.Equal(n, desk.Internal, desk.KindOf(err))
	require.ErrorContains(n, err, "panic of type string")
	require.NotContains(n, err.Error(), "13800138000", "a panic may hold what a customer wrote")
	err = n.Store.Write(n.Ctx, n.ID, func(context.Context, *store.Tx) error { panic("defect") })
	require.Error(n, err)
	n.Do(n.Receive("ada", "", nil))
}
