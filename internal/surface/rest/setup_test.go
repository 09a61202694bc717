package rest_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

func registration(company, email string) map[string]any {
	return map[string]any{"company": company, "name": "陈晨", "email": email, "password": surfacetest.Password, "locale": "zh-CN"}
}

func TestFirstVisitRegistersTheCompany(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Empty: true})
	require.Equal(t, map[string]any{"needed": true, "code_needed": false}, h.Do("GET", "/api/v1/setup", nil, nil).JSON())
	for field, value := range map[string]string{"company": " ", "name": "a\nb", "email": "nobody", "password": "short"} {
		body := registration("应答优选", "chen@example.com")
		body[field] = value
		problem(t, h.Do("POST", "/api/v1/setup", nil, body), "invalid")
	}
	require.Equal(t, true, h.Do("GET", "/api/v1/setup", nil, nil).Get("needed"), "what was wrong stored nothing")
	made := h.Do("POST", "/api/v1/setup", nil, registration("应答优选", "Chen@Example.com"))
	require.Equal(t, http.StatusOK, made.Status, string(made.Body))
	require.Equal(t, "应答优选", made.Text("account.name"))
	require.Contains(t, made.Get("permissions"), "roles.manage")
	cookie, err := http.ParseSetCookie(made.Header.Get("Set-Cookie"))
	require.NoError(t, err)
	admin := &surfacetest.Caller{House: h, Header: map[string]string{
		"Cookie": cookie.Name + "=" + cookie.Value, "X-CSRF-Token": made.Text("csrf_token"),
	}}
	inboxes := admin.Get("/api/v1/inboxes")
	require.Len(t, inboxes.Get("items"), 1)
	require.Regexp(t, "^chk_", inboxes.Text("items.0.key"))
	opened := h.Do("POST", "/rpc/v1", nil, map[string]any{
		"jsonrpc": "2.0", "id": 1, "method": "session.open", "params": map[string]string{"channel_key": inboxes.Text("items.0.key")},
	})
	require.NotEmpty(t, opened.Text("result.token"), string(opened.Body))

	require.Equal(t, map[string]any{"needed": false, "code_needed": false}, h.Do("GET", "/api/v1/setup", nil, nil).JSON())
	problem(t, h.Do("POST", "/api/v1/setup", nil, registration("第二家", "li@example.com")), "conflict")
	in := h.Do("POST", "/api/v1/session", nil, map[string]string{"email": "chen@example.com", "password": surfacetest.Password})
	require.Equal(t, http.StatusOK, in.Status)
}

// Two administrators of the same shop press the button at once, with others.
func TestOneRegistrationWins(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Empty: true})
	answers := make([]surfacetest.Answer, 8)
	var wg sync.WaitGroup
	for i := range answers {
		wg.Go(func() {
			answers[i], _ = h.Try(t.Context(), "POST", "/api/v1/setup", nil, registration("应答", "chen@example.com"))
		})
	}
	wg.Wait()
	won := 0
	for _, a := range answers {
		if a.Status == http.StatusOK {
			won++
			continue
		}
		problem(t, a, "conflict")
	}
	require.Equal(t, 1, won)
	accounts, err := h.Store.Accounts(t.Context())
	require.NoError(t, err)
	require.Len(t, accounts, 1)
}

func TestStrangersNeedTheSetupCode(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Empty: true})
	from := map[string]string{"Test-Addr": "203.0.113.9"}
	require.Equal(t, true, h.Do("GET", "/api/v1/setup", from, nil).Get("code_needed"))
	body := registration("应答", "chen@example.com")
	for _, code := range []string{"", "wrong", strings.Replace(surfacetest.SetupCode, "a", "b", 1), surfacetest.SetupCode[1:]} {
		body["code"] = code
		a := h.Do("POST", "/api/v1/setup", from, body)
		problem(t, a, "denied")
		require.Equal(t, "code", a.Text("field"))
	}
	// Guessing is slowed down, by whomever.
	var last surfacetest.Answer
	for range 10 {
		last = h.Do("POST", "/api/v1/setup", from, body)
	}
	problem(t, last, "limited")
	body["code"] = strings.ToUpper(strings.ReplaceAll(surfacetest.SetupCode, "-", " "))
	problem(t, h.Do("POST", "/api/v1/setup", from, body), "limited")
	a := h.Do("POST", "/api/v1/setup", map[string]string{"Test-Addr": "203.0.113.10"}, body)
	require.Equal(t, http.StatusOK, a.Status, string(a.Body))
}
