package app

import (
	"io"
	"net/http"
	"time"
)

// Where files come in.
const (
	visitorUploads = "/rpc/v1/attachments"
	agentUploads   = "/api/v1/attachments"
)

const (
	// patience is how long a sender or reader of a file may pause. The server's
	// own limits would cut a slow network off in the middle of a large file.
	patience = 30 * time.Second
	// maxTransfer bounds a whole upload: 25 MiB at 30 KiB a second.
	maxTransfer = 15 * time.Minute
	// documentPatience is how long a file may take to be read.
	documentPatience = time.Minute
)

// patientReader lets a request's body go on as long as something comes.
type patientReader struct {
	io.ReadCloser
	control *http.ResponseController
	end     time.Time
}

func patientBody(w http.ResponseWriter, body io.ReadCloser) io.ReadCloser {
	return &patientReader{body, http.NewResponseController(w), systemClock().Now().Add(maxTransfer)}
}

// Read waits a while for what comes next.
func (p *patientReader) Read(b []byte) (int, error) {
	now := systemClock().Now()
	if now.Before(p.end) {
		// A connection that cannot be told keeps the server's limits.
		_ = p.control.SetReadDeadline(now.Add(patience))
		_ = p.control.SetWriteDeadline(now.Add(patience + writeTimeout))
	}
	return p.ReadCloser.Read(b)
}

// patientWriter lets an answer go on as long as somebody reads it.
type patientWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Unwrap serves http.ResponseController.
func (p *patientWriter) Unwrap() http.ResponseWriter { return p.ResponseWriter }

// Write waits a while for the reader.
func (p *patientWriter) Write(b []byte) (int, error) {
	_ = p.control.SetWriteDeadline(systemClock().Now().Add(patience))
	return p.ResponseWriter.Write(b)
}
