package review

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/topics"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// Run gathers from time to time, for all accounts, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	for {
		if err := s.round(ctx); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "proposals were not gathered; trying again later", "error", err)
		}
		fired, stop := s.deps.After(s.config.Every)
		select {
		case <-ctx.Done():
			stop()
			return nil
		case <-fired:
		}
	}
}

func (s *Service) round(ctx context.Context) error {
	accounts, err := s.deps.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		_, mine, err := s.deps.Store.AcquireLease(ctx, leaseName, s.deps.Node, leaseLife)
		if err != nil || !mine {
			return err
		}
		if _, err := s.Gather(ctx, a.ID); err != nil {
			return err
		}
	}
	return nil
}

// Gather puts together what there is to learn and says how many proposals are
// open. People may ask for it at any time.
func (s *Service) Gather(ctx context.Context, account desk.AccountID) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.deps.Clock.Now()
	judged, err := s.deps.Decisions.Judged(ctx, account, now.Add(-s.config.Window), maxDecisions)
	if err != nil {
		return 0, err
	}
	g := gathering{s: s, ctx: ctx, account: account, now: now, decided: map[string]bool{}}
	if g.keys, err = s.deps.Keys.Account(ctx, account); err != nil {
		return 0, err
	}
	if err := g.remember(); err != nil {
		return 0, err
	}
	if err := g.look(judged); err != nil {
		return 0, err
	}
	return g.save()
}

// abandoned is how long after its beginning an acceptance that has no result
// counts as broken off.
const abandoned = 10 * time.Minute

// gathering is one account's.
type gathering struct {
	s       *Service
	ctx     context.Context //nolint:containedctx // lives as long as one call
	account desk.AccountID
	keys    *seal.AccountKeys
	now     time.Time
	// decided are the decisions that somebody has ruled on.
	decided map[string]bool
	open    []Proposal
	found   []Proposal
}

// remember reads what was proposed before.
func (g *gathering) remember() error {
	after := ""
	for {
		page, err := g.s.deps.Store.ReviewProposalPage(g.ctx, g.account, after, 0)
		if err != nil || len(page) == 0 {
			return err
		}
		for _, row := range page {
			after = row.ID
			p, err := g.s.open(g.keys, row)
			if err != nil {
				return err
			}
			if p.State == store.ProposalAccepted && p.Result == "" && p.DecidedAt.Before(g.now.Add(-abandoned)) {
				if p, err = g.reopen(p); err != nil {
					return err
				}
			}
			if p.State == store.ProposalOpen {
				g.open = append(g.open, p)
				continue
			}
			for _, d := range p.Decisions {
				g.decided[d] = true
			}
		}
	}
}

// reopen gives a proposal back whose acceptance broke off.
func (g *gathering) reopen(p Proposal) (Proposal, error) {
	p.State, p.DecidedBy, p.DecidedAt, p.UpdatedAt = store.ProposalOpen, "", time.Time{}, g.now
	p.Version++
	err := g.s.deps.Store.Write(g.ctx, g.account, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutReviewProposal(ctx, p.ReviewProposal)
	})
	return p, err
}

// look sorts the decisions into proposals.
func (g *gathering) look(judged []Judged) error {
	unknown := map[desk.Locale][]Judged{}
	wrong, ways := map[string][]Judged{}, map[string][]Judged{}
	for _, j := range judged {
		switch {
		case g.decided[j.ID] || j.Corrected || len([]rune(text.Normalize(j.Question))) < 2:
		case j.Answered && j.Bad:
			wrong[j.Hit] = append(wrong[j.Hit], j)
		case j.Answered && j.Good:
			ways[j.Hit] = append(ways[j.Hit], j)
		case !j.Answered:
			unknown[j.Locale] = append(unknown[j.Locale], j)
		}
	}
	for _, locale := range sorted(unknown) {
		if err := g.topics(locale, unknown[locale], ways); err != nil {
			return err
		}
	}
	for _, id := range sorted(wrong) {
		if err := g.about(Wrong, id, wrong[id]); err != nil {
			return err
		}
	}
	for _, id := range sorted(ways) {
		if err := g.about(Way, id, ways[id]); err != nil {
			return err
		}
	}
	return nil
}

// topics makes proposals of what was not answered. What knowledge answers
// meanwhile is left out; what is near to an entry may be a way of asking it.
func (g *gathering) topics(locale desk.Locale, list []Judged, ways map[string][]Judged) error {
	questions := make([]string, len(list))
	for i, j := range list {
		questions[i] = j.Question
	}
	for _, t := range topics.Group(questions, topics.Options{Least: 1, Most: maxOpen}) {
		members := make([]Judged, len(t.Members))
		for i, m := range t.Members {
			members[i] = list[m]
		}
		near, sure, err := g.s.deps.Shelf.Find(g.ctx, g.account, questions[t.Lead], locale)
		switch {
		case err != nil:
			return err
		case near.ID != "" && sure >= g.s.config.Known:
		case near.ID != "" && sure >= g.s.config.Near:
			ways[near.ID] = append(ways[near.ID], members...)
		default:
			g.found = append(g.found, proposal(Question, Entry{Title: questions[t.Lead], Locale: locale, Topic: members[0].Topic}, members))
		}
	}
	return nil
}

// about makes a proposal on an entry, unless that is gone or has the words.
func (g *gathering) about(kind, id string, list []Judged) error {
	entry, err := g.s.deps.Shelf.Entry(g.ctx, g.account, id)
	switch {
	case errors.Is(err, desk.NotFound):
		return nil
	case err != nil:
		return err
	}
	if kind == Way {
		known := map[string]bool{text.Normalize(entry.Title): true}
		for _, w := range entry.Ways {
			known[text.Normalize(w)] = true
		}
		list = slices.DeleteFunc(slices.Clone(list), func(j Judged) bool { return known[text.Normalize(j.Question)] })
	}
	if len(list) > 0 {
		entry.Ways = nil
		g.found = append(g.found, proposal(kind, entry, list))
	}
	return nil
}

func proposal(kind string, e Entry, list []Judged) Proposal {
	p := Proposal{ReviewProposal: store.ReviewProposal{Kind: kind, State: store.ProposalOpen, Size: int64(len(list))}, Body: Body{Entry: e}}
	at := map[string]int{}
	for _, j := range list {
		p.Decisions = append(p.Decisions, j.ID)
		key := text.Normalize(j.Question)
		if n, ok := at[key]; ok {
			p.Asked[n].Times++
			if p.Asked[n].Why == "" {
				p.Asked[n].Why = j.Why
			}
			continue
		}
		if len(p.Asked) < maxQuestions {
			at[key] = len(p.Asked)
			p.Asked = append(p.Asked, Asked{Decision: j.ID, Text: j.Question, At: j.At, Why: j.Why, Times: 1})
		}
	}
	return p
}

// save brings the open proposals to what was found: each goes on in the open
// one that shares most questions with it, so that it keeps its id while people
// look at it; open ones that nothing stands behind any more are settled.
func (g *gathering) save() (int, error) {
	bySize(g.found)
	taken := make([]bool, len(g.open))
	var changes []Proposal
	left := maxOpen - g.chats()
	for _, f := range g.found {
		best := g.same(f, taken)
		switch {
		case best >= 0:
			taken[best] = true
			old := g.open[best]
			left--
			if slices.Equal(old.Decisions, f.Decisions) {
				continue
			}
			f.ReviewProposal = old.ReviewProposal
			f.Version, f.UpdatedAt, f.Size = old.Version+1, g.now, int64(len(f.Decisions))
		case left <= 0:
			continue
		default:
			left--
			f.ID, f.AccountID, f.Version, f.CreatedAt, f.UpdatedAt = g.s.deps.IDs.Other("rvw"), g.account, 1, g.now, g.now
		}
		changes = append(changes, f)
	}
	count := g.chats()
	for i, old := range g.open {
		if old.Kind == Chats {
			continue
		}
		if taken[i] {
			count++
			continue
		}
		old.State, old.Version, old.UpdatedAt, old.DecidedAt = store.ProposalSettled, old.Version+1, g.now, g.now
		old.Decisions = nil // what is asked again may be proposed again
		changes = append(changes, old)
	}
	for _, c := range changes {
		if c.Version == 1 {
			count++
		}
	}
	return count, g.write(changes)
}

// same finds the open proposal that goes on in f; -1 if there is none.
func (g *gathering) same(f Proposal, taken []bool) int {
	own := map[string]bool{}
	for _, d := range f.Decisions {
		own[d] = true
	}
	best, most := -1, 0
	for i, o := range g.open {
		if taken[i] || o.Kind != f.Kind || o.Entry.ID != f.Entry.ID {
			continue
		}
		shared := 0
		for _, d := range o.Decisions {
			if own[d] {
				shared++
			}
		}
		if shared > most {
			best, most = i, shared
		}
	}
	return best
}

func (g *gathering) chats() int {
	n := 0
	for _, o := range g.open {
		if o.Kind == Chats {
			n++
		}
	}
	return n
}

// writeAtOnce bounds a transaction.
const writeAtOnce = 100

func (g *gathering) write(changes []Proposal) error {
	for i := range changes {
		if err := changes[i].seal(g.keys); err != nil {
			return err
		}
	}
	for chunk := range slices.Chunk(changes, writeAtOnce) {
		err := g.s.deps.Store.Write(g.ctx, g.account, func(ctx context.Context, tx *store.Tx) error {
			for _, c := range chunk {
				// Somebody who decides at this moment wins: the next gathering sees it.
				if err := tx.PutReviewProposal(ctx, c.ReviewProposal); err != nil && desk.KindOf(err) != desk.Conflict {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	_, err := g.s.trim(g.ctx, g.account, g.now)
	return err
}

func (s *Service) trim(ctx context.Context, account desk.AccountID, now time.Time) (gone int64, err error) {
	err = s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		gone, err = tx.TrimReviewProposals(ctx, account, now.Add(-keepDecided))
		return err
	})
	return gone, err
}

func bySize(list []Proposal) {
	slices.SortStableFunc(list, func(a, b Proposal) int { return cmp.Compare(b.Size, a.Size) })
}

func sorted[K cmp.Ordered, V any](m map[K]V) []K {
	keys := make([]K, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
