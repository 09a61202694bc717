package outcall_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/outcall"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t *testing.T, c outcall.Config) *outcall.Client {
	t.Helper()
	x, err := outcall.New(c)
	require.NoError(t, err)
	t.Cleanup(x.Close)
	return x
}

func TestOnlyPublicAddresses(t *testing.T) {
	t.Parallel()
	for _, a := range []string{
		"127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "100.100.100.200", "0.0.0.0", "224.0.0.1", "255.255.255.255", "198.18.0.1",
		"::1", "::", "fe80::1", "fc00::1", "fd00::1", "ff02::1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "2002:7f00:1::", "::127.0.0.1", "2001:db8::1",
	} {
		require.False(t, outcall.Public(netip.MustParseAddr(a)), a)
	}
	for _, a := range []string{"1.1.1.1", "8.8.8.8", "223.5.5.5", "2606:4700::1111", "2400:3200::1"} {
		require.True(t, outcall.Public(netip.MustParseAddr(a)), a)
	}
}

func TestTheOwnNetworkIsClosed(t *testing.T) {
	t.Parallel()
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		_, _ = io.WriteString(w, `{"path":"`+r.URL.Path+`"}`)
	}))
	t.Cleanup(s.Close)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	x := open(t, outcall.Config{Near: []string{s.URL + "/api/"}})
	for _, u := range []string{s.URL + "/other", "http://localhost" + port, "http://[::1]" + port, "http://0x7f000001" + port, s.URL + "/apis", s.URL + "/api/../other", s.URL + "/api/%2e%2e/other"} {
		a := x.Do(t.Context(), outcall.Request{Method: "GET", URL: u, Timeout: 2 * time.Second})
		require.Contains(t, []string{outcall.Forbidden, outcall.Unreachable}, a.Failure, u)
		require.False(t, a.Sent)
	}
	require.Zero(t, asked)
	a := x.Do(t.Context(), outcall.Request{Method: "GET", URL: s.URL + "/api/orders/1"})
	require.Equal(t, outcall.Answer{Status: 200, Body: []byte(`{"path":"/api/orders/1"}`), Sent: true}, a)
	for _, u := range []string{"", "ftp://a", "http://", "http://u:p@a/", "file:///etc/passwd", "//a", "http://a b/"} {
		require.Equal(t, outcall.BadAddress, x.Do(t.Context(), outcall.Request{Method: "GET", URL: u}).Failure, u)
	}
	_, err := outcall.New(outcall.Config{Near: []string{"10.0.0.1"}})
	require.ErrorIs(t, err, desk.Invalid)
}

func TestAnswersAreBounded(t *testing.T) {
	t.Parallel()
	held := make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc("/large", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, 2000)) })
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	mux.HandleFunc("/held", func(http.ResponseWriter, *http.Request) { held <- struct{}{}; <-held })
	mux.HandleFunc("/here", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) })
	mux.HandleFunc("/away", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://169.254.169.254/", http.StatusFound)
	})
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/round", http.StatusFound) })
	mux.HandleFunc("/there", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Header.Get("X-Key")) })
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	x := open(t, outcall.Config{Near: []string{s.URL}, MaxAnswer: 1000, AtOnce: 1})
	do := func(path string) outcall.Answer {
		return x.Do(t.Context(), outcall.Request{Method: "GET", URL: s.URL + path, Headers: map[string]string{"X-Key": "k"}, Timeout: 300 * time.Millisecond})
	}
	require.Equal(t, outcall.TooLarge, do("/large").Failure)
	require.Equal(t, outcall.TimedOut, do("/slow").Failure)
	require.Equal(t, "k", string(do("/here").Body))
	require.Equal(t, outcall.Redirected, do("/away").Failure)
	require.Equal(t, outcall.Redirected, do("/round").Failure)
	done := make(chan outcall.Answer)
	go func() {
		done <- x.Do(context.WithoutCancel(t.Context()), outcall.Request{Method: "GET", URL: s.URL + "/held"})
	}()
	<-held
	require.Equal(t, outcall.Busy, do("/there").Failure)
	held <- struct{}{}
	require.Empty(t, (<-done).Failure)
}

func TestOwnAddressesNeedNoConnection(t *testing.T) {
	t.Parallel()
	x := open(t, outcall.Config{MaxAnswer: 10, Own: map[string]http.Handler{"https://demo.invalid/api": http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/large" {
			_, _ = w.Write(make([]byte, 11))
			return
		}
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, r.Method)
	})}})
	a := x.Do(t.Context(), outcall.Request{Method: "POST", URL: "https://demo.invalid/api/x", Body: []byte("{}")})
	require.Equal(t, outcall.Answer{Status: http.StatusTeapot, Body: []byte("POST"), Sent: true}, a)
	require.Equal(t, outcall.TooLarge, x.Do(t.Context(), outcall.Request{Method: "GET", URL: "https://demo.invalid/api/large"}).Failure)
}
