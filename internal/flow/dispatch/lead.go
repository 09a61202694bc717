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

// lookBack is how many events before its beginning a dispatcher reads: what
// sets conversations apart is written a moment after the event that says it.
const lookBack = 2000

// reign follows the log and hands out until the lease is lost or ctx ends.
func (s *Service) reign(ctx context.Context) error {
	s.board.begin()
	head, err := s.deps.Store.Head(ctx)
	if err != nil {
		return err
	}
	from, there := max(head-lookBack, min(head, 1)), make(chan struct{})
	if from >= head {
		close(there)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.keepLease(ctx) })
	g.Go(func() error {
		err := s.deps.Bus.Follow(ctx, from, func(events []desk.Event) {
			s.board.hear(events)
			if last := events[len(events)-1].Pos; from < head {
				if from = last; last >= head {
					close(there)
				}
			}
		})
		if errors.Is(err, desk.NotFound) && from < head { // the log is young
			from = head
			close(there)
			err = s.deps.Bus.Follow(ctx, head, s.board.hear)
		}
		if err == nil && ctx.Err() == nil {
			err = errLost
		}
		return err
	})
	g.Go(func() error {
		select {
		case <-there:
			return s.handOut(ctx)
		case <-ctx.Done():
			return nil
		}
	})
	return g.Wait()
}

func (s *Service) keepLease(ctx context.Context) error {
	seen := s.deps.Clock.Now()
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
		before := seen
		if seen = s.deps.Clock.Now(); seen.Sub(before) > s.config.LinkLife/3 {
			s.renew(ctx) // the clock was put forward, or we slept: nobody here has gone
		}
		if err := s.sweepLinks(ctx, seen); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "lost connections not swept; trying again", "error", err)
		}
	}
}

// tickEvery is how often a queue in which somebody waits is looked at although
// nothing has happened: visitors are told how long it will still be.
const tickEvery = 5 * time.Second

// longLook is from when a look counts as long.
const longLook = 2 * time.Millisecond

// rota is what a reign has under way. Accounts do not wait for each other, and
// whoever comes while others are handed out does not wait for their commits.
type rota struct {
	looks errgroup.Group // one for each account at most
	slots chan struct{}  // of looks that work, not rest
	hands errgroup.Group
}

// handOut looks at every account once, and then at each in which something
// changed or is due.
func (s *Service) handOut(ctx context.Context) error {
	accounts, err := s.deps.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		s.board.soil(a.ID)
	}
	r := &rota{slots: make(chan struct{}, s.config.Looks)}
	r.hands.SetLimit(s.config.Hands)
	for ctx.Err() == nil {
		now := s.deps.Clock.Now()
		ready, next := s.board.ready(now)
		for _, account := range ready {
			r.looks.Go(func() error { s.attend(ctx, account, r); return nil })
		}
		pause := tickEvery // at most: somebody may put the clock
		if !next.IsZero() {
			pause = min(pause, max(next.Sub(now), 0))
		}
		if pause > 0 {
			s.wait(ctx, pause, s.board.wake)
		}
	}
	return errors.Join(r.looks.Wait(), r.hands.Wait())
}

// attend looks at an account, and leaves it alone for as long as is decent.
func (s *Service) attend(ctx context.Context, account desk.AccountID, r *rota) {
	select {
	case r.slots <- struct{}{}:
	case <-ctx.Done():
		return
	}
	rest, err := s.serve(ctx, account, r)
	<-r.slots
	if err != nil {
		if ctx.Err() != nil {
			return
		}
		s.deps.Log.WarnContext(ctx, "queue not served; trying again", "account_id", account, "error", err)
		s.board.soil(account)
		rest = s.config.Retry
	}
	if rest > 0 && !s.wait(ctx, rest, nil) {
		return
	}
	s.board.left(account)
}

// serve brings an account's part of the board up to date, hands out what can
// be, takes back what went away, and tells those who still wait. It returns for
// how long the account may be left alone.
func (s *Service) serve(ctx context.Context, account desk.AccountID, r *rota) (rest time.Duration, err error) {
	if err := s.load(ctx, account); err != nil {
		return 0, err
	}
	now := s.deps.Clock.Now()
	plan := s.board.plan(account, now)
	s.waiting.Set(float64(s.board.total()))
	if plan.office == nil {
		return 0, nil
	}
	// A queue of tens of thousands takes a while to look at. Whoever comes
	// meanwhile is looked at together, so that looking never takes a core.
	if took := s.deps.Clock.Now().Sub(now); took > longLook {
		rest = min(4*took, tickEvery)
	}
	for _, h := range plan.handings {
		r.hands.Go(func() error { s.hand(ctx, h, now); return nil })
	}
	if err := s.takeBack(ctx, plan.releases); err != nil {
		return 0, err
	}
	if plan.office.rules.Automatic {
		s.tell(ctx, account, plan, r)
	} else {
		rest = max(rest, s.config.Calm)
	}
	if err := s.alert(ctx, account, plan); err != nil {
		return 0, err
	}
	return rest, s.refresh(ctx, account)
}

// takeBack releases what went away with somebody.
func (s *Service) takeBack(ctx context.Context, releases []desk.Releasing) error {
	g, work := errgroup.WithContext(ctx)
	g.SetLimit(s.config.Hands)
	for _, r := range releases {
		g.Go(func() error {
			_, err := s.deps.Conversations.Release(work, r)
			s.handed.WithLabelValues(string(r.Why)).Inc()
			return ignoreGone(err)
		})
	}
	return g.Wait()
}

func (s *Service) hand(ctx context.Context, h handing, now time.Time) {
	_, err := s.deps.Conversations.Hand(ctx, h.Handing)
	switch {
	case err == nil:
		s.handed.WithLabelValues("assigned").Inc()
		s.decisions.Observe(max(now.Sub(h.since).Seconds(), 0))
	case errors.Is(err, desk.Conflict), errors.Is(err, desk.NotFound):
		s.handed.WithLabelValues("conflict").Inc()
		s.board.drop(h, false) // somebody was faster; the event says who
	case ctx.Err() == nil:
		s.deps.Log.WarnContext(ctx, "conversation not handed out; trying again", "conversation_id", h.Conversation, "error", err)
		if s.wait(ctx, s.config.Retry, nil) { // it holds a place, so that a database that is away is not stormed
			s.board.drop(h, true)
		}
	}
}

func ignoreGone(err error) error {
	if errors.Is(err, desk.NotFound) || errors.Is(err, desk.Conflict) {
		return nil
	}
	return err
}

// maxOpen is how many open conversations are read at once, maxKnown how many
// of an agent, and of those that wait, a new dispatcher knows at first; more are
// found when something happens to them.
const (
	maxOpen  = 1000
	maxKnown = 200_000
)

// officeLife is how long rules and people are used before they are looked at
// again. Their changes are told; this is for the measured pace of work.
const officeLife = time.Minute

// load reads what is not known yet of an account.
func (s *Service) load(ctx context.Context, account desk.AccountID) error {
	if s.board.officeOf(account) == nil {
		if err := s.readOffice(ctx, account); err != nil {
			return err
		}
	}
	office, known := s.board.knows(account)
	if office == nil || known {
		return nil // it changed while it was read, and is looked at again
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
		if !office.rules.Automatic {
			break // only who waits matters
		}
		theirs, err := s.open(ctx, account, &id)
		if err != nil {
			return err
		}
		open = append(open, theirs...)
	}
	s.board.snapshot(account, office, open, entries, presence, alerts)
	return nil
}

// refresh reads rules and people again when they are old. It comes after the
// work, which goes on with the old ones meanwhile.
func (s *Service) refresh(ctx context.Context, account desk.AccountID) error {
	o := s.board.officeOf(account)
	if now := s.deps.Clock.Now(); o == nil || !now.Before(o.read) && now.Sub(o.read) <= officeLife {
		return nil
	}
	return s.readOffice(ctx, account)
}

func (s *Service) readOffice(ctx context.Context, account desk.AccountID) error {
	generation := s.board.generationOf(account)
	o, err := s.office(ctx, account)
	if err != nil {
		return err
	}
	s.board.move(account, o, generation)
	return nil
}

// open reads all open conversations of somebody, or of nobody.
func (s *Service) open(ctx context.Context, account desk.AccountID, assignee *desk.AgentID) (all []desk.Conversation, err error) {
	page := store.Page{Limit: maxOpen}
	for len(all) < maxKnown {
		some, err := s.deps.Store.Conversations(ctx, account,
			store.ConversationFilter{Statuses: []desk.Status{desk.Open}, Assignee: assignee}, page)
		if all = append(all, some...); err != nil || len(some) < maxOpen {
			return all, err
		}
		last := some[len(some)-1]
		page.BeforeAt, page.BeforeID = last.LastMessageAt, string(last.ID)
	}
	return all, nil
}
