package surfacetest

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/review"
	"yingda.dev/internal/platform/document"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/timer"
)

func (h *House) buildReview(keys *seal.Keyring, log *slog.Logger) {
	var err error
	h.Review, err = review.New(review.Deps{
		Store: h.Store, Keys: keys, Audit: h.Audit, IDs: h.IDs, Clock: h.Clock, After: timer.Wall,
		Decisions: judgedHere{h}, Shelf: &memoryShelf{entries: map[string]review.Entry{}}, Log: log, Node: "test",
	}, review.Config{})
	require.NoError(h, err)
}

type judgedHere struct{ *House }

// Judged implements what review asks for.
func (j judgedHere) Judged(context.Context, desk.AccountID, time.Time, int) ([]review.Judged, error) {
	return slices.Clone(j.House.Judged), nil
}

// memoryShelf keeps what was learned; app joins the library instead.
type memoryShelf struct {
	mu      sync.Mutex
	entries map[string]review.Entry
}

// Find implements what review asks for: it knows a question word for word.
func (m *memoryShelf) Find(_ context.Context, _ desk.AccountID, question string, _ desk.Locale) (review.Entry, float64, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, e := range m.entries {
		if e.Title == question {
			return e, 1, nil
		}
	}
	return review.Entry{}, 0, nil
}

// Entry implements what review asks for.
func (m *memoryShelf) Entry(_ context.Context, _ desk.AccountID, id string) (review.Entry, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e, ok := m.entries[id]
	if !ok {
		return e, desk.E(desk.NotFound, "find entry", "")
	}
	return e, nil
}

// Add implements what review asks for.
func (m *memoryShelf) Add(_ context.Context, by desk.By, e review.Entry) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	e.ID = "faq_" + by.Key
	m.entries[e.ID] = e
	return e.ID, nil
}

// AddWays implements what review asks for.
func (m *memoryShelf) AddWays(ctx context.Context, by desk.By, id string, ways []string) error {
	e, err := m.Entry(ctx, by.Account, id)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		e.Ways = append(e.Ways, ways...)
		m.entries[id] = e
	}
	return err
}

// Answer implements what review asks for.
func (m *memoryShelf) Answer(ctx context.Context, by desk.By, id, text string) error {
	e, err := m.Entry(ctx, by.Account, id)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err == nil {
		e.Answer = text
		m.entries[id] = e
	}
	return err
}

// readHere reads files without a process of their own.
type readHere struct{}

// Read implements what rest asks for.
func (readHere) Read(_ context.Context, name string, data []byte) (document.Document, error) {
	return document.Read(name, data)
}
