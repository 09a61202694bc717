// Package rpc is the visitors' door: JSON-RPC 2.0 methods for the widget, the
// SDK and apps. The same Server answers over HTTP POST and inside the frames
// of the realtime socket; long poll and short poll are the method feed.fetch
// with and without a wait.
//
// A message takes three steps here: the engine (engine.go) reads the
// envelope, the door (door.go) checks who is calling and how often, the
// method (methods.go) decodes its parameters and makes one call to a flow.
//
// It is not for agents (package rest) and not for pushing facts (package
// realtime). It stores nothing.
//
// A Server is safe for concurrent use and starts no goroutines. Every request
// is bounded in bytes, batch length, depth and time before it is acted on.
//
// Imports: desk, wire, channel, platform/auth, platform/store for ranges,
// flow/hub, flow/feed, flow/workspace.
package rpc
