package rpc

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"yingda.dev/internal/desk"
)

// Handler answers POST /rpc/v1. source tells where a request comes from,
// behind trusted proxies. Pages of any site may call: there are no cookies
// here, and the token says who speaks.
func (s *Server) Handler(source func(*http.Request) Call) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Access-Control-Allow-Origin", "*")
		switch r.Method {
		case http.MethodOptions:
			h.Set("Access-Control-Allow-Methods", "POST, OPTIONS")
			h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type")
			h.Set("Access-Control-Max-Age", "86400")
			w.WriteHeader(http.StatusNoContent)
		case http.MethodPost:
			s.post(w, r, source(r))
		default:
			h.Set("Allow", "POST, OPTIONS")
			http.Error(w, "JSON-RPC is sent with POST", http.StatusMethodNotAllowed)
		}
	})
}

func (s *Server) post(w http.ResponseWriter, r *http.Request, call Call) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, MaxBody))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		w.WriteHeader(http.StatusRequestEntityTooLarge)
		write(w, encode(failure(null, codeInvalidRequest, "the request is too large")))
		return
	case err != nil:
		w.WriteHeader(http.StatusBadRequest)
		write(w, encode(&response{Version: "2.0", ID: null, Error: errorOf(desk.E(desk.Invalid, "read request", "the request broke off"))}))
		return
	}
	call.Token = bearer(r)
	answer := s.Handle(r.Context(), call, body)
	if answer == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	write(w, answer)
}

func bearer(r *http.Request) string {
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok {
		return ""
	}
	return token
}

// write ignores errors: the caller went away, and will ask again with its key.
func write(w io.Writer, b []byte) { _, _ = w.Write(b) }
