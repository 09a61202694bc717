package rpc

import (
	"encoding/json"
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/wire"
)

// problem is RFC 9457, as at the agents' door.
type problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Kind   string `json:"kind"`
	Detail string `json:"detail"`
	Field  string `json:"field,omitempty"`
}

// statusOf says an error's kind in HTTP, where a whole request failed and not a call.
var statusOf = map[desk.Kind]int{
	desk.Internal: http.StatusInternalServerError, desk.Invalid: http.StatusUnprocessableEntity,
	desk.NotFound: http.StatusNotFound, desk.Conflict: http.StatusConflict, desk.Denied: http.StatusForbidden,
	desk.Unauthenticated: http.StatusUnauthorized, desk.Limited: http.StatusTooManyRequests,
	desk.Unavailable: http.StatusServiceUnavailable, desk.Unsupported: http.StatusNotImplemented,
}

// Uploads answers POST /rpc/v1/attachments: the file is the body as it is,
// because JSON would make it a third larger and hold it in memory.
func (s *Server) Uploads(source func(*http.Request) Call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, X-File-Name, Idempotency-Key")
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
		case http.MethodPost:
			s.upload(w, r, source(r))
		default:
			h.Set("Allow", "POST, OPTIONS")
			http.Error(w, "files are sent with POST", http.StatusMethodNotAllowed)
		}
	})
}

func (s *Server) upload(w http.ResponseWriter, r *http.Request, call Call) {
	w.Header().Set("Cache-Control", "no-store")
	call.Token = bearer(r)
	file, err := s.take(r, call)
	outcome := "ok"
	if err != nil {
		outcome = desk.KindOf(err).String()
	}
	s.calls.WithLabelValues("attachment.upload", outcome).Inc()
	if err != nil {
		s.refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_ = json.NewEncoder(w).Encode(wire.AttachmentShape(file.Kind, file.Media)) // who went away asks again with its key
}

func (s *Server) take(r *http.Request, call Call) (attachment.Uploaded, error) {
	const op = "upload file"
	v, inbox, err := s.admit(r.Context(), call)
	if err != nil {
		return attachment.Uploaded{}, err
	}
	name, err := url.PathUnescape(r.Header.Get("X-File-Name"))
	if err != nil || len(name) > 2000 {
		return attachment.Uploaded{}, desk.InvalidField(op, "X-File-Name", "the name is not percent-encoded UTF-8, or too long")
	}
	key := r.Header.Get("Idempotency-Key")
	if len(key) > 200 {
		return attachment.Uploaded{}, desk.InvalidField(op, "Idempotency-Key", "the key is longer than 200 characters")
	}
	uploader, err := s.deps.Intake.Uploader(r.Context(), inbox.AccountID, s.deps.Channel.Peer(v.VisitorClaims))
	if err != nil {
		return attachment.Uploaded{}, err
	}
	u := attachment.Upload{
		Account: inbox.AccountID, Uploader: uploader, Visitor: true, Key: key, Name: name,
		Declared: r.Header.Get("Content-Type"), Size: r.ContentLength, Body: r.Body,
	}
	if kind, _, _ := mime.ParseMediaType(u.Declared); kind == "multipart/form-data" { // what is no media type is no form
		if err := fromForm(r, &u); err != nil {
			return attachment.Uploaded{}, err
		}
	}
	return s.deps.Files.Upload(r.Context(), u)
}

// maxFormFields bounds what may come before the file in a form.
const maxFormFields = 10

// fromForm takes the part "file" of a form: mini-programs and React Native can
// send files in no other way. The body is read as it comes and never whole.
func fromForm(r *http.Request, u *attachment.Upload) error {
	const op = "read form"
	form, err := r.MultipartReader()
	if err != nil {
		return &desk.Error{Kind: desk.Invalid, Op: op, Field: "file", Msg: "the form cannot be read", Err: err}
	}
	for range maxFormFields {
		part, err := form.NextPart()
		if err != nil {
			return &desk.Error{Kind: desk.Invalid, Op: op, Field: "file", Msg: "the form holds no file, or broke off", Err: err}
		}
		if part.FormName() != "file" {
			continue
		}
		u.Body, u.AtMost, u.Declared = part, true, part.Header.Get("Content-Type")
		if u.Name == "" {
			u.Name = part.FileName()
		}
		return nil
	}
	return desk.InvalidField(op, "file", "the form holds no file")
}

func (s *Server) refuse(w http.ResponseWriter, r *http.Request, err error) {
	kind := desk.KindOf(err)
	if kind == desk.Internal {
		s.report(r.Context(), "attachment.upload", err)
	}
	p := problem{Status: statusOf[kind], Kind: kind.String(), Detail: desk.UserMessage(err)}
	var large *http.MaxBytesError
	switch {
	case errors.Is(err, attachment.ErrTooLarge), errors.As(err, &large):
		p.Status = http.StatusRequestEntityTooLarge
	case errors.Is(err, attachment.ErrType):
		p.Status = http.StatusUnsupportedMediaType
	}
	p.Title = http.StatusText(p.Status)
	if p.Detail == "" || kind == desk.Internal {
		p.Detail = wordsOf[kind]
	}
	if e, ok := errors.AsType[*desk.Error](err); ok {
		p.Field = e.Field
	}
	var later interface{ RetryAfter() time.Duration }
	wait := time.Duration(0)
	if errors.As(err, &later) {
		wait = later.RetryAfter()
	} else if door, ok := errors.AsType[retryAfterError](err); ok {
		wait = time.Duration(door)
	}
	if wait > 0 {
		w.Header().Set("Retry-After", strconv.FormatInt(int64((wait+time.Second-1)/time.Second), 10))
	}
	s.deps.Log.DebugContext(r.Context(), "upload refused", slog.String("kind", p.Kind))
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(p.Status)
	_ = json.NewEncoder(w).Encode(p)
}
