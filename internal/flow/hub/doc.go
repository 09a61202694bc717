// Package hub is the one door through which what customers do enters: it takes
// an Envelope from any channel, finds or makes the person and the conversation,
// and returns only after the message is safe on disk.
//
// It is not the owner of conversations (flow/conversation is; the hub asks it
// what a message means) and does not decode, retry, queue or answer anything.
//
// Invariants:
//   - The same envelope twice, even at the same moment, is one message; the
//     second caller gets the first one's answer.
//   - One person writing through two inboxes at once is one contact.
//   - No contact exists before its first message.
//   - Accept returns without error only after the commit.
//
// A Hub is safe for concurrent use and holds no state, so there is nothing to
// bound here: the store limits how many units wait (Limited).
//
// Imports: channel, platform/store, platform/seal, platform/bus, desk.
package hub
