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
	// pushes that came with the connect answer's frame, not yet read
	rest [][]byte
}

// Push is one publication: an event with its place in the feed. Typing has
// none, and Seq 0.
type Push struct {
	Prev  int64 `json:"prev"`
	Seq   int64 `json:"seq"`
	Event Event `json:"event"`
}

type frame struct {
	ID    int `json:"id"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Connect *struct {
		Data json.RawMessage `json:"data"`
	} `json:"connect"`
	Push *struct {
		Pub *struct {
			Data Push `json:"data"`
		} `json:"pub"`
		Disconnect *struct {
			Code   int    `json:"code"`
			Reason string `json:"reason"`
		} `json:"disconnect"`
	} `json:"push"`
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
			s.Data = f.Connect.Data
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
		if f.Push == nil {
			continue
		}
		if d := f.Push.Disconnect; d != nil {
			return Push{}, fmt.Errorf("disconnected: %d %s", d.Code, d.Reason)
		}
		if f.Push.Pub != nil {
			return f.Push.Pub.Data, nil
		}
	}
}

// next reads one line of the protocol; an empty object is a ping.
func (s *Socket) next(ctx context.Context) (frame, error) {
	for {
		for len(s.rest) == 0 {
			_, raw, err := s.conn.Read(ctx)
			if err != nil {
				return frame{}, fmt.Errorf("read socket: %w", err)
			}
			s.rest = bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
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
		var f frame
		if err := json.Unmarshal(line, &f); err != nil {
			return frame{}, fmt.Errorf("read socket: %w", err)
		}
		return f, nil
	}
}

// Close ends the connection at once.
func (s *Socket) Close() error { return s.conn.CloseNow() }
