package rpc_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// A visitor has what was said sent home, if the inbox offers it.
func TestTranscriptByMail(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g, other := h.Near.Guest("locale", "en"), h.Near.Guest()
	require.Equal(t, true, g.Opened.Get("result.inbox.features.transcript"))
	require.Equal(t, "not_found", g.Call("conversation.transcript", "email", "ada@example.com").Text("error.data.kind"), "nothing was said yet")
	id := g.Say("1", "我的订单 A-1042").Text("result.conversation.id")
	other.Say("1", "别人的话")
	require.Equal(t, "not_found", other.Call("conversation.transcript", "email", "eve@example.com", "conversation_id", id).Text("error.data.kind"))
	for _, bad := range []any{"", "nobody", "a@b.example\r\nBcc: c@d.example", 5} {
		require.Equal(t, "invalid", g.Call("conversation.transcript", "email", bad).Text("error.data.kind"))
	}
	require.Equal(t, "invalid", g.Call("conversation.transcript", "email", "ada@example.com", "utc_offset", 5000).Text("error.data.kind"))
	for range 3 {
		answer := g.Call("conversation.transcript", "email", "ada@example.com", "utc_offset", 480)
		require.Nil(t, answer.Get("error"), string(answer.Body))
	}
	more := g.Call("conversation.transcript", "email", "ada@example.com")
	require.Equal(t, "limited", more.Text("error.data.kind"))
	require.Positive(t, more.Number("error.data.retry_after_ms"))
	require.Eventually(t, func() bool { return len(h.Post.Mails()) == 3 }, 20*time.Second, 5*time.Millisecond)
	sent := h.Post.Mails()[0]
	require.Equal(t, "ada@example.com", sent.To)
	require.Contains(t, sent.Subject, "Your conversation with")
	require.Contains(t, sent.Text, "A-1042")
	require.NotContains(t, sent.Text, "别人的话")
	require.NotContains(t, h.Log.String(), "ada@example.com")
}
