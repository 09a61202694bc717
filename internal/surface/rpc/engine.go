package rpc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// Limits of one request. They are part of docs/protocol.md.
const (
	// MaxBody is the largest request in bytes.
	MaxBody = 256 << 10
	// MaxBatch is the most calls one batch may hold.
	MaxBatch = 50
)

// Codes of the JSON-RPC 2.0 specification (section 5.1), then ours: -320xx
// with the HTTP status we would give as xx where there is one.
const (
	codeParse           = -32700
	codeInvalidRequest  = -32600
	codeMethodNotFound  = -32601
	codeInvalidParams   = -32602
	codeInternal        = -32603
	codeUnauthenticated = -32001
	codeDenied          = -32003
	codeNotFound        = -32004
	codeConflict        = -32009
	codeLimited         = -32029
	codeUnavailable     = -32050
	codeUnsupported     = -32051
)

var codeOf = map[desk.Kind]int{
	desk.Internal: codeInternal, desk.Invalid: codeInvalidParams, desk.NotFound: codeNotFound,
	desk.Conflict: codeConflict, desk.Denied: codeDenied, desk.Unauthenticated: codeUnauthenticated,
	desk.Limited: codeLimited, desk.Unavailable: codeUnavailable, desk.Unsupported: codeUnsupported,
}

// Plain words for errors that carry no message of their own.
var wordsOf = map[desk.Kind]string{
	desk.Internal:        "something went wrong on our side; try again",
	desk.Invalid:         "the request breaks a rule",
	desk.NotFound:        "there is no such thing",
	desk.Conflict:        "it has changed meanwhile",
	desk.Denied:          "this is not allowed",
	desk.Unauthenticated: "open a session first",
	desk.Limited:         "too many requests; wait a little",
	desk.Unavailable:     "the service is busy; try again",
	desk.Unsupported:     "this is not supported",
}

// method answers one call. params is a JSON object, an array or nil.
type method func(ctx context.Context, call Call, params json.RawMessage) (any, error)

type request struct {
	Version string          `json:"jsonrpc"`
	Method  *string         `json:"method"`
	Params  json.RawMessage `json:"params"`
	ID      json.RawMessage `json:"id"`
}

type response struct {
	Version string          `json:"jsonrpc"`
	Result  any             `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
	ID      json.RawMessage `json:"id"`
}

type rpcError struct {
	Code    int        `json:"code"`
	Message string     `json:"message"`
	Data    *errorData `json:"data,omitempty"`
}

// errorData tells a program what a person reads in the message.
type errorData struct {
	Kind         string `json:"kind"`
	Field        string `json:"field,omitempty"`
	RetryAfterMS int64  `json:"retry_after_ms,omitempty"`
}

var null = json.RawMessage("null")

const notJSON = "the request is not valid JSON in UTF-8"

// engine reads JSON-RPC 2.0 and calls methods; it knows nothing of visitors.
type engine struct {
	methods map[string]method
	// report hears of failures that are ours, once, at this edge.
	report func(ctx context.Context, method string, err error)
}

// handle answers a request or a batch. It returns nil when there is nothing to
// say: all calls were notifications.
func (e *engine) handle(ctx context.Context, call Call, raw []byte) []byte {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) > MaxBody:
		return encode(failure(null, codeInvalidRequest, fmt.Sprintf("a request has at most %d bytes", MaxBody)))
	case !utf8.Valid(raw), len(raw) == 0, raw[0] != '{' && !json.Valid(raw):
		return encode(failure(null, codeParse, notJSON))
	case raw[0] != '[':
		r := e.one(ctx, call, raw)
		if r == nil {
			return nil
		}
		return encode(r)
	}
	var batch []json.RawMessage
	if err := json.Unmarshal(raw, &batch); err != nil {
		return encode(failure(null, codeParse, "the request is not valid JSON"))
	}
	if len(batch) == 0 || len(batch) > MaxBatch {
		return encode(failure(null, codeInvalidRequest, fmt.Sprintf("a batch has 1 to %d calls", MaxBatch)))
	}
	// One after the other: a batch is how a client keeps order.
	call.batched = true
	answers := make([]*response, 0, len(batch))
	for _, item := range batch {
		if r := e.one(ctx, call, item); r != nil {
			answers = append(answers, r)
		}
	}
	if len(answers) == 0 {
		return nil
	}
	return encode(answers)
}

func (e *engine) one(ctx context.Context, call Call, raw json.RawMessage) *response {
	var req request
	if len(raw) == 0 || raw[0] != '{' {
		return failure(null, codeInvalidRequest, "a call is an object")
	}
	if err := json.Unmarshal(raw, &req); err != nil {
		if _, ok := errors.AsType[*json.SyntaxError](err); ok { // a single call is not looked through before
			return failure(null, codeParse, notJSON)
		}
		return failure(null, codeInvalidRequest, "a call is an object")
	}
	if !validID(req.ID) {
		return failure(null, codeInvalidRequest, "an id is a string of at most 128 bytes, a number or null")
	}
	id, notification := req.ID, req.ID == nil
	if notification {
		id = null
	}
	if req.Version != "2.0" || req.Method == nil || !validParams(req.Params) {
		return failure(id, codeInvalidRequest, `a call has "jsonrpc":"2.0", a method and params that are an object or an array`)
	}
	result, err := e.call(ctx, call, *req.Method, req.Params)
	switch {
	case notification:
		return nil
	case err != nil:
		return &response{Version: "2.0", Error: errorOf(err), ID: id}
	}
	return &response{Version: "2.0", Result: result, ID: id}
}

var errNoMethod = errors.New("rpc: no such method")

func (e *engine) call(ctx context.Context, call Call, name string, params json.RawMessage) (any, error) {
	m, ok := e.methods[name]
	if !ok {
		return nil, errNoMethod
	}
	result, err := m(ctx, call, params)
	if err != nil {
		if k := desk.KindOf(err); k == desk.Internal || k == desk.Unavailable {
			e.report(ctx, name, err)
		}
		return nil, err
	}
	if result == nil {
		result = struct{}{}
	}
	return result, nil
}

// errorOf is the one place where our kinds become JSON-RPC codes.
func errorOf(err error) *rpcError {
	if errors.Is(err, errNoMethod) {
		return &rpcError{Code: codeMethodNotFound, Message: "there is no such method"}
	}
	kind := desk.KindOf(err)
	words := desk.UserMessage(err)
	if words == "" || kind == desk.Internal {
		words = wordsOf[kind]
	}
	data := &errorData{Kind: kind.String()}
	if de, ok := errors.AsType[*desk.Error](err); ok {
		data.Field = de.Field
	}
	var later interface{ RetryAfter() time.Duration }
	if wait, ok := errors.AsType[retryAfterError](err); ok {
		data.RetryAfterMS = wait.Milliseconds()
	} else if errors.As(err, &later) {
		data.RetryAfterMS = retryAfterError(later.RetryAfter()).Milliseconds()
	}
	return &rpcError{Code: codeOf[kind], Message: words, Data: data}
}

func failure(id json.RawMessage, code int, message string) *response {
	return &response{Version: "2.0", Error: &rpcError{Code: code, Message: message}, ID: id}
}

// validID accepts what the specification does: string, number, null or none.
func validID(id json.RawMessage) bool {
	if id == nil {
		return true
	}
	if len(id) > 128 {
		return false
	}
	c := id[0]
	return c == '"' || c == '-' || (c >= '0' && c <= '9') || bytes.Equal(id, null)
}

func validParams(p json.RawMessage) bool {
	return p == nil || p[0] == '{' || p[0] == '['
}

func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // the reader is a JSON parser, not a page
	if err := enc.Encode(v); err != nil {
		return []byte(`{"jsonrpc":"2.0","error":{"code":-32603,"message":"the answer could not be written"},"id":null}`)
	}
	return bytes.TrimRight(b.Bytes(), "\n")
}
