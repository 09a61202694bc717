package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/surface/rpc"
	"yingda.dev/internal/wire"
)

const (
	// streamWrite is how long one write may take before the reader counts as gone.
	streamWrite = 10 * time.Second
	// maxStreamRequest bounds the body that opens a stream.
	maxStreamRequest = 4 << 10
	// streamBatch is how many events are replayed at a time.
	streamBatch = 200
)

type streamRequest struct {
	Epoch string `json:"epoch"`
	Since int64  `json:"since"`
}

// Stream answers POST /rpc/v1/stream: what the socket would push, as an answer
// that does not end, for places where sockets are blocked. Pages of any site
// may call, as at the rpc door: the token says who listens.
func (s *Server) Stream() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
		case http.MethodPost:
			if err := s.stream(w, r); err != nil {
				s.refuseStream(w, r, err)
			}
		default:
			h.Set("Allow", "POST, OPTIONS")
			http.Error(w, "streams are opened with POST", http.StatusMethodNotAllowed)
		}
	})
}

// stream recognises the visitor and serves them until one side ends it. An
// error comes before anything was written.
func (s *Server) stream(w http.ResponseWriter, r *http.Request) error {
	const op = "open stream"
	var p streamRequest
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxStreamRequest)).Decode(&p); err != nil || p.Since < 0 || len(p.Epoch) > 128 {
		return desk.InvalidField(op, "since", `the body is {"epoch", "since"}, as for feed.fetch`)
	}
	ctx, from := r.Context(), s.deps.Source(r)
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	call := rpc.Call{Token: token, Addr: from.Addr, Origin: from.Origin}
	who, err := s.deps.Visitors.Recognise(ctx, call)
	if err != nil {
		return err
	}
	st, err := s.streams.enter(who.Key())
	if err != nil {
		return err
	}
	defer s.streams.leave(st)
	// The position first, then the contact: all that a contact does who comes into
	// being later is after it. Whoever becomes one from now on is told by met.
	position, err := s.deps.Feeds.Position(ctx)
	if err != nil {
		return err
	}
	contact, err := s.deps.Visitors.Contact(ctx, who)
	if err != nil {
		return err
	}
	l := &listener{server: s, st: st, call: call, who: who, out: w, control: http.NewResponseController(w), leave: func() {}}
	l.begin()
	if contact == "" {
		return l.told(l.serve(ctx, l.stranger(p, position), position))
	}
	return l.told(l.serve(ctx, l.join(ctx, contact, p.Epoch, p.Since), position))
}

// refuseStream says in HTTP why there is no stream.
func (s *Server) refuseStream(w http.ResponseWriter, r *http.Request, err error) {
	status := map[desk.Kind]int{
		desk.Invalid: http.StatusBadRequest, desk.Unauthenticated: http.StatusUnauthorized, desk.Denied: http.StatusForbidden,
		desk.NotFound: http.StatusForbidden, desk.Limited: http.StatusTooManyRequests,
	}[desk.KindOf(err)]
	if status == 0 {
		status = http.StatusServiceUnavailable
		if !errors.Is(err, context.Canceled) {
			s.deps.Log.ErrorContext(r.Context(), "stream failed", slog.Any("error", err))
		}
	}
	wait := time.Second
	if asked, ok := rpc.RetryAfter(err); ok {
		wait = asked
	}
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", strconv.Itoa(int((wait+time.Second-1)/time.Second)))
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"kind": desk.KindOf(err).String(), "message": desk.UserMessage(err)}) // who went away asks again
}

// listener serves one stream.
type listener struct {
	server  *Server
	st      *stream
	call    rpc.Call
	who     rpc.Visitor
	out     http.ResponseWriter
	control *http.ResponseController
	leave   func()
}

// begin writes the head. Whatever holds short answers back between here and
// the page gets two kilobytes to let go of.
func (l *listener) begin() {
	h := l.out.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store, no-transform")
	h.Set("X-Accel-Buffering", "no")
	// The limits of the server are for answers that end; writes have their own.
	_ = l.control.SetReadDeadline(time.Time{})
	l.out.WriteHeader(http.StatusOK)
	_ = l.write([]byte(":" + strings.Repeat(" ", 2048) + "\n\n")) // who is gone already shows with the next write
}

// told undoes what was joined. Errors from here on only mean that nobody
// listens any more.
func (l *listener) told(err error) error {
	l.leave()
	if err != nil && !errors.Is(err, errStreamOver) {
		l.server.deps.Log.Debug("stream ended", slog.Any("error", err))
	}
	return nil
}

var errStreamOver = errors.New("realtime: the stream is over")

// stranger tells somebody without a feed where the log stands.
func (l *listener) stranger(p streamRequest, at wire.Position) error {
	return l.batch(wire.Batch{
		Epoch: at.Epoch, Seq: at.Seq, Events: []wire.Item{}, Reset: p.Epoch != "" && p.Epoch != at.Epoch,
	})
}

// join enters the feed's room and then replays what was missed.
func (l *listener) join(ctx context.Context, contact desk.ContactID, epoch string, since int64) error {
	a := feed.Audience{Account: l.who.Account, Contact: contact}
	if _, err := l.server.deps.Feeds.Attach(ctx, a); err != nil {
		return err
	}
	l.leave = func() { l.server.deps.Feeds.Detach(a) }
	l.server.streams.join(l.st, a.Channel())
	for {
		b, err := l.server.deps.Feeds.Fetch(ctx, a, epoch, since, streamBatch)
		if err != nil {
			return err
		}
		if err := l.batch(b); err != nil || !b.More {
			return err
		}
		epoch, since = b.Epoch, b.Seq
	}
}

// serve passes on what comes, after what begun has written.
func (l *listener) serve(ctx context.Context, begun error, at wire.Position) error {
	if begun != nil {
		l.st.end(endRefused)
		return begun
	}
	beat := time.NewTicker(l.server.ping)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return errStreamOver
		case <-l.st.over:
			return errStreamOver
		case contact := <-l.st.known:
			if l.st.room != "" {
				continue // found out before it was told
			}
			if err := l.join(ctx, contact, at.Epoch, at.Seq); err != nil {
				return err
			}
		case frame := <-l.st.frames:
			l.st.queued.Add(-int64(len(frame)))
			if err := l.data(frame); err != nil {
				return err
			}
		case <-beat.C:
			if err := l.recheck(ctx); err != nil {
				return err
			}
		}
	}
}

// recheck shows that the stream lives, and ends it for those who may not be
// here any more.
func (l *listener) recheck(ctx context.Context) error {
	_, err := l.server.deps.Visitors.Recognise(ctx, l.call)
	switch {
	case errors.Is(err, desk.Unauthenticated), errors.Is(err, desk.Denied):
		l.st.end(endRefused)
		_ = l.data([]byte(`{"bye":"` + desk.KindOf(err).String() + `"}`)) // it ends either way
		return errStreamOver
	default: // too many calls or a busy database are no reason
		return l.write([]byte(":\n\n"))
	}
}

func (l *listener) batch(b wire.Batch) error {
	body, err := json.Marshal(map[string]wire.Batch{"batch": b})
	if err != nil {
		return desk.Wrap(desk.Internal, "write stream", err)
	}
	return l.data(body)
}

// data writes one event. JSON has no line breaks outside its strings.
func (l *listener) data(body []byte) error {
	frame := make([]byte, 0, len(body)+8)
	frame = append(append(append(frame, "data: "...), body...), "\n\n"...)
	return l.write(frame)
}

func (l *listener) write(frame []byte) error {
	if err := l.control.SetWriteDeadline(l.server.deps.Wall().Add(streamWrite)); err != nil {
		return err
	}
	if _, err := l.out.Write(frame); err != nil {
		return err
	}
	return l.control.Flush()
}
