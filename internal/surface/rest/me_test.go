package rest_test

import (
	"encoding/base32"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/surface/surfacetest"
)

// appCode is what an authenticator app shows.
func appCode(t *testing.T, secretText string, at time.Time) string {
	t.Helper()
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(secretText)
	require.NoError(t, err)
	return auth.TOTPCode(secret, at)
}

func TestSecondFactor(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	lin := h.LogIn(h.Near.Answerer)
	logIn := func(code, from string) surfacetest.Answer {
		body := map[string]string{"email": h.Near.Answerer.Email, "password": surfacetest.Password}
		if code != "" {
			body["code"] = code
		}
		return h.Do("POST", "/api/v1/session", map[string]string{"Test-Addr": from}, body)
	}
	asksForCode := func(a surfacetest.Answer) {
		t.Helper()
		require.Equal(t, http.StatusUnauthorized, a.Status, string(a.Body))
		require.Equal(t, "code", a.Text("field"))
		require.Empty(t, a.Header.Get("Set-Cookie"))
	}
	require.Equal(t, map[string]any{"enabled": false, "recovery_left": float64(0)}, lin.Get("/api/v1/me").Get("totp"))
	begun := lin.Post("/api/v1/me/totp", nil)
	require.Contains(t, begun.Text("uri"), "otpauth://totp/")
	require.Equal(t, http.StatusOK, logIn("", "203.0.113.1").Status, "begun is not on")
	problem(t, lin.Post("/api/v1/me/totp/confirm", map[string]string{"code": "000000"}), "invalid")
	code := appCode(t, begun.Text("secret"), h.Clock.Now())
	on := lin.Post("/api/v1/me/totp/confirm", map[string]string{"code": code})
	codes, _ := on.Get("recovery_codes").([]any)
	require.Len(t, codes, 10, string(on.Body))
	require.EqualValues(t, 10, lin.Get("/api/v1/me").Number("totp.recovery_left"))
	problem(t, lin.Post("/api/v1/me/totp", nil), "conflict")

	asksForCode(logIn("", "203.0.113.1"))
	asksForCode(logIn("000000", "203.0.113.1"))
	asksForCode(logIn(code, "203.0.113.1")) // used at the confirmation
	h.Clock.Advance(time.Minute)
	next := appCode(t, begun.Text("secret"), h.Clock.Now())
	require.Equal(t, http.StatusOK, logIn(next, "203.0.113.1").Status)
	asksForCode(logIn(next, "203.0.113.1")) // no code twice
	// Without the password no word about the second factor.
	wrong := h.Do("POST", "/api/v1/session", nil, map[string]string{"email": h.Near.Answerer.Email, "password": "wrong", "code": next})
	require.Empty(t, wrong.Text("field"))

	// Each recovery code once.
	spare, _ := codes[3].(string)
	require.Equal(t, http.StatusOK, logIn(spare, "203.0.113.2").Status)
	asksForCode(logIn(spare, "203.0.113.2"))
	require.EqualValues(t, 9, lin.Get("/api/v1/me").Number("totp.recovery_left"))

	// Guessing is slowed down, also for who has the password.
	var last surfacetest.Answer
	for n := range 12 {
		last = logIn(fmt.Sprintf("%06d", n), "203.0.113.3")
	}
	problem(t, last, "limited")

	problem(t, lin.Post("/api/v1/me/totp/disable", map[string]string{"password": "wrong"}), "invalid")
	require.Equal(t, http.StatusNoContent, lin.Post("/api/v1/me/totp/disable", map[string]string{"password": surfacetest.Password}).Status)
	require.Equal(t, http.StatusOK, logIn("", "203.0.113.4").Status)

	// An administrator helps who has lost everything; an agent cannot.
	again := lin.Post("/api/v1/me/totp", nil)
	h.Clock.Advance(time.Minute)
	require.Equal(t, http.StatusOK, lin.Post("/api/v1/me/totp/confirm", map[string]string{"code": appCode(t, again.Text("secret"), h.Clock.Now())}).Status)
	asksForCode(logIn("", "203.0.113.5"))
	admin := h.LogIn(h.Near.Administrator)
	require.Contains(t, string(admin.Get("/api/v1/agents").Body), `"totp":true`)
	require.Equal(t, http.StatusForbidden, lin.Delete("/api/v1/agents/"+string(h.Near.Answerer.ID)+"/totp").Status)
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/agents/"+string(h.Near.Answerer.ID)+"/totp").Status)
	require.Equal(t, http.StatusOK, logIn("", "203.0.113.6").Status)
	require.NotContains(t, h.Log.String(), begun.Text("secret"))
}

func TestOwnSessions(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	lin, elsewhere := h.LogIn(h.Near.Answerer), h.LogIn(h.Near.Answerer)
	admin, sup := h.LogIn(h.Near.Administrator), h.LogIn(h.Near.Supervisor)
	list := lin.Get("/api/v1/me/sessions")
	require.Len(t, list.Get("items"), 2, string(list.Body))
	require.Equal(t, true, list.Get("items.0.current"))
	require.Equal(t, "127.0.0.1", list.Text("items.0.addr"))
	require.NotEmpty(t, list.Text("items.0.device"))
	other := list.Text("items.1.id")
	problem(t, sup.Delete("/api/v1/sessions/"+other), "not_found")
	require.Equal(t, http.StatusNoContent, lin.Delete("/api/v1/sessions/"+other).Status)
	problem(t, elsewhere.Get("/api/v1/session"), "unauthenticated")
	require.Equal(t, http.StatusOK, lin.Get("/api/v1/session").Status)

	seen := admin.Get("/api/v1/agents/" + string(h.Near.Answerer.ID) + "/sessions")
	require.Len(t, seen.Get("items"), 1)
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/sessions/"+seen.Text("items.0.id")).Status)
	problem(t, lin.Get("/api/v1/session"), "unauthenticated")

	// Another password ends the others and keeps this one.
	lin, elsewhere = h.LogIn(h.Near.Answerer), h.LogIn(h.Near.Answerer)
	change := func(old, password string) surfacetest.Answer {
		return lin.Post("/api/v1/me/password", map[string]string{"old": old, "new": password})
	}
	require.Equal(t, "old", change("wrong", "another good one").Text("field"))
	require.Equal(t, "new", change(surfacetest.Password, "short").Text("field"))
	require.Equal(t, http.StatusNoContent, change(surfacetest.Password, "another good one").Status)
	require.Equal(t, http.StatusOK, lin.Get("/api/v1/session").Status)
	problem(t, elsewhere.Get("/api/v1/session"), "unauthenticated")

	// A token is no person.
	token, _ := admin.Token("conversations.read")
	for _, r := range [][2]string{{"GET", "/api/v1/me/sessions"}, {"POST", "/api/v1/me/totp"}} {
		problem(t, token.Do(r[0], r[1], token.Keyed(""), nil), "denied")
	}
	problem(t, patch(token, "/api/v1/me", map[string]string{"name": "x"}), "denied")
	require.Equal(t, http.StatusOK, token.Get("/api/v1/me").Status)
	require.Equal(t, "陈一", patch(admin, "/api/v1/me", map[string]string{"name": "陈一"}).Text("agent.name"))
	// A log-in in another tab: this one asks who it is and goes on.
	require.Equal(t, admin.Header["X-CSRF-Token"], admin.Get("/api/v1/session").Text("csrf_token"))
}

func TestAudit(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	role := admin.Post("/api/v1/roles", roleBody("夜班", "team", "conversations.read"))
	put(admin.With("Test-Addr", "203.0.113.77"), "/api/v1/roles/"+role.Text("id"), roleBody("夜班组", "own", "conversations.read"))
	put(admin, "/api/v1/roles/"+role.Text("id"), roleBody("夜班组", "own", "conversations.read")) // changes nothing
	problem(t, put(admin, "/api/v1/roles/"+role.Text("id"), roleBody("", "own", "conversations.read")), "invalid")
	token, id := admin.Token("roles.manage", "conversations.read")
	require.Equal(t, http.StatusNoContent, token.Delete("/api/v1/roles/"+role.Text("id")).Status)

	changed := admin.Get("/api/v1/audit?action=role.changed")
	require.Len(t, changed.Get("items"), 1, "only what was done, once: "+string(changed.Body))
	require.Equal(t, "林administrator", changed.Text("items.0.actor.name"))
	require.Equal(t, "203.0.113.77", changed.Text("items.0.addr"))
	require.Equal(t, "夜班", changed.Text("items.0.details.name.from"))
	require.Equal(t, "own", changed.Text("items.0.details.visibility.to"))
	require.Nil(t, changed.Get("items.0.details.permissions"))
	deleted := admin.Get("/api/v1/audit?action=role.deleted&actor=" + string(h.Near.Administrator.ID))
	require.Equal(t, id, deleted.Text("items.0.token"))
	require.Equal(t, []any{}, admin.Get("/api/v1/audit?actor="+string(h.Near.Answerer.ID)).Get("items"))

	var all []string
	for cursor := ""; ; {
		page := admin.Get("/api/v1/audit?limit=3&cursor=" + cursor)
		items, _ := page.Get("items").([]any)
		for i := range items {
			all = append(all, page.Text(fmt.Sprintf("items.%d.action", i)))
		}
		if cursor = page.Text("next_cursor"); cursor == "" {
			break
		}
	}
	require.Equal(t, []string{
		"role.deleted", "token.created", "role.changed", "role.created",
		"inbox.created", "team.created", "agent.created", "agent.created", "agent.created", "account.created",
	}, all)
	own := furnish(t, h.Near)
	require.Equal(t, http.StatusNoContent, admin.Post("/api/v1/dead-letters/"+own.letter+"/replay", nil).Status)
	problem(t, admin.Post("/api/v1/dead-letters/ded_unknown/replay", nil), "not_found")
	h.Do("POST", "/api/v1/keys/rotation", admin.Keyed("rotate-key-1"), nil)
	h.Do("POST", "/api/v1/keys/rotation", admin.Keyed("rotate-key-1"), nil)
	for _, action := range []string{"dead_letter.replayed", "keys.rotated"} {
		require.Len(t, admin.Get("/api/v1/audit?action="+action).Get("items"), 1, action)
	}
	problem(t, admin.Get("/api/v1/audit?cursor=x"), "invalid")
	require.Equal(t, http.StatusForbidden, h.LogIn(h.Near.Answerer).Get("/api/v1/audit").Status)
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		require.Equal(t, http.StatusMethodNotAllowed, admin.Do(method, "/api/v1/audit", admin.Keyed(""), nil).Status)
	}
}
