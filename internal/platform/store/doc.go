// Package store is the contract of the durable truth: accounts, people,
// conversations, messages, the event log, and the bookkeeping of consumers,
// timers, leases, jobs and the outbox. Drivers implement the small Driver
// interface (package sqlite, package postgres); everything that is the same on
// both is written once, here, over package query.
//
// Three ways in:
//
//   - Do runs a Command: one hot unit of work as a value (claim the key, the
//     identity and the live conversation, decide, apply). Commands of many
//     callers are committed together; the answer comes after the commit.
//   - Write runs a function in an ordinary transaction, for rare commands,
//     administration and the effects of consumers.
//   - The methods of Reads look things up, each in a short read transaction
//     of its own; a Tx has them too and then sees its own writes.
//
// By noun: account.go (accounts, inboxes), agent.go (agents, teams), session.go
// (sessions, API tokens), keys.go (wrapped keys), contact.go (contacts,
// identities), conversation.go, message.go, event.go (log, epoch, trimming),
// consumer.go (positions, rebuild), deadletter.go, work.go (timers, leases),
// outbox.go (outbox, jobs), attachment.go, rating.go, index.go. The …Page methods walk a whole account
// for rebuilds. plan.go, ring.go and the exported row functions are for drivers.
//
// Invariants:
//
//   - Log positions have no gaps and log order is commit order: who reads up
//     to a position has seen everything below it.
//   - A failed unit leaves nothing behind, not even its idempotency key, and
//     never harms units committed with it.
//   - A caller's context ends only its wait, never a statement. A unit may run
//     more than once and touches nothing outside its transaction.
//   - Every method on rows of an account takes the account and sees no other.
//     The exceptions find an account by an unguessable hash or key (InboxByKey,
//     AgentByEmailHash, Session, APIToken) or serve the installation's own
//     machinery (Events, positions, DueTimers, DueOutbox, leases, RunningJobs).
//   - Sealed values are opaque here; nothing is decrypted or logged.
//
// It is not a place for policy: what a command means is decided by the flows.
//
// Concurrency: a Store is safe for concurrent use. A Tx belongs to its unit.
// Decide and unit functions run on the committer: they must not block.
//
// Imports: desk, seal (for the type of a wrapped key), the portable SQL in
// query, the standard library.
package store
