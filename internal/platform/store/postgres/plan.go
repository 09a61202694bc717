package postgres

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/store/query"
)

type identityKey struct {
	account     desk.AccountID
	scope, hash string
}

func identityOf(c *store.Command) identityKey {
	return identityKey{c.Account, c.Target.Identity.Scope, c.Target.Identity.Hash}
}

type liveKey struct {
	account desk.AccountID
	contact desk.ContactID
	thread  string
}

func compareLive(a, b liveKey) int {
	return cmp.Or(cmp.Compare(a.account, b.account), cmp.Compare(a.contact, b.contact), cmp.Compare(a.thread, b.thread))
}

// world is what the database holds of what a batch is about. The conversations
// in it are locked.
type world struct {
	people map[identityKey]desk.ContactID
	live   map[liveKey]desk.ConversationID
	talks  map[desk.ConversationID]desk.Conversation
	// messages are those that receipts are for; asked are the ids looked for.
	messages map[desk.MessageID]desk.StoredMessage
	asked    map[desk.MessageID]bool
}

func newWorld() world {
	return world{
		people: map[identityKey]desk.ContactID{}, live: map[liveKey]desk.ConversationID{},
		talks:    map[desk.ConversationID]desk.Conversation{},
		messages: map[desk.MessageID]desk.StoredMessage{}, asked: map[desk.MessageID]bool{},
	}
}

func (w world) clone() world {
	return world{
		people: maps.Clone(w.people), live: maps.Clone(w.live), talks: maps.Clone(w.talks),
		messages: maps.Clone(w.messages), asked: w.asked,
	}
}

// plan is what a batch will write: the plans of its units laid together.
type plan struct {
	before, after world
	fresh         map[desk.ConversationID]bool             // inserted by this batch
	touched       map[desk.ConversationID]bool             // updated by this batch
	seen          map[liveKey]bool                         // contacts, without thread
	timers        map[store.TimerRef]*query.PutTimerParams // nil: cancelled
	statuses      map[string]query.UpdateMessageStatusParams

	identities []*query.InsertIdentityParams
	contacts   []*query.InsertContactParams
	messages   messageRows
	outbox     []query.PutOutboxParams
	used       []query.UseAttachmentParams
	drops      []query.DropAttachmentsParams
	extras     []query.Statement
	events     eventRows
	keys       []*query.InsertDedupeParams
	unitPlans  []*store.Plan
	nowUs      int64
}

// newPlan decides the units in order; each sees the effects of those before
// it as if they were committed. A unit that fails leaves nothing in the plan.
// missing are messages that the world has to be asked for first; the plan is
// then of no use.
func newPlan(now time.Time, w world, units []*unit) (p *plan, missing []desk.MessageID) {
	p = &plan{
		before: w, after: w.clone(), nowUs: desk.Micros(now),
		fresh: map[desk.ConversationID]bool{}, touched: map[desk.ConversationID]bool{}, seen: map[liveKey]bool{},
		timers: map[store.TimerRef]*query.PutTimerParams{}, statuses: map[string]query.UpdateMessageStatusParams{},
	}
	for _, u := range units {
		found, err := p.found(u)
		if u.repeated {
			u.outcome, u.err = u.command.Repeat(u.result, found), nil
			continue
		}
		var up *store.Plan
		if err == nil {
			var more []desk.MessageID
			up, more, err = p.unit(now, u, found)
			missing = append(missing, more...)
		}
		if u.plan, u.err = up, err; err == nil && up != nil {
			p.absorb(u, up)
		}
	}
	return p, missing
}

func (p *plan) unit(now time.Time, u *unit, found store.Found) (*store.Plan, []desk.MessageID, error) {
	draft, err := u.command.Draft(now, found)
	if err != nil {
		return nil, nil, err
	}
	var missing []desk.MessageID
	current := map[desk.MessageID]desk.StoredMessage{}
	for _, id := range draft.Needs() {
		if m, ok := p.after.messages[id]; ok {
			current[id] = m
		} else if !p.before.asked[id] {
			missing = append(missing, id)
		}
	}
	if missing != nil {
		return nil, missing, nil
	}
	up, err := draft.Plan(current)
	if err == nil {
		maps.Copy(p.after.messages, current) // Plan has moved the statuses on
	}
	return up, nil, err
}

// found is what the unit's target points at by now.
func (p *plan) found(u *unit) (store.Found, error) {
	if id := u.command.Target.Conversation; id != "" {
		c, ok := p.after.talks[id]
		if !ok || c.AccountID != u.command.Account {
			return store.Found{}, desk.E(desk.NotFound, "find conversation", "there is no such conversation")
		}
		return store.Found{Contact: c.ContactID, Conversation: c}, nil
	}
	contact := p.after.people[identityOf(u.command)]
	if contact == "" {
		return store.Found{}, nil
	}
	live := p.after.live[liveKey{u.command.Account, contact, u.command.Target.Identity.Thread}]
	return store.Found{Contact: contact, Conversation: p.after.talks[live]}, nil
}

// absorb lays a unit's plan over the batch's.
func (p *plan) absorb(u *unit, up *store.Plan) {
	account, c := u.command.Account, up.Outcome.Conversation
	p.unitPlans = append(p.unitPlans, up)
	if up.Dedupe != nil {
		p.keys = append(p.keys, up.Dedupe)
	}
	if up.Identity != nil {
		p.identities, p.contacts = append(p.identities, up.Identity), append(p.contacts, up.Contact)
		p.after.people[identityOf(u.command)] = up.Outcome.ContactID
	}
	if up.TouchContact != nil {
		p.seen[liveKey{account: account, contact: up.Outcome.ContactID}] = true
	}
	if up.NewConversation != nil {
		p.fresh[c.ID] = true
		p.after.talks[c.ID] = c
		p.after.live[liveKey{account, c.ContactID, c.Thread}] = c.ID
	}
	if up.Conversation != nil {
		p.touched[c.ID] = true
		p.after.talks[c.ID] = c
	}
	for _, m := range up.Messages {
		p.messages.add(m)
		p.after.messages[desk.MessageID(m.ID)] = store.MessageOf(query.Message(m))
	}
	for _, s := range up.Statuses {
		if s.NewExternalID == "" {
			s.NewExternalID = p.statuses[s.ID].NewExternalID
		}
		p.statuses[s.ID] = s
	}
	for _, t := range up.Cancel {
		p.timers[store.TimerRef{AccountID: desk.AccountID(t.AccountID), Kind: t.Kind, Subject: t.Subject}] = nil
	}
	for _, t := range up.Timers {
		p.timers[store.TimerRef{AccountID: desk.AccountID(t.AccountID), Kind: t.Kind, Subject: t.Subject}] = &t
	}
	p.outbox = append(p.outbox, up.Outbox...)
	p.extras = append(p.extras, up.Extras...)
	p.used, p.drops = append(p.used, up.Attachments...), append(p.drops, up.Drops...)
	for _, e := range up.EventRows {
		p.events.add(e)
	}
}

// number gives the events their positions after base and completes the
// outcomes of the units.
func (p *plan) number(base int64) []desk.Event {
	events := make([]desk.Event, 0, len(p.events.kind))
	for _, up := range p.unitPlans {
		base = up.Number(base)
		events = append(events, up.Events...)
	}
	return events
}

// queue puts all writes but the log's into b. Whatever locks rows comes in one
// order, by table and then by key, on every committer, so that committers
// never wait for each other in a ring.
func (p *plan) queue(b *pgx.Batch) {
	p.queueKeys(b)
	p.queuePeople(b)
	p.queueConversations(b)
	p.messages.queue(b)
	p.queueStatuses(b)
	p.queueTimers(b)
	p.queueOutbox(b)
	p.queueAttachments(b)
	// They touch rows that hang on a conversation, which is locked, so the order is free.
	for _, x := range p.extras {
		b.Queue(x.Text, x.Args...)
	}
}

func (p *plan) queueKeys(b *pgx.Batch) {
	slices.SortFunc(p.keys, func(a, b *query.InsertDedupeParams) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Key, b.Key))
	})
	var rows keyRows
	for _, k := range p.keys {
		rows.add(k)
	}
	rows.queue(b)
}

func (p *plan) queuePeople(b *pgx.Batch) {
	var identities identityRows
	slices.SortFunc(p.identities, func(a, b *query.InsertIdentityParams) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.Scope, b.Scope), cmp.Compare(a.Hash, b.Hash))
	})
	for _, i := range p.identities {
		identities.add(i)
	}
	identities.queue(b)
	var added, moved liveRows
	for _, k := range slices.SortedFunc(maps.Keys(p.after.live), compareLive) {
		switch stored, now := p.before.live[k], p.after.live[k]; stored {
		case now:
		case "":
			added.add(k, now, "")
		default:
			moved.add(k, now, stored)
		}
	}
	added.queue(b, false)
	moved.queue(b, true)
	var contacts contactRows
	for _, c := range p.contacts {
		contacts.add(c)
	}
	contacts.queue(b)
	var account, id []string
	for _, k := range slices.SortedFunc(maps.Keys(p.seen), compareLive) {
		account, id = append(account, string(k.account)), append(id, string(k.contact))
	}
	if len(id) > 0 {
		b.Queue(sqlSeeContacts, account, id, p.nowUs)
	}
}

func (p *plan) queueConversations(b *pgx.Batch) {
	var added, updated conversationRows
	for id := range p.fresh {
		added.add(p.after.talks[id])
	}
	for id := range p.touched {
		if !p.fresh[id] {
			updated.add(p.after.talks[id])
		}
	}
	updated.queue(b, sqlUpdateConversations) // locked already, so the order is free
	added.queue(b, sqlInsertConversations)
}

func (p *plan) queueStatuses(b *pgx.Batch) {
	var shard []int16
	var id, status, reason, external []string
	for _, s := range p.statuses {
		shard, id = append(shard, s.Shard), append(id, s.ID)
		status, reason, external = append(status, s.Status), append(reason, s.FailureReason), append(external, s.NewExternalID)
	}
	if len(id) > 0 {
		b.Queue(sqlUpdateStatuses, shard, id, status, reason, external)
	}
}

func (p *plan) queueTimers(b *pgx.Batch) {
	var gone, put [3][]string
	var due []int64
	var data []string
	for _, ref := range slices.SortedFunc(maps.Keys(p.timers), func(a, b store.TimerRef) int {
		return cmp.Or(cmp.Compare(a.AccountID, b.AccountID), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Subject, b.Subject))
	}) {
		into := &gone
		if t := p.timers[ref]; t != nil {
			into = &put
			due, data = append(due, t.DueUs), append(data, t.Data)
		}
		into[0], into[1], into[2] = append(into[0], string(ref.AccountID)), append(into[1], ref.Kind), append(into[2], ref.Subject)
	}
	if len(gone[0]) > 0 {
		b.Queue(sqlCancelTimers, gone[0], gone[1], gone[2])
	}
	if len(put[0]) > 0 {
		b.Queue(sqlPutTimers, put[0], put[1], put[2], due, data)
	}
}

func (p *plan) queueOutbox(b *pgx.Batch) {
	var account, message, conversation, contact, inbox []string
	var shard []int16
	var seq, attempts, due []int64
	for _, o := range p.outbox {
		account, message = append(account, o.AccountID), append(message, o.MessageID)
		shard, conversation = append(shard, o.Shard), append(conversation, o.ConversationID)
		contact, inbox = append(contact, o.ContactID), append(inbox, o.InboxID)
		seq, attempts, due = append(seq, o.Seq), append(attempts, o.Attempts), append(due, o.DueUs)
	}
	if len(message) > 0 {
		b.Queue(sqlPutOutbox, account, message, shard, conversation, contact, inbox, seq, attempts, due)
	}
}

// queueAttachments marks files as sent and as to be deleted; few messages have any.
func (p *plan) queueAttachments(b *pgx.Batch) {
	if len(p.used) > 0 {
		slices.SortFunc(p.used, func(a, b query.UseAttachmentParams) int { return cmp.Compare(a.ID, b.ID) })
		var account, id, message []string
		for _, u := range p.used {
			account, id, message = append(account, u.AccountID), append(id, u.ID), append(message, u.MessageID)
		}
		b.Queue(sqlUseAttachments, account, id, message)
	}
	if len(p.drops) > 0 {
		slices.SortFunc(p.drops, func(a, b query.DropAttachmentsParams) int { return cmp.Compare(a.MessageID, b.MessageID) })
		var account, message []string
		for _, d := range p.drops {
			account, message = append(account, d.AccountID), append(message, d.MessageID)
		}
		b.Queue(sqlDropAttachments, account, message, p.nowUs)
	}
}

// empty tells that there is nothing to commit.
func (p *plan) empty() bool { return len(p.unitPlans) == 0 }
