package rest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// A company is renamed by its administrator; it may require a second factor,
// and then nobody works without one, neither new log-ins nor those that are open.
func TestCompany(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin, lin := h.LogIn(h.Near.Administrator), h.LogIn(h.Near.Answerer)
	program, _ := admin.Token("conversations.read")
	require.Equal(t, http.StatusForbidden, patch(lin, "/api/v1/account", map[string]any{"name": "x"}).Status)
	for _, bad := range []map[string]any{{"name": ""}, {"name": "  "}, {"locale": "fr"}, {"require_totp": "yes"}, {"colour": "red"}} {
		require.Equal(t, http.StatusUnprocessableEntity, patch(admin, "/api/v1/account", bad).Status, bad)
	}
	changed := patch(admin, "/api/v1/account", map[string]any{"name": " 新公司 ", "locale": "en"})
	require.Equal(t, http.StatusOK, changed.Status, string(changed.Body))
	require.Equal(t, "新公司", changed.Text("name"))
	require.Equal(t, "en", changed.Text("locale"))
	require.Equal(t, false, changed.Get("require_totp"))
	require.Equal(t, "新公司", lin.Get("/api/v1/session").Text("account.name"))
	require.NotEqual(t, "新公司", h.LogIn(h.Far.Administrator).Get("/api/v1/session").Text("account.name"))

	refused := patch(admin, "/api/v1/account", map[string]any{"require_totp": true})
	problem(t, refused, "conflict")
	require.Equal(t, "require_totp", refused.Text("field"))
	begun := admin.Post("/api/v1/me/totp", nil)
	require.Equal(t, http.StatusOK, admin.Post("/api/v1/me/totp/confirm", map[string]string{"code": appCode(t, begun.Text("secret"), h.Clock.Now())}).Status)
	require.Equal(t, http.StatusOK, patch(admin, "/api/v1/account", map[string]any{"require_totp": true}).Status)
	require.Equal(t, http.StatusOK, admin.Get("/api/v1/conversations?view=all").Status, "who has one goes on")
	require.Equal(t, http.StatusOK, program.Get("/api/v1/conversations?view=all").Status, "programs go on")
	problem(t, admin.Post("/api/v1/me/totp/disable", map[string]string{"password": surfacetest.Password}), "denied")

	for _, without := range []*surfacetest.Caller{lin, h.LogIn(h.Near.Supervisor)} {
		seen := without.Get("/api/v1/session")
		require.Equal(t, "totp", seen.Text("must"))
		require.Equal(t, []any{}, seen.Get("permissions"))
		answer := without.Get("/api/v1/conversations?view=all")
		problem(t, answer, "denied")
		require.Equal(t, "totp", answer.Text("field"))
		_, err := h.Dial(without.Header, nil)
		require.Error(t, err, "nor do they hear anything")
	}
	h.Clock.Advance(time.Minute)
	begun = lin.Post("/api/v1/me/totp", nil)
	require.Equal(t, http.StatusOK, lin.Post("/api/v1/me/totp/confirm", map[string]string{"code": appCode(t, begun.Text("secret"), h.Clock.Now())}).Status)
	require.Empty(t, lin.Get("/api/v1/session").Text("must"))
	require.Equal(t, http.StatusOK, lin.Get("/api/v1/conversations?view=all").Status)
	require.Contains(t, string(admin.Get("/api/v1/audit?action=account.changed").Body), "require_totp")

	require.Equal(t, http.StatusOK, patch(admin, "/api/v1/account", map[string]any{"require_totp": false}).Status)
	require.Equal(t, http.StatusOK, h.LogIn(h.Near.Supervisor).Get("/api/v1/conversations?view=all").Status)
	require.Equal(t, http.StatusNoContent, lin.Post("/api/v1/me/totp/disable", map[string]string{"password": surfacetest.Password}).Status)
}
