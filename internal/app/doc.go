// Package app is the wiring: it reads the command line and the configuration,
// builds the graph of the program, starts its parts in order and stops them in
// the reverse order. It is the only package that imports widely, and the only
// one that knows the real clock, the real random source, the environment and
// the drivers.
//
// It is not a place for behaviour: what a message means, who may do what and
// how things are stored is decided below. What is here beside the wiring is
// the operator's side of the program: health, metrics, the HTTP server's
// limits and headers, doctor, backup and restore, keys.
//
// Start: check the configuration, listen, open or create the key file, open
// the database and bring its schema up to date, run store, bus, consumers,
// realtime, HTTP. Stop: /readyz answers 503, the listener closes and requests
// in work finish, sockets are told to reconnect, consumers end after the event
// in work, the committer answers everything it accepted, files close.
// Config.Server.StopTimeout bounds all of it.
//
// Concurrency: an App is built and run once, by one goroutine.
//
// Imports: everything.
package app
