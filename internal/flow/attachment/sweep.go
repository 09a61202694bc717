package attachment

import (
	"context"
	"errors"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

const (
	// sweepPage is how many files are deleted or looked at in one go.
	sweepPage = 100
	// walkEvery is how often all blobs are compared with the rows: what a crash
	// or a restored backup leaves without a row is rare.
	walkEvery = 24 * time.Hour
)

// Sweep deletes the files that nobody needs: dropped ones, those that were not
// sent within a day, and once a day blobs without a row. It works in small
// pieces, may run on every node at once, and says how many files it deleted.
func (s *Service) Sweep(ctx context.Context) (deleted int64, err error) {
	before := s.deps.Clock.Now().Add(-unsentLife)
	for {
		useless, err := s.deps.Store.UselessAttachments(ctx, before, sweepPage)
		if err != nil {
			return deleted, err
		}
		progress := false
		for _, a := range useless {
			gone, err := s.remove(ctx, a, before)
			if err != nil {
				return deleted, err
			}
			if gone {
				deleted++
				progress = true
			}
		}
		if !progress || len(useless) < sweepPage {
			break
		}
	}
	n, err := s.walk(ctx, before)
	return deleted + n, err
}

// remove deletes the row first: what is left of the bytes if that is all that
// happens is found by the daily walk.
func (s *Service) remove(ctx context.Context, a store.Attachment, before time.Time) (bool, error) {
	err := s.deps.Store.Write(ctx, a.AccountID, func(ctx context.Context, tx *store.Tx) error {
		return tx.DeleteAttachment(ctx, a, before)
	})
	if errors.Is(err, desk.NotFound) {
		return false, nil // another node was first, or it was sent meanwhile
	}
	if err == nil {
		err = s.deleteBlobs(ctx, a.ID)
	}
	return err == nil, err
}

func (s *Service) deleteBlobs(ctx context.Context, id desk.AttachmentID) error {
	return errors.Join(s.deps.Blobs.Delete(ctx, thumbName(id)), s.deps.Blobs.Delete(ctx, blobName(id)))
}

// due tells whether it is time for a walk, and notes it.
func (s *Service) due(now time.Time) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.walked) < walkEvery {
		return false
	}
	s.walked = now
	return true
}

// walk deletes old blobs that no row names.
func (s *Service) walk(ctx context.Context, before time.Time) (deleted int64, err error) {
	if !s.due(s.deps.Clock.Now()) {
		return 0, nil
	}
	if err := s.deps.Blobs.Clean(ctx, before); err != nil {
		return 0, err
	}
	for cursor := ""; ; {
		page, next, err := s.deps.Blobs.List(ctx, cursor, sweepPage)
		if err != nil {
			return deleted, err
		}
		var ids []desk.AttachmentID
		for _, b := range page {
			if b.At.Before(before) && ours(b.Name) {
				ids = append(ids, idOf(b.Name))
			}
		}
		known, err := s.deps.Store.AttachmentsKnown(ctx, ids)
		if err != nil {
			return deleted, err
		}
		for _, b := range page {
			if !b.At.Before(before) || !ours(b.Name) || known[idOf(b.Name)] {
				continue
			}
			if err := s.deps.Blobs.Delete(ctx, b.Name); err != nil {
				return deleted, err
			}
			deleted++
		}
		if next == "" {
			return deleted, nil
		}
		cursor = next
	}
}

// ours tells the blobs of files from others' in the same folder, such as models.
func ours(blobName string) bool {
	return strings.HasPrefix(blobName, "att") || strings.HasPrefix(blobName, "thb")
}

// idOf is the file that a blob belongs to.
func idOf(blobName string) desk.AttachmentID {
	return desk.AttachmentID("att" + strings.TrimPrefix(strings.TrimPrefix(blobName, "thb"), "att"))
}
