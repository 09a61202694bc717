package dispatch

import (
	"context"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// leaseName is held by the node that hands out.
const leaseName = "dispatch"

// lead hands out while this node holds the lease.
func (s *Service) lead(ctx context.Context) {
	for ctx.Err() == nil {
		got, err := s.acquire(ctx)
		if err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "no lease to hand out; trying again", "error", err)
		}
		if got {
			s.deps.Log.InfoContext(ctx, "this node hands out conversations")
			s.leader.Set(1)
			err := s.reign(ctx)
			s.leader.Set(0)
			s.waiting.Set(0)
			if err != nil && ctx.Err() == nil {
				s.deps.Log.WarnContext(ctx, "handing out ended; beginning again", "error", err)
			}
		}
		if !s.wait(ctx, s.config.LeaseLife/3, nil) {
			return
		}
	}
}

func (s *Service) acquire(ctx context.Context) (bool, error) {
	_, got, err := s.deps.Store.AcquireLease(ctx, leaseName, s.deps.Node, s.config.LeaseLife)
	return got, err
}

// errLost ends a reign whose lease another node has.
var errLost = desk.E(desk.Unavailable, "hand out", "another node hands out")

// reign follows the log and hands out until the lease is lost or ctx ends.
func (s *Service) reign(ctx context.Context) error {
	s.board.begin()
	head, err := s.deps.Store.Head(ctx)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.keepLease(ctx) })
	g.Go(func() error {
		err := s.deps.Bus.Follow(ctx, head, s.board.hear)
		if err == nil && ctx.Err() == nil {
			err = errLost
		}
		return err
	})
	g.Go(func() error { return s.handOut(ctx) })
	return g.Wait()
}

func (s *Service) keepLease(ctx context.Context) error {
	for {
		if !s.wait(ctx, s.config.LeaseLife/3, nil) {
			return nil
		}
		got, err := s.acquire(ctx)
		if err != nil {
			return err
		}
		if !got {
			return errLost
		}
		if err := s.sweepLinks(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "lost connections not swept; trying again", "error", err)
		}
	}
}

// tickEvery is how often the queue is looked at although nothing has happened:
// teams open and close, and visitors are told how long it will still be.
const tickEvery = 5 * time.Second

// longLook is from when a look counts as long.
const longLook = 2 * time.Millisecond

// handOut looks at every account once, and then at each in which something
// changed.
func (s *Service) handOut(ctx context.Context) error {
	accounts, err := s.deps.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	s.board.mu.Lock()
	for _, a := range accounts {
		s.board.of(a.ID).dirty = true
	}
	s.board.mu.Unlock()
	next := s.deps.Clock.Now().Add(tickEvery)
	for {
		again := false
		s.took = 0
		for _, account := range s.board.changed() {
			if err := s.serve(ctx, account); err != nil {
				if ctx.Err() != nil {
					return nil //nolint:nilerr // we were told to stop
				}
				s.deps.Log.WarnContext(ctx, "queue not served; trying again", "account_id", account, "error", err)
				s.board.soil(account)
				again = true
			}
		}
		// A queue of tens of thousands takes a while to look at. Whoever comes
		// meanwhile is looked at together, so that looking never takes a core.
		if s.took > longLook && !s.wait(ctx, min(4*s.took, tickEvery), nil) {
			return nil
		}
		pause := next.Sub(s.deps.Clock.Now())
		if again {
			pause = min(pause, s.config.Retry)
		}
		if pause > 0 && !s.wait(ctx, pause, s.board.wake) {
			return nil
		}
		if now := s.deps.Clock.Now(); !now.Before(next) {
			next = now.Add(tickEvery)
			s.board.soilWaiting()
		}
	}
}

// changed takes the accounts in which something changed.
func (b *board) changed() (out []desk.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for id, c := range b.accounts {
		if c.dirty {
			c.dirty = false
			out = append(out, id)
		}
	}
	return out
}

func (b *board) soil(account desk.AccountID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.of(account).dirty = true
}

// soilWaiting asks for another look wherever somebody waits.
func (b *board) soilWaiting() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.accounts {
		c.dirty = c.dirty || c.waiting > 0 || len(c.alarms) > 0
	}
}

// serve brings an account's part of the board up to date, hands out what can
// be, takes back what went away, and tells those who still wait.
func (s *Service) serve(ctx context.Context, account desk.AccountID) error {
	if err := s.load(ctx, account); err != nil {
		return err
	}
	now := s.deps.Clock.Now()
	plan := s.board.plan(account, now)
	s.took = max(s.took, s.deps.Clock.Now().Sub(now))
	g, work := errgroup.WithContext(ctx)
	g.SetLimit(s.config.Hands)
	for _, h := range plan.handings {
		g.Go(func() error { return s.hand(work, h, now) })
	}
	for _, r := range plan.releases {
		g.Go(func() error {
			_, err := s.deps.Conversations.Release(work, r)
			s.handed.WithLabelValues(string(r.Why)).Inc()
			return ignoreGone(err)
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	s.tell(ctx, account, plan)
	s.alert(ctx, account, plan)
	s.waiting.Set(float64(s.board.waiting()))
	return nil
}

func (s *Service) hand(ctx context.Context, h handing, now time.Time) error {
	_, err := s.deps.Conversations.Hand(ctx, h.Handing)
	if err == nil {
		s.handed.WithLabelValues("assigned").Inc()
		s.decisions.Observe(max(now.Sub(h.since).Seconds(), 0))
		return nil
	}
	s.board.drop(h.Account, h.Conversation)
	if errors.Is(err, desk.Conflict) || errors.Is(err, desk.NotFound) {
		s.handed.WithLabelValues("conflict").Inc()
		return nil // somebody was faster; the event says who
	}
	return err
}

// drop forgets that a conversation is being handed out.
func (b *board) drop(account desk.AccountID, id desk.ConversationID) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.of(account)
	delete(c.pending, id)
	c.dirty = true
}

func (b *board) waiting() (n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, c := range b.accounts {
		n += c.waiting
	}
	return n
}

func ignoreGone(err error) error {
	if errors.Is(err, desk.NotFound) || errors.Is(err, desk.Conflict) {
		return nil
	}
	return err
}

// maxOpen is how many open conversations of an agent, and of those that wait,
// a new dispatcher reads; more are found when something happens to them.
const maxOpen = 1000

// officeLife is how long rules and people are used before they are looked at
// again. Their changes are told; this is for the measured pace of work.
const officeLife = time.Minute

// load reads what is not known yet of an account.
func (s *Service) load(ctx context.Context, account desk.AccountID) error {
	s.board.mu.Lock()
	c := s.board.of(account)
	office, loaded, generation := c.office, c.loaded, c.generation
	s.board.mu.Unlock()
	if office == nil || s.deps.Clock.Now().Sub(office.read) > officeLife {
		var err error
		if office, err = s.office(ctx, account); err != nil {
			return err
		}
		s.board.mu.Lock()
		c.office = office
		if c.generation != generation { // it changed while it was read
			c.dirty, office.read = true, time.Time{}
		} else if !office.rules.Automatic {
			c.rest()
		}
		s.board.mu.Unlock()
	}
	if loaded || !office.rules.Automatic {
		return nil
	}
	entries, err := s.deps.Store.QueueEntries(ctx, account)
	if err != nil {
		return err
	}
	presence, err := s.deps.Store.Presences(ctx, account)
	if err != nil {
		return err
	}
	alerts, err := s.deps.Store.QueueAlerts(ctx, account)
	if err != nil {
		return err
	}
	nobody := desk.AgentID("")
	open, err := s.open(ctx, account, &nobody)
	if err != nil {
		return err
	}
	for _, id := range office.everybody {
		theirs, err := s.open(ctx, account, &id)
		if err != nil {
			return err
		}
		open = append(open, theirs...)
	}
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	c.snapshot(open, entries, presence, alerts)
	return nil
}

func (s *Service) open(ctx context.Context, account desk.AccountID, assignee *desk.AgentID) ([]desk.Conversation, error) {
	return s.deps.Store.Conversations(ctx, account,
		store.ConversationFilter{Statuses: []desk.Status{desk.Open}, Assignee: assignee}, store.Page{Limit: maxOpen})
}
