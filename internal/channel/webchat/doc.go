// Package webchat is the adapter of Yingda's own widget and SDKs: visitors on
// web pages and in apps, who speak JSON-RPC to us and read our realtime feed.
//
// It is not the door itself (surface/rpc and surface/realtime are) and checks
// no tokens: Decode gets the claims of a token that was verified, and who the
// visitor is comes from there alone, never from what the visitor sent.
//
// Invariants: the envelope's id is the visitor's client_id, so a repeat of a
// lost answer is no second message; content is valid and bounded; media lie on
// this installation, so that no visitor makes an agent's browser call a host
// of the visitor's choice.
//
// Everything here is pure and safe for concurrent use.
//
// Imports: channel, platform/auth, desk.
package webchat
