package dispatch

import (
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/routing"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
)

// handing is a decision and since when the conversation waited.
type handing struct {
	desk.Handing

	since   time.Time
	version int64
}

// plan is what is to be done in an account.
type plan struct {
	handings []handing
	releases []desk.Releasing
	// queue are those who still wait, in the order in which they are served.
	queue  []routing.Work
	agents []routing.Agent
	office *office
	wait   map[desk.ConversationID]waiter
	// entries are what sets those who wait apart, of whom anything is said.
	entries map[desk.ConversationID]store.QueueEntry
	// waiting are they as stored, when the plan is read from there.
	waiting map[desk.ConversationID]desk.Conversation
}

// plan decides, and notes what is being handed out so that nothing is decided
// twice while it is written.
func (b *board) plan(account desk.AccountID, now time.Time) plan {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	o := c.office
	switch {
	case o == nil:
		return plan{}
	case c.watch == watchNothing:
		b.count(c, 0)
		return plan{office: o} // for alerts that are over
	case !c.loaded:
		return plan{}
	}
	p := plan{office: o, wait: make(map[desk.ConversationID]waiter), entries: make(map[desk.ConversationID]store.QueueEntry)}
	load := c.load(o)
	for id, a := range o.agents {
		a.Load, a.Taking, a.IdleSince = load[id], c.presence[id].Taking(), c.idle[id]
		p.agents = append(p.agents, a)
	}
	slices.SortFunc(p.agents, func(x, y routing.Agent) int { return cmp.Compare(x.ID, y.ID) })
	for id, w := range c.open {
		if w.assignee == "" {
			if _, given := c.pending[id]; !given {
				entry, said := c.entries[id]
				p.queue = append(p.queue, o.work(w, entry))
				p.wait[id] = w
				if said {
					p.entries[id] = entry
				}
			}
			continue
		}
		if r, ok := c.lost(o, w); ok {
			r.Account = account
			p.releases = append(p.releases, r)
		}
	}
	if !o.rules.Automatic {
		p.releases = nil
		b.count(c, 0)
		return p // people claim by hand; this is for alerts
	}
	routing.Sort(p.queue)
	given := make(map[desk.ConversationID]bool)
	for _, d := range routing.Match(p.queue, p.agents, now) {
		w := p.wait[d.Work]
		detail, err := json.Marshal(d.Reason)
		if err != nil {
			continue // a Reason always encodes
		}
		p.handings = append(p.handings, handing{desk.Handing{
			Account: account, Conversation: d.Work, Agent: d.Agent, Detail: detail,
			AnswerWithin: o.rules.answerWithin(o.workOf(o.team(w))),
		}, w.since, w.version})
		c.pending[d.Work] = giving{d.Agent, w.version}
		given[d.Work] = true
	}
	p.queue = slices.DeleteFunc(p.queue, func(w routing.Work) bool { return given[w.ID] })
	b.count(c, len(p.queue))
	if len(p.queue)+len(c.pending) > 0 {
		c.due = sooner(c.due, now.Add(tickEvery))
	}
	return p
}

// count notes how many of an account wait to be handed out.
func (b *board) count(c *counter, waiting int) {
	b.waiting += waiting - c.waiting
	c.waiting = waiting
}

// workOf is how a team works; the zero value for nobody's.
func (o *office) workOf(team desk.TeamID) TeamWork {
	if room := o.teams[team]; room != nil {
		return room.work
	}
	return TeamWork{}
}

// lost is a conversation whose customer waits for somebody who is not there.
func (c *counter) lost(o *office, w waiter) (desk.Releasing, bool) {
	if w.answered {
		return desk.Releasing{}, false // nobody waits: it stays until somebody does
	}
	_, works := o.agents[w.assignee]
	presence, came := c.presence[w.assignee]
	if works && (!came || presence.Status != desk.Offline) {
		return desk.Releasing{}, false // who was never seen by this version works by API and is trusted
	}
	why := desk.WentAway
	if presence.Choice == desk.Offline {
		why = desk.ShiftEnded
	}
	return desk.Releasing{Conversation: w.id, From: w.assignee, Why: why, Waiting: w.since}, true
}

// place is what a visitor was told.
type place struct {
	position  int
	low, high time.Duration
	nobody    bool
}

// tell says to those who still wait where they are, and once to those who wait
// for nobody that nobody is there.
func (s *Service) tell(ctx context.Context, account desk.AccountID, p plan, r *rota) {
	now := s.deps.Clock.Now()
	places := p.places()
	for _, w := range s.board.news(account, p.queue, places) {
		at, waiter := places[w.ID], p.wait[w.ID]
		s.deps.Bus.Signal(ctx, bus.Signal{
			AccountID: account, ConversationID: w.ID, ContactID: waiter.contact, Kind: bus.Queue, By: desk.Author{Kind: desk.BySystem},
			On: true, Queue: &bus.Place{Position: at.position, Low: at.low, High: at.high, Nobody: at.nobody},
		})
		if at.nobody {
			r.hands.Go(func() error { s.apologise(ctx, account, p.office, waiter, w.Team, now); return nil })
		}
	}
}

// news notes what visitors are told, and returns those to whom it is new.
func (b *board) news(account desk.AccountID, queue []routing.Work, places map[desk.ConversationID]place) (out []routing.Work) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	for _, w := range queue {
		if before, told := c.told[w.ID]; !told || before != places[w.ID] {
			c.told[w.ID] = places[w.ID]
			out = append(out, w)
		}
	}
	for id := range c.told {
		if x, open := c.open[id]; !open || x.assignee != "" {
			delete(c.told, id)
		}
	}
	return out
}

// crew is how many of a team are there and what they can take.
type crew struct{ there, slots, free int }

func (p plan) crew(team desk.TeamID) (out crew) {
	for _, a := range p.agents {
		if a.Taking && (team == "" || slices.Contains(a.Teams, team)) {
			out.there++
			out.slots += a.Capacity
			out.free += max(a.Capacity-a.Load, 0)
		}
	}
	return out
}

// places works out where everybody stands among those of the same team, and
// how long it will be. The queue is in order.
func (p plan) places() map[desk.ConversationID]place {
	out := make(map[desk.ConversationID]place, len(p.queue))
	ahead, crews := make(map[desk.TeamID]int), make(map[desk.TeamID]crew)
	for _, w := range p.queue {
		ahead[w.Team]++
		there, known := crews[w.Team]
		if !known {
			there = p.crew(w.Team)
			crews[w.Team] = there
		}
		at := place{position: ahead[w.Team], nobody: there.there == 0}
		pace, measured := p.office.paces[w.Team]
		if !measured {
			pace = p.office.paces[""]
		}
		if wait, ok := routing.Estimate(at.position, there.slots, there.free, pace); ok {
			at.low, at.high = wait.Low.Round(10*time.Second), wait.High.Round(10*time.Second)
		}
		out[w.ID] = at
	}
	return out
}

// apologise tells a visitor, once a wait, that nobody is there and when
// somebody will be.
func (s *Service) apologise(ctx context.Context, account desk.AccountID, o *office, w waiter, team desk.TeamID, now time.Time) {
	text := nobodyThere(o, team, now)
	err := s.deps.Conversations.Notice(ctx, account, w.id, "nobody:"+w.since.UTC().Format(time.RFC3339), text)
	if err != nil && ctx.Err() == nil {
		s.deps.Log.WarnContext(ctx, "visitor not told that nobody is there", "conversation_id", w.id, "error", err)
	}
}

// nobodyThere is the notice in the account's language.
func nobodyThere(o *office, team desk.TeamID, now time.Time) string {
	at, ok := o.opens(team, now)
	chinese := o.locale != desk.English
	if !ok || !at.After(now) {
		if chinese {
			return "客服暂时不在线，您的消息已收到，客服上线后会尽快回复您。"
		}
		return "Nobody is online at the moment. Your message has been received and will be answered as soon as somebody is back."
	}
	zone := time.UTC
	if room := o.teams[team]; room != nil {
		if z, err := zoneOf(room.work.Zone); err == nil {
			zone = z
		}
	}
	if chinese {
		return "现在是非工作时间，客服将于 " + at.In(zone).Format("1月2日 15:04") + " 上线。您的消息已收到，届时会尽快回复您。"
	}
	return "We are closed at the moment and back on " + at.In(zone).Format("2 January, 15:04 MST") + ". Your message has been received and will be answered then."
}
