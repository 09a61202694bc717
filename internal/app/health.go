package app

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
)

// health answers /healthz (the process lives) and /readyz (it can do its work).
type health struct {
	clock desk.Clock
	// probe writes to the database and reads it back; nil error means it can.
	probe    func(context.Context) error
	stopping atomic.Bool

	mu     sync.Mutex // one probe at a time, so a crowd of checkers is one write
	looked time.Time
	last   error
}

// Limits of a probe.
const (
	probeAge     = time.Second // an answer this fresh is given again
	probeTimeout = 2 * time.Second
)

// Who asks /readyz gets to hear that the server stops before it is gone.
const (
	// balancerAge is how long ago somebody may have asked to count as still asking.
	balancerAge = 30 * time.Second
	lingerTime  = time.Second
)

// linger keeps the listener open a moment, if a load balancer watches, so that
// it sees 503 and sends new connections elsewhere.
func (h *health) linger() {
	if h.watched() {
		<-time.After(lingerTime)
	}
}

// watched tells whether somebody has asked of late.
func (h *health) watched() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return !h.looked.IsZero() && h.clock.Now().Sub(h.looked) < balancerAge
}

// readiness is the JSON of /readyz.
type readiness struct {
	Status string            `json:"status"`
	Parts  map[string]string `json:"parts"`
}

func (h *health) alive(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "alive\n") //nolint:errcheck // the client has gone; nothing to do
}

// ready answers 200 when the database takes writes at this program's schema,
// 503 with the reason otherwise.
func (h *health) ready(w http.ResponseWriter, r *http.Request) {
	answer := readiness{Status: "ready", Parts: map[string]string{"migrations": "done", "database": "writable"}}
	status := http.StatusOK
	if err := h.check(r.Context()); err != nil {
		answer.Status, answer.Parts["database"] = "not ready", explainKind(err)
		status = http.StatusServiceUnavailable
	}
	if h.stopping.Load() {
		answer.Status, answer.Parts["server"] = "stopping", "finishing what was begun"
		status = http.StatusServiceUnavailable
	}
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer) //nolint:errcheck,errchkjson // the client has gone; nothing to do
}

func (h *health) check(ctx context.Context) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	now := h.clock.Now()
	if age := now.Sub(h.looked); !h.looked.IsZero() && age >= 0 && age < probeAge {
		return h.last
	}
	// Not the request's context: its end must not look like a broken database.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), probeTimeout)
	defer cancel()
	h.last, h.looked = h.probe(ctx), now
	return h.last
}

// explainKind is for strangers: the kind and the words for people, no causes.
func explainKind(err error) string {
	if msg := desk.UserMessage(err); msg != "" {
		return msg
	}
	return desk.KindOf(err).String()
}

// guarded lets a scraper with the token in, and without a configured token
// only direct requests from this machine. A request that came through a proxy
// on this machine is not direct. A public URL says that there is a proxy, and
// one that adds no headers cannot be told from a program on this machine, so
// with it nobody gets in without a token.
func guarded(c config.Config, next http.Handler) http.Handler {
	token := c.Metrics.Token
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token != "" {
			have, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
			got := sha256.Sum256([]byte(have))
			if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
				w.Header().Set("WWW-Authenticate", "Bearer")
				http.Error(w, "metrics need the configured token", http.StatusUnauthorized)
				return
			}
		} else if c.Server.PublicURL != "" || !direct(r) {
			http.Error(w, "metrics are for this machine; set metrics.token to read them from elsewhere or with server.public_url", http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// direct must see the request before the edge rewrites it.
func direct(r *http.Request) bool {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil || !peer.Addr().Unmap().IsLoopback() {
		return false
	}
	for _, header := range append([]string{"Via"}, forwardingHeaders...) {
		if r.Header.Get(header) != "" {
			return false
		}
	}
	return true
}
