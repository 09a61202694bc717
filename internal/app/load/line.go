package load

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// Line is one kept-alive HTTP/1.1 connection that posts and waits, for one
// goroutine at a time. It speaks as much of the protocol as our server's
// answers need (RFC 9112: a status line, fields, Content-Length); what it does
// not understand is an error. net/http's client, with two goroutines for each
// connection, would take a larger share of the processors under measurement.
type Line struct {
	address string
	conn    net.Conn
	in      *bufio.Reader
	out     []byte
}

// NewLine returns a line to a server's base address ("http://host:port"). It
// connects when it is first used, and again after every error.
func NewLine(base string) *Line { return &Line{address: strings.TrimPrefix(base, "http://")} }

// answerLimit is how long an answer may take.
const answerLimit = 60 * time.Second

// Post sends a body and returns the answer's; fields are header lines, each
// ending in "\r\n". The answer is valid until the next call. The time it may
// take is bounded; ctx is looked at before.
func (l *Line) Post(ctx context.Context, path, fields string, body []byte) ([]byte, error) {
	answer, err := l.post(ctx, path, fields, body)
	if err != nil {
		_ = l.Close() // the next call begins anew
		return nil, fmt.Errorf("post: %w", err)
	}
	return answer, nil
}

func (l *Line) post(ctx context.Context, path, fields string, body []byte) ([]byte, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if l.conn == nil {
		var d net.Dialer
		conn, err := d.DialContext(ctx, "tcp", l.address)
		if err != nil {
			return nil, err
		}
		l.conn, l.in = conn, bufio.NewReaderSize(conn, 4<<10)
	}
	if err := l.conn.SetDeadline(time.Now().Add(answerLimit)); err != nil {
		return nil, err
	}
	l.out = append(l.out[:0], "POST "...)
	l.out = append(append(l.out, path...), " HTTP/1.1\r\nHost: "...)
	l.out = append(append(l.out, l.address...), "\r\nContent-Type: application/json\r\n"...)
	l.out = append(append(l.out, fields...), "Content-Length: "...)
	l.out = append(strconv.AppendInt(l.out, int64(len(body)), 10), "\r\n\r\n"...)
	l.out = append(l.out, body...)
	if _, err := l.conn.Write(l.out); err != nil {
		return nil, err
	}
	return l.read()
}

// read reads one answer. Its status is left to the body, which says in
// JSON-RPC what went wrong.
func (l *Line) read() ([]byte, error) {
	status, err := l.in.ReadSlice('\n')
	if err != nil {
		return nil, err
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 ")) {
		return nil, fmt.Errorf("the answer begins with %.40q", status)
	}
	length, last := int64(-1), false
	for {
		field, err := l.in.ReadSlice('\n')
		if err != nil {
			return nil, err
		}
		name, value, _ := bytes.Cut(bytes.TrimRight(field, "\r\n"), []byte(":"))
		switch {
		case len(name) == 0:
			if length < 0 || length > maxAnswer {
				return nil, errors.New("the answer does not say its length, or one that is too large")
			}
			l.out = append(l.out[:0], make([]byte, length)...)
			if _, err := io.ReadFull(l.in, l.out); err != nil {
				return nil, err
			}
			if last {
				_ = l.Close() // the answer is here; the next call begins anew
			}
			return l.out, nil
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.ParseInt(string(bytes.TrimSpace(value)), 10, 64); err != nil {
				return nil, err
			}
		case bytes.EqualFold(name, []byte("Connection")):
			last = bytes.EqualFold(bytes.TrimSpace(value), []byte("close"))
		}
	}
}

// Close ends the connection; it may be used again.
func (l *Line) Close() error {
	if l.conn == nil {
		return nil
	}
	err := l.conn.Close()
	l.conn = nil
	return err
}
