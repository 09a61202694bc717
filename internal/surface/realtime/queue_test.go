package realtime_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/surface/surfacetest"
)

// The bot escalates: within a second the supervisor hears of it on the screen,
// with the reason and the lane, and whoever answers is offered the compensation.
func TestSupervisorsHearOfEscalationsWithinASecond(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	near := h.Near
	require.NoError(t, h.Queue.SetTeamWork(t.Context(), near.ID, near.Team.ID, dispatch.TeamWork{Senior: true}, ""))
	require.NoError(t, h.Queue.SetQueueRules(t.Context(), near.ID, dispatch.QueueRules{
		Automatic: true, Compensation: []dispatch.Script{{Title: "致歉与优惠券", Text: "非常抱歉，送您一张优惠券。"}},
	}, ""))
	supervisor, answerer, stranger := h.LogIn(near.Supervisor), h.LogIn(near.Answerer), h.LogIn(h.Far.Supervisor)
	screen, far := supervisor.Socket(), stranger.Socket()
	g := near.Guest()
	visitor := g.Socket()
	id := desk.ConversationID(g.Say("m-1", "太差了，我要投诉").Text("result.conversation.id"))

	hears := func(key, reason string, score float64) {
		t.Helper()
		began := time.Now()
		_, err := h.Queue.Escalate(t.Context(), near.ID, id, desk.Author{Kind: desk.ByBot}, reason, score, key)
		require.NoError(t, err)
		for {
			push, err := screen.TryNext(time.Until(began.Add(10 * time.Second)))
			require.NoError(t, err, "the supervisor is not told")
			if push.Text("event.type") != "conversation.escalated" {
				continue
			}
			require.Less(t, time.Since(began), time.Second)
			require.Equal(t, string(id), push.Text("event.conversation_id"))
			require.Equal(t, reason, push.Text("event.reason"))
			require.Equal(t, string(near.Team.ID), push.Text("event.conversation.team_id"), string(push.Body))
			return
		}
	}
	hears("k-1", "anger", 1.5)
	offered := answerer.Get("/api/v1/staffing")
	require.Equal(t, "非常抱歉，送您一张优惠券。", offered.Text("rules.compensation.0.text"))
	trail := answerer.Get("/api/v1/conversations/" + string(id) + "/activity")
	require.Equal(t, http.StatusOK, trail.Status)
	require.Contains(t, string(trail.Body), "escalated")
	queue := answerer.Get("/api/v1/queue")
	require.Equal(t, string(id), queue.Text("items.0.conversation_id"))
	require.Equal(t, string(near.Team.ID), queue.Text("items.0.team_id"))

	// Neither the customer nor another company hears of it.
	require.Equal(t, http.StatusOK, answerer.Post("/api/v1/conversations/"+string(id)+"/replies", map[string]any{"parts": surfacetest.Text("您好")}).Status)
	for push := visitor.Next(); push.Text("event.type") != "message.sent"; push = visitor.Next() {
		require.NotEqual(t, "conversation.escalated", push.Text("event.type"))
	}
	_, err := far.TryNext(50 * time.Millisecond)
	require.Error(t, err)
}
