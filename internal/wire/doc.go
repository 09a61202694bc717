// Package wire holds the JSON shapes that leave the house: messages,
// conversations and feed events, once for agents and once for visitors, and
// the pure functions that make them from desk values.
//
// It is not a place for requests, routes, storage or decryption: content
// comes in clear and names come looked up.
//
// Invariants. A shape for visitors is a type of its own, so that nothing can
// reach a visitor by being forgotten: it has no field for notes, inbox ids,
// agent ids, staff addresses or snoozing. Members are snake_case; times are
// RFC 3339 in UTC with up to six decimals; an unset optional member is absent.
// A member never changes its meaning; testdata holds a sample of each shape.
//
// Everything is a plain value; functions are safe for concurrent use.
//
// Imports: desk and the standard library.
package wire
