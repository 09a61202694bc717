package robot_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/robot"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var at = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// The formats and signatures; the signatures were computed by openssl:
// printf '%s' MESSAGE | openssl dgst -sha256 -hmac KEY -binary | base64.
func TestFormats(t *testing.T) {
	t.Parallel()
	say := func(kind robot.Kind, secret string) (*url.URL, map[string]any) {
		address, body, err := robot.Request(robot.Robot{Kind: kind, URL: "https://robots.example/send?key=k-1", Secret: secret}, "排队 12 人", at)
		require.NoError(t, err)
		u, err := url.Parse(address)
		require.NoError(t, err)
		var m map[string]any
		require.NoError(t, json.Unmarshal(body, &m))
		return u, m
	}
	text := map[string]any{"content": "排队 12 人"}
	u, m := say(robot.WeCom, "")
	require.Equal(t, "k-1", u.Query().Get("key"))
	require.Equal(t, map[string]any{"msgtype": "text", "text": text}, m)

	u, m = say(robot.DingTalk, "SEC-1")
	require.Equal(t, map[string]any{"msgtype": "text", "text": text}, m)
	require.Equal(t, "1795262400000", u.Query().Get("timestamp"))
	require.Equal(t, "TdkBWWYDHhl08WVS38iMQvZaf+EjdhUH+2WHnXKQdXE=", u.Query().Get("sign"))
	require.Equal(t, "k-1", u.Query().Get("key"))

	_, m = say(robot.Feishu, "SEC-1")
	require.Equal(t, map[string]any{
		"msg_type": "text", "content": map[string]any{"text": "排队 12 人"}, "timestamp": "1795262400", "sign": "4qF64fN+nce7YIcfKKhZyKyNstupq8TdOh+586UxQNA=",
	}, m)
	_, m = say(robot.Feishu, "")
	require.NotContains(t, m, "sign")
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]desk.Kind{
		`200 {"errcode":0,"errmsg":"ok"}`:                  0,
		`200 {"StatusCode":0,"code":0}`:                    0,
		`200 {"errcode":310000,"errmsg":"sign not match"}`: desk.Denied,
		`200 {"errcode":45009}`:                            desk.Unavailable,
		`200 {"code":19021}`:                               desk.Denied,
		`200 <html>`:                                       desk.Denied,
		`200 {}`:                                           desk.Denied,
		`302 `:                                             desk.Denied,
		`404 `:                                             desk.Denied,
		`429 `:                                             desk.Unavailable,
		`503 `:                                             desk.Unavailable,
	} {
		status, body, _ := strings.Cut(answer, " ")
		c := robot.New(desk.ClockFunc(func() time.Time { return at }), robot.Config{Transport: answers(func(r *http.Request) *http.Response {
			sent, err := io.ReadAll(r.Body)
			require.NoError(t, err)
			require.LessOrEqual(t, len(sent), 2200)
			w := httptest.NewRecorder()
			w.Header().Set("Location", "http://169.254.169.254/")
			code := map[string]int{"200": 200, "302": 302, "404": 404, "429": 429, "503": 503}[status]
			w.WriteHeader(code)
			_, _ = w.WriteString(body)
			return w.Result()
		})})
		err := c.Say(t.Context(), robot.Robot{Kind: robot.WeCom, URL: "https://robots.example/x"}, strings.Repeat("长", 5000))
		if want == 0 {
			require.NoError(t, err, answer)
		} else {
			require.ErrorIs(t, err, want, answer)
			require.NotContains(t, err.Error(), "robots.example")
		}
	}
}

type answers func(*http.Request) *http.Response

func (f answers) RoundTrip(r *http.Request) (*http.Response, error) { return f(r), nil }

// Nothing within the house can be reached, by whatever name.
func TestOnlyThePublicNetwork(t *testing.T) {
	t.Parallel()
	hit := false
	inside := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { hit = true }))
	defer inside.Close()
	c := robot.New(desk.ClockFunc(time.Now), robot.Config{})
	defer c.Close()
	port := inside.URL[strings.LastIndex(inside.URL, ":"):]
	for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		err := c.Say(t.Context(), robot.Robot{Kind: robot.Feishu, URL: "https://" + host + port}, "x")
		require.ErrorIs(t, err, desk.Denied, host)
	}
	require.False(t, hit)
	for _, bad := range []robot.Robot{
		{Kind: "slack", URL: "https://x.example"},
		{Kind: robot.WeCom, URL: "http://x.example"},
		{Kind: robot.WeCom},
		{Kind: robot.WeCom, URL: "https://"},
		{Kind: robot.WeCom, URL: "https://user@x.example"},
		{Kind: robot.WeCom, URL: "https://x.example/" + strings.Repeat("a", 1000)},
		{Kind: robot.WeCom, URL: "https://x.example", Secret: strings.Repeat("s", 201)},
	} {
		require.ErrorIs(t, bad.Check(), desk.Invalid)
	}
}
