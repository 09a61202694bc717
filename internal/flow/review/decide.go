package review

import (
	"context"
	"errors"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
)

// Ruling is what somebody decides.
type Ruling struct {
	// Version is the proposal's that they have seen.
	Version int64
	// Entry is what it becomes: with an ID its Ways are added to that entry and a
	// non-empty Answer replaces its answer, without one it is new.
	Entry Entry
}

// Accept makes knowledge of a proposal. It may be repeated. Conflict if the proposal was changed or decided meanwhile.
func (s *Service) Accept(ctx context.Context, by desk.By, id string, r Ruling) (Proposal, error) {
	const op = "accept proposal"
	p, err := s.Get(ctx, by.Account, id)
	if err != nil {
		return p, err
	}
	if p.State == store.ProposalAccepted && p.DecidedBy == by.Agent && p.Result != "" {
		return p, nil // a repeat
	}
	r.Entry.Title, r.Entry.Answer = strings.TrimSpace(r.Entry.Title), strings.TrimSpace(r.Entry.Answer)
	if err := r.Entry.check(op); err != nil {
		return p, err
	}
	if p.State != store.ProposalAccepted || p.Result != "" { // else somebody began and did not come to the end
		if err := p.still(op, r.Version); err != nil {
			return p, err
		}
	}
	before := p
	p.Entry = r.Entry
	// First it is theirs, so that of two people one makes knowledge of it.
	if p, err = s.decide(ctx, by, p, store.ProposalAccepted, ""); err != nil {
		return p, err
	}
	by.Key = "review:" + id
	result, err := s.learn(ctx, by, r.Entry)
	if err != nil {
		before.Version = p.Version
		_, undo := s.decide(ctx, by, before, store.ProposalOpen, "")
		return before, errors.Join(err, undo)
	}
	return s.decide(ctx, by, p, store.ProposalAccepted, result)
}

// check refuses what there is nothing to learn from.
func (e Entry) check(op string) error {
	switch {
	case e.ID == "" && e.Title == "":
		return desk.InvalidField(op, "title", "a question is needed")
	case e.ID == "" && e.Answer == "":
		return desk.InvalidField(op, "answer", "an answer is needed")
	case e.ID != "" && len(e.Ways) == 0 && e.Answer == "":
		return desk.InvalidField(op, "ways", "there is nothing to learn: give ways of asking or an answer")
	}
	return nil
}

func (s *Service) learn(ctx context.Context, by desk.By, e Entry) (string, error) {
	if e.ID == "" {
		return s.deps.Shelf.Add(ctx, by, e)
	}
	if len(e.Ways) > 0 {
		if err := s.deps.Shelf.AddWays(ctx, by, e.ID, e.Ways); err != nil {
			return "", err
		}
	}
	if e.Answer != "" {
		if err := s.deps.Shelf.Answer(ctx, by, e.ID, e.Answer); err != nil {
			return "", err
		}
	}
	return e.ID, nil
}

const maxWhy = 500

// Refuse says that there is nothing to learn. Its questions are not proposed again.
func (s *Service) Refuse(ctx context.Context, by desk.By, id string, version int64, why string) (Proposal, error) {
	const op = "refuse proposal"
	if len([]rune(why)) > maxWhy {
		return Proposal{}, desk.InvalidField(op, "reason", "the reason is longer than 500 characters")
	}
	p, err := s.Get(ctx, by.Account, id)
	if err != nil {
		return p, err
	}
	if p.State == store.ProposalRefused && p.DecidedBy == by.Agent {
		return p, nil
	}
	if err := p.still(op, version); err != nil {
		return p, err
	}
	p.Why = strings.TrimSpace(why)
	return s.decide(ctx, by, p, store.ProposalRefused, "")
}

func (p *Proposal) still(op string, version int64) error {
	if p.State != store.ProposalOpen {
		return desk.E(desk.Conflict, op, "somebody has decided on this already")
	}
	if version != p.Version {
		return desk.E(desk.Conflict, op, "more questions have come in meanwhile; look at it once more")
	}
	return nil
}

func (s *Service) decide(ctx context.Context, by desk.By, p Proposal, state, result string) (Proposal, error) {
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return p, err
	}
	pen, err := s.deps.Audit.Open(ctx, by.Account)
	if err != nil {
		return p, err
	}
	now := s.deps.Clock.Now()
	p.State, p.Result, p.DecidedBy, p.DecidedAt, p.UpdatedAt = state, result, by.Agent, now, now
	p.Version++
	if err := p.seal(keys); err != nil {
		return p, err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.PutReviewProposal(ctx, p.ReviewProposal); err != nil {
			return err
		}
		if state == store.ProposalRefused || result != "" { // the steps in between are nobody's act
			if err := pen.Write(ctx, tx, audit.Act{
				Action: "proposal." + state, Target: audit.Target{Kind: "proposal", ID: p.ID, Name: p.Entry.Title},
				Details: map[string]any{"kind": p.Kind, "size": p.Size, "result": result},
			}); err != nil {
				return err
			}
		}
		return tx.Emit(desk.Event{
			AccountID: by.Account, Actor: by.Author(), Fact: desk.BotChanged{What: desk.BotReview},
		})
	})
	return p, err
}
