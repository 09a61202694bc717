// Package child runs parts of the program in a process of their own: what may
// take all memory, never end or crash (foreign files), and what must not be in
// the way of people who wait for answers (training).
//
// A child gets its work by standard input, tells what it has by lines of
// standard output, has the lowest priority and dies with its parent. On other
// systems than Linux it has the parent's priority and no limit of memory, and
// outlives a killed parent until it writes.
//
// Concurrency: Run may be called concurrently; each call is a process.
//
// Imports: desk, golang.org/x/sys.
package child
