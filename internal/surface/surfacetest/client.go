package surfacetest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"strings"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// Answer is what a door said.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// JSON decodes the body into a tree.
func (a Answer) JSON() map[string]any {
	var m map[string]any
	if json.Unmarshal(a.Body, &m) != nil {
		return nil
	}
	return m
}

// Get finds a value in the body by a path such as "error.data.kind" or "items.0.id".
func (a Answer) Get(path string) any {
	var v any
	if json.Unmarshal(a.Body, &v) != nil {
		return nil
	}
	for step := range strings.SplitSeq(path, ".") {
		switch at := v.(type) {
		case map[string]any:
			v = at[step]
		case []any:
			var i int
			if _, err := fmt.Sscan(step, &i); err != nil || i >= len(at) {
				return nil
			}
			v = at[i]
		default:
			return nil
		}
	}
	return v
}

// Text is Get for strings.
func (a Answer) Text(path string) string {
	s, _ := a.Get(path).(string) // "" stands for "is not there"
	return s
}

// Number is Get for numbers; -1 if there is none.
func (a Answer) Number(path string) int64 {
	f, ok := a.Get(path).(float64)
	if !ok {
		return -1
	}
	return int64(f)
}

// Do makes a request; body may be nil, text, bytes, or anything that becomes JSON.
func (h *House) Do(method, path string, header map[string]string, body any) Answer {
	h.Helper()
	a, err := h.Try(h.Ctx, method, path, header, body)
	require.NoError(h, err)
	return a
}

// Try is Do for other goroutines and for requests that may break off.
func (h *House) Try(ctx context.Context, method, path string, header map[string]string, body any) (Answer, error) {
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	case []byte:
		reader = bytes.NewReader(b)
	default:
		data, err := json.Marshal(b)
		if err != nil {
			return Answer{}, err
		}
		reader = bytes.NewReader(data)
	}
	r, err := http.NewRequestWithContext(ctx, method, h.URL+path, reader)
	if err != nil {
		return Answer{}, err
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return Answer{}, err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return Answer{response.StatusCode, response.Header, data}, err
}

// Caller is somebody at the agents' door.
type Caller struct {
	*House
	// Header is what shows who it is.
	Header map[string]string
}

// Nobody shows nothing.
func (h *House) Nobody() *Caller { return &Caller{h, map[string]string{}} }

// LogIn opens a session for an agent.
func (h *House) LogIn(a desk.Agent) *Caller {
	h.Helper()
	answer := h.Do("POST", "/api/v1/session", nil, map[string]string{"email": a.Email, "password": Password})
	require.Equal(h, http.StatusOK, answer.Status, string(answer.Body))
	cookie, err := http.ParseSetCookie(answer.Header.Get("Set-Cookie"))
	require.NoError(h, err)
	return &Caller{h, map[string]string{"Cookie": cookie.Name + "=" + cookie.Value, "X-CSRF-Token": answer.Text("csrf_token")}}
}

// Token makes a caller with an API token of this one.
func (c *Caller) Token(permissions ...string) (caller *Caller, id string) {
	c.Helper()
	made := c.Post("/api/v1/tokens", map[string]any{
		"name": "test", "permissions": permissions, "expires_at": c.Clock.Now().AddDate(0, 1, 0),
	})
	require.Equal(c, http.StatusOK, made.Status, string(made.Body))
	return &Caller{c.House, map[string]string{"Authorization": "Bearer " + made.Text("secret")}}, made.Text("id")
}

// With is the caller with one more header.
func (c *Caller) With(name, value string) *Caller {
	header := map[string]string{name: value}
	for k, v := range c.Header {
		if k != name {
			header[k] = v
		}
	}
	return &Caller{c.House, header}
}

// Get reads.
func (c *Caller) Get(path string) Answer {
	c.Helper()
	return c.Do("GET", path, c.Header, nil)
}

// Post commands, with a fresh key unless the caller has one.
func (c *Caller) Post(path string, body any) Answer {
	c.Helper()
	return c.Do("POST", path, c.Keyed(""), body)
}

// Delete commands.
func (c *Caller) Delete(path string) Answer {
	c.Helper()
	return c.Do("DELETE", path, c.Keyed(""), nil)
}

// Keyed is the caller's header with an idempotency key; "" draws one.
func (c *Caller) Keyed(key string) map[string]string {
	if key == "" {
		key = c.IDs.Other("key")
	}
	if c.Header["Idempotency-Key"] != "" {
		return c.Header
	}
	return c.With("Idempotency-Key", key).Header
}

// Guest is somebody at the visitors' door.
type Guest struct {
	*House
	Token  string
	Header map[string]string
	// Opened is the answer to session.open.
	Opened Answer
}

// Guest opens a session on the company's inbox.
func (c *Company) Guest(params ...any) *Guest {
	c.Helper()
	g := &Guest{House: c.House, Header: map[string]string{}}
	g.Open(append([]any{"channel_key", c.Inbox.Key}, params...)...)
	return g
}

// Open calls session.open with the params given as name, value, … and takes the token.
func (g *Guest) Open(params ...any) Answer {
	g.Helper()
	g.Opened = g.Call("session.open", params...)
	require.Nil(g, g.Opened.Get("error"), string(g.Opened.Body))
	g.Token = g.Opened.Text("result.token")
	return g.Opened
}

// Call makes a call with params given as name, value, …
func (g *Guest) Call(method string, params ...any) Answer {
	g.Helper()
	a, err := g.TryCall(g.Ctx, method, params...)
	require.NoError(g, err)
	return a
}

// TryCall is Call for other goroutines.
func (g *Guest) TryCall(ctx context.Context, method string, params ...any) (Answer, error) {
	return g.Try(ctx, "POST", "/rpc/v1", g.headers(), Request(method, params...))
}

// Raw sends a body as it is.
func (g *Guest) Raw(body any) Answer {
	g.Helper()
	return g.Do("POST", "/rpc/v1", g.headers(), body)
}

func (g *Guest) headers() map[string]string {
	header := map[string]string{}
	if g.Token != "" {
		header["Authorization"] = "Bearer " + g.Token
	}
	maps.Copy(header, g.Header)
	return header
}

// Say sends a text and must succeed.
func (g *Guest) Say(clientID, text string) Answer {
	g.Helper()
	a := g.Call("message.send", "client_id", clientID, "parts", Text(text))
	require.Nil(g, a.Get("error"), string(a.Body))
	return a
}

// Request is the JSON of a call with id 1.
func Request(method string, params ...any) []byte {
	p := map[string]any{}
	for i := 0; i+1 < len(params); i += 2 {
		if name, ok := params[i].(string); ok {
			p[name] = params[i+1]
		}
	}
	b, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": 1, "method": method, "params": p})
	if err != nil {
		return []byte(err.Error()) // no JSON: the server will say so
	}
	return b
}

// Text is the parts of a text message.
func Text(text string) []desk.Part { return desk.TextContent(text).Parts }
