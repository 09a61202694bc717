// Package webui serves the pages that are built into the program: the welcome
// and the demo shop, the desk, the widget, the loader script and the API
// documentation.
//
// HTML is never cached and gets what only the running server knows: whether it
// is a demonstration, and where hashed assets come from when a CDN is
// configured. Hashed assets are immutable and cached for a year. Every page
// carries a Content-Security-Policy that lets it load from here and nowhere
// else; only the widget may be framed, by the sites its inbox allows.
//
// It is not for data: pages get that from packages rpc, rest and realtime. A
// Pages is read-only after New and safe for concurrent use.
//
// Imports: desk and the standard library.
package webui
