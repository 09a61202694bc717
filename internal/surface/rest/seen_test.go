package rest_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// Two people change one thing at once: the first is done, the second is told
// and has overwritten nothing; a repeat of the first is no conflict. Who says
// nothing about what they have seen overwrites knowingly.
func TestNobodyOverwritesWhatTheyHaveNotSeen(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	lin, chen := h.LogIn(h.Near.Administrator), h.LogIn(h.Near.Administrator)
	own := furnish(t, h.Near)
	staff, team := "/api/v1/staffing/agents/"+string(h.Near.Answerer.ID), "/api/v1/staffing/teams/"+string(h.Near.Team.ID)
	for name, one := range map[string]struct {
		list, at, address string
		first, second     map[string]any
	}{
		"role":   {"/api/v1/roles", "id:" + own.people.role, "/api/v1/roles/" + own.people.role, roleBody("白班", "own", "conversations.read"), roleBody("晚班", "all", "conversations.read")},
		"team":   {"/api/v1/teams", "id:" + own.people.team, "/api/v1/teams/" + own.people.team, map[string]any{"name": "甲", "member_ids": []string{}}, map[string]any{"name": "乙", "member_ids": []string{string(h.Near.Answerer.ID)}}},
		"label":  {"/api/v1/labels", "id:" + own.label, "/api/v1/labels/" + own.label, map[string]any{"name": "甲", "color": "teal"}, map[string]any{"name": "乙", "color": "pink"}},
		"canned": {"/api/v1/canned-replies", "id:" + own.canned, "/api/v1/canned-replies/" + own.canned, canned("jia", "personal", "甲"), canned("yi", "personal", "乙")},
		"agent":  {"/api/v1/staffing", "agents." + string(h.Near.Answerer.ID), staff, map[string]any{"capacity": 2}, map[string]any{"capacity": 9}},
		"hours":  {"/api/v1/staffing", "teams." + string(h.Near.Team.ID), team, map[string]any{"zone": "Asia/Shanghai", "hours": map[string]any{"week": [7][]any{}}}, map[string]any{"zone": "Asia/Tokyo", "hours": map[string]any{"week": [7][]any{}}}},
		"rules":  {"/api/v1/staffing", "rules", "/api/v1/staffing/rules", map[string]any{"automatic": true}, map[string]any{"automatic": false, "escalated_min": 5}},
	} {
		t.Run(name, func(t *testing.T) {
			revision := func() string {
				answer := lin.Get(one.list)
				if one.at[:3] != "id:" {
					return answer.Text(one.at + ".revision")
				}
				items, _ := answer.Get("items").([]any)
				for i := range items {
					if at := fmt.Sprintf("items.%d.", i); answer.Text(at+"id") == one.at[3:] {
						return answer.Text(at + "revision")
					}
				}
				return ""
			}
			seen := revision()
			require.Len(t, seen, 16)
			with := func(body map[string]any, seen string) map[string]any {
				body = maps.Clone(body)
				body["revision"] = seen
				return body
			}
			first := put(lin, one.address, with(one.first, seen))
			require.Equal(t, http.StatusOK, first.Status, string(first.Body))
			now := revision()
			require.NotEqual(t, seen, now)
			require.Equal(t, now, first.Text("revision"))
			answer := put(chen, one.address, with(one.second, seen))
			require.Equal(t, http.StatusConflict, answer.Status, string(answer.Body))
			problem(t, answer, "conflict")
			require.Equal(t, now, revision(), "nothing was overwritten")
			require.Equal(t, http.StatusOK, put(lin, one.address, with(one.first, seen)).Status, "what is so already is no conflict")
			require.Equal(t, http.StatusOK, put(chen, one.address, with(one.second, now)).Status)
			require.Equal(t, http.StatusOK, put(lin, one.address, one.first).Status)
		})
	}
}
