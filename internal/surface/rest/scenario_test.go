package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// flowText is a flow that asks and calls.
func flowText(name string) string {
	title := "公开流程"
	if name == "geheim" {
		title = "秘密流程"
	}
	return "flow: " + name + "\ntitle: " + title + `
slots:
  order_no: {label: 订单号, kind: order, ask: 单号？}
states:
  begin:
    - ask: order_no
    - call: {get: "{{secret.geheim}}/orders/{{order_no}}", save: {order: body}}
    - end: "{{order.title}}"
tests:
  - name: 一次
    talk:
      - user: 查 DD123456
      - call: orders/DD123456
        gives: {body: {title: 洗衣机}}
      - bot: 洗衣机
`
}

func furnishScenario(t *testing.T, c *surfacetest.Company, admin *surfacetest.Caller) string {
	t.Helper()
	made := admin.Post("/api/v1/scenarios", map[string]string{"source": flowText("geheim")})
	require.Equal(t, http.StatusOK, made.Status, string(made.Body))
	id := made.Text("id")
	require.Equal(t, http.StatusOK, admin.Post("/api/v1/scenarios/"+id+"/publish", map[string]int{"revision": 1}).Status)
	require.Equal(t, http.StatusNoContent, put(admin, "/api/v1/scenarios/secrets/geheim", map[string]string{"value": "https://geheim.example/v1"}).Status)
	return id
}

// scenarioBody is what the commands on flows take.
func scenarioBody(id string) any {
	switch id {
	case "createScenario", "checkScenario":
		return map[string]string{"source": flowText("public_flow")}
	case "saveScenario":
		return map[string]any{"source": flowText("geheim2"), "revision": 1}
	case "debugScenario":
		return map[string]any{"source": flowText("public_flow"), "input": map[string]string{"kind": "begin"}}
	case "putScenarioSecret":
		return map[string]string{"value": "https://a.example"}
	case "enableScenario":
		return map[string]bool{"enabled": true}
	}
	return map[string]int{"revision": 1}
}

func TestAFlowIsWrittenCheckedAndPublished(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	broken := admin.Post("/api/v1/scenarios/check", map[string]string{"source": "flow: x\nstates:\n  a:\n    - goto: b"})
	require.Equal(t, http.StatusOK, broken.Status)
	require.Contains(t, string(broken.Body), "没有名为 b 的状态")
	require.Contains(t, string(broken.Body), `"line":4`)
	good := admin.Post("/api/v1/scenarios/check", map[string]string{"source": flowText("orders")})
	require.Contains(t, string(good.Body), `"passed":true`)
	require.Contains(t, string(good.Body), `"missing_secrets":["geheim"]`)

	f := admin.Post("/api/v1/scenarios", map[string]string{"source": flowText("orders")})
	id := f.Text("id")
	require.Equal(t, http.StatusConflict, admin.Post("/api/v1/scenarios", map[string]string{"source": flowText("orders")}).Status, "the name is taken")
	failing := strings.Replace(flowText("orders"), "bot: 洗衣机", "bot: 电饭煲", 1)
	saved := put(admin, "/api/v1/scenarios/"+id, map[string]any{"source": failing, "revision": 1})
	require.Equal(t, http.StatusOK, saved.Status, string(saved.Body))
	require.Equal(t, http.StatusConflict, put(admin, "/api/v1/scenarios/"+id, map[string]any{"source": failing, "revision": 1}).Status)
	refused := admin.Post("/api/v1/scenarios/"+id+"/publish", map[string]int{"revision": 2})
	require.Equal(t, http.StatusUnprocessableEntity, refused.Status, string(refused.Body))
	require.Equal(t, http.StatusOK, put(admin, "/api/v1/scenarios/"+id, map[string]any{"source": flowText("orders"), "revision": 2}).Status)
	require.Equal(t, http.StatusOK, admin.Post("/api/v1/scenarios/"+id+"/publish", map[string]int{"revision": 3}).Status)
	current, err := h.Scenarios.Flows(t.Context(), h.Near.ID)
	require.NoError(t, err)
	require.Contains(t, current.Set, "orders")
	version := admin.Get("/api/v1/scenarios/" + id + "/versions/1")
	require.Equal(t, flowText("orders"), version.Text("source"))

	step := admin.Post("/api/v1/scenarios/debug", map[string]any{"source": flowText("orders"), "input": map[string]string{"kind": "begin", "text": "查 DD123456"}})
	require.Equal(t, http.StatusOK, step.Status, string(step.Body))
	require.Equal(t, "call", step.Text("waiting"))
	var got struct{ State json.RawMessage }
	require.NoError(t, json.Unmarshal(step.Body, &got))
	step = admin.Post("/api/v1/scenarios/debug", map[string]any{"source": flowText("orders"), "state": got.State, "input": map[string]any{
		"kind": "result", "result": map[string]any{"call": "call_1", "status": 200, "body": map[string]string{"title": "洗衣机"}},
	}})
	require.Contains(t, string(step.Body), "洗衣机")
	require.Contains(t, string(step.Body), "ended")

	require.Equal(t, http.StatusNoContent, put(admin, "/api/v1/scenarios/secrets/geheim", map[string]string{"value": "https://127.0.0.1/secret-path"}).Status)
	secrets := admin.Get("/api/v1/scenarios/secrets")
	require.Contains(t, string(secrets.Body), "geheim")
	require.NotContains(t, string(secrets.Body), "secret-path")
	step = admin.Post("/api/v1/scenarios/debug", map[string]any{"source": flowText("orders"), "perform": true, "input": map[string]string{"kind": "begin", "text": "查 DD123456"}})
	require.Contains(t, string(step.Body), "forbidden", "the own network is closed")
	require.NotContains(t, string(step.Body), "secret-path")
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/scenarios/"+id).Status)
	current, err = h.Scenarios.Flows(t.Context(), h.Near.ID)
	require.NoError(t, err)
	require.NotContains(t, current.Set, "orders")
}
