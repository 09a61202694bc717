package rpc_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// A visitor is told their place when the queue hands out by itself, and nothing
// when people claim by hand, when nobody has written, or when somebody answers.
func TestQueuePlace(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	first, second := h.Near.Guest(), h.Near.Guest()
	require.Nil(t, first.Call("queue.get").Get("result.queue"), "nobody has written")
	id := first.Say("m-1", "有人吗").Text("result.conversation.id")
	second.Say("m-2", "在吗")
	by := second.Call("queue.get")
	require.EqualValues(t, 0, by.Number("result.queue.position"), "claimed by hand: no place")
	require.Equal(t, true, by.Get("result.queue.nobody"), "but it may know that nobody is there")

	set := h.Do(http.MethodPut, "/api/v1/staffing/rules", admin.Keyed("queue-rules-1"), map[string]any{"automatic": true})
	require.Equal(t, http.StatusOK, set.Status, string(set.Body))
	require.EqualValues(t, 1, first.Call("queue.get").Number("result.queue.position"))
	place := second.Call("queue.get")
	require.EqualValues(t, 2, place.Number("result.queue.position"))
	require.Equal(t, true, place.Get("result.queue.nobody"))

	require.Equal(t, http.StatusOK, admin.Post("/api/v1/conversations/"+id+"/claim", nil).Status)
	require.Nil(t, first.Call("queue.get").Get("result.queue"), "somebody has it")
	require.EqualValues(t, 1, second.Call("queue.get").Number("result.queue.position"))
}

// Who waits leaves a message, keeps the place, wishes to be called or gives up;
// colleagues see it and tick the call off.
func TestQueueChoices(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	first, second := h.Near.Guest(), h.Near.Guest()
	require.EqualValues(t, conflict, first.Call("queue.choose", "choice", "keep").Number("error.code"), "nobody has written")
	id := first.Say("m-1", "有人吗").Text("result.conversation.id")
	second.Say("m-2", "在吗")
	set := h.Do(http.MethodPut, "/api/v1/staffing/rules", admin.Keyed("queue-rules-1"), map[string]any{"automatic": true})
	require.Equal(t, http.StatusOK, set.Status, string(set.Body))

	for _, bad := range [][]any{
		{"choice", "sleep"},
		{"choice", "callback"},
		{"choice", "callback", "phone", "123"},
		{"choice", "callback", "phone", "call me 12345"},
		{"choice", "callback", "phone", "13800000000", "to", "2020-01-01T00:00:00Z"},
		{"choice", "callback", "phone", "13800000000", "from", "2999-01-01T00:00:00Z"},
	} {
		require.EqualValues(t, invalid, first.Call("queue.choose", bad...).Number("error.code"), bad)
	}
	require.Equal(t, "keep", first.Call("queue.choose", "choice", "keep").Text("result.queue.choice"))
	require.Equal(t, "keep", first.Call("queue.get").Text("result.queue.choice"), "told on return")
	require.EqualValues(t, 1, first.Call("queue.get").Number("result.queue.position"))

	chosen := first.Call("queue.choose", "choice", "callback", "phone", " +86 138-0000-0001 ", "note", "下午")
	require.Equal(t, "callback", chosen.Text("result.queue.choice"), string(chosen.Body))
	require.EqualValues(t, 2, chosen.Number("result.queue.position"), "who sits before the chat goes first")
	require.EqualValues(t, 2, first.Call("queue.choose", "choice", "callback", "phone", "+86 138-0000-0001", "note", "下午").Number("result.queue.position"))
	list := admin.Get("/api/v1/callbacks")
	require.Len(t, list.Get("items"), 1, "the same again is one wish")
	require.Equal(t, "+86 138-0000-0001", list.Text("items.0.phone"))
	require.Equal(t, id, list.Text("items.0.conversation_id"))
	waiting := admin.Get("/api/v1/queue")
	require.Equal(t, "callback", waiting.Text("items.1.choice"))
	one := "/api/v1/callbacks/" + list.Text("items.0.id")
	require.Equal(t, "done", admin.Post(one+"/done", nil).Text("state"))
	require.Equal(t, "done", admin.Post(one+"/done", nil).Text("state"), "twice is once")
	require.Empty(t, admin.Get("/api/v1/callbacks").Get("items"))
	require.Equal(t, "open", admin.Post(one+"/reopen", nil).Text("state"))
	require.Equal(t, "message", first.Call("queue.choose", "choice", "message").Text("result.queue.choice"))
	require.Equal(t, http.StatusConflict, admin.Post(one+"/done", nil).Status, "taken back")
	require.Equal(t, "withdrawn", admin.Get("/api/v1/callbacks?conversation_id="+id).Text("items.0.state"))

	left := second.Call("queue.leave")
	require.Equal(t, "resolved", left.Text("result.conversation.status"), string(left.Body))
	require.EqualValues(t, conflict, second.Call("queue.leave").Number("error.code"))
	require.Equal(t, http.StatusOK, admin.Post("/api/v1/conversations/"+id+"/claim", nil).Status)
	require.EqualValues(t, conflict, first.Call("queue.choose", "choice", "keep").Number("error.code"), "somebody has it")
}
