package rest

import (
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"yingda.dev/internal/desk"
)

// Problem is every error of the API: RFC 9457 with our Kind. It never echoes
// what was sent.
type Problem struct { //nolint:errname // named as RFC 9457 does
	Title  string `json:"title" doc:"The HTTP status in words."`
	Status int    `json:"status" doc:"The HTTP status."`
	Kind   string `json:"kind" enum:"internal,invalid,not_found,conflict,denied,unauthenticated,limited,unavailable,unsupported" doc:"What sort of failure, stable for programs."`
	Detail string `json:"detail" doc:"For a person: what is wrong and what to do."`
	Field  string `json:"field,omitempty" doc:"The input at fault."`
}

// statusOf is the one place where our kinds become HTTP statuses.
var statusOf = map[desk.Kind]int{
	desk.Internal: http.StatusInternalServerError, desk.Invalid: http.StatusUnprocessableEntity,
	desk.NotFound: http.StatusNotFound, desk.Conflict: http.StatusConflict, desk.Denied: http.StatusForbidden,
	desk.Unauthenticated: http.StatusUnauthorized, desk.Limited: http.StatusTooManyRequests,
	desk.Unavailable: http.StatusServiceUnavailable, desk.Unsupported: http.StatusNotImplemented,
}

var wordsOf = map[desk.Kind]string{
	desk.Internal:        "something went wrong on our side; try again",
	desk.Invalid:         "the request breaks a rule",
	desk.NotFound:        "there is no such thing",
	desk.Conflict:        "it has changed meanwhile; look again",
	desk.Denied:          "this is not allowed",
	desk.Unauthenticated: "log in first",
	desk.Limited:         "too many requests; wait a little",
	desk.Unavailable:     "the service is busy; try again",
	desk.Unsupported:     "this is not supported",
}

func problemOf(err error) *Problem {
	kind := desk.KindOf(err)
	p := &Problem{Status: statusOf[kind], Kind: kind.String(), Detail: desk.UserMessage(err)}
	if refused, ok := errors.AsType[refusedError](err); ok {
		p.Status = refused.status
	}
	p.Title = http.StatusText(p.Status)
	if p.Detail == "" || kind == desk.Internal {
		p.Detail = wordsOf[kind]
	}
	if de, ok := errors.AsType[*desk.Error](err); ok {
		p.Field = de.Field
	}
	return p
}

// refusalOf is the problem, with the time to wait if the cause knows it.
func refusalOf(err error) error {
	var limited interface{ RetryAfter() time.Duration }
	if !errors.As(err, &limited) {
		return problemOf(err)
	}
	seconds := int64((limited.RetryAfter() + time.Second - 1) / time.Second)
	return huma.ErrorWithHeaders(problemOf(err), http.Header{"Retry-After": {strconv.FormatInt(seconds, 10)}})
}

// Error lets handlers return a Problem.
func (p *Problem) Error() string { return p.Detail }

// GetStatus serves huma.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType serves huma.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// problems turns the framework's own errors (bad JSON, failed validation) into
// ours. The values it would echo are dropped: one of them may be a password.
func problems(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	kind := desk.Invalid
	switch {
	case m.Status >= http.StatusInternalServerError:
		kind = desk.Internal
	case m.Status == http.StatusUnsupportedMediaType:
		kind = desk.Unsupported
	}
	// The framework's status says it better than ours, and its words are good
	// where they come from our own rules.
	p := &Problem{Title: http.StatusText(m.Status), Status: m.Status, Kind: kind.String(), Detail: wordsOf[kind]}
	switch {
	case m.Status == http.StatusRequestEntityTooLarge:
		p.Detail = "the request is too large"
	case kind == desk.Unsupported:
		p.Detail = "send application/json"
	case kind == desk.Invalid && len(m.Errors) > 0:
		p.Detail = m.Errors[0].Message
		at := m.Errors[0].Location
		if p.Detail == "unexpected property" { // the name is the caller's invention
			at = at[:max(strings.LastIndexByte(at, '.'), 0)]
		}
		p.Field = fieldName(at)
	}
	return p, nil
}

var errNotJSON = errors.New("the body is not what this address takes: it must be JSON in UTF-8 of the described shape")

// strictJSON refuses broken UTF-8, which the decoder would replace in silence,
// and says nothing of what it read.
var strictJSON = huma.Format{
	Marshal: huma.DefaultJSONFormat.Marshal,
	Unmarshal: func(data []byte, v any) error {
		if !utf8.Valid(data) || json.Unmarshal(data, v) != nil {
			return errNotJSON
		}
		return nil
	},
}

// fieldName is where the fault is, unless the caller made the name up: what
// stands in the place of a name may be a secret.
func fieldName(location string) string {
	name := strings.TrimPrefix(strings.TrimPrefix(location, "body."), "query.")
	if len(name) > 60 || strings.ContainsFunc(name, func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyz_-.[]0123456789", unicode.ToLower(c))
	}) {
		return "body"
	}
	return name
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the reader went away; there is nobody to tell
}
