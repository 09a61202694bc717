// Package channel is the contract between Yingda and any way a customer can
// write to a company: a web page, WeChat, e-mail, a phone line.
//
// An adapter translates. It checks that bytes really come from the platform,
// turns them into Envelopes, and sends Outbound messages the platform's way.
// It is not a place for storage, routing, retries, rate limits, windows or
// waiting: the hub stores what comes in, delivery plans and repeats what goes
// out, and both read an adapter's Capabilities instead of its name.
//
// Invariants, proved for each adapter by channeltest:
//   - an Envelope's ID is the platform's or computed from what was said, never
//     random, so that the same push twice is the same Envelope twice;
//   - foreign bytes yield an error or a valid Envelope, never a panic;
//   - a signature that does not fit is Unauthenticated, before anything is parsed;
//   - no secret of the account appears in errors, Raw or logs.
//
// Adapters are safe for concurrent use and keep no state but caches.
//
// Imports: desk and the standard library. An adapter lives in a folder of its
// own below this one and may also import platform packages.
package channel
