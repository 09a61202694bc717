package load

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Visitor writes through JSON-RPC over HTTP POST.
type Visitor struct {
	// Base is the server's address without a slash at the end.
	Base string
	// HTTP is shared by all visitors, so connections are kept alive.
	HTTP *http.Client
	// Token is set by Open, or to resume an earlier session.
	Token string
	// Addr, if set, is the network address a proxy before the server would name.
	Addr string
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
		Token string `json:"token"`
	}
	err := v.call(ctx, "session.open", map[string]any{"channel_key": channelKey, "token": v.Token, "locale": "zh-CN"}, &result)
	if err != nil {
		return err
	}
	v.Token = result.Token
	return nil
}

// Send writes a text and returns the stored message. The same clientID gets the
// first answer again.
func (v *Visitor) Send(ctx context.Context, clientID, text string) (Message, error) {
	var result struct {
		Message Message `json:"message"`
	}
	err := v.call(ctx, "message.send", map[string]any{
		"client_id": clientID, "parts": []map[string]string{{"type": "text", "text": text}},
	}, &result)
	return result.Message, err
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
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
	if err != nil {
		return fmt.Errorf("encode %s: %w", method, err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, v.Base+"/rpc/v1", bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	req.Header.Set("Content-Type", "application/json")
	if v.Addr != "" {
		req.Header.Set("X-Forwarded-For", v.Addr)
	}
	if v.Token != "" {
		req.Header.Set("Authorization", "Bearer "+v.Token)
	}
	raw, _, err := do(v.HTTP, req)
	if err != nil {
		return fmt.Errorf("call %s: %w", method, err)
	}
	var answer struct {
		Result json.RawMessage `json:"result"`
		Error  *RPCError       `json:"error"`
	}
	if err := json.Unmarshal(raw, &answer); err != nil {
		return fmt.Errorf("read answer of %s: %w", method, err)
	}
	if answer.Error != nil {
		return answer.Error
	}
	if err := json.Unmarshal(answer.Result, result); err != nil {
		return fmt.Errorf("read result of %s: %w", method, err)
	}
	return nil
}

// maxAnswer bounds what we read of any answer, in bytes.
const maxAnswer = 8 << 20

func do(c *http.Client, req *http.Request) ([]byte, *http.Response, error) {
	resp, err := c.Do(req)
	if err != nil {
		return nil, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // read to the end below; nothing left to report
	raw, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	return raw, resp, err
}
