package dispatch

import (
	"context"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/routing"
)

// Entry is a waiting conversation with its place and what it waits for.
type Entry struct {
	Conversation desk.Conversation
	Team         desk.TeamID
	Position     int
	Escalated    bool
	Returned     int
	// Choice is what the visitor does meanwhile.
	Choice desk.WaitChoice
	// Wait is how long it will probably be; zero when nobody can tell.
	Wait routing.Wait
	// Lack says why nobody has it: how many agents lack what.
	Lack routing.Lack
}

// Queue lists who waits in the account, in the order in which they are
// served, at most maxOpen.
func (s *Service) Queue(ctx context.Context, account desk.AccountID) ([]Entry, error) {
	p, err := s.look(ctx, account)
	if err != nil {
		return nil, err
	}
	now, places := s.deps.Clock.Now(), p.places()
	out := make([]Entry, 0, len(p.queue))
	for _, w := range p.queue {
		_, lack, _ := routing.Choose(w, p.agents, now)
		at, entry := places[w.ID], p.entries[w.ID]
		out = append(out, Entry{
			Conversation: p.waiting[w.ID], Team: w.Team, Position: at.position, Escalated: entry.Escalated,
			Returned: entry.Returned, Choice: entry.Choice, Wait: routing.Wait{Mean: (at.low + at.high) / 2, Low: at.low, High: at.high}, Lack: lack,
		})
	}
	return out, nil
}

// Place is where a visitor stands.
type Place struct {
	// Position is 0 when the conversation does not wait in the queue.
	Position  int
	Low, High time.Duration
	// Nobody says that nobody is there, and Opens when somebody will be; zero if
	// the hours do not say.
	Nobody bool
	Opens  time.Time
	// Choice is what the visitor does meanwhile.
	Choice desk.WaitChoice
}

// PlaceOf says where a conversation stands.
func (s *Service) PlaceOf(ctx context.Context, account desk.AccountID, id desk.ConversationID) (Place, error) {
	p, err := s.look(ctx, account)
	if err != nil {
		return Place{}, err
	}
	i := slices.IndexFunc(p.queue, func(w routing.Work) bool { return w.ID == id })
	if i < 0 {
		return Place{}, nil
	}
	at := p.places()[id]
	out := Place{Position: at.position, Low: at.low, High: at.high, Nobody: at.nobody, Choice: p.entries[id].Choice}
	if !p.office.rules.Automatic {
		// Who is served by hand has no place, but may know that nobody is there.
		out.Position, out.Low, out.High = 0, 0, 0
	}
	now := s.deps.Clock.Now()
	if opens, ok := p.office.opens(p.queue[i].Team, now); ok && opens.After(now) {
		out.Opens = opens
	}
	return out, nil
}

// look builds the queue as any node can see it, from the database.
func (s *Service) look(ctx context.Context, account desk.AccountID) (plan, error) {
	o, err := s.office(ctx, account)
	if err != nil {
		return plan{}, err
	}
	presence, err := s.deps.Store.Presences(ctx, account)
	if err != nil {
		return plan{}, err
	}
	p := plan{office: o}
	if p.entries, err = s.deps.Store.QueueEntries(ctx, account); err != nil {
		return plan{}, err
	}
	nobody := desk.AgentID("")
	open, err := s.open(ctx, account, &nobody)
	if err != nil {
		return plan{}, err
	}
	load, err := s.deps.Store.OpenLoad(ctx, account)
	if err != nil {
		return plan{}, err
	}
	c := &counter{presence: make(map[desk.AgentID]desk.Presence)}
	for _, p := range presence {
		c.presence[p.AgentID] = p
	}
	for id, a := range o.agents {
		a.Load, a.Taking = load[id], c.presence[id].Taking()
		p.agents = append(p.agents, a)
	}
	p.waiting = make(map[desk.ConversationID]desk.Conversation, len(open))
	for _, v := range open {
		w := waiter{id: v.ID, contact: v.ContactID, inbox: v.InboxID, team: v.TeamID, version: v.Version, since: v.WaitingSince}
		if w.since.IsZero() {
			w.since = v.LastMessageAt
		}
		p.waiting[v.ID] = v
		p.queue = append(p.queue, o.work(w, p.entries[v.ID]))
	}
	routing.Sort(p.queue)
	return p, nil
}
