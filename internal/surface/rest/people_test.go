package rest_test

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// people are what administrators of a company have made.
type people struct {
	company                             *surfacetest.Company
	role, team, invitation, hostKey, to string
	session                             string
}

func furnishPeople(c *surfacetest.Company) people {
	c.Helper()
	admin := c.LogIn(c.Administrator)
	invited := admin.Post("/api/v1/invitations", map[string]any{"role_id": "agent", "email": "geheim@example.com"})
	_, to, _ := strings.Cut(invited.Text("url"), "#")
	return people{
		company: c, invitation: invited.Text("id"), to: to,
		role:    admin.Post("/api/v1/roles", roleBody("秘密角色", "own", "conversations.read")).Text("id"),
		team:    admin.Post("/api/v1/teams", map[string]any{"name": "秘密团队", "member_ids": []string{}}).Text("id"),
		session: c.LogIn(c.Administrator).Get("/api/v1/me/sessions").Text("items.0.id"),
		hostKey: admin.Post("/api/v1/inboxes/"+string(c.Inbox.ID)+"/host-keys", nil).Text("id"),
	}
}

func roleBody(name, visibility string, permissions ...string) map[string]any {
	return map[string]any{"name": name, "visibility": visibility, "permissions": permissions}
}

// peopleBody is what the commands of administration take.
func (v things) peopleBody(c *surfacetest.Company, id string) any {
	switch id {
	case "setUp":
		return map[string]any{"company": "另一家", "name": "陈", "email": "chen@other.example", "password": surfacetest.Password}
	case "createInbox":
		return map[string]any{"channel": "webchat", "name": "H5"}
	case "changeInbox":
		return map[string]any{"name": "网页", "enabled": true, "settings": c.Inbox.Settings}
	case "changeAccount":
		return map[string]any{"locale": "zh-CN"}
	case "changeMe":
		return map[string]any{"locale": "zh-CN"}
	case "changePassword":
		return map[string]any{"old": "wrong", "new": surfacetest.Password}
	case "confirmTOTP":
		return map[string]any{"code": "000000"}
	case "disableTOTP":
		return map[string]any{"password": "wrong"}
	case "changeAgent":
		return map[string]any{"name": c.Answerer.Name}
	case "invite":
		return map[string]any{"role_id": "agent"}
	case "lookInvitation":
		return map[string]any{"token": "ydi_wrong"}
	case "acceptInvitation":
		return map[string]any{"token": "ydi_wrong", "name": "新人", "email": "new@example.com", "password": surfacetest.Password}
	case "createRole", "changeRole":
		return roleBody(id, "own", "conversations.read")
	case "createTeam", "changeTeam":
		return map[string]any{"name": id, "member_ids": []string{}}
	}
	return nil
}

// peopleID is the company's own thing that an address of administration is about.
func (v things) peopleID(path string) string {
	for part, id := range map[string]string{
		"/inboxes/{": string(v.people.company.Inbox.ID), "/agents/{": string(v.people.company.Answerer.ID),
		"/roles/{": v.people.role, "/teams/{": v.people.team, "/invitations/{": v.people.invitation,
		"/sessions/{": v.people.session,
	} {
		if strings.Contains(path, part) {
			return id
		}
	}
	return ""
}

func patch(c *surfacetest.Caller, path string, body any) surfacetest.Answer {
	c.Helper()
	return c.Do("PATCH", path, c.Keyed(""), body)
}

// join follows an invitation to a role and is the new colleague.
func join(c *surfacetest.Company, role, email string, teams ...string) (*surfacetest.Caller, string) {
	c.Helper()
	if teams == nil {
		teams = []string{}
	}
	invited := c.LogIn(c.Administrator).Post("/api/v1/invitations", map[string]any{"role_id": role, "team_ids": teams})
	require.Equal(c, http.StatusOK, invited.Status, string(invited.Body))
	_, token, _ := strings.Cut(invited.Text("url"), "#")
	in := c.Do("POST", "/api/v1/invitations/accept", nil, map[string]any{"token": token, "name": "同事" + email, "email": email, "password": surfacetest.Password})
	require.Equal(c, http.StatusOK, in.Status, string(in.Body))
	cookie, err := http.ParseSetCookie(in.Header.Get("Set-Cookie"))
	require.NoError(c, err)
	return &surfacetest.Caller{House: c.House, Header: map[string]string{
		"Cookie": cookie.Name + "=" + cookie.Value, "X-CSRF-Token": in.Text("csrf_token"),
	}}, in.Text("agent.id")
}

func TestRoles(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	made := h.Do("POST", "/api/v1/roles", admin.Keyed("role-key-1"), roleBody("夜班", "team", "conversations.read", "people.read", "roles.manage"))
	require.Equal(t, http.StatusOK, made.Status, string(made.Body))
	require.Equal(t, made.Text("id"), h.Do("POST", "/api/v1/roles", admin.Keyed("role-key-1"), roleBody("x", "all", "keys.manage")).Text("id"))
	problem(t, admin.Post("/api/v1/roles", roleBody("夜班", "own", "conversations.read")), "conflict")
	for _, bad := range []map[string]any{
		roleBody("", "own", "conversations.read"), roleBody("空", "own"), roleBody("远", "everything", "conversations.read"),
		roleBody("无", "own", "rule.the.world"),
	} {
		problem(t, admin.Post("/api/v1/roles", bad), "invalid")
	}
	// Built-in roles stay.
	for _, id := range []string{"administrator", "supervisor", "agent"} {
		problem(t, put(admin, "/api/v1/roles/"+id, roleBody("mine", "own", "conversations.read")), "denied")
		problem(t, admin.Delete("/api/v1/roles/"+id), "denied")
	}
	groups := admin.Get("/api/v1/permissions")
	require.Equal(t, "conversations", groups.Text("items.0.group"))

	night, id := join(h.Near, made.Text("id"), "night@nearby.example", string(h.Near.Team.ID))
	session := night.Get("/api/v1/session")
	require.Equal(t, "team", session.Text("visibility"))
	require.Equal(t, "夜班", session.Text("agent.role_name"))
	require.Equal(t, []any{"conversations.read", "people.read", "roles.manage"}, session.Get("permissions"))
	require.Contains(t, string(admin.Get("/api/v1/teams").Body), id)

	// Nobody gives what they have not, nor lets others see more, nor takes it away.
	problem(t, night.Post("/api/v1/roles", roleBody("更多", "own", "conversations.read", "keys.manage")), "denied")
	problem(t, night.Post("/api/v1/roles", roleBody("更远", "all", "conversations.read")), "denied")
	problem(t, put(night, "/api/v1/roles/"+made.Text("id"), roleBody("夜班", "team", "conversations.read", "keys.manage")), "denied")
	strong := admin.Post("/api/v1/roles", roleBody("强", "all", "keys.manage")).Text("id")
	problem(t, put(night, "/api/v1/roles/"+strong, roleBody("强", "own", "conversations.read")), "denied")
	problem(t, night.Delete("/api/v1/roles/"+strong), "denied")
	require.Equal(t, http.StatusOK, night.Post("/api/v1/roles", roleBody("更少", "own", "conversations.read")).Status)
	// A change is felt at once.
	require.Equal(t, http.StatusOK, put(admin, "/api/v1/roles/"+made.Text("id"), roleBody("夜班", "own", "conversations.read")).Status)
	problem(t, night.Post("/api/v1/roles", roleBody("再来", "own", "conversations.read")), "denied")
	require.Equal(t, "own", night.Get("/api/v1/session").Text("visibility"))

	problem(t, admin.Delete("/api/v1/roles/"+made.Text("id")), "conflict") // somebody has it
	require.Equal(t, http.StatusOK, patch(admin, "/api/v1/agents/"+id, map[string]any{"role_id": "agent"}).Status)
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/roles/"+made.Text("id")).Status)
	problem(t, patch(admin, "/api/v1/agents/"+id, map[string]any{"role_id": made.Text("id")}), "invalid")
}

func TestColleagues(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	one := "/api/v1/agents/" + string(h.Near.Answerer.ID)
	lin := h.LogIn(h.Near.Answerer)
	conversation := "/api/v1/conversations/" + h.Near.Guest().Say("1", "在吗").Text("result.conversation.id")
	require.Equal(t, http.StatusOK, lin.Post(conversation+"/claim", nil).Status)
	token := tokenOf(h.Near, lin)

	renamed := patch(admin, one, map[string]any{"name": "林小满"})
	require.Equal(t, "林小满", renamed.Text("name"), string(renamed.Body))
	require.NotEmpty(t, renamed.Text("last_seen"))
	disabled := patch(admin, one, map[string]any{"disabled": true})
	require.Equal(t, true, disabled.Get("disabled"), string(disabled.Body))
	problem(t, lin.Get("/api/v1/session"), "unauthenticated")
	problem(t, token.Get("/api/v1/conversations"), "unauthenticated")
	require.Equal(t, string(h.Near.Answerer.ID), admin.Get(conversation).Text("assignee_id"), "the conversation stays")
	problem(t, h.Do("POST", "/api/v1/session", nil, map[string]string{"email": h.Near.Answerer.Email, "password": surfacetest.Password}), "unauthenticated")
	require.Equal(t, http.StatusOK, patch(admin, one, map[string]any{"disabled": false}).Status)
	h.LogIn(h.Near.Answerer)
	problem(t, token.Get("/api/v1/conversations"), "unauthenticated")

	// The last administrator stays one, whoever asks and however many at once.
	me := "/api/v1/agents/" + string(h.Near.Administrator.ID)
	problem(t, patch(admin, me, map[string]any{"disabled": true}), "conflict")
	problem(t, patch(admin, me, map[string]any{"role_id": "agent"}), "conflict")
	second, id := join(h.Near, "administrator", "second@nearby.example")
	problem(t, patch(second, "/api/v1/agents/"+id, map[string]any{"disabled": true}), "conflict")
	answers := make(chan int, 2)
	go func() {
		a, _ := h.Try(t.Context(), "PATCH", me, second.Keyed(""), map[string]any{"role_id": "supervisor"})
		answers <- a.Status
	}()
	go func() {
		a, _ := h.Try(t.Context(), "PATCH", "/api/v1/agents/"+id, admin.Keyed(""), map[string]any{"role_id": "supervisor"})
		answers <- a.Status
	}()
	first, then := <-answers, <-answers
	require.NotEqual(t, first, then, "one of them loses")
}

// tokenOf makes an API token for somebody who may not make one.
func tokenOf(c *surfacetest.Company, lin *surfacetest.Caller) *surfacetest.Caller {
	c.Helper()
	admin := c.LogIn(c.Administrator)
	promote := func(role string) {
		a := patch(admin, "/api/v1/agents/"+string(c.Answerer.ID), map[string]any{"role_id": role})
		require.Equal(c, http.StatusOK, a.Status, string(a.Body))
	}
	promote("administrator")
	token, _ := lin.Token("conversations.read", "keys.manage")
	promote("agent")
	// The token never exceeds its owner's role of now.
	require.Equal(c, http.StatusForbidden, token.Get("/api/v1/keys/rotation").Status)
	require.Equal(c, http.StatusOK, token.Get("/api/v1/conversations").Status)
	return token
}

func TestManagersOfPeople(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	role := admin.Post("/api/v1/roles", roleBody("人事", "own", "people.read", "people.manage", "conversations.read")).Text("id")
	hr, me := join(h.Near, role, "hr@nearby.example")
	for _, other := range []string{string(h.Near.Administrator.ID), string(h.Near.Answerer.ID)} {
		problem(t, patch(hr, "/api/v1/agents/"+other, map[string]any{"disabled": true}), "denied")
		problem(t, patch(hr, "/api/v1/agents/"+other, map[string]any{"name": "改名"}), "denied")
	}
	problem(t, patch(hr, "/api/v1/agents/"+me, map[string]any{"role_id": "administrator"}), "denied")
	problem(t, hr.Post("/api/v1/invitations", map[string]any{"role_id": "agent"}), "denied")
	problem(t, hr.Post("/api/v1/invitations", map[string]any{"role_id": role, "team_ids": []string{string(h.Near.Team.ID)}}), "denied")
	team := put(hr, "/api/v1/teams/"+string(h.Near.Team.ID), map[string]any{"name": "售后", "member_ids": []string{me}})
	problem(t, team, "denied")
	problem(t, hr.Delete("/api/v1/teams/"+string(h.Near.Team.ID)), "denied")
	require.Equal(t, http.StatusOK, hr.Post("/api/v1/invitations", map[string]any{"role_id": role}).Status)
	require.Equal(t, http.StatusOK, patch(hr, "/api/v1/agents/"+me, map[string]any{"name": "人事部"}).Status)
}

func TestInvitations(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	made := h.Do("POST", "/api/v1/invitations", admin.Keyed("invite-key-1"), map[string]any{
		"email": "New@Example.com", "role_id": "agent", "team_ids": []string{string(h.Near.Team.ID)},
	})
	require.Equal(t, http.StatusOK, made.Status, string(made.Body))
	problem(t, h.Do("POST", "/api/v1/invitations", admin.Keyed("invite-key-1"), map[string]any{"role_id": "agent"}), "conflict")
	_, token, _ := strings.Cut(made.Text("url"), "/desk/invite#")
	require.Regexp(t, "^ydi_", token)
	list := admin.Get("/api/v1/invitations")
	require.Equal(t, "New@Example.com", list.Text("items.0.email"))
	require.NotContains(t, string(list.Body), token)

	look := func(token string) surfacetest.Answer {
		return h.Do("POST", "/api/v1/invitations/look", nil, map[string]string{"token": token})
	}
	require.Equal(t, "近邻商城", look(token).Text("company"))
	require.Equal(t, "agent", look(token).Text("role_id"))
	flipped := []byte(token)
	flipped[len(flipped)-2] ^= 1
	problem(t, look(string(flipped)), "not_found")

	accept := func(body map[string]any) surfacetest.Answer {
		full := map[string]any{"token": token, "name": "新人", "email": "new@example.com", "password": surfacetest.Password}
		maps.Copy(full, body)
		return h.Do("POST", "/api/v1/invitations/accept", nil, full)
	}
	problem(t, accept(map[string]any{"email": "other@example.com"}), "invalid")
	problem(t, accept(map[string]any{"password": "short"}), "invalid")
	// Two at once: one comes in.
	first, second := make(chan surfacetest.Answer, 1), make(chan surfacetest.Answer, 1)
	for _, c := range []chan surfacetest.Answer{first, second} {
		go func() {
			a, _ := h.Try(t.Context(), "POST", "/api/v1/invitations/accept", nil, map[string]any{
				"token": token, "name": "新人", "email": "new@example.com", "password": surfacetest.Password,
			})
			c <- a
		}()
	}
	a, b := <-first, <-second
	require.ElementsMatch(t, []int{http.StatusOK, http.StatusNotFound}, []int{a.Status, b.Status}, string(a.Body)+string(b.Body))
	problem(t, look(token), "not_found")
	problem(t, accept(nil), "not_found")
	require.Contains(t, string(admin.Get("/api/v1/agents").Body), "new@example.com")
	require.Equal(t, []any{}, admin.Get("/api/v1/invitations").Get("items"))

	// Taken back, expired, of somebody who may not invite any more, e-mail taken.
	invite := func(c *surfacetest.Caller, role string) (id string) {
		a := c.Post("/api/v1/invitations", map[string]any{"role_id": role})
		require.Equal(t, http.StatusOK, a.Status, string(a.Body))
		_, token, _ = strings.Cut(a.Text("url"), "#")
		return a.Text("id")
	}
	id := invite(admin, "agent")
	require.Equal(t, http.StatusConflict, accept(map[string]any{"email": h.Far.Answerer.Email}).Status)
	require.Equal(t, http.StatusOK, look(token).Status, "a refused one is still good")
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/invitations/"+id).Status)
	problem(t, accept(nil), "not_found")
	problem(t, admin.Delete("/api/v1/invitations/"+id), "not_found")
	invite(admin, "agent")
	boss, bossID := join(h.Near, "administrator", "second@nearby.example")
	invite(boss, "administrator")
	require.Equal(t, http.StatusOK, patch(admin, "/api/v1/agents/"+bossID, map[string]any{"role_id": "agent"}).Status)
	problem(t, accept(map[string]any{"email": "rogue@example.com"}), "not_found")
	invite(admin, "agent")
	h.Clock.Advance(8 * 24 * time.Hour)
	problem(t, look(token), "not_found")
	problem(t, accept(nil), "not_found")
}

func TestTeams(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	made := h.Do("POST", "/api/v1/teams", admin.Keyed("team-key-1"), map[string]any{"name": "售前", "member_ids": []string{string(h.Near.Answerer.ID)}})
	require.Equal(t, http.StatusOK, made.Status, string(made.Body))
	require.Equal(t, made.Text("id"), h.Do("POST", "/api/v1/teams", admin.Keyed("team-key-1"), map[string]any{"name": "x", "member_ids": []string{}}).Text("id"))
	one := "/api/v1/teams/" + made.Text("id")
	problem(t, put(admin, one, map[string]any{"name": "售前", "member_ids": []string{string(h.Far.Answerer.ID)}}), "invalid")
	changed := put(admin, one, map[string]any{"name": "售前组", "member_ids": []string{string(h.Near.Supervisor.ID), string(h.Near.Supervisor.ID)}})
	require.Equal(t, []any{string(h.Near.Supervisor.ID)}, changed.Get("member_ids"), string(changed.Body))
	conversation := "/api/v1/conversations/" + h.Near.Guest().Say("1", "在吗").Text("result.conversation.id")
	require.Equal(t, http.StatusOK, admin.Post(conversation+"/assign", map[string]any{"team_id": made.Text("id")}).Status)
	problem(t, admin.Delete(one), "conflict")
	require.Equal(t, http.StatusOK, admin.Post(conversation+"/resolve", nil).Status)
	require.Equal(t, http.StatusNoContent, admin.Delete(one).Status)
	problem(t, admin.Delete(one), "not_found")
}
