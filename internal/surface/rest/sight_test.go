package rest_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/surface/rest"
	"yingda.dev/internal/surface/surfacetest"
)

// viewer is a colleague with a role of a certain reach, and what they should see.
type viewer struct {
	*surfacetest.Caller
	name  string
	sight desk.Sight
}

// talk is a conversation with what decides who sees it.
type talk struct {
	id, contact string
	assignee    desk.AgentID
	team        desk.TeamID
}

// gallery has one conversation for each way to have an assignee and a team,
// and viewers of each reach.
func gallery(t *testing.T, h *surfacetest.House) (viewers []viewer, talks []talk) {
	t.Helper()
	admin := h.LogIn(h.Near.Administrator)
	everything := []string{
		"bot.assist", "conversations.read", "conversations.reply", "conversations.note", "conversations.assign", "conversations.resolve",
		"conversations.snooze", "search.read", "people.read", "contacts.manage", "inboxes.read",
	}
	other := desk.TeamID(admin.Post("/api/v1/teams", map[string]any{"name": "别的", "member_ids": []string{}}).Text("id"))
	for _, reach := range []desk.Reach{desk.ReachOwn, desk.ReachTeam, desk.ReachAll} {
		role := admin.Post("/api/v1/roles", roleBody("看见"+string(reach), string(reach), everything...)).Text("id")
		who, id := join(h.Near, role, string(reach)+"@nearby.example", string(h.Near.Team.ID))
		viewers = append(viewers, viewer{who, string(reach), desk.Sight{Reach: reach, Agent: desk.AgentID(id), Teams: []desk.TeamID{h.Near.Team.ID}}})
	}
	assignees := []desk.AgentID{"", h.Near.Supervisor.ID}
	for _, v := range viewers {
		assignees = append(assignees, v.sight.Agent)
	}
	for _, a := range assignees {
		for _, team := range []desk.TeamID{"", h.Near.Team.ID, other} {
			said := h.Near.Guest().Say("1", fmt.Sprintf("Geheimnis %d 洗衣机", len(talks)))
			c := talk{id: said.Text("result.conversation.id"), assignee: a, team: team}
			one, err := h.Store.Conversation(t.Context(), h.Near.ID, desk.ConversationID(c.id))
			require.NoError(t, err)
			c.contact = string(one.ContactID)
			if a != "" || team != "" {
				require.Equal(t, http.StatusOK, admin.Post("/api/v1/conversations/"+c.id+"/assign", map[string]any{"agent_id": a, "team_id": team}).Status)
			}
			talks = append(talks, c)
		}
	}
	return viewers, talks
}

// What is not in sight is not there: in no list, no count, no search, no feed,
// and behind no address.
func TestSight(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	viewers, talks := gallery(t, h)
	require.Eventually(t, func() bool {
		return len(ids(h.LogIn(h.Near.Administrator), "/api/v1/search?q=%E6%B4%97%E8%A1%A3%E6%9C%BA&limit=100", "conversation.id")) == len(talks)
	}, 20*time.Second, 20*time.Millisecond)
	for _, v := range viewers {
		t.Run(v.name, func(t *testing.T) {
			var want []string
			for _, c := range talks {
				one := "/api/v1/conversations/" + c.id
				seen := v.sight.Sees(c.assignee, c.team)
				status := map[bool]int{true: http.StatusOK, false: http.StatusNotFound}[seen]
				require.Equal(t, status, v.Get(one).Status, "%+v", c)
				require.Equal(t, status, v.Get(one+"/messages").Status)
				require.Equal(t, seen, len(ids(v.Caller, "/api/v1/conversations?contact="+c.contact, "id")) == 1, "%+v", c)
				if seen {
					want = append(want, c.id)
					continue
				}
				hidden(t, v.Caller, c.id)
			}
			slices.Sort(want)
			require.Equal(t, want, ids(v.Caller, "/api/v1/conversations?view=all&limit=3", "id"))
			for _, filter := range []string{"team=" + string(h.Near.Team.ID), "assignee=" + string(h.Near.Supervisor.ID), "inbox=" + string(h.Near.Inbox.ID), "unread=true"} {
				for _, id := range ids(v.Caller, "/api/v1/conversations?view=all&limit=3&"+filter, "id") {
					require.Contains(t, want, id, filter)
				}
			}
			require.Equal(t, ids(v.Caller, "/api/v1/conversations?view=open", "id"), ids(v.Caller, "/api/v1/conversations?view=open&order=waiting&limit=3", "id"))
			counts := v.Get("/api/v1/conversations?view=mine")
			for view, key := range map[string]string{"mine": "counts.mine", "unassigned": "counts.unassigned", "open": "counts.open"} {
				require.EqualValues(t, len(ids(v.Caller, "/api/v1/conversations?view="+view, "id")), counts.Number(key), view)
			}
			require.Equal(t, want, ids(v.Caller, "/api/v1/search?q=%E6%B4%97%E8%A1%A3%E6%9C%BA&limit=3", "conversation.id"))
			feed := string(v.Get("/api/v1/feed?epoch=epoch-1&since=0").Body)
			for _, c := range talks {
				if v.sight.Sees(c.assignee, c.team) {
					require.Contains(t, feed, c.id)
				} else {
					// At most that it has gone out of sight: an event with the id and nothing else.
					require.NotContains(t, strings.ReplaceAll(feed, `"conversation_id":"`+c.id+`"}`, ""), c.id)
				}
			}
		})
	}
}

// hidden demands that every address below the conversation answers not found.
func hidden(t *testing.T, c *surfacetest.Caller, id string) {
	t.Helper()
	v := things{conversation: id, message: "msg_x", people: people{company: c.Near}}
	for _, r := range rest.Table() {
		if !strings.HasPrefix(r.Path, "/api/v1/conversations/{id}") {
			continue
		}
		a := call(c, r, v.address(r), v.body(c.Near, r.ID))
		require.Equal(t, http.StatusNotFound, a.Status, r.ID+string(a.Body))
	}
}

// ids walks all pages of a list and returns its ids, sorted.
func ids(c *surfacetest.Caller, address, path string) []string {
	c.Helper()
	var out []string
	for cursor := ""; ; {
		page := c.Get(address + "&cursor=" + cursor)
		require.Equal(c, http.StatusOK, page.Status, string(page.Body))
		items, _ := page.Get("items").([]any)
		for i := range items {
			out = append(out, page.Text(fmt.Sprintf("items.%d.%s", i, path)))
		}
		if cursor = page.Text("next_cursor"); cursor == "" {
			slices.Sort(out)
			return slices.Compact(out)
		}
	}
}

// A conversation that is given away is gone for who gave it, with a word to
// their screen, and whoever gets it hears of it.
func TestGivingAway(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	role := admin.Post("/api/v1/roles", roleBody("自己的", "own", "conversations.read", "conversations.assign", "conversations.reply")).Text("id")
	lin, linID := join(h.Near, role, "lin@nearby.example")
	wang, wangID := join(h.Near, role, "wang@nearby.example")
	g := h.Near.Guest()
	id := g.Say("1", "在吗").Text("result.conversation.id")
	one := "/api/v1/conversations/" + id
	require.Equal(t, http.StatusOK, lin.Post(one+"/claim", nil).Status)
	require.Equal(t, http.StatusNotFound, wang.Get(one).Status)
	require.Equal(t, http.StatusNotFound, wang.Post(one+"/claim", nil).Status, "there is nothing to claim")
	since := lin.Get("/api/v1/feed?epoch=epoch-1&since=0").Number("seq")
	given := h.Do("POST", one+"/assign", lin.Keyed("give-away-1"), map[string]any{"agent_id": wangID})
	require.Equal(t, wangID, given.Text("assignee_id"), string(given.Body))
	require.Equal(t, http.StatusNotFound, h.Do("POST", one+"/assign", lin.Keyed("give-away-1"), map[string]any{"agent_id": wangID}).Status)
	require.Equal(t, http.StatusNotFound, lin.Get(one).Status)
	g.Say("2", "geheim")
	heard := lin.Get(fmt.Sprintf("/api/v1/feed?epoch=epoch-1&since=%d", since))
	require.Equal(t, "conversation.hidden", heard.Text("events.0.event.type"), string(heard.Body))
	require.Nil(t, heard.Get("events.1"), "and nothing of what followed")
	require.NotContains(t, string(heard.Body), linID)
	require.Contains(t, string(wang.Get("/api/v1/feed?epoch=epoch-1&since=0").Body), "geheim")
}
