// Package attachment takes in what people attach to messages and gives it out
// again: uploads are looked at, cleaned, sealed into a blob and noted in a row;
// a message names them by id; readers get signed addresses that expire.
//
// What a sender says of a file is not believed. The type is read from the
// first bytes and must be on the list of formats; the name is cleaned and ends
// the way its format does; pictures must say plausible dimensions and lose the
// place and the camera they were taken with. Archives are never unpacked.
//
// By idea: formats.go (what is taken, and how it is recognised), name.go,
// upload.go, picture.go (dimensions, thumbnails), metadata.go (what pictures
// tell about their makers), use.go (files of a message), link.go (signed
// addresses), open.go (reading), sweep.go (deleting what nobody needs).
//
// Invariants:
//   - an upload that fails or breaks off leaves neither bytes nor a row;
//   - a file is sent once, by whoever uploaded it, and the row says so in the
//     message's transaction (conversation and store do that);
//   - what was never sent is deleted after a day unless something keeps it;
//   - only pictures, sounds and videos of harmless formats are shown in place.
//
// It does not know HTTP, and does not decide who may read a conversation: who
// was shown a message has its files' addresses.
//
// Concurrency: a Service is safe for concurrent use. Pictures are decoded in
// the caller's goroutine, a few at a time; further ones wait.
//
// Imports: desk, auth (limiter), blob, seal, store, golang.org/x/image.
package attachment
