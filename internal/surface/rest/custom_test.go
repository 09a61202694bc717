package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/surface/rest"
	"yingda.dev/internal/surface/surfacetest"
)

// Every route as roles of the company's own: with every permission, but seeing
// only what is theirs, their team's, or all; and with one permission.
func TestEveryRouteAsCustomRoles(t *testing.T) {
	t.Parallel()
	// Lists of failed deliveries and of acts name ids to those who operate the
	// system; they hold no words.
	operating := []string{"listDeadLetters", "listAudit"}
	for _, reach := range []desk.Reach{desk.ReachOwn, desk.ReachTeam, desk.ReachAll} {
		t.Run(string(reach), func(t *testing.T) {
			t.Parallel()
			h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
			own := furnish(t, h.Near)
			admin := h.LogIn(h.Near.Administrator)
			// All are a colleague's: neither theirs nor their team's.
			for _, id := range ids(admin, "/api/v1/conversations?view=all", "id") {
				require.Equal(t, http.StatusOK, admin.Post("/api/v1/conversations/"+id+"/assign", map[string]any{"agent_id": h.Near.Supervisor.ID}).Status)
			}
			var all []string
			for _, p := range auth.Permissions() {
				all = append(all, string(p))
			}
			role := admin.Post("/api/v1/roles", roleBody("全部"+string(reach), string(reach), all...)).Text("id")
			who, _ := join(h.Near, role, string(reach)+"@nearby.example", string(h.Near.Team.ID))
			narrow := admin.Post("/api/v1/roles", roleBody("一项"+string(reach), string(reach), "knowledge.read")).Text("id")
			reader, _ := join(h.Near, narrow, string(reach)+"-reader@nearby.example")
			for _, r := range rest.Table() {
				if r.Open || r.ID == "logOut" || r.ID == "endSession" {
					continue // proved by their own tests
				}
				t.Run(r.ID, func(t *testing.T) {
					address, body := own.address(r), own.body(h.Near, r.ID)
					if r.Permission != "" && r.Permission != auth.KnowledgeRead {
						problem(t, call(reader, r, address, body), "denied")
					}
					answer := call(who, r, address, body)
					require.Less(t, answer.Status, 500, string(answer.Body))
					require.NotEqual(t, http.StatusUnauthorized, answer.Status)
					if reach == desk.ReachAll {
						return
					}
					if strings.HasPrefix(r.Path, "/api/v1/conversations/{id}") || strings.HasPrefix(r.Path, "/api/v1/contacts/{id}") || strings.HasPrefix(r.Path, "/api/v1/merges/{id}") {
						require.Equal(t, http.StatusNotFound, answer.Status, string(answer.Body))
					}
					text := string(answer.Body)
					if r.ID == "changeMany" { // it answers by the ids it was given
						require.Equal(t, "not_found", answer.Text("results.0.problem.kind"))
						text = strings.ReplaceAll(text, own.conversation, "")
					}
					for _, secret := range []string{"我的秘密订单", "Geheimwort", "秘密备注", "zwei", "drei"} {
						require.NotContains(t, text, secret)
					}
					if !slices.Contains(operating, r.ID) {
						for _, id := range []string{own.conversation, own.contact, own.message} {
							require.NotContains(t, text, id)
						}
					}
				})
			}
		})
	}
}
