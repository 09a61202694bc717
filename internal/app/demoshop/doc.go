// Package demoshop is the order service of the demonstration's shop: orders,
// returns, invoices, addresses, coupons and compensations over HTTP, so that the
// flows of the demonstration call something real.
//
// It is not a model of a shop's back end: what it is told is kept in memory, up
// to a bound, and forgotten at the next start. It is mounted only with the
// demonstration, holds nobody's data and asks for no key.
//
// Concurrency: a Shop is safe for concurrent use.
//
// Imports: desk, net/http.
package demoshop
