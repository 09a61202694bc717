package search

// Cursors for their fuzz test.
var (
	ReadCursor  = readCursor
	WriteCursor = writeCursor
)
