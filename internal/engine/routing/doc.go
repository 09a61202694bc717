// Package routing decides who gets whom: which waiting conversation is next,
// which agent it goes to and why, why another still waits, and how long that
// will take.
//
// It is not the queue: who waits and who is there comes in as values, and what
// it decides is only advice until package conversation has committed it. It
// knows no rules on attributes and no clock.
//
// Invariants:
//   - An agent never gets more than the capacity holds, nor a conversation
//     whose required skill, level, language or team the agent lacks.
//   - Urgency is measured in time: being important is worth having waited so
//     much longer, and nothing else. So whoever waits longer than every boost
//     together goes before all who came later; nobody starves.
//   - A conversation that nobody can take does not hold up those behind it.
//   - Decisions depend on nothing but the arguments, not even on their order.
//
// Concurrency: pure functions, safe for concurrent use.
//
// Imports: desk and the standard library.
package routing
