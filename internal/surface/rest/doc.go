// Package rest is the agents' door: the HTTP API of workspace pages,
// administrators and integrations. Commands come in here; facts go out by
// package realtime.
//
// routes.go is the index: each line says method, path, permission and handler.
// A handler decodes, calls one service method and encodes. Who calls is
// decided before it runs (gate.go): a session cookie with a CSRF token, or an
// API token. Everything is closed unless the table says otherwise, and every
// command carries an Idempotency-Key.
//
// The OpenAPI description is generated from the same table and kept in
// api/openapi.json, from which the pages' types are made. Errors are
// problem+json (RFC 9457) with our Kind beside the status.
//
// A Server is safe for concurrent use and starts no goroutines.
//
// Imports: desk, wire, platform/auth, platform/store for ranges, the flow
// packages, huma.
package rest
