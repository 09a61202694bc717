package library

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/knowledge"
	"yingda.dev/internal/platform/store"
)

// Progress is where this node's training is.
type Progress struct {
	Account     desk.AccountID
	Done, Total int
}

// Report is what a training was worth, judged by ways of asking that were kept
// back from it.
type Report struct {
	// Items that were learned; Entries counts an article's passages one by one.
	Items, Entries, Ways int
	// Contradictions are ways that stand under more than one item.
	Contradictions int
	// Thin are FAQs with fewer than three ways of asking, at most 100 of them.
	Thin []string
	// Judged is how many ways were asked, Top1 and Top3 the part that was found,
	// CoverageAt90 and PrecisionAt90 what would have been answered with a
	// confidence of 0.9 and how much of that rightly. All 0 when there was too
	// little to judge by.
	Judged                                  int
	Top1, Top3, CoverageAt90, PrecisionAt90 float64
	Seconds                                 float64
	Bytes                                   int
}

// Training is a training that is kept, and what it was worth.
type Training struct {
	ID string
	At time.Time
	Report
	// Serving is set for the one that answers, Pinned if somebody chose it.
	Serving, Pinned bool
}

// Status is how learning goes.
type Status struct {
	// Trainings that can serve, the newest first.
	Trainings []Training
	// Waiting tells that something was changed that is not learned yet.
	Waiting bool
	// Running is the training on this node; nil if there is none of the account.
	Running *Progress
}

// The trainings that are kept, and how they lie in the database.
const (
	keptTrainings = 5
	partBytes     = 512 << 10
	maxThin       = 100
)

// errNothing tells that there is nothing to learn from.
var errNothing = desk.E(desk.Invalid, "train knowledge", "there is nothing to learn from")

// Status tells how learning goes.
func (s *Service) Status(ctx context.Context, account desk.AccountID) (Status, error) {
	row, _, err := shelfOf(ctx, s.deps.Store.Reads, account)
	if err != nil {
		return Status{}, err
	}
	list, err := s.deps.Store.KnowledgeIndexes(ctx, account, 2*keptTrainings)
	if err != nil {
		return Status{}, err
	}
	st := Status{Waiting: row.Revision > row.Trained, Trainings: []Training{}}
	for _, x := range list {
		t := Training{ID: x.ID, At: x.CreatedAt, Serving: x.ID == row.Serving, Pinned: x.ID == row.Pinned}
		if err := json.Unmarshal(x.Report, &t.Report); err != nil {
			return Status{}, desk.Wrap(desk.Internal, "read training", err)
		}
		st.Trainings = append(st.Trainings, t)
	}
	s.mu.Lock()
	if s.busy != nil && s.busy.Account == account {
		p := *s.busy
		st.Running = &p
	}
	s.mu.Unlock()
	return st, nil
}

// Learn brings an account's index to the newest state on the caller's
// goroutine. It does nothing when all is learned.
func (s *Service) Learn(ctx context.Context, account desk.AccountID) error {
	s.learning.Lock()
	defer s.learning.Unlock()
	row, set, err := shelfOf(ctx, s.deps.Store.Reads, account)
	if err != nil || row.Revision <= row.Trained {
		return err
	}
	lease, ok, err := s.deps.Store.AcquireLease(ctx, "knowledge:"+string(account), s.deps.Node, time.Minute)
	if err != nil || !ok {
		return err
	}
	defer func() { _ = s.deps.Store.ReleaseLease(context.WithoutCancel(ctx), lease) }()
	defer s.show(nil)
	began := s.deps.Clock.Now()
	renewed := began
	x, report, err := s.train(ctx, account, set, func(p knowledge.Progress) bool {
		s.show(&Progress{account, p.Done, p.Total})
		if now := s.deps.Clock.Now(); now.Sub(renewed) > 15*time.Second {
			renewed = now
			next, err := s.deps.Store.RenewLease(ctx, lease, time.Minute)
			if err != nil {
				return false
			}
			lease = next
		}
		return ctx.Err() == nil
	})
	if errors.Is(err, errNothing) {
		return s.adopt(ctx, account, row.Revision, nil, Report{})
	}
	if err != nil {
		return err
	}
	report.Seconds = s.deps.Clock.Now().Sub(began).Seconds()
	return s.adopt(ctx, account, row.Revision, x, report)
}

func (s *Service) show(p *Progress) {
	s.mu.Lock()
	s.busy = p
	s.mu.Unlock()
}

// train makes an index of everything that answers now or later.
func (s *Service) train(ctx context.Context, account desk.AccountID, set settings, step func(knowledge.Progress) bool) (*knowledge.Index, Report, error) {
	var entries []knowledge.Entry
	var r Report
	now := s.deps.Clock.Now()
	err := s.all(ctx, account, func(it Item) {
		if !it.Enabled || it.State(now) == StateExpired {
			return
		}
		r.Items++
		if it.Kind == FAQ {
			entries = append(entries, knowledge.Entry{ID: it.ID, Ways: append([]string{it.Title}, it.Ways...)})
			return
		}
		for i, p := range passages(it.Text) {
			if len(entries) < knowledge.MaxEntries {
				entries = append(entries, knowledge.Entry{ID: fmt.Sprintf("%s#%d", it.ID, i), Ways: []string{it.Title + "\n" + p.heading + "\n" + p.text}})
			}
		}
	})
	if err != nil {
		return nil, r, err
	}
	if len(entries) == 0 {
		return nil, r, errNothing
	}
	x, told, err := knowledge.Train(entries, knowledge.Options{Synonyms: set.Synonyms, Outside: s.config.Outside}, step)
	r.Entries, r.Ways, r.Contradictions = told.Entries, told.Ways, told.Contradictions
	r.Judged, r.Top1, r.Top3 = told.Judged, finite(told.Top1), finite(told.Top3)
	r.CoverageAt90, r.PrecisionAt90 = finite(told.CoverageAt90), finite(told.PrecisionAt90)
	for _, id := range told.Thin {
		if len(r.Thin) < maxThin && !strings.Contains(id, "#") {
			r.Thin = append(r.Thin, id)
		}
	}
	return x, r, err
}

func finite(v float64) float64 {
	if v != v { // 0 of 0
		return 0
	}
	return v
}

// adopt stores an index and lets it serve, unless another is pinned. A nil
// index says that there is nothing to find.
func (s *Service) adopt(ctx context.Context, account desk.AccountID, revision int64, x *knowledge.Index, r Report) error {
	id, parts := "", 0
	var err error
	if x != nil {
		id = s.deps.IDs.Other("kix")
		if parts, r.Bytes, err = s.storeIndex(ctx, account, id, x); err != nil {
			return err
		}
	}
	report, err := json.Marshal(r)
	if err != nil {
		return desk.Wrap(desk.Internal, "train knowledge", err)
	}
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		row, _, err := shelfOf(ctx, tx.Reads, account)
		if err != nil {
			return err
		}
		if id != "" {
			if err := tx.InsertKnowledgeIndex(ctx, store.KnowledgeIndex{
				ID: id, AccountID: account, Revision: revision, Parts: parts, Report: report, CreatedAt: tx.Now(),
			}); err != nil {
				return err
			}
		}
		row.Trained = max(row.Trained, revision)
		if row.Pinned == "" {
			row.Serving = id
		}
		if err := tx.PutKnowledgeShelf(ctx, row); err != nil {
			return err
		}
		if err := prune(ctx, tx, row); err != nil {
			return err
		}
		return tell(tx, desk.By{Account: account}, row.Serving)
	})
}

// prune deletes trainings beyond those that are kept, and what broken ones left.
func prune(ctx context.Context, tx *store.Tx, row store.KnowledgeShelf) error {
	list, err := tx.KnowledgeIndexes(ctx, row.AccountID, 0)
	if err != nil {
		return err
	}
	keep := map[string]bool{row.Serving: true, row.Pinned: true}
	for _, x := range list[:min(len(list), keptTrainings)] {
		keep[x.ID] = true
	}
	names, err := tx.KnowledgeIndexNames(ctx, row.AccountID)
	if err != nil {
		return err
	}
	for _, id := range names {
		if !keep[id] {
			if err := tx.DeleteKnowledgeIndex(ctx, row.AccountID, id); err != nil {
				return err
			}
		}
	}
	return nil
}

// Serve lets an earlier training answer, until somebody lets the newest do so
// again, which an empty id asks for.
func (s *Service) Serve(ctx context.Context, by desk.By, id string) error {
	const op = "choose training"
	return s.settle(ctx, by, op+":"+id, func(ctx context.Context, tx *store.Tx, row *store.KnowledgeShelf) (string, error) {
		list, err := tx.KnowledgeIndexes(ctx, by.Account, 0)
		if err != nil {
			return "", err
		}
		row.Pinned, row.Serving = "", ""
		for _, x := range list {
			switch {
			case id == x.ID:
				row.Pinned, row.Serving = id, id
			case id == "" && row.Serving == "":
				row.Serving = x.ID
			}
		}
		if id != "" && row.Pinned == "" {
			return "", desk.E(desk.NotFound, op, "this training is not kept any more")
		}
		return row.Serving, nil
	})
}

// Retrain asks for a training though nothing was changed.
func (s *Service) Retrain(ctx context.Context, by desk.By) error {
	return s.settle(ctx, by, "train again", func(_ context.Context, tx *store.Tx, row *store.KnowledgeShelf) (string, error) {
		row.Revision++
		row.UpdatedAt = tx.Now()
		return "", nil
	})
}
