package desk

import (
	"errors"
	"strings"
)

// Kind says what sort of failure an Error is. The list is closed: the edges
// (HTTP, JSON-RPC, retry) map each Kind exactly once. A Kind is itself an
// error, so callers write errors.Is(err, desk.NotFound).
type Kind uint8

// The kinds of failure.
const (
	// Internal is a defect or an unforeseen failure of ours. It is the zero
	// value, so an error nobody classified is never shown as the user's fault.
	Internal Kind = iota
	// Invalid means the input breaks a rule; sending it again will not help.
	Invalid
	// NotFound means there is no such thing, or the caller may not know of it.
	NotFound
	// Conflict means the thing has changed since the caller looked.
	Conflict
	// Denied means the caller is known and may not do this.
	Denied
	// Unauthenticated means the caller is not known, or no longer.
	Unauthenticated
	// Limited means too much at once; the same call may succeed later.
	Limited
	// Unavailable means a part we need is away or full; retrying is right.
	Unavailable
	// Unsupported means the request is understood and this part cannot do it.
	Unsupported
)

var kindNames = [...]string{
	Internal: "internal", Invalid: "invalid", NotFound: "not_found", Conflict: "conflict",
	Denied: "denied", Unauthenticated: "unauthenticated", Limited: "limited",
	Unavailable: "unavailable", Unsupported: "unsupported",
}

// String gives the stable snake_case name used in APIs and metrics.
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return kindNames[Internal]
}

// Error makes a Kind usable as a target of errors.Is.
func (k Kind) Error() string { return k.String() }

// Retryable reports whether the same request may succeed later unchanged.
func (k Kind) Retryable() bool { return k == Limited || k == Unavailable }

// Error is the one error type that crosses package borders.
type Error struct {
	// Kind decides the HTTP status, the JSON-RPC code and whether to retry.
	Kind Kind
	// Op is "verb noun", for logs: "open conversation".
	Op string
	// Msg may be shown to a person. It names what is wrong and what to do, and
	// never holds secrets, message bodies or contact data.
	Msg string
	// Field names the input at fault, as the caller spelled it; may be empty.
	Field string
	// Err is the cause, for logs only. It is never shown.
	Err error
}

// E builds an Error without a cause.
func E(kind Kind, op, msg string) *Error { return &Error{Kind: kind, Op: op, Msg: msg} }

// InvalidField builds an Invalid error that points at one input field.
func InvalidField(op, field, msg string) *Error {
	return &Error{Kind: Invalid, Op: op, Field: field, Msg: msg}
}

// Wrap builds an Error around a cause. It returns nil when err is nil.
func Wrap(kind Kind, op string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Kind: kind, Op: op, Err: err}
}

// Error is the text for logs: operation, message and cause.
func (e *Error) Error() string {
	parts := make([]string, 0, 4)
	for _, p := range [...]string{e.Op, e.Kind.String(), e.Msg} {
		if p != "" {
			parts = append(parts, p)
		}
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	return strings.Join(parts, ": ")
}

// Unwrap gives the cause to errors.Is and errors.As.
func (e *Error) Unwrap() error { return e.Err }

// Is matches the error's own Kind, so errors.Is(err, desk.Conflict) works.
func (e *Error) Is(target error) bool {
	k, ok := target.(Kind)
	return ok && k == e.Kind
}

// KindOf finds the Kind of the outermost Error in err; Internal if there is none.
func KindOf(err error) Kind {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Kind
	}
	if k, ok := errors.AsType[Kind](err); ok {
		return k
	}
	return Internal
}

// UserMessage finds the text that may be shown to a person; empty if there is none.
func UserMessage(err error) string {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Msg
	}
	return ""
}
