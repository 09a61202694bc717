package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
)

// Limits of the HTTP server. Everything a stranger can hold open ends by itself.
const (
	readHeaderTimeout = 10 * time.Second
	readTimeout       = 30 * time.Second
	// writeTimeout is longer than a long poll (25 s). Sockets are hijacked and
	// have deadlines of their own.
	writeTimeout   = 60 * time.Second
	idleTimeout    = 2 * time.Minute
	maxHeaderBytes = 32 << 10
)

// listen opens the address, with TLS if it is configured.
func listen(ctx context.Context, c config.Config) (net.Listener, error) {
	const op = "listen"
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", c.Server.Listen)
	if err != nil {
		return nil, &desk.Error{
			Kind: desk.Unavailable, Op: op, Err: err,
			Msg: fmt.Sprintf("cannot listen on %s; is another program using it? Set server.listen to another address", c.Server.Listen),
		}
	}
	l = &boundedListener{Listener: l, free: make(chan struct{}, c.Limits.Connections)}
	if c.TLS.CertFile == "" {
		return l, nil
	}
	settings, err := tlsSettings(c.TLS, systemClock())
	if err != nil {
		l.Close()
		return nil, err
	}
	return tls.NewListener(l, settings), nil
}

// boundedListener holds at most cap(free) connections; what comes beyond is
// closed at once, so that the others are served.
type boundedListener struct {
	net.Listener
	free chan struct{}
}

// Accept waits for a connection within the bound.
func (b *boundedListener) Accept() (net.Conn, error) {
	for {
		conn, err := b.Listener.Accept()
		if err != nil {
			return nil, err
		}
		select {
		case b.free <- struct{}{}:
			return &boundedConn{Conn: conn, listener: b}, nil
		default:
			conn.Close()
		}
	}
}

type boundedConn struct {
	net.Conn
	listener *boundedListener
	once     sync.Once
}

// Close gives the place back.
func (c *boundedConn) Close() error {
	c.once.Do(func() { <-c.listener.free })
	return c.Conn.Close()
}

// tlsSettings allows TLS 1.3, and 1.2 with forward secrecy when asked to.
func tlsSettings(c config.TLS, clock desk.Clock) (*tls.Config, error) {
	files := &certificate{cert: c.CertFile, key: c.KeyFile, clock: clock}
	if _, err := files.get(nil); err != nil {
		return nil, err
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: files.get, NextProtos: []string{"h2", "http/1.1"}}
	if c.Allow12 {
		settings.MinVersion = tls.VersionTLS12
	}
	return settings, nil
}

// certificate reads the files again when they change, at most every ten
// seconds. A broken renewal leaves the old certificate in use.
type certificate struct {
	cert, key string
	clock     desk.Clock

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed time.Time // of the files that are loaded
	looked  time.Time
}

func (f *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if f.loaded != nil && now.Sub(f.looked) < 10*time.Second {
		return f.loaded, nil
	}
	f.looked = now
	err := f.load()
	if f.loaded != nil {
		return f.loaded, nil
	}
	return nil, err
}

func (f *certificate) load() error {
	const op = "load certificate"
	var newest time.Time
	for _, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			return &desk.Error{Kind: desk.Invalid, Op: op, Err: err, Msg: "tls: a certificate file cannot be read"}
		}
		if info.ModTime().After(newest) {
			newest = info.ModTime()
		}
	}
	if f.loaded != nil && newest.Equal(f.changed) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return &desk.Error{Kind: desk.Invalid, Op: op, Err: err, Msg: "tls: the certificate and its key cannot be used"}
	}
	f.loaded, f.changed = &pair, newest
	return nil
}

// newServer is the HTTP server around a handler.
func newServer(handler http.Handler, log *slog.Logger) *http.Server {
	return &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// What strangers send badly is no news.
		ErrorLog: slog.NewLogLogger(log.With("area", "http").Handler(), slog.LevelDebug),
	}
}

// serveHTTP serves until ctx ends, then lets requests in work finish, for at
// most the given time.
func serveHTTP(ctx context.Context, server *http.Server, l net.Listener, drain time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	err := server.Shutdown(limit)
	if err != nil { // long polls and slow readers: enough is enough
		err = server.Close()
	}
	if served := <-failed; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	return err
}
