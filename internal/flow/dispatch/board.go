package dispatch

import (
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
	wake     chan struct{}
}

// counter is one account's part of the board.
type counter struct {
	// loaded says that the snapshot is in; events before it are kept as well.
	loaded bool
	// dirty asks for a look: something has changed.
	dirty bool
	// off says that nothing is handed out here by itself, so that nothing needs
	// to be known but presence, until staffing changes.
	off bool
	// waiting is how many waited at the last look.
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
	pending map[desk.ConversationID]desk.AgentID
	// told is what visitors were last told, so that nobody is told the same again.
	told map[desk.ConversationID]place
	// alarms are the alerts that are on.
	alarms map[desk.AlertRule]alarm
	// gone are ended conversations' versions, for events that come late; only
	// kept until the snapshot is in.
	gone map[desk.ConversationID]int64
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
	b.accounts = make(map[desk.AccountID]*counter)
}

func (b *board) rouse() {
	select {
	case b.wake <- struct{}{}:
	default: // it is awake already
	}
}

// rest forgets what an account without automatic queue need not know.
func (c *counter) rest() {
	c.off, c.loaded, c.waiting = true, false, 0
	clear(c.open)
	clear(c.entries)
	clear(c.pending)
	clear(c.told)
	clear(c.gone)
}

// of finds or makes an account's counter. The caller holds mu.
func (b *board) of(account desk.AccountID) *counter {
	c := b.accounts[account]
	if c == nil {
		c = &counter{
			presence: make(map[desk.AgentID]desk.Presence), open: make(map[desk.ConversationID]waiter), idle: make(map[desk.AgentID]time.Time),
			entries: make(map[desk.ConversationID]store.QueueEntry), pending: make(map[desk.ConversationID]desk.AgentID),
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
			c.office, c.dirty, c.off = nil, true, false
			c.generation++
		default:
			if !c.off && e.State != nil && e.ConversationID != "" {
				c.hear(e)
			}
		}
		rouse = rouse || c.dirty
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
	if st.Status != desk.Open {
		if known {
			c.freed(old, e.At)
			c.dirty = true
		}
		if !c.loaded {
			c.gone[e.ConversationID] = st.Version
		}
		delete(c.open, e.ConversationID)
		delete(c.entries, e.ConversationID)
		delete(c.pending, e.ConversationID)
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

// snapshot puts what the database holds below what was heard since.
func (c *counter) snapshot(open []desk.Conversation, entries map[desk.ConversationID]store.QueueEntry, presence []desk.Presence, alerts []store.QueueAlert) {
	for _, a := range alerts {
		c.alarms[a.Rule] = alarm{value: a.Value, since: a.Since}
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
		if _, heard := c.entries[id]; !heard {
			c.entries[id] = e
		}
	}
	for _, p := range presence {
		if _, heard := c.presence[p.AgentID]; !heard {
			c.presence[p.AgentID] = p
		}
	}
	c.loaded, c.gone, c.dirty = true, nil, true
	c.gone = make(map[desk.ConversationID]int64)
}

// load is what an agent has, in units.
func (c *counter) load(o *office) map[desk.AgentID]int {
	load := make(map[desk.AgentID]int, len(o.agents))
	for _, w := range c.open {
		if w.assignee != "" {
			load[w.assignee] += o.weight(w.inbox)
		}
	}
	for id, agent := range c.pending {
		load[agent] += o.weight(c.open[id].inbox)
	}
	return load
}
