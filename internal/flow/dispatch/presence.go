package dispatch

import (
	"context"
	"sync"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// link names an agent who is connected to this node.
type link struct {
	account desk.AccountID
	agent   desk.AgentID
}

// linkState is how.
type linkState struct {
	connections int
	idle        bool
	// gone is when the last connection ended; zero while there is one.
	gone time.Time
	// told is what the database knows; nil when it knows nothing yet.
	told *bool
}

// links are the agents connected to this node, at most as many as there are
// connections, and those who have just gone.
type links struct {
	mu   sync.Mutex
	open map[link]*linkState
	wake chan struct{}
}

func (l *links) change(k link, f func(*linkState)) {
	l.mu.Lock()
	st := l.open[k]
	if st == nil {
		st = &linkState{}
		l.open[k] = st
	}
	f(st)
	l.mu.Unlock()
	select {
	case l.wake <- struct{}{}:
	default: // it is awake already
	}
}

// recall forgets what the database was told if it kept less than that.
func (l *links) recall(kept int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	told := int64(0)
	for _, st := range l.open {
		if st.told != nil {
			told++
		}
	}
	if kept >= told {
		return
	}
	for _, st := range l.open {
		st.told = nil
	}
	select {
	case l.wake <- struct{}{}:
	default: // it is awake already
	}
}

// Come notes a connection of an agent; each is undone by one Leave.
func (s *Service) Come(account desk.AccountID, agent desk.AgentID) {
	s.links.change(link{account, agent}, func(st *linkState) {
		st.connections++
		st.gone, st.idle = time.Time{}, false
	})
}

// Leave notes the end of a connection.
func (s *Service) Leave(account desk.AccountID, agent desk.AgentID) {
	now := s.deps.Clock.Now()
	s.links.change(link{account, agent}, func(st *linkState) {
		if st.connections--; st.connections <= 0 {
			st.connections, st.gone = 0, now
		}
	})
}

// Idle notes whether an agent's hands are on the keyboard. It counts only
// while the agent is connected to this node; the page says it again on each.
func (s *Service) Idle(account desk.AccountID, agent desk.AgentID, idle bool) {
	s.links.mu.Lock()
	_, here := s.links.open[link{account, agent}]
	s.links.mu.Unlock()
	if here {
		s.links.change(link{account, agent}, func(st *linkState) { st.idle = idle })
	}
}

// keepLinks tells the database who is connected to this node, and says that
// the node is alive.
func (s *Service) keepLinks(ctx context.Context) {
	every := s.config.LinkLife / 3
	next := s.deps.Clock.Now().Add(every)
	for {
		soonest := s.tellLinks(ctx)
		now := s.deps.Clock.Now()
		if !now.Before(next) {
			s.renew(ctx)
			next = now.Add(every)
		}
		pause := min(next.Sub(now), every)
		if soonest > 0 {
			pause = min(pause, soonest)
		}
		if !s.wait(ctx, max(pause, time.Millisecond), s.links.wake) {
			return // the rows end by themselves: a restart within LinkLife changes nobody's presence
		}
	}
}

// tellLinks writes what has changed. It returns how soon to look again, 0 if
// there is nothing to wait for.
func (s *Service) tellLinks(ctx context.Context) (soonest time.Duration) {
	now := s.deps.Clock.Now()
	type change struct {
		link
		here, idle bool
	}
	var changes []change
	s.links.mu.Lock()
	for k, st := range s.links.open {
		switch {
		case st.connections > 0:
			if st.told == nil || *st.told != st.idle {
				changes = append(changes, change{k, true, st.idle})
			}
		case now.Sub(st.gone) >= s.config.Grace:
			changes = append(changes, change{link: k})
		default:
			if left := s.config.Grace - now.Sub(st.gone); soonest == 0 || left < soonest {
				soonest = left
			}
		}
	}
	s.links.mu.Unlock()
	for _, c := range changes {
		if err := s.settle(ctx, c.link, c.here, c.idle, nil); err != nil {
			if ctx.Err() == nil {
				s.deps.Log.WarnContext(ctx, "presence not saved; trying again", "agent_id", c.agent, "error", err)
			}
			soonest = s.config.Retry
			continue
		}
		s.links.mu.Lock()
		if st := s.links.open[c.link]; st != nil {
			if c.here {
				st.told = &c.idle
			} else if st.connections == 0 {
				delete(s.links.open, c.link)
			}
		}
		s.links.mu.Unlock()
	}
	return soonest
}

// settle writes an agent's connection to this node and what it makes of the
// agent's presence. choose, if not nil, changes the choice first.
func (s *Service) settle(ctx context.Context, k link, here, idle bool, choose func(*desk.Presence)) error {
	return s.deps.Store.Write(ctx, k.account, func(ctx context.Context, tx *store.Tx) error {
		var err error
		if here {
			err = tx.PutPresenceLink(ctx, store.PresenceLink{
				AccountID: k.account, AgentID: k.agent, Node: s.deps.Node, Idle: idle, Expires: tx.Now().Add(s.config.LinkLife),
			})
		} else {
			err = tx.DeletePresenceLink(ctx, k.account, k.agent, s.deps.Node)
		}
		if err != nil {
			return err
		}
		_, err = resettle(ctx, tx, k, choose)
		return err
	})
}

// resettle works out where an agent is and tells it if that has changed.
func resettle(ctx context.Context, tx *store.Tx, k link, choose func(*desk.Presence)) (desk.Presence, error) {
	before, err := tx.Presence(ctx, k.account, k.agent)
	if err != nil {
		return desk.Presence{}, err
	}
	now, idle := before, true
	if choose != nil {
		choose(&now)
	}
	nodes, err := tx.PresenceLinks(ctx, k.account, k.agent)
	if err != nil {
		return desk.Presence{}, err
	}
	for _, n := range nodes {
		idle = idle && n.Idle
	}
	chosen := now
	now, _ = now.Settle(len(nodes), idle, tx.Now())
	if now == before {
		return now, nil
	}
	if chosen.Choice != before.Choice && now.Status == before.Status {
		now.Since = before.Since
	}
	if err := tx.PutPresence(ctx, now); err != nil {
		return desk.Presence{}, err
	}
	return now, tx.Emit(desk.Event{
		AccountID: k.account, Actor: desk.Author{Kind: desk.ByAgent, ID: string(k.agent)},
		Fact: desk.PresenceChanged{AgentID: k.agent, Status: now.Status, Reason: now.Reason, Chosen: now.Choice != "", Since: now.Since},
	})
}

// maxReason bounds an agent's own word for a break, in characters.
const maxReason = 60

// SetPresence is an agent's choice; "" follows the connections again.
func (s *Service) SetPresence(ctx context.Context, account desk.AccountID, agent desk.AgentID, choice desk.PresenceStatus, reason string) (desk.Presence, error) {
	const op = "set presence"
	switch choice {
	case "", desk.Online, desk.Busy, desk.OnBreak, desk.Offline:
	default:
		return desk.Presence{}, desk.InvalidField(op, "status", "a status is online, busy, break or offline")
	}
	if len([]rune(reason)) > maxReason {
		return desk.Presence{}, desk.InvalidField(op, "reason", "a reason has at most 60 characters")
	}
	var out desk.Presence
	err := s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) (err error) {
		out, err = resettle(ctx, tx, link{account, agent}, func(p *desk.Presence) { p.Choice, p.Reason = choice, reason })
		return err
	})
	return out, err
}

// Presences lists where the account's agents are.
func (s *Service) Presences(ctx context.Context, account desk.AccountID) ([]desk.Presence, error) {
	return s.deps.Store.Presences(ctx, account)
}

// Loads counts the open conversations of each agent.
func (s *Service) Loads(ctx context.Context, account desk.AccountID) (map[desk.AgentID]int, error) {
	return s.deps.Store.OpenLoad(ctx, account)
}

// renew says that this node is alive. A node that slept too long for the others
// has been given up, and tells all its connections again.
func (s *Service) renew(ctx context.Context) {
	var kept int64
	err := s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) (err error) {
		kept, err = tx.RenewPresenceLinks(ctx, s.deps.Node, tx.Now().Add(s.config.LinkLife))
		return err
	})
	if err == nil {
		s.links.recall(kept)
	}
	if err != nil && ctx.Err() == nil {
		s.deps.Log.WarnContext(ctx, "presence not renewed; trying again", "error", err)
	}
}

// sweepLinks settles agents whose node had died at a moment. The dispatcher
// calls it.
func (s *Service) sweepLinks(ctx context.Context, at time.Time) error {
	return s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		lost, err := tx.ExpiredPresenceLinks(ctx, at, 200)
		if err != nil {
			return err
		}
		for _, l := range lost {
			if err := tx.DeletePresenceLink(ctx, l.AccountID, l.AgentID, l.Node); err != nil {
				return err
			}
			if _, err := resettle(ctx, tx, link{l.AccountID, l.AgentID}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
