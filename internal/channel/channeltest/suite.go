package channeltest

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
)

// Harness is what an adapter's tests bring along.
type Harness struct {
	Adapter channel.Adapter
	// Account is complete and healthy: Check finds nothing fatal in it.
	Account channel.Account
	// Secrets are the values of the account's options that must never show.
	Secrets []string
	// Webhooks are real requests with valid signatures. Needed for Webhook.
	Webhooks []WebhookSample
	// Decode is the parser of an adapter that is not called by webhook (feed,
	// stream, pull): foreign bytes in, one envelope out. Needed if Inputs is set.
	Decode func(data []byte) (channel.Envelope, error)
	// Inputs are samples for Decode. Needed for every adapter without Webhooks.
	Inputs []Input
	// Sends are messages with the outcome they must have. Needed for Outbound
	// adapters that do not only feed.
	Sends []SendSample
}

// WebhookSample is one request of the platform.
type WebhookSample struct {
	Name    string
	Request channel.RawRequest
	// IDs are the envelopes it must yield, in order; empty for a handshake.
	IDs []string
	// SignsBody: one flipped bit of the body must be noticed.
	SignsBody bool
	// SignatureHeaders and SignatureQuery name what must not be missing.
	SignatureHeaders, SignatureQuery []string
	// MaxAge is the age from which the signature is refused; 0 means never.
	MaxAge time.Duration
}

// Input is one sample for Decode.
type Input struct {
	Name string
	Data []byte
	// ID and Kind are what the envelope must say; an empty ID means that Decode
	// must refuse the input.
	ID   string
	Kind channel.EventKind
}

// SendSample is one message and how its Send must end.
type SendSample struct {
	Name     string
	Outbound channel.Outbound
	// Account replaces the harness's if its Options are set (another local server).
	Account channel.Account
	// Class is the error's class; empty means success.
	Class channel.Class
	// Timeout bounds the call; 0 means 5 s.
	Timeout time.Duration
}

// Run checks the adapter against every promise that applies to it.
func Run(t *testing.T, h Harness) {
	t.Helper()
	t.Run("kind and registry", h.kind)
	t.Run("capabilities are consistent", h.capabilities)
	t.Run("a healthy account has no fatal problem", h.check)
	t.Run("secrets are known and redacted", h.redaction)
	t.Run("webhooks", h.webhooks)
	t.Run("inputs", h.inputs)
	t.Run("hostile bytes", h.hostile)
	t.Run("sends", h.sends)
}

func (h Harness) kind(t *testing.T) {
	require.True(t, h.Adapter.Kind().Valid(), "kind %q", h.Adapter.Kind())
	require.Equal(t, string(h.Adapter.Kind()), h.Account.Inbox.Channel, "the inbox names the adapter")
	r, err := channel.NewRegistry(h.Adapter)
	require.NoError(t, err)
	found, ok := r.Adapter(h.Adapter.Kind())
	require.True(t, ok)
	require.Equal(t, h.Adapter.Kind(), found.Kind())
}

func (h Harness) capabilities(t *testing.T) {
	c := h.Adapter.Capabilities(h.Account)
	require.NoError(t, c.Validate())
	require.Equal(t, c, h.Adapter.Capabilities(h.Account), "the same account can always do the same")

	_, webhooker := h.Adapter.(channel.Webhooker)
	_, puller := h.Adapter.(channel.Puller)
	_, streamer := h.Adapter.(channel.Streamer)
	_, signaler := h.Adapter.(channel.Signaler)
	if c.Has(channel.Webhook) {
		require.True(t, webhooker, "Webhook needs Webhooker")
		require.NotEmpty(t, h.Webhooks, "bring samples of webhooks")
	} else {
		require.NotEmpty(t, h.Inputs, "bring samples of inputs")
	}
	if c.Has(channel.Pull) {
		require.True(t, puller, "Pull needs Puller")
	}
	if c.Has(channel.Stream) || c.Has(channel.Listener) {
		require.True(t, streamer, "Stream and Listener need Streamer")
	}
	if c.Outbound && !c.FeedOnly() {
		require.NotEmpty(t, h.Sends, "bring samples of sends")
		require.Contains(t, c.Content, desk.TextPart, "everything can be rendered down to text")
		if c.Typing > 0 {
			require.True(t, signaler, "Typing needs Signaler")
		}
	}
}

func (h Harness) check(t *testing.T) {
	for _, p := range h.Adapter.Check(t.Context(), h.Account) {
		require.False(t, p.Fatal, "option %q: %s", p.Option, p.Code)
	}
}

func (h Harness) redaction(t *testing.T) {
	if len(h.Secrets) == 0 {
		_, redactor := h.Adapter.(channel.Redactor)
		require.False(t, redactor, "an adapter with secrets brings them along to the suite")
		return
	}
	all := strings.Join(h.Secrets, " and ")
	h.secretFree(t, channel.Redact(h.Adapter, h.Account, "before "+all+" after"))
}

func (h Harness) secretFree(t *testing.T, text string) {
	t.Helper()
	for i, s := range h.Secrets {
		require.NotContains(t, text, s, "secret number %d shows", i)
	}
}

func (h Harness) webhooks(t *testing.T) {
	adapter, ok := h.Adapter.(channel.Webhooker)
	if !ok {
		return
	}
	seen := map[string]string{}
	for _, s := range h.Webhooks {
		t.Run(s.Name, func(t *testing.T) {
			_, first, err := adapter.Webhook(t.Context(), h.Account, clone(s.Request))
			require.NoError(t, err)
			_, again, err := adapter.Webhook(t.Context(), h.Account, clone(s.Request))
			require.NoError(t, err)
			require.Equal(t, ids(first), ids(again), "the same push is the same envelope")
			require.Equal(t, append([]string(nil), s.IDs...), ids(first))
			for _, e := range first {
				require.NoError(t, e.Validate())
				key := e.Peer.Scope + "\x00" + e.Peer.External + "\x00" + e.ID
				require.NotContains(t, seen, key, "two samples yield one id")
				seen[key] = s.Name
				h.secretFree(t, string(e.Raw))
			}
			h.tampered(t, adapter, s)
		})
	}
}

func (h Harness) tampered(t *testing.T, adapter channel.Webhooker, s WebhookSample) {
	refused := func(what string, r channel.RawRequest) {
		t.Helper()
		_, es, err := adapter.Webhook(t.Context(), h.Account, r)
		require.Error(t, err, what)
		require.Empty(t, es, what)
		require.ErrorIs(t, err, desk.Unauthenticated, what)
		h.secretFree(t, err.Error())
	}
	if s.SignsBody {
		step := max(1, len(s.Request.Body)/64)
		for i := 0; i < len(s.Request.Body); i += step {
			r := clone(s.Request)
			r.Body[i] ^= 1
			refused(fmt.Sprintf("bit flipped in byte %d", i), r)
		}
	}
	for _, name := range s.SignatureHeaders {
		r := clone(s.Request)
		r.Header.Del(name)
		refused("without header "+name, r)
		r = clone(s.Request)
		r.Header.Set(name, r.Header.Get(name)+"0")
		refused("with another "+name, r)
	}
	for _, name := range s.SignatureQuery {
		r := clone(s.Request)
		r.Query.Del(name)
		refused("without parameter "+name, r)
	}
	if s.MaxAge > 0 {
		r := clone(s.Request)
		r.At = r.At.Add(s.MaxAge + time.Second)
		refused("too old", r)
	}
}

func (h Harness) inputs(t *testing.T) {
	for _, in := range h.Inputs {
		t.Run(in.Name, func(t *testing.T) {
			e, err := h.Decode(bytes.Clone(in.Data))
			if in.ID == "" {
				require.Error(t, err)
				require.ErrorIs(t, err, desk.Invalid)
				return
			}
			require.NoError(t, err)
			require.NoError(t, e.Validate())
			require.Equal(t, in.ID, e.ID)
			require.Equal(t, in.Kind, e.Kind)
			again, err := h.Decode(bytes.Clone(in.Data))
			require.NoError(t, err)
			require.Equal(t, e.ID, again.ID, "ids are never random")
			require.NotEmpty(t, e.Peer.External)
			h.secretFree(t, string(e.Raw))
		})
	}
}

// Hostile lists bytes that no platform sends and anybody may.
func Hostile() map[string][]byte {
	return map[string][]byte{
		"nothing":        {},
		"nul":            {0},
		"noise":          {0xff, 0xfe, 0x00, 0x80, 0xc3, 0x28},
		"half json":      []byte(`{"parts":[{"type":"text","text":"a`),
		"json scalar":    []byte(`42`),
		"json null":      []byte(`null`),
		"json array":     []byte(`[{},{},null]`),
		"deep json":      []byte(strings.Repeat(`{"a":`, 20_000)),
		"deep array":     []byte(strings.Repeat(`[`, 50_000)),
		"wrong types":    []byte(`{"client_id":7,"parts":"x","event":[],"message":3,"entry":{"a":1}}`),
		"bad utf-8":      []byte("{\"client_id\":\"a\xff\",\"parts\":[{\"type\":\"text\",\"text\":\"\xff\"}]}"),
		"huge number":    []byte(`{"client_id":"a","sent_at":1e999,"seq":99999999999999999999}`),
		"billion laughs": []byte(`<!DOCTYPE x [<!ENTITY a "aaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><xml><ToUserName>&b;</ToUserName></xml>`),
		"external xml":   []byte(`<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><xml><Content>&a;</Content></xml>`),
		"half xml":       []byte(`<xml><ToUserName><![CDATA[x`),
		"long":           bytes.Repeat([]byte("a"), 256<<10),
	}
}

func (h Harness) hostile(t *testing.T) {
	for name, data := range Hostile() {
		t.Run(name, func(t *testing.T) {
			if h.Decode != nil {
				if e, err := h.Decode(bytes.Clone(data)); err == nil {
					require.NoError(t, e.Validate())
				}
			}
			adapter, ok := h.Adapter.(channel.Webhooker)
			if !ok {
				return
			}
			for _, method := range []string{http.MethodGet, http.MethodPost} {
				_, es, err := adapter.Webhook(t.Context(), h.Account, channel.RawRequest{
					Method: method, Header: http.Header{}, Query: map[string][]string{}, Body: bytes.Clone(data),
				})
				if err != nil {
					require.Empty(t, es)
					h.secretFree(t, err.Error())
				}
				for _, e := range es {
					require.NoError(t, e.Validate())
				}
			}
		})
	}
}

func (h Harness) sends(t *testing.T) {
	if h.Adapter.Capabilities(h.Account).FeedOnly() {
		_, err := h.Adapter.Send(t.Context(), h.Account, channel.Outbound{ID: "x"})
		var failed *channel.SendError
		require.ErrorAs(t, err, &failed)
		require.Equal(t, channel.ClassUnsupported, failed.Class)
		return
	}
	for _, s := range h.Sends {
		t.Run(s.Name, func(t *testing.T) {
			account := h.Account
			if s.Account.Options != nil {
				account = s.Account
			}
			timeout := s.Timeout
			if timeout == 0 {
				timeout = 5 * time.Second
			}
			ctx, cancel := context.WithTimeout(t.Context(), timeout)
			defer cancel()
			sent, err := h.Adapter.Send(ctx, account, s.Outbound)
			if s.Class == "" {
				require.NoError(t, err)
				require.Contains(t, []desk.DeliveryStatus{desk.Accepted, desk.Sent}, sent.Status)
				for _, id := range sent.ExternalIDs {
					require.NotEmpty(t, id)
					require.LessOrEqual(t, len(id), channel.MaxEnvelopeID)
				}
				return
			}
			var failed *channel.SendError
			require.ErrorAs(t, err, &failed, "every error of Send is a *SendError: %v", err)
			require.Equal(t, s.Class, failed.Class)
			h.secretFree(t, err.Error())
		})
	}
}

func ids(es []channel.Envelope) []string {
	var out []string
	for _, e := range es {
		out = append(out, e.ID)
	}
	return out
}

func clone(r channel.RawRequest) channel.RawRequest {
	r.Body = bytes.Clone(r.Body)
	r.Header = r.Header.Clone()
	query := make(map[string][]string, len(r.Query))
	for k, v := range r.Query {
		query[k] = append([]string(nil), v...)
	}
	r.Query = query
	return r
}
