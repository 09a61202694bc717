package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// Visitor writes through JSON-RPC over HTTP POST.
type Visitor struct {
	// Base is the server's address without a slash at the end.
	Base string
	// HTTP is shared by all visitors, so connections are kept alive.
	HTTP *http.Client
	// Line, if set, carries the calls in place of HTTP.
	Line *Line
	// Token is set by Open, or to resume an earlier session.
	Token string
	// Addr, if set, is the network address a proxy before the server would name.
	Addr string
	// Status is of the conversation that Open found, "" if there was none.
	Status string
}

// RPCError is what the server answered instead of a result.
type RPCError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
	Data    struct {
		Kind         string `json:"kind"`
		RetryAfterMS int64  `json:"retry_after_ms"`
	} `json:"data"`
}

// Error names code and message.
func (e *RPCError) Error() string { return fmt.Sprintf("rpc %d: %s", e.Code, e.Message) }

// Retryable reports whether the same call may succeed later.
func (e *RPCError) Retryable() bool { return e.Data.Kind == "limited" || e.Data.Kind == "unavailable" }

// Message is what the books need of a message.
type Message struct {
	ID             string `json:"id"`
	ConversationID string `json:"conversation_id"`
	Seq            int64  `json:"seq"`
	ClientID       string `json:"client_id"`
	Author         struct {
		Kind string `json:"kind"`
	} `json:"author"`
	Parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	} `json:"parts"`
	At time.Time `json:"at"`
}

// Open begins a session on the inbox with that key, or resumes Token's.
func (v *Visitor) Open(ctx context.Context, channelKey string) error {
	var result struct {
		Token        string `json:"token"`
		Conversation *struct {
			Status string `json:"status"`
		} `json:"conversation"`
	}
	err := v.call(ctx, "session.open", map[string]any{"channel_key": channelKey, "token": v.Token, "locale": "zh-CN"}, &result)
	if err != nil {
		return err
	}
	v.Token = result.Token
	if result.Conversation != nil {
		v.Status = result.Conversation.Status
	}
	return nil
}

// Listen connects the visitor's socket and gives fn each message that is
// pushed, until the connection or ctx ends. What was said before is not told.
func (v *Visitor) Listen(ctx context.Context, ready func(), fn func(Message)) error {
	header := http.Header{"Origin": {v.Base}}
	if v.Addr != "" {
		header.Set("X-Forwarded-For", v.Addr)
	}
	socket, err := DialSocket(ctx, "ws"+strings.TrimPrefix(v.Base, "http")+"/connection/websocket", header, map[string]any{"visitor_token": v.Token})
	if err != nil {
		return err
	}
	defer func() { _ = socket.Close() }() // the read error below is the one that matters
	ready()
	for {
		p, err := socket.Next(ctx)
		if err != nil {
			return err
		}
		if p.Event.Message != nil {
			fn(*p.Event.Message)
		}
	}
}

// Send writes a text and returns the stored message, as far as the books need
// it (id, conversation, seq and client id). The same clientID gets the first
// answer again.
func (v *Visitor) Send(ctx context.Context, clientID, text string) (Message, error) {
	type part struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	raw, err := v.ask(ctx, "message.send", struct {
		ClientID string  `json:"client_id"`
		Parts    [1]part `json:"parts"`
	}{clientID, [1]part{{"text", text}}})
	if err != nil {
		return Message{}, err
	}
	var m Message
	s := &scanner{b: raw}
	s.object(func(key []byte) {
		if string(key) == "message" {
			m = s.message()
		} else {
			s.value()
		}
	})
	if s.bad || m.ID == "" {
		return m, fmt.Errorf("the result of message.send holds no message: %.200q", raw)
	}
	return m, nil
}

// Deliver sends until the server has answered, as the SDK does: after every
// failure that may pass it sends the same clientID again. pause waits between
// tries and ends them with an error.
func (v *Visitor) Deliver(ctx context.Context, clientID, text string, pause func(context.Context) error) (Message, error) {
	for {
		m, err := v.Send(ctx, clientID, text)
		var refused *RPCError
		if err == nil || (errors.As(err, &refused) && !refused.Retryable()) {
			return m, err
		}
		if err := pause(ctx); err != nil {
			return Message{}, err
		}
	}
}

// List reads the whole conversation, oldest first.
func (v *Visitor) List(ctx context.Context) ([]Message, error) {
	var all []Message
	for after := int64(0); ; {
		var page struct {
			Messages []Message `json:"messages"`
			More     bool      `json:"more"`
		}
		params := map[string]any{"limit": 100}
		if after > 0 {
			params["after_seq"] = after
		} else {
			params["after_seq"] = 0
		}
		if err := v.call(ctx, "message.list", params, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Messages...)
		if !page.More || len(page.Messages) == 0 {
			return all, nil
		}
		after = page.Messages[len(page.Messages)-1].Seq
	}
}

func (v *Visitor) call(ctx context.Context, method string, params, result any) error {
	raw, err := v.ask(ctx, method, params)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, result); err != nil {
		return fmt.Errorf("read result of %s: %w", method, err)
	}
	return nil
}

// ask calls a method and returns its result as it came; with a Line it is
// valid until the line is used again.
func (v *Visitor) ask(ctx context.Context, method string, params any) ([]byte, error) {
	body, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		ID      int    `json:"id"`
		Method  string `json:"method"`
		Params  any    `json:"params"`
	}{"2.0", 1, method, params})
	if err != nil {
		return nil, fmt.Errorf("encode %s: %w", method, err)
	}
	raw, err := v.post(ctx, body)
	if err != nil {
		return nil, fmt.Errorf("call %s: %w", method, err)
	}
	var result []byte
	failed := false
	s := &scanner{b: raw}
	s.object(func(key []byte) {
		v := s.value()
		switch string(key) {
		case "result":
			result = v
		case "error":
			failed = true
		}
	})
	if !s.bad && !failed && result != nil {
		return result, nil
	}
	var reply struct {
		Error *RPCError `json:"error"`
	}
	if err := json.Unmarshal(raw, &reply); err != nil {
		return nil, fmt.Errorf("read answer of %s: %w", method, err)
	}
	if reply.Error == nil {
		return nil, fmt.Errorf("the answer of %s holds neither result nor error", method)
	}
	return nil, reply.Error
}

func (v *Visitor) post(ctx context.Context, body []byte) ([]byte, error) {
	if v.Line != nil {
		fields := ""
		if v.Addr != "" {
			fields += "X-Forwarded-For: " + v.Addr + "\r\n"
		}
		if v.Token != "" {
			fields += "Authorization: Bearer " + v.Token + "\r\n"
		}
		return v.Line.Post(ctx, "/rpc/v1", fields, body)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.Base+"/rpc/v1", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Content-Type", "application/json")
	if v.Addr != "" {
		req.Header.Set("X-Forwarded-For", v.Addr)
	}
	if v.Token != "" {
		req.Header.Set("Authorization", "Bearer "+v.Token)
	}
	got, err := do(v.HTTP, req)
	return got.body, err
}

// maxAnswer bounds what we read of any answer, in bytes.
const maxAnswer = 8 << 20

// answer is what came back, read to its end.
type answer struct {
	status  string
	code    int
	body    []byte
	cookies []*http.Cookie
}

func do(c *http.Client, req *http.Request) (answer, error) {
	resp, err := c.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = resp.Body.Close() }() // read to the end below; nothing left to report
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return answer{status: resp.Status, code: resp.StatusCode, body: body, cookies: resp.Cookies()}, err
}
