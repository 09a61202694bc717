package child

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os/exec"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

const (
	usualLine = 1 << 20
	lastWords = 4 << 10         // of standard error are kept
	goodbye   = 2 * time.Second // between the end of a child and the end of its pipes
)

// Job is what a child does.
type Job struct {
	// Args are the arguments of the program without its name.
	Args []string
	// In is what the child reads; nil is nothing.
	In io.Reader
	// Line gets each line the child prints, without its end; the slice is valid
	// until Line returns. An error ends the child and is what Run returns.
	Line func([]byte) error
	// MaxLine is the longest line, in bytes. Default: 1 MiB.
	MaxLine int
	// Memory bounds what the child may allocate, in bytes. Default: no bound.
	Memory uint64
}

// Program is the executable that children run.
type Program struct {
	Path string
	// Env are "NAME=value" entries; nil is the parent's.
	Env []string
}

// Run starts a child and waits for its end. A child that was killed, crashed or
// ran out of memory is Unavailable, with its last words as the inner error; so
// is a context that ends, which kills it.
func (p Program) Run(ctx context.Context, j Job) error {
	const op = "run child process"
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, p.Path, j.Args...) //nolint:gosec // our own executable and arguments that the program makes
	cmd.Stdin, cmd.Env, cmd.WaitDelay = j.In, p.Env, goodbye
	var words tail
	cmd.Stderr = &words
	out, err := cmd.StdoutPipe()
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	prepare(cmd)
	if err := start(cmd, j.Memory); err != nil {
		return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "a part of the program could not be started", Err: err}
	}
	reading := lines(out, j)
	if reading != nil {
		cancel()
	}
	ended := cmd.Wait()
	switch {
	case reading != nil:
		return reading
	case ctx.Err() != nil:
		return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "the work was stopped before its end", Err: context.Cause(ctx)}
	case ended != nil:
		return &desk.Error{Kind: desk.Unavailable, Op: op, Msg: "a part of the program ended before its work was done", Err: errors.Join(ended, words.err())}
	}
	return nil
}

func lines(out io.Reader, j Job) error {
	s := bufio.NewScanner(out)
	longest := j.MaxLine
	if longest == 0 {
		longest = usualLine
	}
	s.Buffer(make([]byte, 0, min(64<<10, longest)), longest)
	for s.Scan() {
		if j.Line == nil {
			continue
		}
		if err := j.Line(s.Bytes()); err != nil {
			return err
		}
	}
	return desk.Wrap(desk.Internal, "read child process", s.Err())
}

// tail keeps the end of what is written to it.
type tail struct{ b []byte }

// Write never fails.
func (t *tail) Write(p []byte) (int, error) {
	t.b = append(t.b, p...)
	if len(t.b) > lastWords {
		t.b = append(t.b[:0], t.b[len(t.b)-lastWords:]...)
	}
	return len(p), nil
}

func (t *tail) err() error {
	if text := strings.TrimSpace(string(bytes.ToValidUTF8(t.b, nil))); text != "" {
		return errors.New(text)
	}
	return nil
}
