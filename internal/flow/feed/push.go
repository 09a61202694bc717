package feed

import (
	"context"
	"encoding/json"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/wire"
)

// push hands one event to the attached feeds it concerns. Only the follower
// calls it.
func (f *Feed) push(ctx context.Context, p Publisher, e desk.Event) {
	f.mu.Lock()
	if e.Pos != f.pos+1 {
		// Events have gone by between reading the head and following.
		chains := f.all()
		f.pos = e.Pos - 1
		f.mu.Unlock()
		for _, c := range chains {
			f.gap(p, c, e.Pos-1)
		}
		f.mu.Lock()
	}
	// From here on a new chain begins after e, and its fetch will find e.
	f.pos = e.Pos
	var agents []*chain
	var contact *chain
	if feeds := f.accounts[e.AccountID]; feeds != nil {
		for _, c := range feeds.agents {
			agents = append(agents, c)
		}
		contact = feeds.contacts[e.ContactID]
	}
	f.mu.Unlock()
	if e.Fact != nil {
		f.moved(p, e)
	}
	if e.Fact == nil || (len(agents) == 0 && contact == nil) {
		return // nobody here, or written by a newer program
	}
	r, err := f.renderer(ctx, e.AccountID)
	if err != nil {
		f.deps.Log.ErrorContext(ctx, "event not pushed", "pos", e.Pos, "error", err)
		for _, c := range agents {
			f.gap(p, c, e.Pos)
		}
		if contact != nil {
			f.gap(p, contact, e.Pos)
		}
		return
	}
	content := r.content(ctx, e)
	if len(agents) > 0 {
		f.pushAgents(ctx, p, r, e, content, agents)
	}
	if contact != nil {
		if body, ok := r.visitor(ctx, e, content); ok {
			f.send(p, contact, e.Pos, body, "visitor")
		}
	}
}

// moved sends the connections of two contacts who became one, or two again,
// round once more: who they are is found out anew then, and nobody goes on
// hearing what is another's.
func (f *Feed) moved(p Publisher, e desk.Event) {
	var other desk.ContactID
	switch fact := e.Fact.(type) {
	case desk.ContactMerged:
		other = fact.LoseID
	case desk.ContactUnmerged:
		other = fact.LoseID
	default:
		return
	}
	var chains []*chain
	f.mu.Lock()
	if feeds := f.accounts[e.AccountID]; feeds != nil {
		for _, id := range []desk.ContactID{e.ContactID, other} {
			if c := feeds.contacts[id]; c != nil {
				chains = append(chains, c)
			}
		}
	}
	f.mu.Unlock()
	for _, c := range chains {
		f.gap(p, c, e.Pos)
		if r, ok := p.(rejoiner); ok {
			r.Rejoin(c.channel)
		}
	}
}

// send pushes an event on one feed.
func (f *Feed) send(p Publisher, c *chain, pos int64, event []byte, audience string) {
	data := wire.AppendPush(make([]byte, 0, len(event)+96), wire.Push{Epoch: f.epoch, Prev: c.prev, Seq: pos, Event: event})
	// Also when it is lost: the next push then shows the gap.
	c.prev = pos
	f.rouse(c)
	if err := p.Publish(c.channel, data); err != nil {
		f.gaps.Inc()
		return
	}
	f.pushes.WithLabelValues(audience).Inc()
}

// gap tells a feed that something up to pos has to be fetched: a push whose
// prev nobody has reached.
func (f *Feed) gap(p Publisher, c *chain, pos int64) {
	f.gaps.Inc()
	c.prev = pos
	f.rouse(c)
	// If this is lost too, the next push shows the same gap.
	_ = p.Publish(c.channel, wire.AppendPush(nil, wire.Push{
		Epoch: f.epoch, Prev: pos, Seq: pos, Event: json.RawMessage(`{"type":"gap"}`),
	}))
}

// rouse wakes those who wait for the feed's next event.
func (f *Feed) rouse(c *chain) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c.wake != nil {
		close(c.wake)
		c.wake = nil
	}
}

// signal passes typing and presence on: a visitor's to the agents, an agent's
// to the visitor and to colleagues.
func (f *Feed) signal(ctx context.Context, p Publisher, s bus.Signal) {
	if s.By.Kind == desk.ByAgent && (s.Kind == bus.Viewing || s.Kind == bus.Typing) {
		f.viewing(ctx, p, s)
	}
	if s.Kind == bus.Viewing {
		return // nobody else's affair, least of all the visitor's
	}
	f.mu.Lock()
	var agents []*chain
	var contact *chain
	if feeds := f.accounts[s.AccountID]; feeds != nil {
		for id, c := range feeds.agents {
			if s.By.Kind != desk.ByAgent || desk.AgentID(s.By.ID) != id {
				agents = append(agents, c)
			}
		}
		contact = feeds.contacts[s.ContactID]
	}
	f.mu.Unlock()
	agents = f.listeners(ctx, s, agents)
	name := ""
	if s.By.Kind == desk.ByAgent {
		name = f.deps.Directory.AgentName(ctx, s.AccountID, desk.AgentID(s.By.ID))
	}
	out := wire.Signal{Type: s.Kind, ConversationID: s.ConversationID, On: s.On}
	if s.Kind == bus.Page {
		out.ContactID, out.URL, out.Title, out.At = s.ContactID, s.URL, s.Title, s.At.UTC()
	}
	if q := s.Queue; q != nil {
		out.Queue = &wire.QueuePlace{
			Position: q.Position, LowSeconds: int64(q.Low.Seconds()), HighSeconds: int64(q.High.Seconds()), Nobody: q.Nobody,
		}
		agents = nil // their own lists tell them
	}
	if len(agents) > 0 {
		out.By, out.Text = wire.Author{Kind: s.By.Kind, ID: s.By.ID, Name: name}, s.Text
		f.publishSignal(p, agents, out)
	}
	if contact != nil && s.By.Kind != desk.ByVisitor {
		out.By, out.Text = wire.Author{Kind: s.By.Kind, Name: name}, ""
		f.publishSignal(p, []*chain{contact}, out)
	}
}

func (f *Feed) publishSignal(p Publisher, chains []*chain, s wire.Signal) {
	data, err := json.Marshal(wire.SignalPush{Signal: s})
	if err != nil {
		return
	}
	for _, c := range chains {
		_ = p.Publish(c.channel, data) // a signal may be lost
	}
}

// renderer renders events of one account.
type renderer struct {
	feed *Feed
	keys *seal.AccountKeys
}

func (f *Feed) renderer(ctx context.Context, account desk.AccountID) (renderer, error) {
	keys, err := f.deps.Keys.Account(ctx, account)
	return renderer{f, keys}, err
}

// content opens the message that the event tells of; nil if there is none or
// it does not open, which is logged: the rest of the feed goes on.
func (r renderer) content(ctx context.Context, e desk.Event) *desk.Content {
	m, ok := desk.MessageOf(e.Fact)
	if !ok {
		return nil
	}
	var c desk.Content
	plain, err := r.keys.Open(seal.Place{
		Owner: string(e.ConversationID), Table: "message", Row: string(m.MessageID), Column: "body",
	}, m.Body)
	if err == nil {
		err = json.Unmarshal(plain, &c)
	}
	if err != nil {
		r.feed.deps.Log.ErrorContext(ctx, "a message cannot be opened", "message_id", m.MessageID, "error", err)
		return nil
	}
	if r.feed.deps.Files != nil {
		r.feed.deps.Files.Sign(e.AccountID, &c)
	}
	return &c
}

func (r renderer) names(ctx context.Context, e desk.Event) wire.Names {
	var n wire.Names
	if e.Actor.Kind == desk.ByAgent {
		n.Actor = r.feed.deps.Directory.AgentName(ctx, e.AccountID, desk.AgentID(e.Actor.ID))
	}
	if e.State != nil && e.State.AssigneeID != "" {
		n.Assignee = r.feed.deps.Directory.AgentName(ctx, e.AccountID, e.State.AssigneeID)
	}
	return n
}

func (r renderer) agent(ctx context.Context, e desk.Event, content *desk.Content) ([]byte, bool) {
	return r.encode(ctx, wire.AgentEvent(e, content, r.names(ctx, e)))
}

func (r renderer) visitor(ctx context.Context, e desk.Event, content *desk.Content) ([]byte, bool) {
	v, ok := wire.EventForVisitor(e, content, r.names(ctx, e))
	if !ok {
		return nil, false
	}
	return r.encode(ctx, v)
}

func (r renderer) encode(ctx context.Context, v any) ([]byte, bool) {
	data, err := json.Marshal(v)
	if err != nil {
		r.feed.deps.Log.ErrorContext(ctx, "an event cannot be encoded", "error", err)
		return nil, false
	}
	return data, true
}
