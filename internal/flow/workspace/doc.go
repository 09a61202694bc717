// Package workspace owns what an account is made of: agents, teams, inboxes
// with the keys of host sites, log-in sessions and API tokens. It answers who
// calls and, from bounded caches, the look-ups of the hot path: an inbox by its
// key, an agent's name and rights.
//
// It is not the place for conversations or contacts, and it does not check
// permissions: it says what a caller may do, and the surfaces hold them to it.
//
// Invariants:
//   - Names, e-mails and channel secrets are sealed before they are stored;
//     passwords, sessions and tokens are stored only as hashes.
//   - A wrong e-mail, a wrong password and a disabled agent get the same answer
//     after the same work.
//   - What this process changes it sees at once; what another process changes,
//     at most Config.CacheTTL later.
//   - A token never permits more than its owner may do now.
//
// Concurrency: a Service is safe for concurrent use and owns no goroutine.
//
// Imports: platform/store, platform/seal, platform/auth, desk.
package workspace
