package rest_test

import (
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

func put(c *surfacetest.Caller, path string, body any) surfacetest.Answer {
	c.Helper()
	return c.Do("PUT", path, c.Keyed(""), body)
}

func TestInboxes(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	made := h.Do("POST", "/api/v1/inboxes", admin.Keyed("inbox-key-1"), map[string]any{
		"channel": "webchat", "name": "H5", "settings": map[string]any{"greeting": "欢迎"},
	})
	require.Equal(t, http.StatusOK, made.Status, string(made.Body))
	again := h.Do("POST", "/api/v1/inboxes", admin.Keyed("inbox-key-1"), map[string]any{"channel": "webchat", "name": "other"})
	require.Equal(t, made.Text("id"), again.Text("id"), "a repeat of the key makes no second one")
	require.Equal(t, "H5", again.Text("name"))
	one := "/api/v1/inboxes/" + made.Text("id")
	require.Nil(t, admin.Get(one).Get("first_message_at"))

	settings := map[string]any{
		"allowed_origins": []string{"https://shop.example"}, "primary": "#059669",
		"widget": map[string]any{
			"position": "left", "offset_x": 24, "theme": "dark", "languages": []string{"zh-CN", "en"}, "sound": false, "consent": true,
			"texts":         map[string]any{"zh-CN": map[string]string{"title": "在线客服"}, "en": map[string]string{"title": "Support"}},
			"quick_replies": map[string]any{"zh-CN": []string{"查物流", "退换货"}},
			"prechat": map[string]any{"enabled": true, "title": map[string]string{"zh-CN": "怎么称呼您？"}, "fields": []any{
				map[string]any{"name": "name", "label": "称呼", "kind": "text", "required": true, "labels": map[string]string{"en": "Name"}},
				map[string]any{"name": "topic", "label": "问题", "kind": "select", "options": []string{"售前", "售后"}},
			}},
		},
	}
	change := map[string]any{"name": "商城", "enabled": true, "settings": settings, "version": 1}
	changed := put(admin, one, change)
	require.Equal(t, http.StatusOK, changed.Status, string(changed.Body))
	require.EqualValues(t, 2, changed.Number("version"))
	stored := admin.Get(one)
	require.Equal(t, "left", stored.Text("settings.widget.position"))
	require.Equal(t, "Name", stored.Text("settings.widget.prechat.fields.0.labels.en"))
	require.Equal(t, http.StatusOK, put(admin, one, change).Status, "a repeat changes nothing and is no conflict")
	change["name"] = "另一个名字"
	problem(t, put(admin, one, change), "conflict")

	wrong := func(field string, widget map[string]any) {
		t.Helper()
		a := put(admin, one, map[string]any{"name": "商城", "enabled": true, "settings": map[string]any{"widget": widget}})
		problem(t, a, "invalid")
		require.Contains(t, a.Text("field"), field)
	}
	wrong("position", map[string]any{"position": "top"})
	wrong("offset_y", map[string]any{"offset_y": 201})
	wrong("languages", map[string]any{"languages": []string{"fr"}})
	wrong("languages", map[string]any{"languages": []string{"en", "en"}})
	wrong("texts.en.title", map[string]any{"texts": map[string]any{"en": map[string]string{"title": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}})
	wrong("texts", map[string]any{"texts": map[string]any{"fr": map[string]string{"title": "x"}}})
	wrong("prechat.fields", map[string]any{"prechat": map[string]any{"enabled": true}})
	field := map[string]any{"name": "x", "label": "X", "kind": "text"}
	for at, bad := range map[string]map[string]any{
		"fields[0].name": {"name": "X"}, "fields[0]": {"kind": "password"}, "fields[0].options": {"options": []string{"a"}},
	} {
		f := maps.Clone(field)
		maps.Copy(f, bad)
		wrong(at, map[string]any{"prechat": map[string]any{"fields": []any{f}}})
	}
	wrong("fields[1].name", map[string]any{"prechat": map[string]any{"fields": []any{field, field}}})
	for _, origin := range []string{"shop.example", "https://shop.example/path", "https://user@shop.example", "javascript:alert(1)", "https://*", "null"} {
		a := put(admin, one, map[string]any{"name": "商城", "enabled": true, "settings": map[string]any{"allowed_origins": []string{origin}}})
		problem(t, a, "invalid")
	}

	// The light turns green with the first message, and off is off.
	first := h.Near.Inbox
	require.Nil(t, admin.Get("/api/v1/inboxes/"+string(first.ID)).Get("first_message_at"))
	h.Near.Guest().Say("1", "在吗")
	require.NotEmpty(t, admin.Get("/api/v1/inboxes/"+string(first.ID)).Text("first_message_at"))
	put(admin, "/api/v1/inboxes/"+string(first.ID), map[string]any{"name": "网页", "enabled": false, "settings": map[string]any{}})
	closed := h.Do("POST", "/rpc/v1", nil, map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "session.open", "params": map[string]string{"channel_key": first.Key},
	})
	require.NotEmpty(t, closed.Text("error.data.kind"), string(closed.Body))
}

func TestHostKeys(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	one := "/api/v1/inboxes/" + string(h.Near.Inbox.ID)
	made := h.Do("POST", one+"/host-keys", admin.Keyed("host-key-1"), nil)
	require.NotEmpty(t, made.Text("secret"), string(made.Body))
	problem(t, h.Do("POST", one+"/host-keys", admin.Keyed("host-key-1"), nil), "conflict")
	for range 3 {
		require.Equal(t, http.StatusOK, admin.Post(one+"/host-keys", nil).Status)
	}
	problem(t, admin.Post(one+"/host-keys", nil), "conflict")
	shown := admin.Get(one)
	require.Len(t, shown.Get("host_keys"), 4)
	require.NotContains(t, string(shown.Body), made.Text("secret"))
	require.NotContains(t, string(h.LogIn(h.Near.Answerer).Get("/api/v1/inboxes").Body), made.Text("id"))
	require.Equal(t, http.StatusNoContent, admin.Delete(one+"/host-keys/"+made.Text("id")).Status)
	problem(t, admin.Delete(one+"/host-keys/"+made.Text("id")), "not_found")
	require.Len(t, admin.Get(one).Get("host_keys"), 3)
}
