package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzhttp"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
)

// edge is what every request passes before it reaches a surface, outermost
// first: panics are caught, the client's address is established, safe headers
// are set, bodies are bounded, answers are compressed.
type edge struct {
	log     *slog.Logger
	trusted []netip.Prefix
	https   bool
	limits  config.Limits
	// upload is the largest file that is taken in.
	upload config.Size
}

func newEdge(c config.Config, log *slog.Logger) (*edge, error) {
	e := &edge{log: log, https: c.Scheme() == "https" || strings.HasPrefix(c.Server.PublicURL, "https://"), limits: c.Limits, upload: c.Files.MaxSize}
	for _, network := range c.Server.TrustedProxies {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, desk.Wrap(desk.Invalid, "read trusted proxies", err)
		}
		e.trusted = append(e.trusted, prefix.Masked())
	}
	return e, nil
}

// wrap puts the edge around the routes.
func (e *edge) wrap(routes http.Handler) (http.Handler, error) {
	compress, err := gzhttp.NewWrapper(gzhttp.MinSize(1024), gzhttp.EnableZstd(true), gzhttp.PreferZstd(true),
		gzhttp.ContentTypes([]string{
			"text/html", "text/css", "text/javascript", "text/plain", "application/javascript", "application/json",
			"application/problem+json", "application/openapi+json", "application/manifest+json", "image/svg+xml",
		}))
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "set up compression", err)
	}
	compressed := compress(routes)
	return e.recovered(e.addressed(e.headed(e.bounded(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		// Sockets are hijacked; a stream must not wait for enough to compress.
		if strings.HasPrefix(r.URL.Path, socketPath) || r.URL.Path == streamPath {
			routes.ServeHTTP(w, r)
			return
		}
		if strings.HasPrefix(r.URL.Path, attachment.Path) { // parts of files are counted as they are stored
			routes.ServeHTTP(&patientWriter{ResponseWriter: w, control: http.NewResponseController(w)}, r)
			return
		}
		compressed.ServeHTTP(w, r)
	}))))), nil
}

// socketPath is where realtime connections live.
const socketPath = "/connection/"

// streamPath is where visitors' answers that do not end are opened.
const streamPath = "/rpc/v1/stream"

// recovered turns a panic into a 500 and a log line. http.ErrAbortHandler
// passes, as net/http wants it.
func (e *edge) recovered(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			failure := recover()
			if failure == nil {
				return
			}
			if failure == http.ErrAbortHandler { //nolint:errorlint // net/http compares so too
				panic(failure)
			}
			// The type, not the value: that may hold what a customer wrote.
			e.log.Error("request handler panicked", "path", r.URL.Path, "panic", fmt.Sprintf("%T", failure), "stack", string(debug.Stack()))
			http.Error(w, "internal error", http.StatusInternalServerError)
		}()
		next.ServeHTTP(w, r)
	})
}

// addressed makes RemoteAddr the client's and the forwarding headers true:
// believed from trusted proxies, removed from everybody else. Behind it,
// X-Forwarded-Proto "https" means that the client speaks TLS.
func (e *edge) addressed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if direct(r) && ownHost(r.Host) {
			r = r.WithContext(context.WithValue(r.Context(), atMachine{}, true))
		}
		peer, err := netip.ParseAddrPort(r.RemoteAddr)
		if err != nil || !e.trusts(peer.Addr()) {
			for _, header := range forwardingHeaders {
				r.Header.Del(header)
			}
		} else if client, ok := e.client(r.Header.Values("X-Forwarded-For")); ok {
			r.RemoteAddr = net.JoinHostPort(client.String(), "0")
		}
		if r.TLS != nil || e.https {
			r.Header.Set("X-Forwarded-Proto", "https")
		}
		next.ServeHTTP(w, r)
	})
}

type atMachine struct{}

// local tells whether a person at this machine asks: directly, and for this
// machine by name, so that neither a proxy that passes strangers on nor a name
// that somebody else points here counts. It is asked behind the edge.
func local(r *http.Request) bool {
	at, ok := r.Context().Value(atMachine{}).(bool)
	return ok && at
}

// ownHost accepts the names that a machine has for itself.
func ownHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.Trim(host, "[]")
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.IsLoopback()
}

var forwardingHeaders = []string{"X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Real-Ip", "Forwarded"}

func (e *edge) trusts(a netip.Addr) bool {
	a = a.Unmap()
	return slices.ContainsFunc(e.trusted, func(p netip.Prefix) bool { return p.Contains(a) })
}

// client walks from the nearest proxy outward and stops at the first address
// that is not a trusted proxy: everything left of it may be invented.
func (e *edge) client(values []string) (found netip.Addr, ok bool) {
	hops := strings.Split(strings.Join(values, ","), ",")
	for _, hop := range slices.Backward(hops) {
		hop = strings.TrimSpace(hop)
		addr, err := netip.ParseAddr(hop)
		if err != nil {
			withPort, err := netip.ParseAddrPort(hop)
			if err != nil {
				return found, ok
			}
			addr = withPort.Addr()
		}
		found, ok = addr.Unmap().WithZone(""), true
		if !e.trusts(found) {
			break
		}
	}
	return found, ok
}

// headed sets what is safe for every answer; pages widen the policy for
// themselves.
func (e *edge) headed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "strict-origin-when-cross-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'")
		h.Set("Permissions-Policy", "camera=(), geolocation=(), payment=(), usb=()")
		if e.https {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		next.ServeHTTP(w, r)
	})
}

// bounded cuts bodies off: visitors' at one size, everybody else's at another.
// The surfaces answer what comes out of it in their own words.
func (e *edge) bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == visitorUploads || r.URL.Path == agentUploads {
			r.Body = patientBody(w, http.MaxBytesReader(w, r.Body, int64(e.upload)+1))
			next.ServeHTTP(w, r)
			return
		}
		limit := e.limits.AgentBody
		if strings.HasPrefix(r.URL.Path, "/rpc/") {
			limit = e.limits.VisitorBody
		}
		r.Body = http.MaxBytesReader(w, r.Body, int64(limit))
		next.ServeHTTP(w, r)
	})
}
