package training

import (
	"context"
	"strings"
	"sync"
	"time"

	"yingda.dev/internal/platform/blob"
)

const (
	sweepPage = 500
	// walkEvery is how often all blobs are compared with the rows: what a crash
	// between the two left behind is rare.
	walkEvery = 24 * time.Hour
)

// walked is when this process compared blobs with rows last.
type walked struct {
	mu sync.Mutex
	at time.Time
}

func (w *walked) due(now time.Time) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if now.Sub(w.at) < walkEvery {
		return false
	}
	w.at = now
	return true
}

// Sweep deletes blobs of models that have no row, once a day, and counts them.
func (s *Service) Sweep(ctx context.Context) (gone int64, err error) {
	now := s.deps.Clock.Now()
	if !s.walked.due(now) {
		return 0, nil
	}
	for cursor := ""; ; {
		page, next, err := s.deps.Blobs.List(ctx, cursor, sweepPage)
		if err != nil {
			return gone, err
		}
		n, err := s.sweep(ctx, page, now.Add(-walkEvery))
		gone += n
		if err != nil || next == "" {
			return gone, err
		}
		cursor = next
	}
}

func (s *Service) sweep(ctx context.Context, page []blob.Info, before time.Time) (gone int64, err error) {
	var old []string
	for _, b := range page {
		if strings.HasPrefix(b.Name, "mdl_") && b.At.Before(before) {
			old = append(old, b.Name)
		}
	}
	known, err := s.deps.Store.IntentModelsKnown(ctx, old)
	for _, name := range old {
		if err == nil && !known[name] {
			if err = s.deps.Blobs.Delete(ctx, name); err == nil {
				gone++
			}
		}
	}
	return gone, err
}
