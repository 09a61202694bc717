// Package channeltest is the suite that every channel adapter runs: the
// promises of package channel, checked.
//
// It is not a simulator of any platform; an adapter's own tests bring the
// samples, the local server it sends to, and the platform's published vectors.
//
// Each check is a subtest and independent of the others. Run may be called
// for several accounts of one adapter.
//
// Imports: channel, desk and testify's require. Only tests import it.
package channeltest
