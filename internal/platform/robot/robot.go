package robot

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/outcall"
)

// Kind is whose robot it is.
type Kind string

// The kinds of robots.
const (
	WeCom    Kind = "wecom"
	DingTalk Kind = "dingtalk"
	Feishu   Kind = "feishu"
)

// Kinds lists all kinds.
func Kinds() []Kind { return []Kind{WeCom, DingTalk, Feishu} }

// Robot is where to say something.
type Robot struct {
	Kind Kind
	// URL is the address that the group shows for its robot. It is a secret: who
	// knows it may speak.
	URL string
	// Secret signs, where the group asks for it (DingTalk and Feishu).
	Secret string
}

// Host is whose address it is, which is no secret.
func (r Robot) Host() string {
	u, err := url.Parse(r.URL)
	if err != nil {
		return ""
	}
	return u.Hostname()
}

// maxURL and maxSecret bound what is stored.
const (
	maxURL    = 1000
	maxSecret = 200
)

// Check refuses a robot that cannot be spoken to.
func (r Robot) Check() error {
	const op = "set up robot"
	switch r.Kind {
	case WeCom, DingTalk, Feishu:
	default:
		return desk.InvalidField(op, "kind", "the kind is wecom, dingtalk or feishu")
	}
	u, err := url.Parse(r.URL)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || len(r.URL) > maxURL {
		return desk.InvalidField(op, "url", "the address begins with https:// and is the one that the group shows for its robot")
	}
	if len(r.Secret) > maxSecret {
		return desk.InvalidField(op, "secret", "the secret has at most 200 characters")
	}
	return nil
}

// Config tunes a Client; its zero value is the default.
type Config struct {
	// Timeout bounds one message. Default 10 s.
	Timeout time.Duration
	// Private allows addresses within the house, for robots of a messenger that
	// runs there, and for tests.
	Private bool
	// Transport, if set, is used instead of one that checks addresses; for tests.
	Transport http.RoundTripper
}

// Client speaks to robots. Build it with New.
type Client struct {
	http  *http.Client
	clock desk.Clock
}

// New builds a client.
func New(clock desk.Clock, c Config) *Client {
	if c.Timeout <= 0 {
		c.Timeout = 10 * time.Second
	}
	transport := c.Transport
	if transport == nil {
		dialer := &net.Dialer{Timeout: c.Timeout / 2}
		if !c.Private {
			dialer.Control = outcall.OnlyPublic
		}
		transport = &http.Transport{
			Proxy: nil, DialContext: dialer.DialContext, TLSHandshakeTimeout: c.Timeout / 2, ResponseHeaderTimeout: c.Timeout,
			MaxIdleConnsPerHost: 1, IdleConnTimeout: 30 * time.Second, ForceAttemptHTTP2: true,
		}
	}
	return &Client{clock: clock, http: &http.Client{
		Timeout: c.Timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Close lets go of idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// maxText is the shortest of the three bounds, in bytes.
const maxText = 2000

// Say says a text. Unavailable may go well later; what else it is will not.
func (c *Client) Say(ctx context.Context, r Robot, text string) error {
	const op = "speak to robot"
	if err := r.Check(); err != nil {
		return err
	}
	for len(text) > maxText {
		_, size := utf8.DecodeLastRuneInString(text)
		text = text[:len(text)-size]
	}
	address, body, err := Request(r, text, c.clock.Now())
	if err != nil {
		return err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return desk.E(desk.Invalid, op, "the address cannot be used")
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	answer, err := c.http.Do(req)
	if err != nil {
		if errors.Is(err, outcall.ErrForbidden) {
			return desk.E(desk.Denied, op, "the address is not one of the public network")
		}
		return desk.E(desk.Unavailable, op, "the robot cannot be reached") // without the cause, which has the address
	}
	defer func() { _ = answer.Body.Close() }()
	said, err := io.ReadAll(io.LimitReader(answer.Body, 64<<10))
	switch {
	case err != nil || answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests:
		return desk.E(desk.Unavailable, op, "the robot did not answer as it should")
	case answer.StatusCode != http.StatusOK:
		return desk.E(desk.Denied, op, "the robot refused the message (HTTP "+strconv.Itoa(answer.StatusCode)+")")
	}
	return outcome(said)
}

// limitedCodes are those by which a robot says "too often".
var limitedCodes = map[int]bool{45009: true, 130101: true, 410100: true, 9499: true, 11232: true}

// outcome reads an answer: errcode of WeCom and DingTalk, code of Feishu.
func outcome(said []byte) error {
	const op = "speak to robot"
	var a struct {
		ErrCode *int `json:"errcode"`
		Code    *int `json:"code"`
		Old     *int `json:"StatusCode"`
	}
	if err := json.Unmarshal(said, &a); err != nil {
		return desk.E(desk.Denied, op, "the answer is not a robot's")
	}
	for _, code := range []*int{a.ErrCode, a.Code, a.Old} {
		switch {
		case code == nil:
		case *code == 0:
			return nil
		case limitedCodes[*code]:
			return desk.E(desk.Unavailable, op, "the robot was spoken to too often")
		default:
			return desk.E(desk.Denied, op, "the robot refused the message (code "+strconv.Itoa(*code)+"); look at its security settings")
		}
	}
	return desk.E(desk.Denied, op, "the answer is not a robot's")
}

// Request is the address and the body that say a text at a time.
func Request(r Robot, text string, now time.Time) (address string, body []byte, err error) {
	type content struct {
		Content string `json:"content"`
	}
	switch r.Kind {
	case Feishu:
		message := map[string]any{"msg_type": "text", "content": map[string]string{"text": text}}
		if r.Secret != "" {
			stamp := strconv.FormatInt(now.Unix(), 10)
			message["timestamp"], message["sign"] = stamp, sign(stamp+"\n"+r.Secret, "")
		}
		body, err = json.Marshal(message)
		return r.URL, body, desk.Wrap(desk.Internal, "build robot message", err)
	case DingTalk:
		address = r.URL
		if r.Secret != "" {
			u, err := url.Parse(r.URL)
			if err != nil {
				return "", nil, desk.Wrap(desk.Invalid, "build robot message", err)
			}
			stamp := strconv.FormatInt(now.UnixMilli(), 10)
			q := u.Query()
			q.Set("timestamp", stamp)
			q.Set("sign", sign(r.Secret, stamp+"\n"+r.Secret))
			u.RawQuery = q.Encode()
			address = u.String()
		}
	default:
		address = r.URL
	}
	body, err = json.Marshal(map[string]any{"msgtype": "text", "text": content{text}})
	return address, body, desk.Wrap(desk.Internal, "build robot message", err)
}

func sign(key, message string) string {
	mac := hmac.New(sha256.New, []byte(key))
	_, _ = mac.Write([]byte(message))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
