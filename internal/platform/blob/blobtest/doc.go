// Package blobtest holds drivers of package blob to their contract.
//
// Imports: blob, desk, the standard library and testify. It is for tests only.
package blobtest
