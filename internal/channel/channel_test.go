package channel_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/desk"
)

func message() channel.Envelope {
	return channel.Envelope{
		ID: "1", Kind: channel.MessageEvent, Peer: channel.Peer{Scope: "user", External: "u"},
		Message: &channel.Message{Content: desk.TextContent("hi")},
	}
}

func TestEnvelopeValidate(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, field string
		change      func(*channel.Envelope)
	}{
		{"fine", "", func(*channel.Envelope) {}},
		{"no id", "id", func(e *channel.Envelope) { e.ID = "" }},
		{"long id", "id", func(e *channel.Envelope) { e.ID = strings.Repeat("a", channel.MaxEnvelopeID+1) }},
		{"id with control characters", "id", func(e *channel.Envelope) { e.ID = "a\x00" }},
		{"no person", "peer.external", func(e *channel.Envelope) { e.Peer.External = "" }},
		{"no realm", "peer.scope", func(e *channel.Envelope) { e.Peer.Scope = "" }},
		{"person in broken utf-8", "peer.external", func(e *channel.Envelope) { e.Peer.External = "\xff" }},
		{"long name", "peer.profile", func(e *channel.Envelope) { e.Peer.Profile.Name = strings.Repeat("a", 201) }},
		{"long chat", "chat", func(e *channel.Envelope) { e.Chat = strings.Repeat("a", channel.MaxChat+1) }},
		{"large raw", "raw", func(e *channel.Envelope) { e.Raw = make([]byte, channel.MaxRaw+1) }},
		{"large reply context", "reply", func(e *channel.Envelope) { e.Reply.Values = map[string]string{"a": strings.Repeat("a", 3000)} }},
		{"no body", "kind", func(e *channel.Envelope) { e.Message = nil }},
		{"two bodies", "kind", func(e *channel.Envelope) { e.Recall = &channel.Recall{} }},
		{"another body", "kind", func(e *channel.Envelope) { e.Kind = channel.RecallEvent }},
		{"unknown kind", "kind", func(e *channel.Envelope) { e.Kind = "telepathy" }},
		{"empty message", "parts", func(e *channel.Envelope) { e.Message.Content.Parts = nil }},
		{"receipt of nothing", "receipt", func(e *channel.Envelope) { body(e).Receipt = &channel.Receipt{Status: desk.Read} }},
		{"receipt twice over", "receipt", func(e *channel.Envelope) {
			body(e).Receipt = &channel.Receipt{Status: desk.Read, UpToSeq: 1, ExternalIDs: []string{"a"}}
		}},
		{"receipt of no status", "receipt.status", func(e *channel.Envelope) { body(e).Receipt = &channel.Receipt{UpToSeq: 1, Status: desk.Queued} }},
		{"receipt by time", "", func(e *channel.Envelope) {
			body(e).Receipt = &channel.Receipt{UpToTime: time.Unix(1, 0), Status: desk.Delivered}
			e.Kind = channel.ReceiptEvent
		}},
		{"unknown signal", "signal.name", func(e *channel.Envelope) {
			body(e).Signal = &channel.Signal{Name: "mood"}
			e.Kind = channel.SignalEvent
		}},
		{"long draft", "signal.text", func(e *channel.Envelope) {
			body(e).Signal = &channel.Signal{Name: "typing", Text: strings.Repeat("a", channel.MaxDraft+1)}
			e.Kind = channel.SignalEvent
		}},
		{"recall of nothing", "recall.external_ids", func(e *channel.Envelope) { body(e).Recall = &channel.Recall{}; e.Kind = channel.RecallEvent }},
		{"edit of nothing", "edit.external_id", func(e *channel.Envelope) { body(e).Edit = &channel.Edit{}; e.Kind = channel.EditEvent }},
		{"action", "", func(e *channel.Envelope) {
			body(e).Action = &channel.Action{Trigger: channel.OnFollow}
			e.Kind = channel.ActionEvent
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			e := message()
			c.change(&e)
			if e.Receipt != nil {
				e.Kind = channel.ReceiptEvent
			}
			err := e.Validate()
			if c.field == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorIs(t, err, desk.Invalid)
			var at *desk.Error
			require.ErrorAs(t, err, &at)
			require.Equal(t, c.field, at.Field)
		})
	}
}

func body(e *channel.Envelope) *channel.Envelope {
	e.Message = nil
	return e
}

func TestStableIDTellsPartsApart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		parts := rapid.SliceOf(rapid.StringMatching(`[0-9:a]{0,4}`))
		a, b := parts.Draw(t, "a"), parts.Draw(t, "b")
		same := len(a) == len(b) && strings.Join(a, "\x00") == strings.Join(b, "\x00")
		require.Equal(t, same, channel.StableID(a...) == channel.StableID(b...))
		require.LessOrEqual(t, len(channel.StableID(a...)), channel.MaxEnvelopeID)
	})
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		unit channel.Unit
		text string
		want int
	}{
		{channel.Runes, "a字\U0001F44D", 3},
		{channel.Bytes, "a字\U0001F44D", 8},
		{channel.UTF16, "a字\U0001F44D", 4},
		{channel.GSM7, "a€[", 5},      // extension characters take two
		{channel.GSM7, "a€字", 3},      // one character outside makes it all UCS-2
		{channel.GSM7, "@£Δ àÜ\n", 7}, // the default alphabet is not ASCII
	} {
		require.Equal(t, c.want, c.unit.Measure(c.text), "%s %q", c.unit, c.text)
	}
}

func TestCapabilitiesValidate(t *testing.T) {
	t.Parallel()
	fine := func() channel.Capabilities {
		return channel.Capabilities{
			Inbound: true, Outbound: true, Transports: []channel.Transport{channel.Webhook},
			Content: map[desk.PartType]channel.Limit{desk.TextPart: {Max: 10}}, TextUnit: channel.Runes,
			Window: &channel.Window{Opens: []channel.Opening{{On: channel.OnMessage, For: time.Hour, Quota: 5}}, Reserve: 1},
		}
	}
	require.NoError(t, fine().Validate())
	for name, spoil := range map[string]func(*channel.Capabilities){
		"no transport":              func(c *channel.Capabilities) { c.Transports = nil },
		"no direction":              func(c *channel.Capabilities) { c.Inbound, c.Outbound = false, false },
		"nothing to send":           func(c *channel.Capabilities) { c.Content = nil },
		"no unit":                   func(c *channel.Capabilities) { c.TextUnit = "" },
		"another unit":              func(c *channel.Capabilities) { c.TextUnit = "words" },
		"sync without deadline":     func(c *channel.Capabilities) { c.SyncReply = true },
		"receipt that is none":      func(c *channel.Capabilities) { c.Receipts = []desk.DeliveryStatus{desk.Queued} },
		"rate without time":         func(c *channel.Capabilities) { c.Rates = []channel.Rate{{Scope: channel.PerPeer, Count: 1}} },
		"window never opened":       func(c *channel.Capabilities) { c.Window.Opens = nil },
		"window without time":       func(c *channel.Capabilities) { c.Window.Opens[0].For = 0 },
		"reserve that takes it all": func(c *channel.Capabilities) { c.Window.Reserve = 5 },
	} {
		c := fine()
		spoil(&c)
		require.Error(t, c.Validate(), name)
	}
}

type nothing struct{ kind channel.Kind }

func (n nothing) Kind() channel.Kind                                     { return n.kind }
func (nothing) Capabilities(channel.Account) channel.Capabilities        { return channel.Capabilities{} }
func (nothing) Check(context.Context, channel.Account) []channel.Problem { return nil }
func (nothing) Secrets(channel.Account) []string                         { return []string{"abc", "abcdef", ""} }

func (nothing) Send(context.Context, channel.Account, channel.Outbound) (channel.Sent, error) {
	return channel.Sent{}, channel.Unsupported("nothing")
}

func TestRegistry(t *testing.T) {
	t.Parallel()
	r, err := channel.NewRegistry(nothing{"b"}, nothing{"a_1"})
	require.NoError(t, err)
	require.Equal(t, []channel.Kind{"a_1", "b"}, r.Kinds())
	_, ok := r.Adapter("c")
	require.False(t, ok)
	_, err = channel.NewRegistry(nothing{"b"}, nothing{"b"})
	require.ErrorIs(t, err, desk.Conflict)
	for _, bad := range []channel.Kind{"", "A", "1a", "a-b", "a b", channel.Kind(strings.Repeat("a", 33))} {
		_, err = channel.NewRegistry(nothing{bad})
		require.ErrorIs(t, err, desk.Invalid, bad)
	}
}

func TestRedactTakesTheLongestFirst(t *testing.T) {
	t.Parallel()
	got := channel.Redact(nothing{"a"}, channel.Account{}, "x abcdef y abc")
	require.Equal(t, "x [redacted] y [redacted]", got, "no rest of a longer secret is left")
}

func TestAsSendErrorReadsCarefully(t *testing.T) {
	t.Parallel()
	require.Equal(t, channel.UnknownOutcome, channel.AsSendError(errors.New("adapter broke its promise")).Class)
	wrapped := errors.Join(errors.New("x"), &channel.SendError{Class: channel.Blocked})
	require.Equal(t, channel.Blocked, channel.AsSendError(wrapped).Class)
}
