package app

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/config"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func edged(t *testing.T, change func(*config.Config), routes http.HandlerFunc) http.Handler {
	t.Helper()
	c := config.Default()
	if change != nil {
		change(&c)
	}
	e, err := newEdge(c, quiet())
	require.NoError(t, err)
	h, err := e.wrap(routes)
	require.NoError(t, err)
	return h
}

// Who the client is decides limits and logs, so strangers must not choose it.
func TestEdgeAddress(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		peer      string
		forwarded []string
		proto     string
		want      string
		wantProto string
	}{
		"direct":                     {peer: "203.0.113.9:5", want: "203.0.113.9:5"},
		"stranger invents":           {peer: "203.0.113.9:5", forwarded: []string{"1.2.3.4"}, proto: "https", want: "203.0.113.9:5"},
		"proxy":                      {peer: "10.0.0.1:5", forwarded: []string{"198.51.100.7"}, proto: "https", want: "198.51.100.7:0", wantProto: "https"},
		"client invents behind it":   {peer: "10.0.0.1:5", forwarded: []string{"6.6.6.6, 198.51.100.7"}, want: "198.51.100.7:0"},
		"two proxies":                {peer: "10.0.0.1:5", forwarded: []string{"6.6.6.6", "198.51.100.7, 10.9.9.9"}, want: "198.51.100.7:0"},
		"with port and IPv6":         {peer: "[fd00::1]:5", forwarded: []string{"[2001:db8::1]:443"}, want: "[2001:db8::1]:0"},
		"mapped proxy":               {peer: "[::ffff:10.0.0.1]:5", forwarded: []string{"198.51.100.7"}, want: "198.51.100.7:0"},
		"garbage next to the proxy":  {peer: "10.0.0.1:5", forwarded: []string{"198.51.100.7, <script>"}, want: "10.0.0.1:5"},
		"only proxies":               {peer: "10.0.0.1:5", forwarded: []string{"10.2.2.2"}, want: "10.2.2.2:0"},
		"trusted proxy says nothing": {peer: "10.0.0.1:5", want: "10.0.0.1:5"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got *http.Request
			h := edged(t, func(c *config.Config) { c.Server.TrustedProxies = []string{"10.0.0.0/8", "fd00::/8"} },
				func(_ http.ResponseWriter, r *http.Request) { got = r })
			r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
			r.RemoteAddr = tc.peer
			r.Header["X-Forwarded-For"] = tc.forwarded
			if tc.proto != "" {
				r.Header.Set("X-Forwarded-Proto", tc.proto)
			}
			h.ServeHTTP(httptest.NewRecorder(), r)
			require.Equal(t, tc.want, got.RemoteAddr)
			require.Equal(t, tc.wantProto, got.Header.Get("X-Forwarded-Proto"))
		})
	}
}

func TestEdgeHeadersAndPanics(t *testing.T) {
	t.Parallel()
	var said bytes.Buffer
	e, err := newEdge(config.Config{Server: config.Server{PublicURL: "https://chat.example.com"}}, slog.New(slog.NewTextHandler(&said, nil)))
	require.NoError(t, err)
	h, err := e.wrap(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		panic("a mistake with 13800138000 in it")
	}))
	require.NoError(t, err)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/", http.NoBody))
	require.Equal(t, http.StatusInternalServerError, w.Code)
	require.NotContains(t, w.Body.String(), "13800138000")
	require.NotContains(t, said.String(), "13800138000")
	require.Contains(t, said.String(), "panic=string")
	require.Equal(t, "nosniff", w.Header().Get("X-Content-Type-Options"))
	require.Contains(t, w.Header().Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, w.Header().Get("Strict-Transport-Security"), "max-age")
}

func TestEdgeBoundsBodies(t *testing.T) {
	t.Parallel()
	h := edged(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
	})
	for path, limit := range map[string]int{"/rpc/v1": 256 << 10, "/api/v1/session": 1 << 20} {
		for _, tc := range []struct{ size, want int }{{limit, http.StatusOK}, {limit + 1, http.StatusRequestEntityTooLarge}} {
			w := httptest.NewRecorder()
			h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(make([]byte, tc.size))))
			require.Equal(t, tc.want, w.Code, "%s %d", path, tc.size)
		}
	}
}

func TestEdgeCompresses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("您好，请问有什么可以帮您？", 200)
	h := edged(t, nil, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", r.URL.Query().Get("type"))
		io.WriteString(w, long) //nolint:errcheck // the recorder takes everything
	})
	get := func(path, accept string) *httptest.ResponseRecorder {
		r := httptest.NewRequest(http.MethodGet, path, http.NoBody)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w
	}
	w := get("/api/x?type=application/json", "gzip, zstd")
	require.Equal(t, "zstd", w.Header().Get("Content-Encoding"))
	require.Contains(t, w.Header().Values("Vary"), "Accept-Encoding")
	reader, err := zstd.NewReader(w.Body)
	require.NoError(t, err)
	defer reader.Close()
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	require.Equal(t, long, string(text))

	require.Equal(t, "gzip", get("/x?type=text/html", "gzip").Header().Get("Content-Encoding"))
	require.Empty(t, get("/x?type=text/html", "").Header().Get("Content-Encoding"))
	require.Empty(t, get("/x?type=image/png", "gzip, zstd").Header().Get("Content-Encoding"))
	require.Empty(t, get("/connection/websocket?type=text/html", "gzip, zstd").Header().Get("Content-Encoding"))
}

func TestMetricsAreGuarded(t *testing.T) {
	t.Parallel()
	next := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusOK) })
	for name, tc := range map[string]struct {
		token, peer, authorization, forwarded, public string
		want                                          int
	}{
		"this machine":             {peer: "127.0.0.1:1", want: 200},
		"this machine, IPv6":       {peer: "[::1]:1", want: 200},
		"elsewhere":                {peer: "203.0.113.1:1", want: 403},
		"a proxy on this machine":  {peer: "127.0.0.1:1", forwarded: "203.0.113.1", want: 403},
		"token":                    {token: "0123456789abcdef", peer: "203.0.113.1:1", authorization: "Bearer 0123456789abcdef", want: 200},
		"behind a silent proxy":    {peer: "127.0.0.1:1", public: "https://chat.example.com", want: 403},
		"public with the token":    {token: "0123456789abcdef", peer: "127.0.0.1:1", public: "https://chat.example.com", authorization: "Bearer 0123456789abcdef", want: 200},
		"wrong token":              {token: "0123456789abcdef", peer: "127.0.0.1:1", authorization: "Bearer 0123456789abcdeg", want: 401},
		"no token though required": {token: "0123456789abcdef", peer: "127.0.0.1:1", want: 401},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := httptest.NewRequest(http.MethodGet, "/metrics", http.NoBody)
			r.RemoteAddr = tc.peer
			r.Header.Set("Authorization", tc.authorization)
			if tc.forwarded != "" {
				r.Header.Set("X-Forwarded-For", tc.forwarded)
			}
			w := httptest.NewRecorder()
			c := config.Default()
			c.Metrics.Token, c.Server.PublicURL = tc.token, tc.public
			c.Server.TrustedProxies = []string{"127.0.0.1/32"}
			guarded(c, next).ServeHTTP(w, r)
			require.Equal(t, tc.want, w.Code)
		})
	}
}

func TestReadiness(t *testing.T) {
	t.Parallel()
	clock := &fixedClock{}
	clock.set(1000)
	probes, fail := 0, error(nil)
	h := &health{clock: clock, probe: func(context.Context) error { probes++; return fail }}
	ask := func() *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		h.ready(w, httptest.NewRequest(http.MethodGet, "/readyz", http.NoBody))
		return w
	}
	require.Equal(t, 200, ask().Code)
	require.Equal(t, 200, ask().Code)
	require.Equal(t, 1, probes, "a crowd of checkers is one write")
	fail = io.ErrShortWrite
	clock.set(1002)
	w := ask()
	require.Equal(t, 503, w.Code)
	require.JSONEq(t, `{"status":"not ready","parts":{"database":"internal","migrations":"done"}}`, w.Body.String())
	fail = nil
	clock.set(1004)
	require.Equal(t, 200, ask().Code)
	require.True(t, h.watched())
	clock.set(1040)
	require.False(t, h.watched(), "nobody watches, nobody waits at the stop")
	h.stopping.Store(true)
	require.Equal(t, 503, ask().Code)
}

// New connections are served until the moment for load balancers is over.
func TestServeLingers(t *testing.T) {
	t.Parallel()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &health{clock: &fixedClock{}, probe: func(context.Context) error { return nil }}
	h.stopping.Store(true)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	lingered := false
	require.NoError(t, serveHTTP(ctx, newServer(http.HandlerFunc(h.ready), quiet()), l, func() {
		status, _, body := get(t, client(t), "http://"+l.Addr().String())
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, "stopping")
		lingered = true
	}, time.Minute))
	require.True(t, lingered)
}
