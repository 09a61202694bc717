package channeltest_test

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/channel/channeltest"
	"yingda.dev/internal/desk"
)

const (
	secret = "whsec-4711"
	maxAge = 5 * time.Minute
)

// parrot is a small complete adapter: signed webhooks in, plain HTTP out. It
// shows how an adapter runs the suite, and that the suite can be passed.
type parrot struct{}

func (parrot) Kind() channel.Kind { return "parrot" }

func (parrot) Capabilities(channel.Account) channel.Capabilities {
	return channel.Capabilities{
		Inbound: true, Outbound: true, Transports: []channel.Transport{channel.Webhook},
		Content: map[desk.PartType]channel.Limit{desk.TextPart: {Max: 100}}, TextUnit: channel.Runes, AckDeadline: time.Second,
	}
}

func (parrot) Check(_ context.Context, a channel.Account) []channel.Problem {
	if a.Options["secret"] == "" {
		return []channel.Problem{{Option: "secret", Code: "missing", Fatal: true}}
	}
	return nil
}

func (parrot) Secrets(a channel.Account) []string { return []string{a.Options["secret"]} }

func sign(key, at string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(at + "."))
	mac.Write(body)
	return hex.EncodeToString(mac.Sum(nil))
}

func (parrot) Webhook(_ context.Context, a channel.Account, r channel.RawRequest) (channel.Ack, []channel.Envelope, error) {
	const op = "read push"
	at := r.Header.Get("X-Time")
	if !hmac.Equal([]byte(r.Header.Get("X-Signature")), []byte(sign(a.Options["secret"], at, r.Body))) {
		return channel.Ack{}, nil, desk.E(desk.Unauthenticated, op, "the signature does not fit")
	}
	seconds, err := strconv.ParseInt(at, 10, 64)
	if err != nil || r.At.Sub(time.Unix(seconds, 0)).Abs() > maxAge {
		return channel.Ack{}, nil, desk.E(desk.Unauthenticated, op, "the signature is too old")
	}
	var push struct{ From, Text string }
	if err := json.Unmarshal(r.Body, &push); err != nil {
		return channel.Ack{}, nil, desk.E(desk.Invalid, op, "this is not JSON")
	}
	if push.Text == "" {
		return channel.Ack{}, nil, nil
	}
	e := channel.Envelope{
		ID: channel.StableID(push.From, at, push.Text), Kind: channel.MessageEvent,
		Peer:    channel.Peer{Scope: "parrot", External: push.From, Verified: true},
		Message: &channel.Message{Content: desk.TextContent(push.Text)}, Opens: []channel.Trigger{channel.OnMessage},
	}
	if err := e.Validate(); err != nil {
		return channel.Ack{}, nil, err
	}
	return channel.Ack{}, []channel.Envelope{e}, nil
}

func (parrot) Send(ctx context.Context, a channel.Account, o channel.Outbound) (channel.Sent, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.Options["url"], strings.NewReader(o.Parts[0].Text))
	if err != nil {
		return channel.Sent{}, &channel.SendError{Class: channel.InvalidContent, Err: err}
	}
	answer, err := (&http.Client{}).Do(r)
	if err != nil {
		return channel.Sent{}, &channel.SendError{Class: channel.UnknownOutcome, Err: err}
	}
	_ = answer.Body.Close()
	switch answer.StatusCode {
	case http.StatusOK:
		return channel.Sent{ExternalIDs: []string{"x1"}, Status: desk.Sent}, nil
	case http.StatusTooManyRequests:
		return channel.Sent{}, &channel.SendError{Class: channel.Throttled, RetryAfter: time.Second}
	default:
		return channel.Sent{}, &channel.SendError{Class: channel.Temporary, Code: strconv.Itoa(answer.StatusCode)}
	}
}

func sample(name, body string, ids ...string) channeltest.WebhookSample {
	now := time.Unix(1_700_000_000, 0)
	at := strconv.FormatInt(now.Unix(), 10)
	return channeltest.WebhookSample{
		Name: name, IDs: ids, SignsBody: true, SignatureHeaders: []string{"X-Signature", "X-Time"}, MaxAge: maxAge,
		Request: channel.RawRequest{
			Method: http.MethodPost, Body: []byte(body), At: now,
			Header: http.Header{"X-Signature": {sign(secret, at, []byte(body))}, "X-Time": {at}},
		},
	}
}

func TestSuiteOnACompleteAdapter(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // else the server does not notice that a caller left
		switch r.ContentLength {
		case 1:
			w.WriteHeader(http.StatusTooManyRequests)
		case 2:
			w.WriteHeader(http.StatusBadGateway)
		case 3:
			<-r.Context().Done()
		}
	}))
	t.Cleanup(server.Close)
	out := func(text string) channel.Outbound {
		return channel.Outbound{ID: "m", Peer: channel.Peer{External: "p"}, Parts: []desk.Part{{Type: desk.TextPart, Text: text}}}
	}
	h := channeltest.Harness{
		Adapter: parrot{},
		Account: channel.Account{
			Inbox: desk.Inbox{Channel: "parrot"}, Options: map[string]string{"secret": secret, "url": server.URL},
		},
		Secrets: []string{secret},
		Webhooks: []channeltest.WebhookSample{
			sample("text", `{"From":"p1","Text":"hello"}`, channel.StableID("p1", "1700000000", "hello")),
			// Two people in the same second who say the same (NeuChar #137).
			sample("another person", `{"From":"p2","Text":"hello"}`, channel.StableID("p2", "1700000000", "hello")),
			sample("handshake", `{}`),
		},
		Sends: []channeltest.SendSample{
			{Name: "taken", Outbound: out("hello")},
			{Name: "too fast", Outbound: out("1"), Class: channel.Throttled},
			{Name: "down", Outbound: out("22"), Class: channel.Temporary},
			{Name: "no answer", Outbound: out("333"), Class: channel.UnknownOutcome, Timeout: 50 * time.Millisecond},
		},
	}
	channeltest.Run(t, h)
	require.True(t, parrot{}.Check(t.Context(), channel.Account{})[0].Fatal)
}
