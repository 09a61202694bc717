// Package delivery sends what conversations queued for channels that must be
// written to: within reply windows and quotas, cut to what the platform takes,
// no faster than allowed, again after failures, in order.
//
// It is not a store of messages: flow/conversation owns them and writes the
// outbox rows in the same transaction; delivery asks it to move a message's
// status. Messages for our own feed never come here.
//
// How it works: Run takes due outbox rows, at most one of a conversation at a
// time and the oldest first, so that order is kept whatever happens. Each is
// planned (a pure function), noted as under way, sent piece by piece, and its
// row moved or removed. What was noted and not finished when a process died
// has an unknown outcome: it is sent again only if the platform recognises a
// repeat. A message that cannot be sent now because the customer must write
// first is held; the customer's next message releases it.
//
// What was used of a window's quota is kept in the data of a timer that ends
// with the window (kind WindowTimer), written with the note that a send is
// under way: so it survives restarts, is never below the truth, and clears
// itself away.
//
// Invariants: pieces of a conversation leave in order; a plan never exceeds
// the quota known to be left and loses no text; a status only moves upward; a
// message given up is Failed with a reason an agent can read.
//
// Concurrency: Run once. At most Config.Workers sends are under way. Buffers:
// the list of held conversations (a node that forgets one looks again after
// Config.Recheck) and the rate buckets, both bounded.
//
// Imports: channel, platform/store, platform/seal, platform/bus,
// platform/timer, desk.
package delivery
