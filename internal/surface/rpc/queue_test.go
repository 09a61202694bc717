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
	require.Nil(t, second.Call("queue.get").Get("result.queue"), "claimed by hand")

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
