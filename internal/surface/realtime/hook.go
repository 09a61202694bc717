package realtime

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"sync"
	"time"
)

// link is what we keep of a connection beside centrifuge's own state. It
// travels in the request's context.
type link struct {
	from From
	// visitor is set before the link counts as connected, unless it is an agent's.
	visitor *visitor
	// still asks whether who is connected may still be.
	still func(context.Context) error
	// joined: the answer to the connect put it into its feed's room.
	joined bool

	mu     sync.Mutex
	closed bool
	undo   []func()
}

// onClose registers what to undo when the connection ends; if it has ended
// already, undo is called at once. A link has at most three.
func (l *link) onClose(undo func()) {
	l.mu.Lock()
	closed := l.closed
	if !closed {
		l.undo = append(l.undo, undo)
	}
	l.mu.Unlock()
	if closed {
		undo()
	}
}

// close runs what was registered, once.
func (l *link) close() {
	l.mu.Lock()
	undo := l.undo
	l.undo, l.closed = nil, true
	l.mu.Unlock()
	for _, f := range undo {
		f()
	}
}

// hookWriter lets us hear of the end of a hijacked connection without a
// goroutine for each: the connection itself tells when it is closed.
type hookWriter struct {
	http.ResponseWriter
	// request is a copy of the handshake's that nobody else uses.
	request *http.Request
	link    *link
}

// Unwrap serves http.ResponseController.
func (w *hookWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Hijack hands the connection over with our hook in its Close.
func (w *hookWriter) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(w.ResponseWriter).Hijack()
	if err != nil {
		return nil, nil, err
	}
	w.shed()
	return &hookConn{Conn: conn, link: w.link}, rw, nil
}

// shed empties the handshake's request. It is read until the connection is
// handed over; the handler holds on to it for as long as the socket lives, and
// so, for thousands of idle sockets, to headers, address and body reader.
func (w *hookWriter) shed() {
	r := w.request
	r.Header, r.Trailer, r.URL, r.Body, r.GetBody, r.Form, r.PostForm, r.MultipartForm = nil, nil, nil, nil, nil, nil, nil, nil
	r.TransferEncoding, r.Host, r.RemoteAddr, r.RequestURI, r.Pattern, r.TLS, r.Response = nil, "", "", "", "", nil, nil
}

// bare is the context of a hijacked connection: it knows the link and nothing
// of the request. It does not end; the realtime node gives each client one
// that does.
type bare struct{ link *link }

// Deadline is none.
func (bare) Deadline() (time.Time, bool) { return time.Time{}, false }

// Done is never closed.
func (bare) Done() <-chan struct{} { return nil }

// Err is always nil.
func (bare) Err() error { return nil }

// Value knows the link.
func (b bare) Value(key any) any {
	if key == (linkKey{}) {
		return b.link
	}
	return nil
}

type hookConn struct {
	net.Conn
	link *link
}

// Close closes the connection and then tells.
func (c *hookConn) Close() error {
	err := c.Conn.Close()
	c.link.close()
	return err
}
