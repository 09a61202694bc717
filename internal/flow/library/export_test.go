package library

import (
	"context"

	"yingda.dev/internal/desk"
)

// ReadTable is the part of ReadSheet that reads foreign bytes.
var ReadTable = readTable

// Refresh loads an account again, as the loader does after an event.
func (s *Service) Refresh(ctx context.Context, account desk.AccountID) {
	s.shelf(account).stale.Store(true)
	s.refresh(ctx)
}
