package dispatch

import (
	"slices"
	"sync"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// board is what the dispatcher knows: rebuilt when it begins, kept up by the
// event log. Its size is that of the open conversations.
type board struct {
	mu       sync.Mutex
	accounts map[desk.AccountID]*counter
	waiting  int // the sum of theirs
	wake     chan struct{}
}

// counter is one account's part of the board.
type counter struct {
	// loaded says that the snapshot is in; events before it are kept as well.
	loaded bool
	// dirty asks for a look: something has changed. busy says that somebody looks.
	dirty, busy bool
	// due is when to look although nothing has changed, zero for never, and
	// looked when somebody last did.
	due, looked time.Time
	// watch is what the account needs to be known of.
	watch watch
	// waiting is how many waited at the last look to be handed out.
	waiting int
	// office is read anew when it is old, or when staffing, counted in
	// generations, has changed since it was asked for.
	office     *office
	generation int
	presence   map[desk.AgentID]desk.Presence
	// open are the conversations that wait or are with somebody, by id.
	open map[desk.ConversationID]waiter
	// load is what each agent has, in units, and idle since when nothing new came.
	idle map[desk.AgentID]time.Time
	// entries set conversations apart.
	entries map[desk.ConversationID]store.QueueEntry
	// pending are being handed out at this moment.
	pending map[desk.ConversationID]giving
	// told is what visitors were last told, so that nobody is told the same again.
	told map[desk.ConversationID]place
	// alarms are the alerts that are on.
	alarms map[desk.AlertRule]alarm
	// gone are ended conversations' versions, for events that come late; only
	// kept until the snapshot is in.
	gone map[desk.ConversationID]int64
}

// watch is how much of an account the board keeps.
type watch int

const (
	// watchAll is all that is open: where the queue hands out, and before rules
	// are known.
	watchAll watch = iota
	// watchWaiting is what is nobody's, for alerts where people claim by hand.
	watchWaiting
	// watchNothing is presence only, until staffing changes.
	watchNothing
)

// giving is a decision that is being written, for the conversation as it was
// at a version.
type giving struct {
	agent   desk.AgentID
	version int64
}

// waiter is an open conversation as far as the queue needs to know it.
type waiter struct {
	id        desk.ConversationID
	contact   desk.ContactID
	inbox     desk.InboxID
	team      desk.TeamID
	assignee  desk.AgentID
	version   int64
	since     time.Time // waiting since
	answered  bool      // nobody waits for an answer
	preferred desk.AgentID
}

func newBoard() *board {
	return &board{accounts: make(map[desk.AccountID]*counter), wake: make(chan struct{}, 1)}
}

// begin forgets everything.
func (b *board) begin() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.accounts, b.waiting = make(map[desk.AccountID]*counter), 0
}

func (b *board) rouse() {
	select {
	case b.wake <- struct{}{}:
	default: // it is awake already
	}
}

// forget makes room for another snapshot.
func (c *counter) forget() {
	c.loaded = false
	clear(c.open)
	clear(c.entries)
	clear(c.pending)
	clear(c.told)
	clear(c.gone)
}

// ready takes the accounts that are to be looked at, and says when the next
// one is due; zero if none is.
func (b *board) ready(now time.Time) (out []desk.AccountID, next time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, c := range b.accounts {
		if c.busy {
			continue // whoever is there looks again
		}
		// Of a clock that was put back nobody knows what is due.
		if !c.due.IsZero() && (!now.Before(c.due) || now.Before(c.looked)) {
			c.dirty = true
		}
		if c.dirty {
			c.dirty, c.busy, c.due, c.looked = false, true, time.Time{}, now
			out = append(out, id)
			continue
		}
		next = sooner(next, c.due)
	}
	return out, next
}

// sooner is the earlier of two times, where zero is never.
func sooner(x, y time.Time) time.Time {
	if x.IsZero() || !y.IsZero() && y.Before(x) {
		return y
	}
	return x
}

// left ends a look.
func (b *board) left(account desk.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	c.busy = false
	b.rouse() // for what is due, or has changed meanwhile
}

func (b *board) soil(account desk.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of(account).dirty = true
}

// again asks for a look at a time; zero asks for nothing.
func (b *board) again(account desk.AccountID, at time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	c.due = sooner(c.due, at)
}

// drop forgets that a conversation is being handed out, and may ask for another
// look at once.
func (b *board) drop(h handing, look bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(h.Account)
	if c.pending[h.Conversation] != (giving{h.Agent, h.version}) {
		return // it is another one's by now
	}
	delete(c.pending, h.Conversation)
	if look {
		c.dirty = true
		b.rouse()
	}
}

// total is how many wait to be handed out, of all accounts.
func (b *board) total() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.waiting
}

func (b *board) officeOf(account desk.AccountID) *office {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of(account).office
}

func (b *board) generationOf(account desk.AccountID) int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.of(account).generation
}

// knows returns the office, and whether everything that it needs is known.
func (b *board) knows(account desk.AccountID) (o *office, known bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	return c.office, c.loaded || c.watch == watchNothing
}

// move puts rules and people in force that were read at a generation.
func (b *board) move(account desk.AccountID, o *office, generation int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	if c.generation != generation { // they changed while they were read
		c.office, c.dirty = nil, true
		return
	}
	if w := o.watch(); w != c.watch || w == watchNothing {
		c.dirty = c.dirty || w != c.watch
		c.forget()
		c.watch = w
	}
	if c.office != nil && c.office.rules.Automatic != o.rules.Automatic {
		c.dirty = true
	}
	c.office = o
}

// of finds or makes an account's counter. The caller holds mu.
func (b *board) of(account desk.AccountID) *counter {
	c := b.accounts[account]
	if c == nil {
		c = &counter{
			presence: make(map[desk.AgentID]desk.Presence), open: make(map[desk.ConversationID]waiter), idle: make(map[desk.AgentID]time.Time),
			entries: make(map[desk.ConversationID]store.QueueEntry), pending: make(map[desk.ConversationID]giving),
			told: make(map[desk.ConversationID]place), gone: make(map[desk.ConversationID]int64),
			alarms: make(map[desk.AlertRule]alarm),
		}
		b.accounts[account] = c
	}
	return c
}

// hear takes events in, in the order of the log. Most are messages that change
// nothing here, and are passed over as cheaply as can be.
func (b *board) hear(events []desk.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var c *counter
	var account desk.AccountID
	rouse := false
	for i := range events {
		e := &events[i]
		if c == nil || account != e.AccountID {
			c, account = b.of(e.AccountID), e.AccountID
		}
		switch f := e.Fact.(type) {
		case desk.PresenceChanged:
			if c.office != nil && f.Status == desk.Online {
				if _, known := c.office.agents[f.AgentID]; !known {
					c.office = nil // a new colleague
				}
			}
			p := desk.Presence{AccountID: e.AccountID, AgentID: f.AgentID, Status: f.Status, Reason: f.Reason, Since: f.Since}
			if f.Chosen {
				p.Choice = f.Status
			}
			c.presence[f.AgentID] = p
			c.dirty = true
		case desk.StaffingChanged:
			if c.watch == watchNothing {
				c.watch = watchAll // until the rules are read, everything is kept
			}
			c.office, c.dirty = nil, true
			c.generation++
		default:
			if c.watch != watchNothing && e.State != nil && e.ConversationID != "" {
				c.hear(e)
			}
		}
		rouse = rouse || c.dirty && !c.busy
	}
	if rouse {
		b.rouse()
	}
}

// same reports that a conversation's new state is the one that is known, as
// far as the queue cares.
func (w *waiter) same(st *desk.ConversationState) bool {
	return st.Status == desk.Open && w.assignee == st.AssigneeID && w.team == st.TeamID && w.answered == st.WaitingSince.IsZero() &&
		(w.answered || w.since.Equal(st.WaitingSince))
}

// hear takes one conversation's event in.
func (c *counter) hear(e *desk.Event) {
	st := e.State
	old, known := c.open[e.ConversationID]
	switch e.Fact.(type) {
	case desk.MessageReceived, desk.MessageSent, desk.NoteAdded, desk.MessageStatusChanged, desk.MessagesRead:
		if known && old.same(st) {
			return
		}
	}
	if known && old.version > st.Version {
		return
	}
	if x, ok := entryAfter(c.entries[e.ConversationID], e); ok {
		x.AccountID, x.ConversationID = e.AccountID, e.ConversationID
		c.entries[e.ConversationID] = x
		c.dirty = true
	}
	if st.Status != desk.Open || c.watch == watchWaiting && st.AssigneeID != "" {
		if known {
			c.freed(old, e.At)
			c.dirty = true
		}
		if !c.loaded {
			c.gone[e.ConversationID] = st.Version
		}
		delete(c.open, e.ConversationID)
		delete(c.pending, e.ConversationID)
		if st.Status != desk.Open {
			delete(c.entries, e.ConversationID)
		}
		return
	}
	w := waiter{
		id: e.ConversationID, contact: e.ContactID, inbox: st.InboxID, team: st.TeamID, assignee: st.AssigneeID, version: st.Version,
		since: st.WaitingSince, answered: st.WaitingSince.IsZero(), preferred: old.preferred,
	}
	if w.answered {
		w.since = st.LastMessageAt
	}
	if st.AssigneeID != "" {
		w.preferred = st.AssigneeID
		if old.assignee != st.AssigneeID {
			c.idle[st.AssigneeID] = e.At
		}
		delete(c.pending, e.ConversationID)
	}
	if known && old.assignee != "" && old.assignee != st.AssigneeID {
		c.freed(old, e.At)
	}
	c.open[e.ConversationID] = w
	// What is with somebody and stays there is of no interest, however much is written.
	if !known || st.AssigneeID == "" || old.assignee != st.AssigneeID || !w.answered && old.answered {
		c.dirty = true
	}
}

func (c *counter) freed(w waiter, at time.Time) {
	if w.assignee != "" {
		c.idle[w.assignee] = at
	}
}

// snapshot takes what the database holds for an office, unless the rules have
// changed meanwhile.
func (b *board) snapshot(account desk.AccountID, o *office, open []desk.Conversation, entries map[desk.ConversationID]store.QueueEntry, presence []desk.Presence, alerts []store.QueueAlert) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if c := b.of(account); c.office == o {
		c.snapshot(open, entries, presence, alerts)
	}
}

// snapshot puts what the database holds below what was heard since.
func (c *counter) snapshot(open []desk.Conversation, entries map[desk.ConversationID]store.QueueEntry, presence []desk.Presence, alerts []store.QueueAlert) {
	for _, a := range alerts {
		if _, known := c.alarms[a.Rule]; !known {
			c.alarms[a.Rule] = alarm{value: a.Value, since: a.Since}
		}
	}
	for _, v := range open {
		if old, ok := c.open[v.ID]; ok && old.version >= v.Version {
			continue
		}
		if c.gone[v.ID] >= v.Version {
			continue
		}
		w := waiter{
			id: v.ID, contact: v.ContactID, inbox: v.InboxID, team: v.TeamID, assignee: v.AssigneeID, version: v.Version,
			since: v.WaitingSince, answered: v.WaitingSince.IsZero(), preferred: v.AssigneeID,
		}
		if w.answered {
			w.since = v.LastMessageAt
		}
		c.open[v.ID] = w
	}
	for id, e := range entries {
		if heard, some := c.entries[id]; some {
			e = merged(e, heard)
		}
		c.entries[id] = e
	}
	for _, p := range presence {
		if _, heard := c.presence[p.AgentID]; !heard {
			c.presence[p.AgentID] = p
		}
	}
	c.loaded, c.gone, c.dirty = true, nil, true
	c.gone = make(map[desk.ConversationID]int64)
}

// merged is what was stored with what was heard, which may be in it already.
func merged(stored, heard store.QueueEntry) store.QueueEntry {
	stored.Escalated = stored.Escalated || heard.Escalated
	stored.Returned = max(stored.Returned, heard.Returned)
	stored.Declined = slices.Clone(stored.Declined)
	for _, a := range heard.Declined {
		if !slices.Contains(stored.Declined, a) {
			stored.Declined = append(stored.Declined, a)
		}
	}
	if heard.Choice != "" {
		stored.Choice = heard.Choice
	}
	return stored
}

// load is what an agent has, in units.
func (c *counter) load(o *office) map[desk.AgentID]int {
	load := make(map[desk.AgentID]int, len(o.agents))
	for _, w := range c.open {
		if w.assignee != "" {
			load[w.assignee] += o.weight(w.inbox)
		}
	}
	for id, to := range c.pending {
		load[to.agent] += o.weight(c.open[id].inbox)
	}
	return load
}
