// Package mail hands e-mails to a mail server (SMTP, RFC 5321). It is the only
// package that knows go-mail.
//
// It is not a queue and does not try again (flow/courier), reads no mail, and
// is not the e-mail channel.
//
// Invariants: nothing from outside becomes a header line; with TLS asked for, no
// mail and no password goes over a connection without it, and the server's
// certificate is checked.
//
// Concurrency: a Mailer is safe for concurrent use; each Send has a connection
// of its own.
//
// Imports: desk, go-mail.
package mail
