package store

import (
	"bytes"
	"fmt"
	"runtime/debug"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// The way of a Command through a driver:
//
//  1. The driver looks for the idempotency key; a known one is a repeat.
//  2. It loads what the target points at into a Found.
//  3. Command.Draft builds the Situation, runs Decide and checks the Effects.
//  4. It loads the messages that Draft.Needs names (receipts only).
//  5. Draft.Plan turns all into rows, which the driver writes in the order of
//     the fields of Plan, and Plan.Number gives the events their positions.

// Found is what the database knows about a Command's target.
type Found struct {
	// Contact is whose identity it is, "" if the identity is new. A target
	// conversation brings its own.
	Contact desk.ContactID
	// Conversation is the target or the live one; the zero value if none.
	Conversation desk.Conversation
}

// Draft is a decided Command that is not yet turned into rows.
type Draft struct {
	command   Command
	situation Situation
	effects   Effects
}

// Plan is what a Command writes. Nil pointers and empty slices write nothing.
type Plan struct {
	Identity        *query.InsertIdentityParams
	Contact         *query.InsertContactParams
	TouchContact    *query.TouchContactParams
	NewConversation *query.InsertConversationParams
	Live            *query.PutLiveConversationParams
	Conversation    *query.UpdateConversationParams
	Messages        []query.InsertMessageParams
	Statuses        []query.UpdateMessageStatusParams
	Cancel          []query.CancelTimerParams
	Timers          []query.PutTimerParams
	Outbox          []query.PutOutboxParams
	Attachments     []query.UseAttachmentParams
	Drops           []query.DropAttachmentsParams
	Extras          []query.Statement
	// Dedupe is nil if the command has no key.
	Dedupe *query.InsertDedupeParams
	// Events and EventRows are parallel and get their positions by Number.
	Events    []desk.Event
	EventRows []query.InsertEventParams
	// Outcome is complete but for Pos, which Number sets.
	Outcome Outcome
}

// Draft builds the situation at now and decides. Its error is the unit's.
func (c Command) Draft(now time.Time, found Found) (*Draft, error) {
	s := Situation{Now: now, ContactID: found.Contact, Conversation: found.Conversation}
	if id := c.Target.Identity; id != nil {
		s.Shard, _ = id.NewConversation.Shard()
		if s.ContactID == "" {
			s.ContactID, s.ContactIsNew = id.NewContact, true
		}
	} else {
		s.ContactID = found.Conversation.ContactID
	}
	if s.Conversation.ID != "" {
		s.Shard, _ = s.Conversation.ID.Shard()
	}
	effects, err := c.decide(s)
	if err != nil {
		return nil, err
	}
	d := &Draft{command: c, situation: s, effects: effects}
	return d, d.check()
}

// decide runs Decide; a panic there fails one unit and not its neighbours.
func (c Command) decide(s Situation) (e Effects, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = desk.Wrap(desk.Internal, "decide", Panicked(p))
		}
	}()
	return c.Decide(s)
}

// Panicked makes an error of a recovered panic, for drivers: its type and where
// it was, not its value, which may hold what a customer wrote. Call it in the
// deferred function that recovers.
func Panicked(p any) error { return fmt.Errorf("panic of type %T at %s", p, debug.Stack()) }

// Repeat is the answer to a key that was used before.
func (c Command) Repeat(resultID string, found Found) Outcome {
	out := Outcome{Repeated: true, ResultID: resultID, ContactID: found.Contact, Conversation: found.Conversation}
	if out.ContactID == "" {
		out.ContactID = found.Conversation.ContactID
	}
	return out
}

// check holds the effects to the situation, so that a defect above cannot
// write rows of another account, conversation or shard.
func (d *Draft) check() error {
	e, s := &d.effects, d.situation
	defect := func(msg string) error { return desk.E(desk.Internal, "check effects", msg) }
	switch {
	case s.ContactIsNew && e.Contact == nil:
		return defect("the contact is new and was not given")
	case !s.ContactIsNew && e.Contact != nil:
		return defect("the contact exists already")
	case e.Contact != nil && (e.Contact.ID != s.ContactID || e.Contact.AccountID != d.command.Account):
		return defect("the contact is not the situation's")
	}
	if e.Conversation.ID == "" {
		e.Conversation = s.Conversation
	}
	c := e.Conversation
	shard, valid := c.ID.Shard()
	if c.ID == "" {
		if len(e.Messages) > 0 || len(e.Outbox) > 0 {
			return defect("messages need a conversation")
		}
	} else if !valid || c.AccountID != d.command.Account || c.ContactID != s.ContactID {
		return defect("the conversation is not the situation's")
	}
	if c.ID != s.Conversation.ID && d.command.Target.Identity == nil {
		return defect("only an identity's command opens a conversation")
	}
	for _, m := range e.Messages {
		if own, ok := m.ID.Shard(); !ok || own != shard || m.ConversationID != c.ID || m.AccountID != c.AccountID {
			return defect("a message is not the conversation's")
		}
	}
	for _, t := range e.Timers {
		if t.AccountID != d.command.Account {
			return defect("a timer is another account's")
		}
	}
	for _, t := range e.Cancel {
		if t.AccountID != d.command.Account {
			return defect("a timer is another account's")
		}
	}
	for _, o := range e.Outbox {
		if o.AccountID != d.command.Account || o.ConversationID != c.ID {
			return defect("an outbox item is not the conversation's")
		}
	}
	for _, use := range e.Attachments {
		if !slices.ContainsFunc(e.Messages, func(m desk.StoredMessage) bool { return m.ID == use.Message }) {
			return defect("an attachment belongs to a message of the command")
		}
	}
	for _, x := range e.Extras {
		if x.account != d.command.Account || x.conversation != c.ID {
			return defect("an extra write is not the conversation's")
		}
	}
	for _, f := range e.Facts {
		if f == nil {
			return defect("a fact is nil")
		}
	}
	return nil
}

// Needs names the messages whose present state Plan wants to know.
func (d *Draft) Needs() []desk.MessageID {
	if len(d.effects.Statuses) == 0 {
		return nil
	}
	out := make([]desk.MessageID, len(d.effects.Statuses))
	for i, s := range d.effects.Statuses {
		out[i] = s.MessageID
	}
	return out
}

// Plan turns the decision into rows. current has the messages of Needs that
// exist. NotFound if a receipt is for a message that is not the conversation's.
func (d *Draft) Plan(current map[desk.MessageID]desk.StoredMessage) (*Plan, error) {
	e, s, c := d.effects, d.situation, d.effects.Conversation
	p := &Plan{Outcome: Outcome{ResultID: e.ResultID, ContactID: s.ContactID, Conversation: c}}
	if p.Outcome.ResultID == "" {
		p.Outcome.ResultID = d.command.ResultID
	}
	d.people(p)
	d.conversation(p)
	for _, m := range e.Messages {
		p.Messages = append(p.Messages, messageParams(m))
	}
	facts, err := d.receipts(p, current)
	if err != nil {
		return nil, err
	}
	for _, ref := range e.Cancel {
		p.Cancel = append(p.Cancel, cancelParams(ref))
	}
	for _, t := range e.Timers {
		p.Timers = append(p.Timers, timerParams(t))
	}
	for _, o := range e.Outbox {
		p.Outbox = append(p.Outbox, outboxParams(o))
	}
	for _, use := range e.Attachments {
		p.Attachments = append(p.Attachments, query.UseAttachmentParams{
			AccountID: string(d.command.Account), ID: string(use.ID), MessageID: string(use.Message),
		})
	}
	for _, id := range e.DropAttachments {
		p.Drops = append(p.Drops, query.DropAttachmentsParams{
			AccountID: string(d.command.Account), MessageID: string(id), NowUs: desk.Micros(s.Now),
		})
	}
	for _, x := range e.Extras {
		p.Extras = append(p.Extras, x.statement)
	}
	if d.command.Key != "" {
		p.Dedupe = &query.InsertDedupeParams{
			AccountID: string(d.command.Account), Scope: d.command.Scope, Key: d.command.Key,
			ResultID: p.Outcome.ResultID, AtUs: desk.Micros(s.Now),
		}
	}
	return p, d.events(p, facts)
}

func (d *Draft) people(p *Plan) {
	s, account := d.situation, string(d.command.Account)
	if s.ContactIsNew {
		id := d.command.Target.Identity
		contact := contactParams(*d.effects.Contact)
		p.Contact = &contact
		p.Identity = &query.InsertIdentityParams{
			AccountID: account, Scope: id.Scope, Hash: id.Hash, ContactID: string(s.ContactID), InboxID: string(id.Inbox),
			External: blob(id.Sealed(s.ContactID)), Verified: id.Verified, CreatedUs: desk.Micros(s.Now),
		}
	} else if d.effects.ContactSeen {
		p.TouchContact = &query.TouchContactParams{AccountID: account, ID: string(s.ContactID), SeenUs: desk.Micros(s.Now)}
	}
}

func (d *Draft) conversation(p *Plan) {
	c := d.effects.Conversation
	if c.ID == "" {
		return
	}
	row := ConversationRow(c)
	if c.ID != d.situation.Conversation.ID {
		insert := query.InsertConversationParams(row)
		p.NewConversation = &insert
		p.Live = &query.PutLiveConversationParams{
			AccountID: row.AccountID, ContactID: row.ContactID, Thread: row.Thread,
			Shard: row.Shard, ConversationID: row.ID,
		}
	} else if before := d.situation.Conversation; c.Version != before.Version || !bytes.Equal(c.Preview, before.Preview) {
		// A preview sealed anew says the same, so its version stays.
		p.Conversation = &query.UpdateConversationParams{
			InboxID: row.InboxID, Status: row.Status, AssigneeID: row.AssigneeID, TeamID: row.TeamID, Seq: row.Seq,
			Version: row.Version, ContactReadSeq: row.ContactReadSeq, AgentReadSeq: row.AgentReadSeq,
			UpdatedUs: row.UpdatedUs, LastMessageUs: row.LastMessageUs, WaitingUs: row.WaitingUs,
			SnoozedUntilUs: row.SnoozedUntilUs, ResolvedUs: row.ResolvedUs, Preview: row.Preview,
			AccountID: row.AccountID, Shard: row.Shard, ID: row.ID,
		}
	}
}

// receipts moves statuses upward only, and returns the facts without those
// that tell of nothing new.
func (d *Draft) receipts(p *Plan, current map[desk.MessageID]desk.StoredMessage) ([]desk.Fact, error) {
	if len(d.effects.Statuses) == 0 {
		return d.effects.Facts, nil
	}
	moved := make(map[desk.MessageID]int64)
	for _, st := range d.effects.Statuses {
		m, ok := current[st.MessageID]
		if !ok || m.ConversationID != d.effects.Conversation.ID || m.AccountID != d.command.Account {
			return nil, desk.E(desk.NotFound, "apply receipt", "there is no such message in the conversation")
		}
		next, advanced := m.Status.Advance(st.Status)
		if advanced {
			moved[m.ID] = m.Seq
			m.Status, m.FailureReason = next, st.Reason
		}
		if !advanced && st.ExternalID == "" {
			continue
		}
		current[st.MessageID] = m
		shard, _ := m.ID.Shard()
		p.Statuses = append(p.Statuses, query.UpdateMessageStatusParams{
			Status: string(m.Status), FailureReason: m.FailureReason, NewExternalID: st.ExternalID,
			AccountID: string(m.AccountID), Shard: int16(shard), ID: string(m.ID),
		})
	}
	facts := make([]desk.Fact, 0, len(d.effects.Facts))
	for _, f := range d.effects.Facts {
		if changed, ok := f.(desk.MessageStatusChanged); ok {
			seq, known := moved[changed.MessageID]
			if !known {
				continue
			}
			changed.Seq = seq
			f = changed
		}
		facts = append(facts, f)
	}
	return facts, nil
}

func (d *Draft) events(p *Plan, facts []desk.Fact) error {
	c := d.effects.Conversation
	var state *desk.ConversationState
	if c.ID != "" {
		state = c.State()
	}
	for n, f := range facts {
		e := desk.Event{
			AccountID: d.command.Account, Shard: d.situation.Shard, ConversationID: c.ID, ContactID: d.situation.ContactID,
			At: d.situation.Now, Actor: d.effects.Actor, State: state, Fact: f,
		}
		if shard, ok := c.ID.Shard(); ok {
			e.Shard = shard
		}
		row, err := EventRow(e)
		if err != nil {
			return err
		}
		p.Events, p.EventRows = append(p.Events, e), append(p.EventRows, row)
		if desk.InTrail(f) && c.ID != "" {
			trail, err := activityParams(e, n)
			if err != nil {
				return err
			}
			p.Extras = append(p.Extras, trail.Statement())
		}
	}
	return nil
}

// Number gives the events the positions after head, and returns the new head.
func (p *Plan) Number(head int64) int64 {
	for i := range p.Events {
		head++
		p.Events[i].Pos, p.EventRows[i].Pos = head, head
		p.Outcome.Pos = head
	}
	return head
}

// Rows is how many rows the plan writes, for the bound of a batch.
func (p *Plan) Rows() int {
	n := len(p.Messages) + len(p.Statuses) + len(p.Cancel) + len(p.Timers) + len(p.Outbox) + len(p.Attachments) + len(p.Drops) + len(p.Extras) + len(p.EventRows)
	for _, set := range [...]bool{
		p.Identity != nil, p.Contact != nil, p.TouchContact != nil, p.NewConversation != nil,
		p.Live != nil, p.Conversation != nil, p.Dedupe != nil,
	} {
		if set {
			n++
		}
	}
	return n
}

func outboxParams(o OutboxItem) query.PutOutboxParams {
	shard, _ := o.ConversationID.Shard()
	return query.PutOutboxParams{
		AccountID: string(o.AccountID), MessageID: string(o.MessageID), Shard: int16(shard),
		ConversationID: string(o.ConversationID), ContactID: string(o.ContactID), InboxID: string(o.InboxID),
		Seq: o.Seq, Attempts: o.Attempts, DueUs: desk.Micros(o.Due),
	}
}
