package outcall

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"syscall"
	"time"

	"yingda.dev/internal/desk"
)

// Why a call has no answer.
const (
	BadAddress  = "bad_address"
	Forbidden   = "forbidden"
	Unreachable = "unreachable"
	TimedOut    = "timeout"
	TooLarge    = "too_large"
	Redirected  = "redirected"
	Busy        = "busy"
	Stopped     = "stopped"
)

// Config tunes a Client. Its zero value is the default.
type Config struct {
	// Near are beginnings of addresses that may lie in the own network:
	// "http://orders.internal:8080/api/". Scheme, host and port must be the same,
	// the path must begin so.
	Near []string
	// Own are beginnings of addresses that this program itself answers; no
	// connection is made for them.
	Own map[string]http.Handler
	// MaxAnswer is how many bytes an answer may have. Default 256 KiB.
	MaxAnswer int64
	// AtOnce is how many calls may be under way. Default 64.
	AtOnce int
	// Longest bounds every call. Default 20 s.
	Longest time.Duration
}

// Request is what is asked.
type Request struct {
	Method, URL string
	Headers     map[string]string
	Body        []byte
	// Timeout is for all of it; Config.Longest at most.
	Timeout time.Duration
}

// Answer is what came back. Failure is empty if anything did.
type Answer struct {
	Status  int
	Body    []byte
	Failure string
	// Sent tells that the service may have seen the request.
	Sent bool
}

// Client calls. Build it with New.
type Client struct {
	config    Config
	near, own []*url.URL
	handlers  []http.Handler
	far, home *http.Client
	places    chan struct{}
}

// New builds a Client. An address of the configuration that is none is Invalid.
func New(c Config) (*Client, error) {
	if c.MaxAnswer <= 0 {
		c.MaxAnswer = 256 << 10
	}
	if c.AtOnce <= 0 {
		c.AtOnce = 64
	}
	if c.Longest <= 0 {
		c.Longest = 20 * time.Second
	}
	x := &Client{config: c, places: make(chan struct{}, c.AtOnce)}
	for _, a := range c.Near {
		u, err := address(a)
		if err != nil {
			return nil, err
		}
		x.near = append(x.near, u)
	}
	for a, h := range c.Own {
		u, err := address(a)
		if err != nil {
			return nil, err
		}
		x.own, x.handlers = append(x.own, u), append(x.handlers, h)
	}
	x.far, x.home = client(OnlyPublic), client(nil)
	return x, nil
}

func address(s string) (*url.URL, error) {
	u, err := url.Parse(s)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" || u.User != nil || u.Fragment != "" {
		return nil, desk.E(desk.Invalid, "read address", "an address begins with http:// or https:// and holds a host, and no user or password")
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u, nil
}

// client makes connections that control has looked at, and knows no proxy.
func client(control func(network, address string, c syscall.RawConn) error) *http.Client {
	dialer := &net.Dialer{Timeout: 5 * time.Second, Control: control}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 32, MaxIdleConnsPerHost: 4, IdleConnTimeout: 30 * time.Second,
			TLSHandshakeTimeout: 5 * time.Second, ResponseHeaderTimeout: 20 * time.Second, MaxResponseHeaderBytes: 32 << 10,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12},
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			if from := via[0].URL; len(via) > 3 || r.URL.Scheme != from.Scheme || !strings.EqualFold(r.URL.Host, from.Host) || r.Method != via[0].Method {
				return errRedirected
			}
			return nil
		},
	}
}

var (
	// ErrForbidden is why OnlyPublic refuses.
	ErrForbidden  = errors.New("not a public address")
	errRedirected = errors.New("redirected elsewhere")
	errTooLarge   = errors.New("too large")
)

// OnlyPublic is the Control of a net.Dialer that keeps to the public Internet: it
// looks at the address that a name was resolved to.
func OnlyPublic(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil || !Public(at.Addr()) {
		return ErrForbidden
	}
	return nil
}

// special are networks that are not private by name and not the public Internet:
// IANA's special-purpose registries (RFC 6890 and its successors), with the forms
// of IPv6 that carry an IPv4 address.
var special = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("192.0.2.0/24"), netip.MustParsePrefix("192.88.99.0/24"), netip.MustParsePrefix("198.18.0.0/15"),
	netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("203.0.113.0/24"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("2001::/23"), netip.MustParsePrefix("2001:db8::/32"), netip.MustParsePrefix("2002::/16"),
	netip.MustParsePrefix("3fff::/20"), netip.MustParsePrefix("5f00::/16"), netip.MustParsePrefix("fec0::/10"), netip.MustParsePrefix("::/96"),
}

// Public reports whether an address is one of the public Internet.
func Public(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if !a.IsGlobalUnicast() || a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() {
		return false
	}
	for _, p := range special {
		if p.Contains(a) {
			return false
		}
	}
	return true
}

// Close ends idle connections.
func (c *Client) Close() {
	c.far.CloseIdleConnections()
	c.home.CloseIdleConnections()
}

// under reports whether an address begins like one of the list; -1 if not.
func under(list []*url.URL, u *url.URL) int {
	for i, p := range list {
		if u.Scheme == p.Scheme && strings.EqualFold(u.Host, p.Host) && (u.Path == p.Path || strings.HasPrefix(u.Path, strings.TrimSuffix(p.Path, "/")+"/")) &&
			!strings.Contains(u.Path, "/../") && !strings.HasSuffix(u.Path, "/..") {
			return i
		}
	}
	return -1
}

// Do calls once. It returns always, with the answer or why there is none.
func (c *Client) Do(ctx context.Context, q Request) Answer {
	u, err := address(q.URL)
	if err != nil {
		return Answer{Failure: BadAddress}
	}
	select {
	case c.places <- struct{}{}:
		defer func() { <-c.places }()
	default:
		return Answer{Failure: Busy}
	}
	if q.Timeout <= 0 || q.Timeout > c.config.Longest {
		q.Timeout = c.config.Longest
	}
	ctx, cancel := context.WithTimeout(ctx, q.Timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, q.Method, u.String(), bytes.NewReader(q.Body))
	if err != nil {
		return Answer{Failure: BadAddress}
	}
	r.Header.Set("User-Agent", "Yingda")
	r.Header.Set("Accept", "application/json")
	if len(q.Body) > 0 {
		r.Header.Set("Content-Type", "application/json")
	}
	for k, v := range q.Headers {
		r.Header.Set(k, v)
	}
	if i := under(c.own, u); i >= 0 {
		return c.ask(c.handlers[i], r)
	}
	by := c.far
	if under(c.near, u) >= 0 {
		by = c.home
	}
	return c.send(by, r)
}

func (c *Client) send(by *http.Client, r *http.Request) Answer {
	response, err := by.Do(r)
	if err != nil {
		return Answer{Failure: why(r.Context(), err), Sent: !errors.Is(err, ErrForbidden) && !dialing(err)}
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, c.config.MaxAnswer+1))
	if err == nil && int64(len(body)) > c.config.MaxAnswer {
		err = errTooLarge
	}
	if err != nil {
		return Answer{Failure: why(r.Context(), err), Sent: true}
	}
	return Answer{Status: response.StatusCode, Body: body, Sent: true}
}

// dialing reports whether no connection was made.
func dialing(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "dial"
}

func why(ctx context.Context, err error) string {
	timeout, ok := errors.AsType[net.Error](err)
	switch {
	case errors.Is(err, ErrForbidden):
		return Forbidden
	case errors.Is(err, errRedirected):
		return Redirected
	case errors.Is(err, errTooLarge):
		return TooLarge
	case errors.Is(err, context.DeadlineExceeded), ok && timeout.Timeout():
		return TimedOut
	case ctx.Err() != nil:
		return Stopped
	}
	return Unreachable
}

// ask lets one of our own handlers answer.
func (c *Client) ask(h http.Handler, r *http.Request) Answer {
	w := &recorder{header: http.Header{}, left: c.config.MaxAnswer}
	h.ServeHTTP(w, r)
	if w.left < 0 {
		return Answer{Failure: TooLarge, Sent: true}
	}
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return Answer{Status: w.status, Body: w.body.Bytes(), Sent: true}
}

// recorder keeps what a handler writes, up to a bound.
type recorder struct {
	header http.Header
	status int
	left   int64
	body   bytes.Buffer
}

// Header is of the answer.
func (w *recorder) Header() http.Header { return w.header }

// WriteHeader keeps the first status.
func (w *recorder) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
}

// Write keeps what fits.
func (w *recorder) Write(b []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if w.left -= int64(len(b)); w.left < 0 {
		return 0, errTooLarge
	}
	return w.body.Write(b)
}
