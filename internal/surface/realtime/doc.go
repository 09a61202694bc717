// Package realtime is the socket: it pushes facts to visitors and agents, and
// carries the visitors' JSON-RPC in the same connection. It is the only
// package that knows centrifuge, and uses of it the connection (WebSocket,
// ping, write queues, rooms); histories, recovery and brokers are not used,
// because clients resume from our own feeds (package feed).
//
// A connection belongs to a visitor (connect data {"visitor_token"}) or an
// agent (session cookie and an Origin of ours, or an API token). It is put
// into the room of its feed, "contact:<id>" or "agent:<id>", by the server;
// clients cannot subscribe to anything themselves.
//
// Where sockets are blocked, visitors read the same pushes from an answer to a
// POST that does not end (stream.go): text/event-stream, with the token in a
// header. It begins with what was missed, is admitted like a socket, and asked
// for again at each sign of life.
//
// Bounds: a connection's outgoing queue holds 1 MiB and a slow reader is
// disconnected (it fetches what it missed when it is back), a stream's 256
// pushes or 1 MiB; an incoming frame has at most rpc.MaxBody bytes; calls of
// one connection run one after the other.
//
// It is not for deciding who hears what (package feed) nor for the methods
// (package rpc). The node lives from New to the end of Run. Everything is safe
// for concurrent use.
//
// Imports: desk, wire, platform/auth, flow/feed, surface/rpc, centrifuge.
package realtime
