// Package text turns what people write into search tokens: the words by which
// a message is found, for Chinese, Japanese and Korean (pairs of characters)
// as for languages that put spaces between words (stems and beginnings).
//
// It is not a language model, a segmenter or a translator, and it does not
// know of keys: package seal turns tokens into keyed hashes before they are
// stored.
//
// The invariant that search rests on: if Match(body, query) holds, then every
// one of QueryTokens(query) is in IndexTokens(body). So a search over tokens
// misses nothing that Match would accept, and Match, run on the decrypted
// hits, removes what only looked alike.
//
// Work is bounded: of a longer text only the first MaxInput bytes count, and
// only what fits into MaxTokens tokens is found.
//
// Concurrency: pure functions, safe for concurrent use.
//
// Imports: desk, golang.org/x/text and the Snowball stemmer.
package text
