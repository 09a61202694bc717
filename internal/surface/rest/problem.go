package rest

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"yingda.dev/internal/desk"
)

// Problem is every error of the API: RFC 9457 with our Kind. It never echoes
// what was sent.
type Problem struct {
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
	p.Title = http.StatusText(p.Status)
	if p.Detail == "" || kind == desk.Internal {
		p.Detail = wordsOf[kind]
	}
	var de *desk.Error
	if asError(err, &de) {
		p.Field = de.Field
	}
	return p
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
	case m.Status == http.StatusRequestEntityTooLarge || m.Status == http.StatusUnsupportedMediaType:
		// the framework's status says it better than ours
	}
	p := &Problem{Title: http.StatusText(m.Status), Status: m.Status, Kind: kind.String(), Detail: m.Detail}
	if kind == desk.Internal {
		p.Detail = wordsOf[kind]
	} else if len(m.Errors) > 0 {
		p.Detail = m.Errors[0].Message
		p.Field = strings.TrimPrefix(m.Errors[0].Location, "body.")
	}
	return p, nil
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p) // the reader went away; there is nobody to tell
}
