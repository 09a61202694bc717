package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/wire"
)

// files takes uploads in; package attachment implements it.
type files interface {
	Upload(ctx context.Context, u attachment.Upload) (attachment.Uploaded, error)
	Copy(ctx context.Context, account desk.AccountID, uploader, key string, id desk.AttachmentID) (attachment.Uploaded, error)
	Sign(account desk.AccountID, c *desk.Content)
	MaxSize() int64
}

// uploadInput takes its body as it comes, without holding it in memory.
type uploadInput struct {
	Keyed
	Type string `header:"Content-Type" maxLength:"200" doc:"What the sender believes it is; the server looks for itself."`
	Name string `header:"X-File-Name" maxLength:"2000" doc:"The file's name, percent-encoded UTF-8."`

	size int64
	body io.Reader
}

// Resolve serves huma: it keeps the request's body for the handler.
func (in *uploadInput) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	in.size, in.body = r.ContentLength, ctx.BodyReader()
	return nil
}

// bytesIn says in the description that the body is a file.
func bytesIn(next binding) binding {
	return func(s *Server, r route, op huma.Operation) {
		op.RequestBody = &huma.RequestBody{
			Description: "The file's bytes. Content-Length is required.", Required: true,
			Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
		}
		op.BodyReadTimeout = -1 // the edge lets a slow sender go on as long as something comes
		next(s, r, op)
	}
}

func (s *Server) uploadAttachment(ctx context.Context, c caller, in *uploadInput) (out[wire.Attachment], error) {
	name, err := url.PathUnescape(in.Name)
	if err != nil {
		return out[wire.Attachment]{}, desk.InvalidField("upload file", "X-File-Name", "the name is not percent-encoded UTF-8")
	}
	u, err := s.deps.Files.Upload(ctx, attachment.Upload{
		Account: c.Account, Uploader: desk.AgentUploader(c.Agent), Key: in.Key, Name: name, Declared: in.Type, Size: in.size, Body: in.body,
	})
	return out[wire.Attachment]{wire.AttachmentShape(u.Kind, u.Media)}, uploadProblem(err)
}

type copyInput struct {
	ID desk.AttachmentID `path:"id" maxLength:"40"`
	Keyed
}

func (s *Server) copyAttachment(ctx context.Context, c caller, in *copyInput) (out[wire.Attachment], error) {
	u, err := s.deps.Files.Copy(ctx, c.Account, desk.AgentUploader(c.Agent), in.Key, in.ID)
	return out[wire.Attachment]{wire.AttachmentShape(u.Kind, u.Media)}, uploadProblem(err)
}

// refusedError is an error with a status that its kind does not say.
type refusedError struct {
	error
	status int
}

// Unwrap gives the cause.
func (e refusedError) Unwrap() error { return e.error }

func uploadProblem(err error) error {
	switch {
	case errors.Is(err, attachment.ErrTooLarge):
		return refusedError{err, http.StatusRequestEntityTooLarge}
	case errors.Is(err, attachment.ErrType):
		return refusedError{err, http.StatusUnsupportedMediaType}
	}
	return err
}
