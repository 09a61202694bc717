// Package feed turns committed events into what agents and visitors hear: it
// follows the event log, renders each event once for agents and once for the
// visitor it concerns, and pushes it to those who are connected to this
// process; it replays the log to those who missed something.
//
// It is not a transport (surface/realtime and surface/rpc are) and keeps
// nothing: the log is the truth, and a push may be lost.
//
// A feed is what one agent or one contact hears. Each push carries
// (epoch, prev, seq): seq is the event's position in the log, prev the position
// after which this feed has had no other event. A client that is not as far as
// prev has missed something and fetches.
//
// Invariants:
//   - Who attaches first and fetches then misses nothing and can tell repeats.
//   - A push that could not be made shows as a gap at the client.
//   - Visitors hear only public events of their own contact, agents only events
//     of their account; replay and push check today's permissions.
//   - An event costs no SQL per event or connection: bodies travel sealed in
//     the log, names come from a cache.
//
// Concurrency: a Feed is safe for concurrent use. Run owns the follower; state
// is kept only for attached feeds, so its size is that of the connections.
//
// Imports: platform/store, platform/bus, platform/seal, platform/auth, wire, desk.
package feed
