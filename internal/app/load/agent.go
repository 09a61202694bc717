package load

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// Agent works through REST and hears through the realtime socket, following
// the feed's rule: subscribe, fetch, drop repeats, fetch on a gap.
type Agent struct {
	Base string
	HTTP *http.Client
	// Addr, if set, is the network address a proxy before the server would name.
	Addr string

	cookie, csrf string
	epoch        string
	seq          int64
}

// Event is one entry of the agent's feed.
type Event struct {
	Seq     int64
	Type    string   `json:"type"`
	Message *Message `json:"message"`
	// ConversationID and AgentID tell who has what, in conversation.assigned.
	ConversationID string `json:"conversation_id"`
	AgentID        string `json:"agent_id"`
}

// ErrReset means that the feed cannot be continued from where the agent is.
var ErrReset = errors.New("the feed was reset")

// LogIn opens a session with e-mail and password.
func (a *Agent) LogIn(ctx context.Context, email, password string) error {
	var result struct {
		CSRF string `json:"csrf_token"`
	}
	got, err := a.do(ctx, http.MethodPost, "/session", map[string]string{"email": email, "password": password}, &result)
	if err != nil {
		return err
	}
	for _, c := range got.cookies {
		if c.Name == "yingda_session" {
			a.cookie = c.Name + "=" + c.Value
		}
	}
	a.csrf = result.CSRF
	if a.cookie == "" {
		return fmt.Errorf("log in: the server set no session cookie")
	}
	return nil
}

// Reply answers in a conversation; key makes repeats harmless.
func (a *Agent) Reply(ctx context.Context, conversation, key, text string) (Message, error) {
	var m Message
	_, err := a.doKeyed(ctx, http.MethodPost, "/conversations/"+url.PathEscape(conversation)+"/replies", key,
		map[string]any{"client_id": key, "parts": []map[string]string{{"type": "text", "text": text}}}, &m)
	return m, err
}

// Get reads any address of the API and returns the answer's body.
func (a *Agent) Get(ctx context.Context, path string) (json.RawMessage, error) {
	var raw json.RawMessage
	_, err := a.do(ctx, http.MethodGet, path, nil, &raw)
	return raw, err
}

// Put writes to any address of the API and returns the answer's body.
func (a *Agent) Put(ctx context.Context, path string, body any) (json.RawMessage, error) {
	var raw json.RawMessage
	_, err := a.do(ctx, http.MethodPut, path, body, &raw)
	return raw, err
}

// Listen connects and gives fn each event of the feed exactly once and in
// order, until the connection or ctx ends. Called again after a break, it goes
// on where it stopped. ready is called once the feed is caught up.
func (a *Agent) Listen(ctx context.Context, ready func(), fn func(Event)) error {
	header := http.Header{"Cookie": {a.cookie}, "Origin": {a.Base}}
	socket, err := DialSocket(ctx, "ws"+strings.TrimPrefix(a.Base, "http")+"/connection/websocket", header, map[string]any{})
	if err != nil {
		return err
	}
	defer func() { _ = socket.Close() }() // the read error below is the one that matters
	if a.epoch == "" {
		var start struct {
			Epoch string `json:"epoch"`
			Seq   int64  `json:"seq"`
		}
		if err := json.Unmarshal(socket.Data, &start); err != nil {
			return fmt.Errorf("read connect data: %w", err)
		}
		a.epoch, a.seq = start.Epoch, start.Seq
	}
	if err := a.catchUp(ctx, fn); err != nil {
		return err
	}
	ready()
	for {
		p, err := socket.Next(ctx)
		if err != nil {
			return err
		}
		switch {
		case p.Seq <= a.seq: // typing has no number; repeats are dropped
		case p.Prev > a.seq:
			if err := a.catchUp(ctx, fn); err != nil {
				return err
			}
		default:
			a.seq = p.Seq
			p.Event.Seq = p.Seq
			fn(p.Event)
		}
	}
}

// catchUp fetches what the feed has after our position.
func (a *Agent) catchUp(ctx context.Context, fn func(Event)) error {
	for {
		var page struct {
			Epoch string `json:"epoch"`
			Seq   int64  `json:"seq"`
			Reset bool   `json:"reset"`
			More  bool   `json:"more"`
			Items []struct {
				Seq   int64 `json:"seq"`
				Event Event `json:"event"`
			} `json:"events"`
		}
		if _, err := a.do(ctx, http.MethodGet, fmt.Sprintf("/feed?epoch=%s&since=%d", url.QueryEscape(a.epoch), a.seq), nil, &page); err != nil {
			return err
		}
		if page.Reset {
			return fmt.Errorf("at %d: %w", a.seq, ErrReset)
		}
		for _, item := range page.Items {
			if item.Seq > a.seq {
				a.seq = item.Seq
				item.Event.Seq = item.Seq
				fn(item.Event)
			}
		}
		a.seq = max(a.seq, page.Seq)
		if !page.More {
			return nil
		}
	}
}

func (a *Agent) do(ctx context.Context, method, path string, in, out any) (answer, error) {
	return a.doKeyed(ctx, method, path, rand.Text(), in, out)
}

func (a *Agent) doKeyed(ctx context.Context, method, path, key string, in, out any) (answer, error) {
	body := &bytes.Buffer{}
	if in != nil {
		if err := json.NewEncoder(body).Encode(in); err != nil {
			return answer{}, fmt.Errorf("encode %s: %w", path, err)
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, a.Base+"/api/v1"+path, body)
	if err != nil {
		return answer{}, fmt.Errorf("call %s: %w", path, err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Idempotency-Key", key)
	if a.Addr != "" {
		req.Header.Set("X-Forwarded-For", a.Addr)
	}
	if a.cookie != "" {
		req.Header.Set("Cookie", a.cookie)
		req.Header.Set("X-Csrf-Token", a.csrf)
	}
	got, err := do(a.HTTP, req)
	if err != nil {
		return answer{}, fmt.Errorf("call %s: %w", path, err)
	}
	if got.code/100 != 2 {
		return answer{}, fmt.Errorf("call %s: %s: %.300s", path, got.status, got.body)
	}
	if err := json.Unmarshal(got.body, out); err != nil {
		return answer{}, fmt.Errorf("read answer of %s: %w", path, err)
	}
	return got, nil
}
