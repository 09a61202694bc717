// Package bot is the bot in service: it reads what customers write to it,
// decides what to do about it, and does it as commands to flow/conversation. It
// answers from knowledge, runs flows, asks back, leaves drafts for colleagues to
// look at, and hands over to people in time, with a summary.
//
// It understands nothing itself: intents, knowledge and flows are others', and
// reach it through the small interfaces of parts.go, which the application
// joins. It is not where thresholds are learned or knowledge is edited.
//
// Invariants:
//   - Several messages in a row are read as one question: the bot waits while
//     what it has read so far cannot be answered confidently, and no longer than
//     Settings.BurstMS after the newest.
//   - Each turn is one command with an idempotency key made of what was read:
//     whatever crashes, a question is answered once.
//   - Never silence. The customer's message commits a timer with it; if no turn
//     ends it, the timer takes the turn, and if that fails hands over.
//   - Each decision is kept with the versions, scores and hits it rests on, so
//     that it can be replayed with other thresholds.
//   - Under load it gives up understanding before it gives up answering, and
//     takes it up again by itself.
//
// Concurrency: a Service is safe for concurrent use. Run owns the workers; what
// the consumer hears goes to them by a bounded table, and what does not fit is
// left to the timer.
//
// Imports: engine/sentiment, platform/store, platform/bus, platform/seal, platform/audit,
// platform/timer, desk. Commands to conversations are the interface talks.
package bot
