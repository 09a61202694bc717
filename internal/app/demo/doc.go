// Package demo holds the content of the demonstration shop: intents, FAQs,
// articles, flows, chat lines with their mood, and lines that must not be
// answered, in Chinese and a part of it in English. LICENSE.md says where it
// comes from and what the files look like.
//
// It is not where the shop is made: app seeds it through the services that
// everybody uses.
//
// Invariants: what a function returns has been checked for gaps and unknown
// fields; a text stands once in a file.
//
// Concurrency: the functions read embedded files and share nothing.
//
// Imports: desk, yaml.
package demo
