package load

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/coder/websocket"
)

// Socket is a connection to the realtime door. It speaks the JSON form of the
// centrifuge client protocol, as far as we use it: connect, push, ping, rpc.
type Socket struct {
	conn *websocket.Conn
	// Data is what the server said at the connect.
	Data json.RawMessage
	in   bytes.Buffer
	// rest are the lines of in that are not yet read.
	rest [][]byte
}

// Push is one publication: an event with its place in the feed. Typing has
// none, and Seq 0. Of its message it has what the books need: id,
// conversation, seq and client id.
type Push struct {
	Prev  int64
	Seq   int64
	Event Event
}

// frame is one line of the protocol.
type frame struct {
	Error   *refusal
	Connect json.RawMessage // the server's data, null if it has none
	Push    *Push
	Ended   *refusal
}

type refusal struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Reason  string `json:"reason"`
}

func readFrame(line []byte) (f frame, err error) {
	s := &scanner{b: line}
	s.object(func(key []byte) {
		switch string(key) {
		case "error":
			f.Error = s.refusal()
		case "connect":
			f.Connect = json.RawMessage("null")
			s.object(func(key []byte) {
				if v := s.value(); string(key) == "data" {
					f.Connect = bytes.Clone(v)
				}
			})
		case "push":
			s.object(func(key []byte) {
				switch string(key) {
				case "disconnect":
					f.Ended = s.refusal()
				case "pub":
					f.Push = s.publication()
				default:
					s.value()
				}
			})
		default:
			s.value()
		}
	})
	if s.bad {
		return f, fmt.Errorf("read socket: not a frame: %.200q", line)
	}
	return f, nil
}

func (s *scanner) publication() (p *Push) {
	s.object(func(key []byte) {
		if string(key) != "data" {
			s.value()
			return
		}
		push := s.push()
		p = &push
	})
	return p
}

// refusal reads why the server does not want us.
func (s *scanner) refusal() *refusal {
	var r refusal
	s.bad = json.Unmarshal(s.value(), &r) != nil || s.bad
	return &r
}

// DialSocket connects and waits for the server's answer. data is the connect
// data; header carries the session cookie and the Origin.
func DialSocket(ctx context.Context, url string, header http.Header, data any) (*Socket, error) {
	conn, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{HTTPHeader: header, Subprotocols: []string{"centrifuge-json"}}) //nolint:bodyclose // the library owns the handshake's body
	if err != nil {
		return nil, fmt.Errorf("dial socket: %w", err)
	}
	conn.SetReadLimit(maxAnswer)
	s := &Socket{conn: conn}
	connect, err := json.Marshal(map[string]any{"id": 1, "connect": map[string]any{"data": data, "name": "load"}})
	if err != nil {
		return nil, fmt.Errorf("encode connect: %w", err)
	}
	if err := conn.Write(ctx, websocket.MessageText, connect); err != nil {
		return nil, fmt.Errorf("send connect: %w", err)
	}
	for {
		f, err := s.next(ctx)
		switch {
		case err != nil:
			_ = s.Close()
			return nil, err
		case f.Error != nil:
			_ = s.Close()
			return nil, fmt.Errorf("connect refused: %d %s", f.Error.Code, f.Error.Message)
		case f.Connect != nil:
			s.Data = f.Connect
			return s, nil
		}
	}
}

// Next waits for the next publication, answering pings meanwhile.
func (s *Socket) Next(ctx context.Context) (Push, error) {
	for {
		f, err := s.next(ctx)
		if err != nil {
			return Push{}, err
		}
		if f.Ended != nil {
			return Push{}, fmt.Errorf("disconnected: %d %s", f.Ended.Code, f.Ended.Reason)
		}
		if f.Push != nil {
			return *f.Push, nil
		}
	}
}

// next reads one line of the protocol; an empty object is a ping.
func (s *Socket) next(ctx context.Context) (frame, error) {
	for {
		for len(s.rest) == 0 {
			_, message, err := s.conn.Reader(ctx)
			if err == nil {
				s.in.Reset() // rest is empty: nobody reads the frame before any more
				_, err = s.in.ReadFrom(message)
			}
			if err != nil {
				return frame{}, fmt.Errorf("read socket: %w", err)
			}
			s.rest = append(s.rest[:0], bytes.Split(bytes.TrimSpace(s.in.Bytes()), []byte("\n"))...)
		}
		line := bytes.TrimSpace(s.rest[0])
		s.rest = s.rest[1:]
		if len(line) == 0 {
			continue
		}
		if bytes.Equal(line, []byte("{}")) {
			if err := s.conn.Write(ctx, websocket.MessageText, line); err != nil {
				return frame{}, fmt.Errorf("answer ping: %w", err)
			}
			continue
		}
		return readFrame(line)
	}
}

// Close ends the connection at once.
func (s *Socket) Close() error { return s.conn.CloseNow() }
