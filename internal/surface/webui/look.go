package webui

import (
	"encoding/json"
	"errors"
	"net/http"

	"yingda.dev/internal/desk"
)

// Look is what the loader draws the launcher from, before any frame is
// loaded. All of it is public: every visitor of the site gets it.
type Look struct {
	// Known tells whether an inbox has this key.
	Known bool `json:"known"`
	// Allowed tells whether the asking site may show the widget.
	Allowed bool `json:"allowed"`
	// Enabled is false for an inbox that is switched off.
	Enabled bool `json:"enabled"`
	// Primary is the inbox's main colour as #rrggbb, or empty.
	Primary string `json:"primary,omitempty"`
	// Widget holds the inbox's public widget settings; nil for none.
	Widget any `json:"widget,omitempty"`
}

// look answers any site, because it is asked from customers' pages; an unknown
// key is an answer too, so that the loader can tell the site's owner.
func (p *Pages) look(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Vary", "Origin")
	found, err := p.deps.Look(r, r.URL.Query().Get("key"))
	if err != nil && !errors.Is(err, desk.NotFound) {
		h.Set("Cache-Control", "no-store")
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("{}")) // the loader goes on with what it has
		return
	}
	if err != nil {
		found = Look{Allowed: true}
	}
	body, err := json.Marshal(found)
	if err != nil {
		http.Error(w, "{}", http.StatusInternalServerError)
		return
	}
	h.Set("Cache-Control", "public, max-age=60")
	_, _ = w.Write(body)
}
