// Package timer runs what was put off: snoozes that end, limits that are
// reached, data that has been kept long enough. Timers are rows committed with
// the change that wants them, so they survive restarts and fire on whatever
// node is up.
//
// It is not a scheduler of recurring work and keeps nothing in memory but the
// moment of the next look. A commit that tells a fact wakes it; a timer set
// without one is seen after Config.Fallback at the latest.
//
// Invariants: a due timer is fired at least once and by one node at a time; a
// handler must find nothing to do when it is called again. A timer that was
// moved or cancelled while its handler ran stays as it was changed. A handler
// that keeps failing is asked less and less often, at last once an hour with an
// error in the log; other timers are not held up, and none is ever lost.
//
// Concurrency: Run handles a bounded number of timers at once; handlers of
// different timers run concurrently.
//
// Imports: desk, platform/store.
package timer
