// Package desk is the language of Yingda: the nouns a support manager would
// say (Account, Inbox, Contact, Conversation, Message, Agent, Team), the facts
// that happen to them, and the conversation state machine as pure functions.
//
// It is not a place for storage, transport, encryption or policy that needs
// any of them. Values go in, values come out: nothing here blocks, starts a
// goroutine, reads a clock or draws a random number on its own.
//
// Every type is a plain value and safe to copy; maps and slices inside are
// owned by whoever built the value and are not modified after that.
//
// Imports: the standard library only. Everything else may import desk.
package desk
