package store

import "iter"

// maxPage bounds every list. A limit of 0 or less, or above it, means maxPage.
const maxPage = 1000

func bound(limit int) int64 {
	if limit <= 0 || limit > maxPage {
		return maxPage
	}
	return int64(limit)
}

// chunkSize is how many ids the portable "… IN (…)" queries take.
const chunkSize = 8

// pageChunk is what the queries of a list take: a page of conversations, so
// that a list asks the database once for its people, labels and drafts.
const pageChunk = 50

// chunks cuts ids into pieces of chunkSize.
func chunks[T ~string](ids []T) iter.Seq[[]T] {
	return func(yield func([]T) bool) {
		for len(ids) > 0 {
			n := min(len(ids), chunkSize)
			if !yield(ids[:n]) {
				return
			}
			ids = ids[n:]
		}
	}
}

// fill sets the parameters of such a query; the spare ones stay "" and match
// no row.
func fill[T ~string](chunk []T, into ...*string) {
	for i, id := range chunk {
		*into[i] = string(id)
	}
}
