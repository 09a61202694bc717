// Package document reads what people keep their knowledge in: Word files, PDF,
// web pages, Markdown, plain text, and tables of Excel or CSV. It gives the
// words with as much of their order as an answer needs (headings, lists, rows)
// and leaves the looks behind.
//
// It is not a place for storage, for cutting texts into pieces
// (engine/knowledge does) or for what the words mean.
//
// Invariants:
//   - A file is believed only as far as its bytes agree: what it is called says
//     nothing if the beginning says something else.
//   - Work is bounded by the Max… constants, a packed file's unpacked size
//     included; what is beyond is left out and Document.Cut says so.
//   - Bytes that make no sense are Invalid or Unsupported, never a panic. Endless
//     work in a hostile file can only be ended from outside, so the program
//     reads foreign files in a process of their own.
//
// Concurrency: Read keeps nothing and may be called concurrently.
//
// Imports: desk.
package document
