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
func listen(ctx context.Context, c config.Config, log *slog.Logger) (net.Listener, error) {
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
	settings, err := tlsSettings(c.TLS, systemClock(), log)
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
func tlsSettings(c config.TLS, clock desk.Clock, log *slog.Logger) (*tls.Config, error) {
	files := &certificate{cert: c.CertFile, key: c.KeyFile, clock: clock, log: log}
	if _, err := files.get(nil); err != nil {
		return nil, err
	}
	settings := &tls.Config{MinVersion: tls.VersionTLS13, GetCertificate: files.get, NextProtos: []string{"h2", "http/1.1"}}
	if c.Allow12 {
		settings.MinVersion = tls.VersionTLS12
	}
	return settings, nil
}

// certificate reads the files again when one of them changes, at most every ten
// seconds. A broken renewal leaves the old certificate in use and is told once.
type certificate struct {
	cert, key string
	clock     desk.Clock
	log       *slog.Logger

	mu     sync.Mutex
	loaded *tls.Certificate
	used   stamps // of the files that are loaded
	broken stamps // of the files that were last told to be unusable
	looked time.Time
}

// stamp is by what a changed file is noticed. A zero one is a file that cannot
// be looked at.
type stamp struct {
	changed time.Time
	size    int64
}

// stamps are those of certificate and key.
type stamps [2]stamp

func (f *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	now := f.clock.Now()
	if f.loaded != nil && now.Sub(f.looked) < 10*time.Second {
		return f.loaded, nil
	}
	f.looked = now
	found, err := f.load()
	switch {
	case f.loaded == nil:
		return nil, err
	case err == nil:
		f.broken = f.used // should the next be broken in the same way, it is told again
	case found != f.broken:
		f.broken = found
		f.log.Error("the renewed certificate cannot be used; the old one stays in use", "error", err)
	}
	return f.loaded, nil
}

// load reads the files if they are not those in use. The stamps are what it
// found, whatever came of it.
func (f *certificate) load() (found stamps, err error) {
	const op = "load certificate"
	var missing error
	for i, path := range []string{f.cert, f.key} {
		info, err := os.Stat(path)
		if err != nil {
			missing = &desk.Error{Kind: desk.Invalid, Op: op, Err: err, Msg: "tls: a certificate file cannot be read"}
			continue
		}
		found[i] = stamp{changed: info.ModTime(), size: info.Size()}
	}
	if missing != nil || f.loaded != nil && found == f.used {
		return found, missing
	}
	pair, err := tls.LoadX509KeyPair(f.cert, f.key)
	if err != nil {
		return found, &desk.Error{Kind: desk.Invalid, Op: op, Err: err, Msg: "tls: the certificate and its key cannot be used"}
	}
	f.loaded, f.used = &pair, found
	return found, nil
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

// serveHTTP serves until ctx ends and linger returns, then lets requests in
// work finish, for at most the given time.
func serveHTTP(ctx context.Context, server *http.Server, l net.Listener, linger func(), drain time.Duration) error {
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	linger()
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
