package realtime

import (
	"bytes"
	"errors"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/surface/rpc"
)

const (
	// streamQueue and streamBytes bound what waits for a slow reader of a stream;
	// beyond it the stream ends, and the client fetches what it missed.
	streamQueue = 256
	streamBytes = 1 << 20
)

// How streams end, for the metric.
const (
	endGone     = "gone"
	endSlow     = "slow"
	endRefused  = "refused"
	endStopping = "stopping"
	endMoved    = "moved"
)

// stream is one open answer.
type stream struct {
	user string
	// room is empty until the visitor is a contact.
	room   string
	frames chan []byte
	queued atomic.Int64
	// known gets the contact of a visitor who had not written, once.
	known chan desk.ContactID
	// over is closed when the stream must end; why is set before.
	over chan struct{}
	once sync.Once
	why  string
}

func (st *stream) end(why string) {
	st.once.Do(func() {
		st.why = why
		close(st.over)
	})
}

// push queues a frame or, if the reader is too slow, ends the stream.
func (st *stream) push(frame []byte) {
	if st.queued.Add(int64(len(frame))) > streamBytes {
		st.end(endSlow)
		return
	}
	select {
	case st.frames <- frame:
	default:
		st.end(endSlow)
	}
}

// streams are the open ones of this process, by room and by visitor.
type streams struct {
	perUser int
	open    prometheus.Gauge
	ended   *prometheus.CounterVec

	mu    sync.Mutex
	byKey map[string]map[*stream]struct{}
	rooms map[string]map[*stream]struct{}
	// stopping refuses new ones.
	stopping bool
}

func newStreams(perUser int, metrics prometheus.Registerer) (*streams, error) {
	s := &streams{
		perUser: perUser, byKey: make(map[string]map[*stream]struct{}), rooms: make(map[string]map[*stream]struct{}),
		open: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "yingda_realtime_streams", Help: "Visitors' open event streams.",
		}),
		ended: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "yingda_realtime_streams_ended_total", Help: "Event streams that ended, by reason.",
		}, []string{"reason"}),
	}
	return s, desk.Wrap(desk.Internal, "build streams", errors.Join(metrics.Register(s.open), metrics.Register(s.ended)))
}

// enter begins a stream of a visitor; Limited if they have too many, Unavailable
// when the server stops.
func (s *streams) enter(user string) (*stream, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopping {
		return nil, desk.E(desk.Unavailable, "open stream", "the server is stopping")
	}
	if len(s.byKey[user]) >= s.perUser {
		return nil, desk.E(desk.Limited, "open stream", "too many pages are open")
	}
	st := &stream{
		user: user, frames: make(chan []byte, streamQueue), known: make(chan desk.ContactID, 1), over: make(chan struct{}),
	}
	if s.byKey[user] == nil {
		s.byKey[user] = make(map[*stream]struct{})
	}
	s.byKey[user][st] = struct{}{}
	s.open.Inc()
	return st, nil
}

// join puts the stream into a feed's room.
func (s *streams) join(st *stream, room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st.room = room
	if s.rooms[room] == nil {
		s.rooms[room] = make(map[*stream]struct{})
	}
	s.rooms[room][st] = struct{}{}
}

func (s *streams) leave(st *stream) {
	st.end(endGone)
	s.mu.Lock()
	defer s.mu.Unlock()
	drop(s.byKey, st.user, st)
	drop(s.rooms, st.room, st)
	s.open.Dec()
	s.ended.WithLabelValues(st.why).Inc()
}

func drop(from map[string]map[*stream]struct{}, key string, st *stream) {
	delete(from[key], st)
	if len(from[key]) == 0 {
		delete(from, key)
	}
}

// met tells the visitor's streams, before the answer to the call that made
// them a contact leaves.
func (s *streams) met(who rpc.Visitor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.byKey[who.Key()] {
		if st.room != "" {
			continue
		}
		select {
		case st.known <- who.Contact:
		default: // told already
		}
	}
}

// publish queues data for everybody in the room. It does not keep data.
func (s *streams) publish(room string, data []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	in := s.rooms[room]
	if len(in) == 0 {
		return
	}
	frame := bytes.Clone(data)
	for st := range in {
		st.push(frame)
	}
}

// scatter ends the streams of a room.
func (s *streams) scatter(room string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for st := range s.rooms[room] {
		st.end(endMoved)
	}
}

// stop ends all and lets no new ones in.
func (s *streams) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	for _, all := range s.byKey {
		for st := range all {
			st.end(endStopping)
		}
	}
}
