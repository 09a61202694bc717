// Package outcall calls the web services of operators: short requests to
// addresses that a configuration names, made so that they cannot be turned
// against the network that this program stands in.
//
// It is not for browsing, for large files or for our own channels, and it knows
// nothing of flows, accounts and secrets.
//
// Invariants:
//   - A connection goes only to a public address; the address is looked at after
//     the name was resolved and at each attempt, so a name that changes its mind
//     changes nothing. What Config.Near names may lie at private addresses.
//   - A redirect stays with scheme, host and port, and there are at most three.
//   - Time, size of the answer, and calls at once are bounded. Beyond the last a
//     call fails at once.
//   - Errors and metrics hold no address, header or body.
//
// Concurrency: a Client is safe for concurrent use and owns no goroutine but those
// of its idle connections, which Close ends.
//
// Imports: desk, net/http.
package outcall
