package app

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/config"
)

func post(t *testing.T, c *http.Client, url, body string, header map[string]string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/json")
	for k, v := range header {
		if k == "Host" {
			r.Host = v
		}
		r.Header.Set(k, v)
	}
	response, err := c.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	b, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(b)
}

// A new installation is registered by whoever sits at the machine, or has the
// code that was printed there; a proxy or a borrowed name is not sitting there.
func TestFirstRegistration(t *testing.T) {
	t.Parallel()
	i, web := newInstallation(t), client(t)
	s := i.serve(t)
	setup := s.base + "/api/v1/setup"
	body := `{"company":"应答优选","name":"陈晨","email":"chen@example.com","password":"a good password"}`
	_, _, here := get(t, web, setup)
	require.JSONEq(t, `{"needed":true,"code_needed":false}`, here)
	for _, header := range []map[string]string{
		{"X-Forwarded-For": "203.0.113.5"},
		{"Forwarded": "for=203.0.113.5"},
		{"Via": "1.1 proxy"},
		{"Host": "chat.example.com"},
		{"Host": "evil.example:8080"},
	} {
		status, answer := post(t, web, setup, body, header)
		require.Equal(t, http.StatusForbidden, status, "%v %s", header, answer)
		require.Contains(t, answer, `"field":"code"`)
	}
	status, answer := post(t, web, setup, body, map[string]string{"Sec-Fetch-Site": "cross-site"})
	require.Equal(t, http.StatusForbidden, status, answer)
	var err error
	web.Jar, err = cookiejar.New(nil)
	require.NoError(t, err)
	status, answer = post(t, web, setup, body, nil)
	require.Equal(t, http.StatusOK, status, answer)
	var in struct {
		Account struct{ ID string } `json:"account"`
	}
	require.NoError(t, json.Unmarshal([]byte(answer), &in))
	_, _, staffing := get(t, web, s.base+"/api/v1/staffing")
	require.Contains(t, staffing, `"automatic":true`, "a new company's queue hands out by itself")
	require.Zero(t, s.stop())

	// More companies by the command line; the link works on the running server.
	code, out, errs := i.command(t, "account", "create", "第二家")
	require.Zero(t, code, errs)
	link := regexp.MustCompile(`/desk/invite#(ydi_\S+)`).FindStringSubmatch(out)
	require.NotNil(t, link, out)
	_, out, _ = i.command(t, "account", "list")
	require.Contains(t, out, "第二家")
	require.Contains(t, out, in.Account.ID)
	code, _, errs = i.command(t, "account", "invite", "acc_nobody")
	require.Equal(t, ExitFailed, code, errs)
	s = i.serve(t)
	accept := `{"token":"` + link[1] + `","name":"李雷","email":"li@example.com","password":"a good password"}`
	status, answer = post(t, web, s.base+"/api/v1/invitations/accept", accept, nil)
	require.Equal(t, http.StatusOK, status, answer)
	require.Contains(t, answer, "第二家")
	status, _ = post(t, web, s.base+"/api/v1/setup", body, nil)
	require.Equal(t, http.StatusConflict, status)
	require.NotContains(t, s.log.String(), link[1])
}

// The code is printed only while it is of use, is the same after each start,
// and lets a stranger register.
func TestSetupCodeIsPrinted(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	codes := make([]string, 2)
	for n := range codes {
		c, err := config.Load("", i.env)
		require.NoError(t, err)
		k, err := openCore(t.Context(), c, quiet())
		require.NoError(t, err)
		a, err := newApp(k)
		require.NoError(t, err)
		codes[n] = a.setupCode()
		require.NoError(t, k.close())
	}
	require.Regexp(t, `^[0-9a-z]{4}-[0-9a-z]{4}-[0-9a-z]{4}$`, codes[0])
	require.Equal(t, codes[0], codes[1])
	at := &net.TCPAddr{IP: net.IPv4zero, Port: 8080}
	require.Contains(t, welcome(config.Default(), at, codes[0]), codes[0])
	require.NotContains(t, welcome(config.Default(), at, ""), "注册码")
}
