package library

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/knowledge"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
)

// look is how often the trainer looks for work that nobody told it of.
const look = 30 * time.Second

// settle changes the shelf, records it and tells everybody.
func (s *Service) settle(ctx context.Context, by desk.By, op string, change func(context.Context, *store.Tx, *store.KnowledgeShelf) (string, error)) error {
	return s.command(ctx, by, op, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		row, _, err := shelfOf(ctx, tx.Reads, by.Account)
		if err != nil {
			return err
		}
		version, err := change(ctx, tx, &row)
		if err != nil {
			return err
		}
		if err := tx.PutKnowledgeShelf(ctx, row); err != nil {
			return err
		}
		if err := pen.Write(ctx, tx, audit.Act{
			Action: "knowledge.training_chosen", Target: audit.Target{Kind: "knowledge"}, Details: map[string]any{"serving": row.Serving, "pinned": row.Pinned},
		}); err != nil {
			return err
		}
		return tell(tx, by, version)
	})
}

// Run learns, loads and follows the log until ctx ends, and returns nil then.
func (s *Service) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return s.deps.Bus.Follow(ctx, 0, s.hear) })
	g.Go(func() error {
		for s.wait(ctx, look, s.wakeLoader) {
			s.refresh(ctx)
		}
		return nil
	})
	g.Go(func() error {
		for pause := time.Duration(0); s.wait(ctx, pause, s.wakeTrainer); {
			pause = s.work(ctx)
		}
		return nil
	})
	return g.Wait()
}

func (s *Service) wait(ctx context.Context, d time.Duration, woken <-chan struct{}) bool {
	fired, stop := s.deps.After(d)
	defer stop()
	select {
	case <-ctx.Done():
		return false
	case <-fired:
	case <-woken:
	}
	return ctx.Err() == nil
}

// work trains what has been quiet for long enough, and returns when to look again.
func (s *Service) work(ctx context.Context) time.Duration {
	accounts, err := s.deps.Store.UntrainedKnowledge(ctx, 100)
	if err != nil {
		if ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "no training of knowledge; trying again", "error", err)
		}
		return s.config.Quiet
	}
	again := look
	for _, a := range accounts {
		row, _, err := shelfOf(ctx, s.deps.Store.Reads, a)
		if err != nil {
			continue
		}
		if left := s.config.Quiet - s.deps.Clock.Now().Sub(row.UpdatedAt); left > 0 {
			again = min(again, left)
			continue
		}
		if err := s.Learn(ctx, a); err != nil && ctx.Err() == nil {
			s.deps.Log.WarnContext(ctx, "a training of knowledge failed; the former serves", "account_id", a, "error", err)
		}
	}
	return again
}

// storeIndex seals an index in parts, each in a transaction of its own, so that
// a large one holds up nobody's message.
func (s *Service) storeIndex(ctx context.Context, account desk.AccountID, id string, x *knowledge.Index) (parts, size int, err error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return 0, 0, err
	}
	data := x.AppendBinary(nil)
	for at := 0; at < len(data); at += partBytes {
		p := store.KnowledgePart{
			AccountID: account, IndexID: id, Part: parts, Body: keys.Seal(PartPlace(id, parts), data[at:min(at+partBytes, len(data))]),
		}
		if err := s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error { return tx.InsertKnowledgePart(ctx, p) }); err != nil {
			return 0, 0, err
		}
		parts++
	}
	return parts, len(data), nil
}

// readIndex opens a stored index. One that cannot be read any more is nil, and
// is learned again.
func (s *Service) readIndex(ctx context.Context, account desk.AccountID, id string) (*knowledge.Index, error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	list, err := s.deps.Store.KnowledgeIndexes(ctx, account, 0)
	if err != nil {
		return nil, err
	}
	var data bytes.Buffer
	for _, x := range list {
		if x.ID != id {
			continue
		}
		for part := range x.Parts {
			row, err := s.deps.Store.KnowledgePart(ctx, account, id, part)
			if err != nil {
				return nil, err
			}
			plain, err := keys.Open(PartPlace(id, part), row.Body)
			if err != nil {
				return nil, desk.Wrap(desk.Internal, fmt.Sprintf("open part %d of an index", part), err)
			}
			data.Write(plain)
		}
	}
	x, err := knowledge.Read(data.Bytes())
	if err == nil {
		return x, nil
	}
	// An index of an older program, or a damaged one: what it was made of is still there.
	s.deps.Log.WarnContext(ctx, "a stored index cannot be read and is learned again", "account_id", account, "index_id", id, "error", err)
	return nil, s.settle(ctx, desk.By{Account: account}, "train again", func(_ context.Context, tx *store.Tx, row *store.KnowledgeShelf) (string, error) {
		row.Revision, row.Pinned = max(row.Revision, row.Trained)+1, ""
		return "", nil
	})
}
