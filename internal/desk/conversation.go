package desk

import "time"

// Status is where a conversation stands.
//
//	          visitor writes                agent replies, assigns or takes over
//	(none) ─────────────────▶ Pending ─────────────────────────────▶ Open
//	   └────── no bot ──────────────────────────────────────────────▶ Open
//	Open ──Snooze──▶ Snoozed ──due, or visitor writes──▶ Open
//	Open, Pending, Snoozed ──Resolve──▶ Resolved ──Reopen, or visitor writes soon──▶ Open
//
// docs/state-machines.md draws it; conversation_test.go proves it.
type Status string

// The states of a conversation.
const (
	// Pending conversations are with the bot.
	Pending Status = "pending"
	// Open conversations wait for a person or are being answered by one.
	Open Status = "open"
	// Snoozed conversations come back at SnoozedUntil.
	Snoozed Status = "snoozed"
	// Resolved conversations are done.
	Resolved Status = "resolved"
)

// Conversation is one dialogue with a contact, on whatever channels.
// It is changed only by the transition functions of this package.
type Conversation struct {
	ID        ConversationID
	AccountID AccountID
	ContactID ContactID
	// InboxID is the channel the contact used last; replies go there.
	InboxID InboxID
	// Thread separates conversations of one contact on channels that have
	// threads; empty for the one live conversation.
	Thread     string
	Status     Status
	AssigneeID AgentID
	TeamID     TeamID
	// Seq is the number of messages, and the Seq of the newest.
	Seq int64
	// Version grows by one with each change; commands may demand one.
	Version int64
	// ContactReadSeq and AgentReadSeq are the newest messages read by each side.
	ContactReadSeq int64
	AgentReadSeq   int64
	CreatedAt      time.Time
	UpdatedAt      time.Time
	// LastMessageAt orders lists; it is the commit time of the newest public message.
	LastMessageAt time.Time
	// WaitingSince is when the customer began to wait for an answer; zero when
	// nobody waits.
	WaitingSince time.Time
	// SnoozedUntil is set while Snoozed.
	SnoozedUntil time.Time
	// ResolvedAt is set while Resolved.
	ResolvedAt time.Time
	// Preview is the sealed start of the newest public message, of the system's
	// own only if there is no other.
	Preview Sealed
}

// ReopenWindow is how long after its resolution a conversation is continued
// by the customer's next message. Later, a new conversation begins. It equals
// the promised life of context (product.md C1.6).
const ReopenWindow = 72 * time.Hour

// Live reports whether a customer's message at now continues this
// conversation rather than beginning another.
func (c Conversation) Live(now time.Time) bool {
	return c.Status != Resolved || now.Sub(c.ResolvedAt) < ReopenWindow
}

// Transition is the outcome of a command on a conversation: the new state and
// the facts to tell the world, in order.
type Transition struct {
	Conversation Conversation
	Facts        []Fact
}

// OpenConversation begins a conversation. With botFirst it starts as Pending.
func OpenConversation(id ConversationID, account AccountID, contact ContactID, inbox InboxID, thread string, botFirst bool, now time.Time) Transition {
	c := Conversation{
		ID: id, AccountID: account, ContactID: contact, InboxID: inbox, Thread: thread,
		Status: Open, CreatedAt: now, UpdatedAt: now, LastMessageAt: now, Version: 1,
	}
	if botFirst {
		c.Status = Pending
	}
	return Transition{c, []Fact{ConversationOpened{Status: c.Status, InboxID: inbox}}}
}

// Add appends a message: the conversation's next Seq is assigned to it, and
// its author decides what else changes. m.ID, Author, Visibility, InboxID and
// body must be set. It returns the message with Seq, At and Status filled in.
//
// A visitor's message reopens a snoozed or resolved conversation and starts
// the wait; an agent's public reply takes a pending, snoozed or resolved
// conversation over, ends the wait, and assigns an unassigned one to its
// author. A bot's answer ends the wait, a system notice does not. Notes change
// nothing but Seq.
func (c Conversation) Add(m StoredMessage, preview Sealed, outgoing DeliveryStatus, now time.Time) (Transition, StoredMessage) {
	var facts []Fact
	c.Seq++
	m.AccountID, m.ConversationID, m.Seq, m.At = c.AccountID, c.ID, c.Seq, now
	switch {
	case m.Visibility == Note:
		m.Status = Received
	case m.Author.Kind == ByVisitor:
		m.Status = Received
		c.InboxID = m.InboxID
		if c.Status == Snoozed || c.Status == Resolved {
			facts = append(facts, c.enter(Open, ReasonCustomerWrote, time.Time{}, now))
		}
		if c.WaitingSince.IsZero() {
			c.WaitingSince = now
		}
		c.ContactReadSeq = c.Seq
	default:
		m.Status = outgoing
		if m.Author.Kind != BySystem { // a notice is not an answer
			c.WaitingSince = time.Time{}
		}
		if m.Author.Kind == ByAgent {
			facts = append(facts, c.takeOver(AgentID(m.Author.ID), now)...)
			c.AgentReadSeq = c.Seq
		}
	}
	if m.Visibility == Public {
		c.LastMessageAt = now
		if m.Author.Kind != BySystem || len(c.Preview) == 0 { // in a list people look for what somebody said
			c.Preview = preview
		}
	}
	c.touch(now)
	return Transition{c, append(facts, messageFact(m))}, m
}

// takeOver makes an agent's public reply mean what a person expects of it.
func (c *Conversation) takeOver(agent AgentID, now time.Time) []Fact {
	var facts []Fact
	if c.Status != Open {
		facts = append(facts, c.enter(Open, ReasonAgentReplied, time.Time{}, now))
	}
	if c.AssigneeID == "" {
		facts = append(facts, c.assign(agent, c.TeamID))
	}
	return facts
}

// Assign gives the conversation to an agent, a team, both or nobody. A pending
// conversation that gets an agent is open from then on. Assigning what already
// is so changes nothing and yields no facts.
func (c Conversation) Assign(agent AgentID, team TeamID, now time.Time) (Transition, error) {
	if c.Status == Resolved {
		return Transition{}, E(Conflict, "assign conversation", "the conversation is resolved; reopen it first")
	}
	if c.AssigneeID == agent && c.TeamID == team {
		return Transition{Conversation: c}, nil
	}
	facts := []Fact{c.assign(agent, team)}
	if c.Status == Pending && agent != "" {
		facts = append(facts, c.enter(Open, ReasonAssigned, time.Time{}, now))
	}
	c.touch(now)
	return Transition{c, facts}, nil
}

// Claim assigns an unassigned conversation to agent. It fails with Conflict
// when somebody else has it, so of many claims one wins.
func (c Conversation) Claim(agent AgentID, now time.Time) (Transition, error) {
	if c.AssigneeID != "" && c.AssigneeID != agent {
		return Transition{}, E(Conflict, "claim conversation", "a colleague already has this conversation")
	}
	return c.Assign(agent, c.TeamID, now)
}

// Resolve ends the conversation. Resolving a resolved one changes nothing.
func (c Conversation) Resolve(now time.Time) (Transition, error) {
	if c.Status == Resolved {
		return Transition{Conversation: c}, nil
	}
	fact := c.enter(Resolved, ReasonResolved, time.Time{}, now)
	fact.WaitedSince = c.WaitingSince
	c.WaitingSince = time.Time{}
	c.touch(now)
	return Transition{c, []Fact{fact}}, nil
}

// Abandon ends an open conversation that nobody has, because the customer does
// not want to wait any longer. Abandoning a resolved one changes nothing; one
// that somebody has is not abandoned but resolved.
func (c Conversation) Abandon(now time.Time) (Transition, error) {
	if c.Status != Resolved && (c.Status != Open || c.AssigneeID != "") {
		return Transition{}, E(Conflict, "leave queue", "the conversation does not wait in the queue")
	}
	tr, err := c.Resolve(now)
	for i, f := range tr.Facts {
		if changed, ok := f.(StatusChanged); ok {
			changed.Reason = ReasonCustomerLeft
			tr.Facts[i] = changed
		}
	}
	return tr, err
}

// Reopen brings a resolved, snoozed or pending conversation back to the people.
// Reopening an open one changes nothing.
func (c Conversation) Reopen(now time.Time) (Transition, error) {
	if c.Status == Open {
		return Transition{Conversation: c}, nil
	}
	fact := c.enter(Open, ReasonReopened, time.Time{}, now)
	c.touch(now)
	return Transition{c, []Fact{fact}}, nil
}

// MaxSnooze bounds how far ahead a conversation can be put off.
const MaxSnooze = 366 * 24 * time.Hour

// Snooze puts an open or pending conversation off until a time in the future;
// a snoozed one gets the new time.
func (c Conversation) Snooze(until, now time.Time) (Transition, error) {
	const op = "snooze conversation"
	switch {
	case !until.After(now):
		return Transition{}, InvalidField(op, "until", "the time must be in the future")
	case until.Sub(now) > MaxSnooze:
		return Transition{}, InvalidField(op, "until", "the time must be within a year")
	case c.Status == Resolved:
		return Transition{}, E(Conflict, op, "the conversation is resolved; reopen it first")
	case c.Status == Snoozed && c.SnoozedUntil.Equal(until):
		return Transition{Conversation: c}, nil
	}
	fact := c.enter(Snoozed, ReasonSnoozed, until, now)
	c.touch(now)
	return Transition{c, []Fact{fact}}, nil
}

// Wake opens a conversation whose snooze is over. A timer that fires late,
// twice or after a change of mind finds nothing to do, and that is fine.
func (c Conversation) Wake(now time.Time) Transition {
	if c.Status != Snoozed || c.SnoozedUntil.After(now) {
		return Transition{Conversation: c}
	}
	fact := c.enter(Open, ReasonWoke, time.Time{}, now)
	c.touch(now)
	return Transition{c, []Fact{fact}}
}

// MarkRead notes that a side has read up to seq. It never moves back and never
// past the newest message.
func (c Conversation) MarkRead(by Author, seq int64, now time.Time) Transition {
	seq = min(seq, c.Seq)
	side := &c.AgentReadSeq
	if by.Kind == ByVisitor {
		side = &c.ContactReadSeq
	}
	if seq <= *side {
		return Transition{Conversation: c}
	}
	*side = seq
	c.touch(now)
	return Transition{c, []Fact{MessagesRead{By: by, Seq: seq}}}
}

// ExpectVersion fails with Conflict unless the conversation has that version;
// zero expects nothing.
func (c Conversation) ExpectVersion(version int64) error {
	if version != 0 && version != c.Version {
		return E(Conflict, "check conversation", "somebody changed this conversation meanwhile; look again")
	}
	return nil
}

// Unread counts the messages agents have not read yet.
func (c Conversation) Unread() int64 { return c.Seq - c.AgentReadSeq }

func (c *Conversation) touch(now time.Time) {
	c.Version++
	c.UpdatedAt = now
}

// enter changes the status and keeps the times that belong to it true.
func (c *Conversation) enter(to Status, why Reason, until, now time.Time) StatusChanged {
	from := c.Status
	c.Status = to
	c.SnoozedUntil, c.ResolvedAt = until, time.Time{}
	if to == Resolved {
		c.ResolvedAt = now
	}
	return StatusChanged{From: from, To: to, Reason: why, Until: until}
}

func (c *Conversation) assign(agent AgentID, team TeamID) Fact {
	f := ConversationAssigned{AgentID: agent, TeamID: team, PreviousAgentID: c.AssigneeID, PreviousTeamID: c.TeamID}
	c.AssigneeID, c.TeamID = agent, team
	return f
}
