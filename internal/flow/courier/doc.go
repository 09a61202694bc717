// Package courier sends what the program itself has to say by e-mail: the
// transcript of a conversation, an invitation. A mail is a sealed row in the
// database; it is tried until the mail server takes it, less and less often for
// about a day, and then put aside, where an administrator sees it.
//
// Invariants: a mail is queued in the same transaction as its reason or not at
// all; it may arrive twice (with one Message-ID) and never silently not at all;
// notes and recalled messages are in no transcript; everything from outside is
// escaped; without a configured server nothing is queued.
//
// Bounds: a contact asks for few transcripts an hour, and an address gets few;
// a transcript holds the newest MaxTranscript messages.
//
// It is not the e-mail channel, and does not decide who may ask.
//
// Concurrency: a Service is safe for concurrent use. Run owns its goroutine;
// several nodes share the work.
//
// Imports: desk, platform/auth (limiter), platform/mail, platform/seal,
// platform/store.
package courier
