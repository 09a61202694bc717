package postgres

import (
	"context"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"

	"yingda.dev/internal/desk"
)

// SQLSTATE codes, from appendix A of PostgreSQL's manual.
const (
	codeSerialization = "40001"
	codeDeadlock      = "40P01"
	codeUnique        = "23505"
	codeDivision      = "22012"
	codeCanceled      = "57014"
	codeLockTimeout   = "55P03"
	codeReadOnly      = "25006"
)

// errUnknown tells that the connection went away while it committed.
var errUnknown = errors.New("the outcome of the commit is unknown")

// errStale tells that the first use of a key was committed by somebody else
// after the identities were read: they have to be read again.
var errStale = errors.New("the identity was made meanwhile")

func code(err error) string {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Code
	}
	return ""
}

// again tells that the same transaction may succeed if it runs again.
func again(err error) bool {
	switch c := code(err); c {
	case codeSerialization, codeDeadlock:
		return true
	default:
		return lostRace(err)
	}
}

// lostRace tells that another node made the same key, identity or live
// conversation first. Those claims are optimistic (see sql.go).
func lostRace(err error) bool {
	if errors.Is(err, errStale) {
		return true
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		return false
	}
	return pg.Code == codeDivision ||
		pg.Code == codeUnique && (pg.ConstraintName == "identity_pkey" || pg.ConstraintName == "live_conversation_pkey" ||
			strings.HasPrefix(pg.ConstraintName, "dedupe_"))
}

// lost tells that the connection is gone.
func lost(err error) bool {
	if pg, ok := errors.AsType[*pgconn.PgError](err); ok {
		return pg.Severity == "FATAL" || pg.Severity == "PANIC" || strings.HasPrefix(pg.Code, "08")
	}
	var connect *pgconn.ConnectError
	var network net.Error
	return errors.As(err, &connect) || errors.As(err, &network) || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, driver.ErrBadConn) || errors.Is(err, context.DeadlineExceeded) ||
		pgconn.SafeToRetry(err)
}

// kindOf classifies an error of the database.
func kindOf(err error) desk.Kind {
	if kind := desk.KindOf(err); kind != desk.Internal {
		return kind
	}
	if lost(err) || again(err) || errors.Is(err, context.Canceled) {
		return desk.Unavailable
	}
	switch c := code(err); {
	case c == codeUnique:
		return desk.Conflict
	case c == codeCanceled, c == codeLockTimeout, c == codeReadOnly, // a server that follows another
		strings.HasPrefix(c, "53"), // too few connections, memory, disk
		strings.HasPrefix(c, "57"): // shutting down, starting up
		return desk.Unavailable
	default:
		return desk.Internal
	}
}

// failure is what callers get when the database refused.
func failure(op string, err error) error {
	if _, ok := errors.AsType[*desk.Error](err); ok {
		return err
	}
	f := &desk.Error{Kind: kindOf(err), Op: op, Err: err}
	switch {
	case errors.Is(err, errUnknown):
		f.Kind = desk.Unavailable
		f.Msg = "the connection to the database broke; look whether it was done before you try again"
	case f.Kind == desk.Unavailable:
		f.Msg = "the database cannot be written at the moment; nothing was changed, try again"
	}
	return f
}
