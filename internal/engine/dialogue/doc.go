// Package dialogue leads a conversation along a flow: it asks for what is
// missing, checks it, calls the operator's services, branches, takes a question
// in between and comes back, and hands over to a person when it does not get on.
//
// A flow is one readable YAML or JSON file (Parse; docs/guide has the
// reference). Step is a pure function from a State and an Input to the next
// State and Effects: it sends nothing, calls nothing and stores nothing. Who
// drives it performs the effects and feeds back their results. Rehearse plays
// the test dialogues that a file holds.
//
// It does not understand language beyond the values it asked for: what a
// message seems to want, and what knowledge would answer, is handed in.
//
// Invariants:
//   - One Step does at most MaxStepsPerTurn steps; beyond that a person takes
//     over. Stack, variables and State are bounded.
//   - A State survives a round through JSON, and one of another version is
//     refused. A flow that was published anew is continued where its step still
//     exists, and otherwise begun again with what is known.
//   - A visitor's words never become part of a template, a condition, a host or
//     a secret's place; secrets are never in a State or a Trace.
//
// Concurrency: pure functions; a Flow and a Set are not changed once made and
// safe for concurrent use.
//
// Imports: desk, engine/entity, platform/text, expr-lang/expr, yaml.
package dialogue
