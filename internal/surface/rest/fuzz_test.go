package rest_test

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"yingda.dev/internal/surface/surfacetest"
)

// Whatever comes into a command, the answer is a problem or the thing, never a
// fault of ours, and always JSON.
func FuzzReplyBody(f *testing.F) {
	h := surfacetest.Start(f, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	path := "/api/v1/conversations/" + h.Near.Guest().Say("1", "x").Text("result.conversation.id") + "/replies"
	for _, seed := range []string{
		`{"parts":[{"type":"text","text":"x"}]}`, `{"parts":[{"type":"location","location":{"latitude":1e308,"longitude":-0}}],"sent_at":"0001-01-01T00:00:00Z"}`,
		`{"parts":[{"type":"form","form":{"fields":[{"name":"n","label":"l","kind":"text"}],"values":{"n":"v"}}}],"reply_to":"msg_1"}`,
		`{"parts":[{"type":"card","card":{"title":"t","image_url":"//x","buttons":[{"label":"l","url":"https://x"}]}}],"version":9223372036854775807}`,
		"{\"parts\":[{\"type\":\"text\",\"text\":\"\\ud800\"}]}", "\xff", "null", `{"parts":null}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		r := httptest.NewRequest("POST", path, strings.NewReader(body)).WithContext(t.Context())
		for k, v := range admin.Keyed("") {
			r.Header.Set(k, v)
		}
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		h.REST.ServeHTTP(w, r)
		if w.Code >= 500 || !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%d %s for %q", w.Code, w.Body, body)
		}
	})
}
