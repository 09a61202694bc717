package surfacetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/wire"
)

// Socket is a connection to the realtime door, speaking the JSON form of the
// centrifuge protocol.
type Socket struct {
	*House
	Conn *websocket.Conn
	// Position is what the server said at the connect; zero for strangers.
	Position wire.Position
	lines    [][]byte
	frames   int
	pushes   []json.RawMessage
}

type socketFrame struct {
	ID    int `json:"id"`
	Error *struct {
		Code    int    `json:"code"`
		Message string `json:"message"`
	} `json:"error"`
	Connect *struct {
		Data wire.Position   `json:"data"`
		Subs json.RawMessage `json:"subs"`
	} `json:"connect"`
	RPC *struct {
		Data json.RawMessage `json:"data"`
	} `json:"rpc"`
	Push *struct {
		Channel string `json:"channel"`
		Pub     *struct {
			Data json.RawMessage `json:"data"`
		} `json:"pub"`
	} `json:"push"`
}

// Dial opens a socket with connect data; header carries cookies and Origin.
// It returns the error with which the server closed it, if it did.
func (h *House) Dial(header map[string]string, data any) (*Socket, error) {
	h.Helper()
	head := http.Header{}
	for k, v := range header {
		head.Set(k, v)
	}
	ctx, cancel := context.WithTimeout(h.Ctx, patience)
	defer cancel()
	//nolint:bodyclose // the library owns the handshake's body
	conn, _, err := websocket.Dial(ctx, "ws"+strings.TrimPrefix(h.URL, "http")+"/connection/websocket", &websocket.DialOptions{
		HTTPHeader: head, Subprotocols: []string{"centrifuge-json"},
	})
	if err != nil {
		return nil, err
	}
	conn.SetReadLimit(8 << 20)
	s := &Socket{House: h, Conn: conn}
	h.Cleanup(func() { _ = conn.CloseNow() })
	if err := s.write(ctx, map[string]any{"id": 1, "connect": map[string]any{"data": data}}); err != nil {
		return nil, err
	}
	s.frames = 1
	f, err := s.read(ctx, func(f socketFrame) bool { return f.ID == 1 })
	if err != nil {
		return nil, err
	}
	if f.Connect == nil {
		return nil, fmt.Errorf("connect refused: %+v", f.Error)
	}
	s.Position = f.Connect.Data
	return s, nil
}

// Socket opens a socket for the guest and must succeed.
func (g *Guest) Socket() *Socket {
	g.Helper()
	s, err := g.Dial(g.Header, map[string]string{"visitor_token": g.Token})
	require.NoError(g, err)
	return s
}

// Socket opens a socket for the agent and must succeed.
func (c *Caller) Socket() *Socket {
	c.Helper()
	s, err := c.Dial(c.Header, map[string]string{"token": strings.TrimPrefix(c.Header["Authorization"], "Bearer ")})
	require.NoError(c, err)
	return s
}

func (s *Socket) write(ctx context.Context, v any) error {
	b, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return s.Conn.Write(ctx, websocket.MessageText, b)
}

// read reads until a frame that is wanted, keeping pushes and answering pings.
func (s *Socket) read(ctx context.Context, wanted func(socketFrame) bool) (socketFrame, error) {
	for {
		for len(s.lines) == 0 {
			_, raw, err := s.Conn.Read(ctx)
			if err != nil {
				return socketFrame{}, err
			}
			s.lines = bytes.Split(bytes.TrimSpace(raw), []byte("\n"))
		}
		line := s.lines[0]
		s.lines = s.lines[1:]
		if bytes.Equal(line, []byte("{}")) {
			if err := s.Conn.Write(ctx, websocket.MessageText, line); err != nil {
				return socketFrame{}, err
			}
			continue
		}
		var f socketFrame
		if err := json.Unmarshal(line, &f); err != nil {
			return socketFrame{}, err
		}
		if f.Push != nil && f.Push.Pub != nil {
			s.pushes = append(s.pushes, f.Push.Pub.Data)
		}
		if wanted(f) {
			return f, nil
		}
	}
}

// Call makes a JSON-RPC call in a frame.
func (s *Socket) Call(method string, params ...any) Answer {
	s.Helper()
	a, err := s.Frame("rpc", Request(method, params...))
	require.NoError(s, err)
	return a
}

// Frame sends an RPC frame and waits for its answer.
func (s *Socket) Frame(method string, data []byte) (Answer, error) {
	s.frames++
	id := s.frames
	ctx, cancel := context.WithTimeout(s.Ctx, patience)
	defer cancel()
	if err := s.write(ctx, map[string]any{"id": id, "rpc": map[string]any{"method": method, "data": json.RawMessage(data)}}); err != nil {
		return Answer{}, err
	}
	f, err := s.read(ctx, func(f socketFrame) bool { return f.ID == id })
	if err != nil {
		return Answer{}, err
	}
	if f.Error != nil {
		return Answer{Status: f.Error.Code}, nil
	}
	return Answer{Status: http.StatusOK, Body: f.RPC.Data}, nil
}

// Next is the next push's data; it must come.
func (s *Socket) Next() Answer {
	s.Helper()
	a, err := s.TryNext(patience)
	require.NoError(s, err)
	return a
}

// TryNext waits for the next push for at most so long.
func (s *Socket) TryNext(wait time.Duration) (Answer, error) {
	ctx, cancel := context.WithTimeout(s.Ctx, wait)
	defer cancel()
	for len(s.pushes) == 0 {
		if _, err := s.read(ctx, func(f socketFrame) bool { return f.Push != nil }); err != nil {
			return Answer{}, err
		}
	}
	push := s.pushes[0]
	s.pushes = s.pushes[1:]
	return Answer{Status: http.StatusOK, Body: push}, nil
}

// Closed waits for the server to close the socket and returns the code.
func (s *Socket) Closed() int {
	s.Helper()
	ctx, cancel := context.WithTimeout(s.Ctx, patience)
	defer cancel()
	_, err := s.read(ctx, func(socketFrame) bool { return false })
	require.Error(s, err)
	return int(websocket.CloseStatus(err))
}

// CloseCode is the code of a refused Dial.
func CloseCode(err error) int { return int(websocket.CloseStatus(err)) }
