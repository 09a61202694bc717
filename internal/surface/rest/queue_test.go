package rest_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/surface/surfacetest"
)

// queueBody is what the queue's commands take.
func queueBody(c *surfacetest.Company, id string) any {
	switch id {
	case "createSkill", "renameSkill":
		return map[string]string{"name": id}
	case "setAgentWork":
		return map[string]any{"capacity": 3}
	case "setTeamWork":
		return map[string]any{"zone": "Asia/Shanghai", "hours": map[string]any{"week": [7][]any{{}, {}, {}, {}, {}, {}, {}}}}
	case "setQueueRules":
		return map[string]any{"automatic": false}
	case "setPresence":
		return map[string]string{"status": "break", "reason": "午餐"}
	case "setIdle":
		return map[string]bool{"idle": true}
	case "transfer":
		return map[string]any{"agent_id": c.Answerer.ID, "note": "请接手"}
	case "createRobot", "changeRobot":
		return robotBody(id)
	case "escalate":
		return map[string]string{"reason": "angry"}
	}
	return nil
}

func robotBody(name string) map[string]any {
	return map[string]any{
		"name": name, "kind": "dingtalk", "url": "https://oapi.dingtalk.example/robot/send?access_token=geheim", "secret": "SEC-geheim", "enabled": true,
		"rules": []string{"escalated", "longest_wait"},
	}
}

// furnishCallback lets a customer ask to be called back.
func furnishCallback(t *testing.T, c *surfacetest.Company) string {
	t.Helper()
	g := c.Guest()
	g.Say("cb-1", "请回电")
	chosen := g.Call("queue.choose", "choice", "callback", "phone", "138 0000 0001", "note", "秘密号码")
	require.Nil(t, chosen.Get("error"), string(chosen.Body))
	id := c.LogIn(c.Administrator).Get("/api/v1/callbacks").Text("items.0.id")
	require.NotEmpty(t, id)
	return id
}

// An administrator says who can do what; agents see the queue, hand over with
// a note, escalate and decline.
func TestQueue(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin, agent := h.LogIn(h.Near.Administrator), h.LogIn(h.Near.Answerer)

	skill := admin.Post("/api/v1/skills", map[string]string{"name": " 售后 "})
	require.Equal(t, http.StatusOK, skill.Status, string(skill.Body))
	require.Equal(t, "售后", skill.Text("name"))
	require.Equal(t, http.StatusConflict, admin.Post("/api/v1/skills", map[string]string{"name": "售后"}).Status)
	id, lin := skill.Text("id"), string(h.Near.Answerer.ID)
	for _, bad := range []map[string]any{
		{"capacity": 101},
		{"capacity": -1},
		{"capacity": 3, "skills": map[string]int{id: 6}},
		{"capacity": 3, "skills": map[string]int{"skl_none": 1}},
		{"capacity": 3, "languages": []string{"fr"}},
	} {
		require.Equal(t, http.StatusUnprocessableEntity, put(admin, "/api/v1/staffing/agents/"+lin, bad).Status, bad)
	}
	require.Equal(t, http.StatusOK, put(admin, "/api/v1/staffing/agents/"+lin, map[string]any{"capacity": 3, "skills": map[string]int{id: 4}}).Status)
	team := map[string]any{"zone": "Asia/Shanghai", "hours": map[string]any{"week": [7][]any{1: {map[string]int{"from": 540, "to": 1080}}}}, "senior": true}
	answer := put(admin, "/api/v1/staffing/teams/"+string(h.Near.Team.ID), team)
	require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
	team["zone"] = "Mars/Base"
	require.Equal(t, http.StatusUnprocessableEntity, put(admin, "/api/v1/staffing/teams/"+string(h.Near.Team.ID), team).Status)
	rules := map[string]any{"automatic": true, "inboxes": map[string]any{string(h.Near.Inbox.ID): map[string]any{"needs": []any{map[string]any{"skill": id, "level": 2}}}}}
	require.Equal(t, http.StatusOK, put(admin, "/api/v1/staffing/rules", rules).Status)
	staffing := agent.Get("/api/v1/staffing")
	require.EqualValues(t, 4, staffing.Number("agents."+lin+".skills."+id))
	require.Equal(t, "Asia/Shanghai", staffing.Text("teams."+string(h.Near.Team.ID)+".zone"))

	said := h.Near.Guest().Say("m-1", "有人吗")
	one := "/api/v1/conversations/" + said.Text("result.conversation.id")
	queue := agent.Get("/api/v1/queue")
	require.Equal(t, said.Text("result.conversation.id"), queue.Text("items.0.conversation_id"))
	require.EqualValues(t, 1, queue.Number("items.0.position"))
	require.EqualValues(t, 1, queue.Number("items.0.lack.away"), string(queue.Body))

	require.Equal(t, http.StatusUnprocessableEntity, agent.Post(one+"/transfer", map[string]string{"note": "给谁"}).Status)
	moved := agent.Post(one+"/transfer", map[string]any{"agent_id": h.Near.Supervisor.ID, "note": "客户要换货"})
	require.Equal(t, http.StatusOK, moved.Status, string(moved.Body))
	require.Equal(t, string(h.Near.Supervisor.ID), moved.Text("assignee_id"))
	require.Contains(t, string(admin.Get(one+"/messages").Body), "客户要换货")
	require.Empty(t, agent.Get("/api/v1/queue").Get("items"))

	supervisor := h.LogIn(h.Near.Supervisor)
	declined := supervisor.Post(one+"/decline", nil)
	require.Equal(t, http.StatusOK, declined.Status, string(declined.Body))
	require.Empty(t, declined.Text("assignee_id"))
	escalated := agent.Post(one+"/escalate", map[string]string{"reason": "非常生气"})
	require.Equal(t, http.StatusOK, escalated.Status, string(escalated.Body))
	require.Equal(t, string(h.Near.Team.ID), escalated.Text("team_id"))

	set := put(agent, "/api/v1/presence", map[string]string{"status": "break", "reason": "午餐"})
	require.Equal(t, http.StatusOK, set.Status, string(set.Body))
	require.Equal(t, string(desk.Offline), set.Text("status"), "nobody is there without a connection")
	require.Equal(t, http.StatusUnprocessableEntity, put(agent, "/api/v1/presence", map[string]string{"status": "asleep"}).Status)

	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/skills/"+id).Status)
	require.NotContains(t, string(agent.Get("/api/v1/staffing").Body), id)
}
