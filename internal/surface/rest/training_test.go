package rest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// trainingBody is what the commands about intents take.
func trainingBody(id string) any {
	switch id {
	case "addIntentExamples":
		return map[string]any{"texts": []string{"再来一句"}}
	case "importIntents":
		return map[string]any{"text": "invoice\t开发票\n"}
	case "tryIntents":
		return map[string]any{"text": "你好"}
	case "startTraining":
		return map[string]any{"seed": "5"}
	}
	return map[string]any{
		"name": "x_" + map[string]string{"createIntent": "new", "changeIntent": "changed"}[id], "title": "公开", "enabled": true,
		"texts": []string{"一", "二"}, "version": map[string]int{"changeIntent": 1}[id],
	}
}

// furnishTraining gives a company an intent and a model that knows it.
func furnishTraining(t *testing.T, c *surfacetest.Company) (intent, model string) {
	t.Helper()
	admin := c.LogIn(c.Administrator)
	intent = admin.Post("/api/v1/bot/intents", map[string]any{
		"title": "秘密意图", "name": "secret_intent", "enabled": true, "texts": []string{"秘密例句一", "秘密例句二"},
		"actions": []map[string]any{{"type": "message", "text": "秘密答复"}},
	}).Text("id")
	require.NotEmpty(t, intent)
	require.Eventually(t, func() bool {
		now, err := c.Store.Training(t.Context(), c.ID)
		require.NoError(t, err)
		active, err := c.Store.ActiveTrainingJobs(t.Context(), c.ID)
		require.NoError(t, err)
		model = now.ModelID
		return model != "" && len(active) == 0
	}, 60*time.Second, 10*time.Millisecond)
	return intent, model
}

func TestIntentsAndTraining(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin, agent := h.LogIn(h.Near.Administrator), h.LogIn(h.Near.Answerer)
	id, model := furnishTraining(t, h.Near)

	got := agent.Get("/api/v1/bot/intents/" + id)
	require.Equal(t, http.StatusOK, got.Status, string(got.Body))
	require.Equal(t, "秘密例句一", got.Text("texts.0"))
	require.Equal(t, "秘密答复", got.Text("actions.0.text"))
	require.Equal(t, http.StatusForbidden, agent.Do(http.MethodPut, "/api/v1/bot/intents/"+id, agent.Keyed(""), map[string]any{"enabled": true}).Status)
	clash := admin.Post("/api/v1/bot/intents", map[string]any{"title": "Other", "enabled": true, "texts": []string{"秘密例句一"}})
	require.Equal(t, http.StatusOK, clash.Status, string(clash.Body))
	require.Equal(t, "clash", clash.Text("doubts.0.kind"))
	require.Equal(t, "secret_intent", clash.Text("doubts.0.intents.0"))
	stale := admin.Do(http.MethodPut, "/api/v1/bot/intents/"+id, admin.Keyed(""), map[string]any{"title": "x", "name": "secret_intent", "enabled": true, "version": 9})
	require.Equal(t, http.StatusConflict, stale.Status)
	bad := admin.Do(http.MethodPut, "/api/v1/bot/intents/"+id, admin.Keyed(""), map[string]any{"title": "x", "name": "secret_intent", "enabled": true, "version": 1, "actions": []map[string]any{{"type": "rocket"}}})
	require.Equal(t, http.StatusUnprocessableEntity, bad.Status)
	look := admin.Post("/api/v1/bot/intents/import", map[string]any{"text": "secret_intent\t秘密例句三\nnothing\n", "look": true})
	require.EqualValues(t, 1, look.Number("added"))
	require.Equal(t, "columns", look.Text("errors.0.reason"))
	require.Contains(t, admin.Get("/api/v1/bot/intents/export").Text("text"), "secret_intent\t秘密例句二\n")
	tried := agent.Post("/api/v1/bot/intents/try", map[string]any{"text": "转人工"})
	require.Equal(t, "@person", tried.Text("guesses.0.name"))
	detail := agent.Get("/api/v1/bot/models/" + model)
	require.Equal(t, model, detail.Text("id"), string(detail.Body))
	require.Equal(t, http.StatusNoContent, admin.Post("/api/v1/bot/models/"+model+"/serve", nil).Status)
	require.Equal(t, http.StatusNoContent, admin.Post("/api/v1/bot/training", map[string]any{"seed": "3"}).Status)
	require.Eventually(t, func() bool {
		now := agent.Get("/api/v1/bot/training")
		return now.Text("models.0.seed") == "3" && now.Get("models.0.serves") == true
	}, 60*time.Second, 20*time.Millisecond)
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/bot/intents/"+id).Status)
	require.Equal(t, http.StatusNotFound, agent.Get("/api/v1/bot/intents/"+id).Status)
}
