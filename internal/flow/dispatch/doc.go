// Package dispatch is the queue: it knows who is there and who waits, gives
// each waiting conversation to the right person as soon as there is one, takes
// it back when that person does not answer, and tells visitors honestly how
// long it will be.
//
// It decides nothing about who suits whom (engine/routing does) and writes no
// conversation: it commands (flow/conversation), and of two nodes that command
// the same one is told Conflict.
//
// Who waits is no table of its own: a conversation that is open and nobody's
// waits, wherever it came from, so none can be lost between two truths. Only
// what sets a waiting conversation apart (escalated, declined by, wants a
// call) has a row.
//
// Invariants:
//   - One node hands out at a time, by lease; a second one would only be told
//     Conflict, and capacities are kept by whoever holds it.
//   - What the dispatcher knows is rebuilt from the database when it begins,
//     and follows the event log from there; it holds nothing else.
//   - Accounts are looked at side by side, each by one at a time; a look does not
//     wait for the commits of what it decided, which counts as taken meanwhile.
//   - Nobody is looked at again and again: each account knows when it is due.
//     Where people claim by hand, that is when an alert may begin or end.
//   - History, pace and what sets conversations apart are written with the
//     consumer's position: once, whatever crashes.
//   - Nobody is online without a connection. A node that dies loses its
//     connections after Config.LinkLife.
//
// Concurrency: a Service is safe for concurrent use. Run owns the dispatcher
// and the renewal of connections.
//
// Imports: engine/routing, engine/sla, platform/store, platform/bus, platform/robot,
// platform/seal, platform/audit, desk.
package dispatch
