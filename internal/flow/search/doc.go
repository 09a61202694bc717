// Package search finds messages by what they say although the database knows
// only sealed text: a consumer of the event log puts keyed hashes of a
// message's words into the index, and a search opens the hits and verifies
// them on the clear text.
//
// It is not the index (platform/store has it), not the cutting of text into
// words (platform/text), and not the knowledge base of the bot.
//
// Invariants:
//   - No word in clear is stored or logged; the index learns only which
//     messages share words.
//   - Each hit is verified, so an index that is stale or collides shows less,
//     never something wrong.
//   - A search sees one account. Notes are included: only agents search.
//   - The index may lag behind and can be rebuilt from the messages.
//
// Concurrency: a Service is safe for concurrent use and owns no goroutine; the
// bus runs its consumer.
//
// Imports: platform/store, platform/bus, platform/seal, platform/text, desk.
package search
