package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// What fails does not undo the rest, each action needs its own permission, and
// a repeat does nothing twice.
func TestManyConversationsAtOnce(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	first := h.Near.Guest().Say("1", "一").Text("result.conversation.id")
	second := h.Near.Guest().Say("1", "二").Text("result.conversation.id")
	lin := h.LogIn(h.Near.Answerer)
	ids := []string{first, "cnv_00000000000000000000000000a", second}
	bulk := func(body map[string]any) surfacetest.Answer {
		body["ids"] = ids
		return lin.Post("/api/v1/conversations/bulk", body)
	}
	a := bulk(map[string]any{"action": "resolve"})
	require.Equal(t, http.StatusOK, a.Status, string(a.Body))
	require.Equal(t, true, a.Get("results.0.ok"))
	require.Equal(t, "not_found", a.Text("results.1.problem.kind"))
	require.Equal(t, true, a.Get("results.2.ok"))
	for _, id := range []string{first, second} {
		require.Equal(t, "resolved", lin.Get("/api/v1/conversations/"+id).Text("status"))
	}
	a = bulk(map[string]any{"action": "snooze", "until": h.Clock.Now()})
	require.Equal(t, "invalid", a.Text("results.0.problem.kind"))
	require.Equal(t, true, bulk(map[string]any{"action": "reopen"}).Get("results.0.ok"))
	require.Equal(t, true, bulk(map[string]any{"action": "assign", "agent_id": h.Near.Answerer.ID}).Get("results.0.ok"))
	require.Equal(t, true, bulk(map[string]any{"action": "read"}).Get("results.2.ok"))
	require.Zero(t, lin.Get("/api/v1/conversations/"+second).Number("unread"))
	label := h.LogIn(h.Near.Administrator).Post("/api/v1/labels", map[string]string{"name": "退款"}).Text("id")
	require.Equal(t, true, bulk(map[string]any{"action": "label", "add": []string{label}}).Get("results.0.ok"))
	require.Equal(t, label, lin.Get("/api/v1/conversations?view=mine&label="+label).Text("items.0.label_ids.0"))
	reader, _ := h.LogIn(h.Near.Administrator).Token("conversations.read")
	denied := reader.Post("/api/v1/conversations/bulk", map[string]any{"ids": ids, "action": "resolve"})
	require.Equal(t, http.StatusForbidden, denied.Status)
	require.Equal(t, http.StatusOK, reader.Post("/api/v1/conversations/bulk", map[string]any{"ids": ids, "action": "read"}).Status)
	many := make([]string, 101)
	for i := range many {
		many[i] = first
	}
	require.Equal(t, http.StatusUnprocessableEntity, lin.Post("/api/v1/conversations/bulk", map[string]any{"ids": many, "action": "read"}).Status)
}
