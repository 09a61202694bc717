package app

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"

	"yingda.dev/internal/app/child"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/document"
)

const (
	// documentMemory bounds the process that reads a file.
	documentMemory = 2 << 30
	// documentLine holds a text with every character escaped.
	documentLine = 8 * document.MaxText
)

// readDocumentCommand reads a foreign file from standard input and prints what
// it says as a line of JSON: the server runs it for files that it does not
// trust to end or to spare its memory.
type readDocumentCommand struct {
	Name string `arg:"" optional:"" help:"What the file is called."`
}

// readDocument is the line.
type readDocument struct {
	Document document.Document `json:"document"`
	// Kind and Message say why it could not be read.
	Kind    desk.Kind `json:"kind,omitempty"`
	Message string    `json:"message,omitempty"`
	Refused bool      `json:"refused,omitempty"`
}

// Run reads and prints.
func (c readDocumentCommand) Run(r *run) error {
	data, err := io.ReadAll(io.LimitReader(r.process.In, document.MaxSize+1))
	if err != nil {
		return err
	}
	var answer readDocument
	if answer.Document, err = document.Read(c.Name, data); err != nil {
		answer = readDocument{Kind: desk.KindOf(err), Message: desk.UserMessage(err), Refused: true}
	}
	return json.NewEncoder(r.process.Out).Encode(answer)
}

// ownProgram is what runs as a child.
func ownProgram() (child.Program, error) {
	path, err := os.Executable()
	return child.Program{Path: path}, desk.Wrap(desk.Unavailable, "find the own program", err)
}

// documents reads files in processes of their own.
type documents struct{ program child.Program }

// Read implements what the flows ask for. A file that the reader crashed on, or
// that took too long, is Invalid like any other that cannot be read.
func (d documents) Read(ctx context.Context, name string, data []byte) (document.Document, error) {
	const op = "read document"
	ctx, cancel := context.WithTimeout(ctx, documentPatience)
	defer cancel()
	var answer *readDocument
	err := d.program.Run(ctx, child.Job{
		Args: []string{"read-document", "--", name}, In: bytes.NewReader(data), MaxLine: documentLine, Memory: documentMemory,
		Line: func(line []byte) error { return desk.Wrap(desk.Internal, op, json.Unmarshal(line, &answer)) },
	})
	switch {
	case err != nil || answer == nil:
		return document.Document{}, &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the file cannot be read: it is damaged, or too large for its kind", Err: err}
	case answer.Refused:
		return document.Document{}, desk.E(answer.Kind, op, answer.Message)
	}
	return answer.Document, nil
}
