package storetest

import (
	"context"
	"crypto/rand"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Open makes a driver on a fresh, empty database and cleans up after the test.
// peer opens another node on the same database; it is nil if the driver is for
// one node only. The suite calls Run and Close of each driver.
type Open func(t testing.TB, clock desk.Clock) (node store.Driver, peer func() store.Driver)

// Clock is a clock that tests move. Each reading is a microsecond later than
// the one before, so that nothing happens at the same time by accident.
type Clock struct {
	mu  sync.Mutex
	now time.Time
}

// NewClock starts at a fixed time.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 3, 4, 5, 6, 7, 0, time.UTC)}
}

// Now is the present.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(time.Microsecond)
	return c.now
}

// Advance moves the clock.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// Env is a running store and what a test needs to make things in it.
type Env struct {
	testing.TB
	Ctx   context.Context
	Store *store.Store
	// Peer is a second node on the same database; the same as Store if the
	// driver is for one node only.
	Peer  *store.Store
	Clock *Clock
	IDs   *desk.IDs
}

// Start runs a store on a fresh database until the test ends.
func Start(t testing.TB, open Open) *Env {
	t.Helper()
	clock := NewClock()
	node, peer := open(t, clock)
	env := &Env{TB: t, Ctx: t.Context(), Clock: clock, IDs: desk.NewIDs(clock, rand.Reader), Store: run(t, node)}
	env.Peer = env.Store
	if peer != nil {
		env.Peer = run(t, peer())
	}
	return env
}

func run(t testing.TB, d store.Driver) *store.Store {
	s := store.New(d)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-done)
		require.NoError(t, s.Close())
	})
	return s
}

// In is the same environment for a subtest.
func (e *Env) In(t testing.TB) *Env {
	c := *e
	c.TB, c.Ctx = t, t.Context()
	return &c
}

// Tenant is an account with an inbox, an agent and a team.
type Tenant struct {
	*Env
	ID    desk.AccountID
	Inbox store.Inbox
	Agent store.Agent
	Team  desk.Team
}

// Tenant adds an account.
func (e *Env) Tenant() *Tenant {
	e.Helper()
	now := e.Clock.Now()
	id := e.IDs.Account()
	n := &Tenant{
		Env: e, ID: id,
		Inbox: store.Inbox{
			Inbox: desk.Inbox{
				ID: e.IDs.Inbox(), AccountID: id, Channel: "webchat", Name: "Shop", Key: e.IDs.Other("chk"),
				Settings: desk.InboxSettings{Greeting: "Hello", AllowedOrigins: []string{"https://shop.example"}},
				Enabled:  true, CreatedAt: now,
			},
			Secrets: desk.Sealed("sealed secrets"),
		},
		Agent: store.Agent{
			ID: e.IDs.Agent(), AccountID: id, Role: desk.Answerer, Locale: desk.English, Profile: desk.Sealed("sealed agent"),
			EmailHash: e.IDs.Other("hash"), PasswordHash: "$argon2id$", CreatedAt: now,
		},
	}
	n.Team = desk.Team{ID: e.IDs.Team(), AccountID: id, Name: "Sales", Members: []desk.AgentID{n.Agent.ID}}
	account := desk.Account{ID: id, Name: "Company", Locale: desk.Chinese, CreatedAt: now}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertAccount(ctx, account), tx.PutInbox(ctx, n.Inbox), tx.PutAgent(ctx, n.Agent), tx.PutTeam(ctx, n.Team),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	return n
}

// Write runs a unit of the account that must succeed.
func (n *Tenant) Write(unit func(context.Context, *store.Tx) error) {
	n.Helper()
	require.NoError(n, n.Store.Write(n.Ctx, n.ID, unit))
}

// Receive is the command of a customer's message, as the flows make it. key ""
// means no idempotency key.
func (n *Tenant) Receive(hash, key string, body []byte) store.Command {
	claim := &store.IdentityClaim{
		Scope: "user", Hash: hash, Inbox: n.Inbox.ID, Verified: true,
		Sealed:     func(c desk.ContactID) desk.Sealed { return desk.Sealed("external of " + c) },
		NewContact: n.IDs.Contact(), NewConversation: n.IDs.Conversation(),
	}
	return store.Command{
		Account: n.ID, Scope: "visitor:" + hash, Key: key, Target: store.Target{Identity: claim},
		Decide: func(s store.Situation) (store.Effects, error) {
			e := store.Effects{ContactSeen: true, Actor: desk.Author{Kind: desk.ByVisitor, ID: string(s.ContactID)}}
			if s.ContactIsNew {
				e.Contact = &store.Contact{
					ID: s.ContactID, AccountID: n.ID, Profile: desk.Sealed("sealed profile"), CreatedAt: s.Now, SeenAt: s.Now,
				}
				e.Facts = append(e.Facts, desk.ContactCreated{InboxID: claim.Inbox})
			}
			c := s.Conversation
			if c.ID == "" || !c.Live(s.Now) {
				opened := desk.OpenConversation(claim.NewConversation, n.ID, s.ContactID, claim.Inbox, claim.Thread, false, s.Now)
				c = opened.Conversation
				e.Facts = append(e.Facts, opened.Facts...)
			}
			n.add(&e, c, s, e.Actor, key, body)
			return e, nil
		},
	}
}

// Reply is the command of an agent's answer that has to be delivered.
func (n *Tenant) Reply(conversation desk.ConversationID, key string, body []byte) store.Command {
	return store.Command{
		Account: n.ID, Scope: "agent:" + string(n.Agent.ID), Key: key, Target: store.Target{Conversation: conversation},
		Decide: func(s store.Situation) (store.Effects, error) {
			e := store.Effects{Actor: desk.Author{Kind: desk.ByAgent, ID: string(n.Agent.ID)}}
			m := n.add(&e, s.Conversation, s, e.Actor, key, body)
			e.Outbox = []store.OutboxItem{{
				AccountID: n.ID, MessageID: m.ID, ConversationID: m.ConversationID, ContactID: s.ContactID,
				InboxID: m.InboxID, Seq: m.Seq, Due: s.Now,
			}}
			return e, nil
		},
	}
}

func (n *Tenant) add(e *store.Effects, c desk.Conversation, s store.Situation, author desk.Author, key string, body []byte) desk.StoredMessage {
	shard, _ := c.ID.Shard()
	next, m := c.Add(desk.StoredMessage{
		MessageHead: desk.MessageHead{
			ID: n.IDs.Message(shard), InboxID: n.Inbox.ID, Author: author, Visibility: desk.Public, ClientID: key, SentAt: s.Now,
		},
		Body: body,
	}, desk.Sealed("sealed preview"), desk.Queued, s.Now)
	e.Conversation, e.Messages, e.ResultID = next.Conversation, []desk.StoredMessage{m}, string(m.ID)
	e.Facts = append(e.Facts, next.Facts...)
	return m
}

// Do runs a command that must succeed.
func (n *Tenant) Do(c store.Command) store.Outcome {
	n.Helper()
	out, err := n.Store.Do(n.Ctx, c)
	require.NoError(n, err)
	return out
}
