package realtime

import (
	"context"
	"errors"
	"maps"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"

	"yingda.dev/internal/desk"
)

// watched are the connections. Agents who log out, are disabled or have their
// token revoked must not go on listening, and visitors not to an inbox that was
// switched off, so each is asked for every Config.RecheckInterval.
type watched struct {
	mu    sync.Mutex
	links map[*link]*centrifuge.Client
}

func (w *watched) add(l *link, c *centrifuge.Client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links[l] = c
}

func (w *watched) remove(l *link) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.links, l)
}

func (w *watched) all() map[*link]*centrifuge.Client {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.links)
}

// watch asks for the connections until ctx ends.
func (s *Server) watch(ctx context.Context) {
	every := time.NewTicker(s.recheck)
	defer every.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-every.C:
			s.check(ctx)
		}
	}
}

// check ends the connections of those who may not listen any more. A database
// that does not answer at this moment ends none.
func (s *Server) check(ctx context.Context) {
	for l, c := range s.watched.all() {
		switch err := l.still(ctx); {
		case errors.Is(err, desk.Unauthenticated):
			c.Disconnect(errUnauthenticated)
		case errors.Is(err, desk.Denied):
			c.Disconnect(errDenied)
		}
	}
}
