// Package bus is the contract for carrying committed facts to whoever hangs on
// them: the realtime feed, the indexer, delivery, the bot.
//
// It is not a queue of its own. The event log in SQL is the durable truth and
// the queue; a bus only reads it, remembers how far each consumer got, and
// wakes readers early. Nothing is published here: who wants others to hear of
// something commits a fact with their change.
//
// Guarantees, proved for each implementation by bustest:
//
//   - Order. A consumer handles the events of one conversation one after the
//     other in the order of their commits, on however many nodes. Different
//     conversations may be handled in any order.
//   - Once in our database. What a handler's Effects write and the consumer's
//     position are committed together, so each event's SQL effects happen
//     once. What a handler does outside the database happens at least once and
//     needs an idempotency key of its own.
//   - Fencing. A node that lost its lease (paused, cut off) cannot commit
//     effects any more, even if it has not noticed yet.
//   - Poison. An event that keeps failing is put aside with all later events
//     of its conversation, for that consumer only; every other conversation
//     goes on. Replay hands them over again in order.
//   - Slowness. A slow consumer or follower falls behind and reads from the
//     log at its own pace. It holds up nobody, nothing is buffered for it and
//     nothing is dropped, until the log is trimmed past it: a consumer is then
//     rebuilt, a follower gets NotFound.
//   - Bounds. A batch is at most Consumer.Batch events. Only signals have
//     buffers that drop, the oldest first.
//
// Everything here is safe for concurrent use.
//
// Imports: desk and platform/store. Implementations live in folders below.
package bus
