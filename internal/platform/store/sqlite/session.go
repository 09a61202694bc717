package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
)

// session is the writing connection with its prepared statements. The texts
// are those of package query and this package, so their number is bounded. It
// belongs to one goroutine.
//
// What has no rows goes to the driver directly: database/sql would check and
// copy each argument on the way, which costs as much as a small statement.
type session struct {
	conn  *sql.Conn
	stmts map[string]*statement
	// args is the buffer of the present call; drivers do not keep arguments.
	args []driver.NamedValue
	// remembered counts the statements that changed what recall remembers.
	remembered int
}

// statement is a text prepared twice, each when it is first needed: with the
// driver, and with database/sql for those who want to scan rows.
type statement struct {
	text     string
	order    []int
	recalled bool
	direct   directStmt
	scanned  *sql.Stmt
}

// directStmt is what modernc's statements can do.
type directStmt interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

func newSession(conn *sql.Conn) *session {
	return &session{conn: conn, stmts: make(map[string]*statement)}
}

func (s *session) statement(text string) *statement {
	st := s.stmts[text]
	if st == nil {
		st = &statement{recalled: changesRecalled(text)}
		st.text, st.order = positional(text)
		s.stmts[text] = st
	}
	if st.recalled {
		s.remembered++
	}
	return st
}

// do calls fn with the driver's statement. database/sql holds its lock
// meanwhile, so that the connection still serves one at a time.
func (s *session) do(ctx context.Context, st *statement, fn func(directStmt) error) error {
	return s.conn.Raw(func(raw any) error {
		if st.direct == nil {
			conn, ok := raw.(driver.ConnPrepareContext)
			if !ok {
				return fmt.Errorf("a connection %T cannot prepare", raw)
			}
			stmt, err := conn.PrepareContext(ctx, st.text)
			if err != nil {
				return err
			}
			if st.direct, ok = stmt.(directStmt); !ok {
				return errors.Join(fmt.Errorf("a statement %T knows no context", stmt), stmt.Close())
			}
		}
		return fn(st.direct)
	})
}

// bind puts the arguments into the driver's form, in the order of the text.
func (s *session) bind(st *statement, args []any) ([]driver.NamedValue, error) {
	s.args = s.args[:0]
	for i, from := range st.order {
		if from >= len(args) {
			return nil, fmt.Errorf("argument %d is missing", from+1)
		}
		var value driver.Value
		switch x := args[from].(type) {
		case nil, string, int64, []byte, bool:
			value = x
		case int16:
			value = int64(x)
		default:
			var err error
			if value, err = driver.DefaultParameterConverter.ConvertValue(x); err != nil {
				return nil, err
			}
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return s.args, nil
}

// PrepareContext prepares a text; the caller closes it.
func (s *session) PrepareContext(ctx context.Context, text string) (*sql.Stmt, error) {
	return s.conn.PrepareContext(ctx, text)
}

// ExecContext runs a statement without rows.
func (s *session) ExecContext(ctx context.Context, text string, args ...any) (sql.Result, error) {
	st := s.statement(text)
	bound, err := s.bind(st, args)
	if err != nil {
		return nil, err
	}
	var result sql.Result
	err = s.do(ctx, st, func(stmt directStmt) error {
		result, err = stmt.ExecContext(ctx, bound)
		return err
	})
	return result, err
}

// value is the first column of the first row, nil if there is no row.
func (s *session) value(ctx context.Context, text string, args ...any) (value driver.Value, err error) {
	st := s.statement(text)
	bound, err := s.bind(st, args)
	if err != nil {
		return nil, err
	}
	err = s.do(ctx, st, func(stmt directStmt) error {
		rows, err := stmt.QueryContext(ctx, bound)
		if err != nil {
			return err
		}
		var row [1]driver.Value
		if err = rows.Next(row[:]); errors.Is(err, io.EOF) {
			err = nil
		}
		value = row[0]
		return errors.Join(err, rows.Close())
	})
	return value, err
}

func (s *session) scan(ctx context.Context, text string) (*sql.Stmt, error) {
	st := s.statement(text)
	var err error
	if st.scanned == nil {
		st.scanned, err = s.conn.PrepareContext(ctx, text)
	}
	return st.scanned, err
}

// QueryContext runs a statement with rows.
func (s *session) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	stmt, err := s.scan(ctx, text) //nolint:sqlclosecheck // the session closes it
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext runs a statement with one row.
func (s *session) QueryRowContext(ctx context.Context, text string, args ...any) *sql.Row {
	stmt, err := s.scan(ctx, text) //nolint:sqlclosecheck // the session closes it
	if err != nil {
		return s.conn.QueryRowContext(ctx, text, args...) // brings the same error along
	}
	return stmt.QueryRowContext(ctx, args...)
}

func (s *session) close() error {
	var errs []error
	for _, st := range s.stmts {
		if st.scanned != nil {
			errs = append(errs, st.scanned.Close())
		}
		if st.direct != nil {
			errs = append(errs, s.conn.Raw(func(any) error { return st.direct.Close() }))
		}
	}
	return errors.Join(append(errs, s.conn.Close())...)
}
