// Package files gives attachments out at their signed addresses, to whoever
// has one: readers of a conversation, who are not asked again who they are.
//
// Pictures, sounds and videos may be shown in place; everything else is saved.
// Whatever a file holds, a browser that opens it runs nothing: the type is ours,
// sniffing is off, and the policy is an empty sandbox. Parts may be asked for
// (RFC 9110 §14), so that a video can be played from anywhere.
//
// It is not for uploads (rest and rpc take them) nor for our own pages (webui).
//
// Concurrency: a Handler is safe for concurrent use.
//
// Imports: desk, flow/attachment, the standard library.
package files
