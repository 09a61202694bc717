// Package review proposes what the bot should learn, and a person decides: what
// it could not answer, put together by topic; other ways of asking what it
// knows; answers that customers or colleagues found wrong; and what customers
// asked most in chats from before, with what agents answered.
//
// Nothing is learned by itself. An accepted proposal becomes knowledge
// (flow/library, joined by app), one that knowledge answers meanwhile settles
// without anybody.
//
// Invariants:
//   - A question that was decided on is not proposed again.
//   - Of two people who decide on one proposal, the second is told Conflict.
//   - Gathering may stop anywhere and be repeated: it puts together anew what
//     the bot's decisions of Config.Window say.
//   - An account has at most maxOpen open proposals, the largest.
//
// Concurrency: a Service is safe for concurrent use. Run gathers, on one node
// at a time.
//
// Imports: engine/topics, platform/store, platform/seal, platform/audit,
// platform/text, desk.
package review
