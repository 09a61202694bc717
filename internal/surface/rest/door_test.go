package rest_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/surface/rest"
	"yingda.dev/internal/surface/surfacetest"
)

func TestAgentsDay(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	one := "/api/v1/conversations/" + g.Say("1", "洗衣机什么时候到？").Text("result.conversation.id")
	lin := h.LogIn(h.Near.Answerer)

	session := lin.Get("/api/v1/session")
	require.Equal(t, "林agent", session.Text("agent.name"))
	require.Equal(t, "近邻商城", session.Text("account.name"))
	require.Equal(t, lin.Header["X-CSRF-Token"], session.Text("csrf_token"))
	require.Contains(t, session.Get("permissions"), "conversations.reply")

	list := lin.Get("/api/v1/conversations?view=unassigned")
	require.Equal(t, "洗衣机什么时候到？", list.Text("items.0.preview"))
	require.EqualValues(t, 1, list.Number("items.0.unread"))
	require.EqualValues(t, 1, list.Number("counts.unassigned"))
	require.Equal(t, "open", lin.Get(one).Text("status"))

	claimed := lin.Post(one+"/claim", nil)
	require.Equal(t, string(h.Near.Answerer.ID), claimed.Text("assignee_id"), string(claimed.Body))
	require.Zero(t, lin.Post(one+"/read", map[string]int{"seq": 1}).Number("unread"))
	reply := lin.Post(one+"/replies", map[string]any{"parts": surfacetest.Text("明天"), "client_id": "r-1"})
	require.Equal(t, "sent", reply.Text("status"), string(reply.Body))
	require.Equal(t, "林agent", reply.Text("author.name"))
	require.Equal(t, "note", lin.Post(one+"/notes", map[string]string{"text": "已核实"}).Text("visibility"))
	messages := lin.Get(one + "/messages")
	require.Len(t, messages.Get("items"), 3)
	require.Equal(t, false, messages.Get("more"))
	require.EqualValues(t, 2, lin.Get(one+"/messages?before_seq=3&limit=1").Number("items.0.seq"))
	require.EqualValues(t, 2, lin.Get(one+"/messages?after_seq=1&limit=1").Number("items.0.seq"))
	require.Equal(t, http.StatusNoContent, lin.Post(one+"/typing", map[string]bool{"on": true}).Status)

	require.Equal(t, string(h.Near.Supervisor.ID), lin.Post(one+"/assign", map[string]any{"agent_id": h.Near.Supervisor.ID, "team_id": h.Near.Team.ID}).Text("assignee_id"))
	until := h.Clock.Now().Add(time.Hour).Truncate(time.Second)
	snoozed := lin.Post(one+"/snooze", map[string]any{"until": until})
	require.Equal(t, "snoozed", snoozed.Text("status"))
	require.Equal(t, until.Format(time.RFC3339), snoozed.Text("snoozed_until"))
	require.Equal(t, "resolved", lin.Post(one+"/resolve", nil).Text("status"))
	require.Equal(t, "open", lin.Post(one+"/reopen", nil).Text("status"))
	for _, past := range []time.Time{h.Clock.Now().Add(-time.Hour), h.Clock.Now().AddDate(2, 0, 0)} {
		problem(t, lin.Post(one+"/snooze", map[string]any{"until": past}), "invalid")
	}

	require.Len(t, lin.Get("/api/v1/agents").Get("items"), 3)
	require.Equal(t, "售后", lin.Get("/api/v1/teams").Text("items.0.name"))
	require.Equal(t, "chk_nearby", lin.Get("/api/v1/inboxes").Text("items.0.key"))
	feed := lin.Get("/api/v1/feed?epoch=epoch-1&since=0")
	require.Equal(t, "staffing.changed", feed.Text("events.0.event.type"))
	require.Contains(t, string(feed.Body), `"contact.created"`)
	require.Contains(t, string(feed.Body), "已核实", "colleagues hear notes")

	var hits surfacetest.Answer
	require.Eventually(t, func() bool {
		hits = lin.Get("/api/v1/search?q=" + "%E6%B4%97%E8%A1%A3%E6%9C%BA")
		return hits.Get("items.0") != nil
	}, 20*time.Second, 10*time.Millisecond)
	require.Equal(t, "洗衣机什么时候到？", hits.Text("items.0.snippet.text"))
	require.Equal(t, strings.TrimPrefix(one, "/api/v1/conversations/"), hits.Text("items.0.conversation.id"))
	problem(t, lin.Get("/api/v1/search?q=%E6%B4%97"), "invalid")

	admin := h.LogIn(h.Near.Administrator)
	require.Empty(t, admin.Get("/api/v1/keys/rotation").Text("state"))
	require.Equal(t, "running", admin.Post("/api/v1/keys/rotation", nil).Text("state"))
}

func TestSessions(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{})
	email := h.Near.Answerer.Email
	logIn := func(password, from string) surfacetest.Answer {
		return h.Do("POST", "/api/v1/session", map[string]string{"Test-Addr": from}, map[string]string{"email": email, "password": password})
	}
	good := logIn(surfacetest.Password, "203.0.113.1")
	cookie, err := http.ParseSetCookie(good.Header.Get("Set-Cookie"))
	require.NoError(t, err)
	require.True(t, cookie.HttpOnly)
	require.Equal(t, http.SameSiteLaxMode, cookie.SameSite)
	require.Equal(t, "/", cookie.Path)
	require.Empty(t, cookie.Domain, "subdomains do not get it")
	require.NotContains(t, string(good.Body), cookie.Value)
	lin := &surfacetest.Caller{House: h, Header: map[string]string{"Cookie": cookie.Name + "=" + cookie.Value, "X-CSRF-Token": good.Text("csrf_token")}}

	// Other sites cannot log a browser in, nor out.
	for _, site := range []string{"cross-site", "same-site"} {
		a := h.Do("POST", "/api/v1/session", map[string]string{"Sec-Fetch-Site": site}, map[string]string{"email": email, "password": surfacetest.Password})
		problem(t, a, "denied")
	}
	problem(t, h.Do("POST", "/api/v1/session", map[string]string{"Content-Type": "text/plain"}, `{"email":"`+email+`","password":"`+surfacetest.Password+`"}`), "unsupported")
	require.Equal(t, http.StatusForbidden, lin.With("X-CSRF-Token", "").Delete("/api/v1/session").Status)

	gone := lin.Delete("/api/v1/session")
	require.Equal(t, http.StatusNoContent, gone.Status, string(gone.Body))
	cleared, err := http.ParseSetCookie(gone.Header.Get("Set-Cookie"))
	require.NoError(t, err)
	require.Negative(t, cleared.MaxAge)
	problem(t, lin.Get("/api/v1/session"), "unauthenticated")

	// Guessing is slowed down, and the answer does not tell whose e-mail exists.
	wrong := logIn("wrong", "203.0.113.2")
	problem(t, wrong, "unauthenticated")
	nobody := h.Do("POST", "/api/v1/session", nil, map[string]string{"email": "nobody@example.com", "password": "x"})
	require.Equal(t, wrong.Body, nobody.Body)
	last := wrong
	for range 10 {
		last = logIn("wrong", "203.0.113.2")
	}
	problem(t, last, "limited")
	require.Regexp(t, `^[1-9][0-9]*$`, last.Header.Get("Retry-After"))
	problem(t, logIn(surfacetest.Password, "203.0.113.2"), "limited")
	require.Equal(t, http.StatusOK, logIn(surfacetest.Password, "203.0.113.3").Status, "the owner gets in from elsewhere")

	// A session that is not used ends.
	lin = h.LogIn(h.Near.Answerer)
	h.Clock.Advance(8 * 24 * time.Hour)
	problem(t, lin.Get("/api/v1/session"), "unauthenticated")
}

func TestTokenScopes(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	admin := h.LogIn(h.Near.Administrator)
	expires := h.Clock.Now().Add(time.Hour)
	create := func(c *surfacetest.Caller, key string, permissions ...string) surfacetest.Answer {
		return h.Do("POST", "/api/v1/tokens", c.Keyed(key), map[string]any{"name": "ci", "permissions": permissions, "expires_at": expires})
	}
	made := create(admin, "the-same-key", "conversations.read", "tokens.manage")
	require.Equal(t, http.StatusOK, made.Status)
	again := create(admin, "the-same-key", "conversations.read", "tokens.manage")
	require.Equal(t, http.StatusConflict, again.Status)
	problem(t, again, "conflict")
	require.Len(t, admin.Get("/api/v1/tokens").Get("items"), 1)
	require.NotContains(t, string(admin.Get("/api/v1/tokens").Body), made.Text("secret"))

	bot := &surfacetest.Caller{House: h, Header: map[string]string{"Authorization": "Bearer " + made.Text("secret")}}
	require.Equal(t, http.StatusOK, bot.Get("/api/v1/conversations").Status)
	problem(t, bot.Get("/api/v1/search?q=abc"), "denied")
	problem(t, create(bot, "", "conversations.read", "keys.manage"), "denied")
	require.Equal(t, http.StatusOK, create(bot, "", "conversations.read").Status, "a token may make one that may no more than it")
	problem(t, create(admin, "", "everything"), "invalid")
	for _, at := range []time.Time{h.Clock.Now().Add(-time.Hour), h.Clock.Now().AddDate(2, 0, 0)} {
		expires = at
		problem(t, create(admin, "", "conversations.read"), "invalid")
	}
	// Revoked: refused at once.
	require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/tokens/"+made.Text("id")).Status)
	problem(t, bot.Get("/api/v1/conversations"), "unauthenticated")
	require.Equal(t, http.StatusNotFound, admin.Delete("/api/v1/tokens/"+made.Text("id")).Status)
	// Expired: refused by itself. A disabled owner's: refused too.
	bot, _ = admin.Token("conversations.read")
	require.Equal(t, http.StatusOK, bot.Get("/api/v1/conversations").Status)
	h.Clock.Advance(40 * 24 * time.Hour)
	problem(t, bot.Get("/api/v1/conversations"), "unauthenticated")
}

func TestIdempotency(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	one := "/api/v1/conversations/" + h.Near.Guest().Say("1", "在吗").Text("result.conversation.id")
	lin := h.LogIn(h.Near.Answerer)
	say := map[string]any{"parts": surfacetest.Text("在的")}
	missing := h.Do("POST", one+"/replies", lin.Header, say)
	require.Equal(t, http.StatusUnprocessableEntity, missing.Status)
	problem(t, missing, "invalid")
	require.Contains(t, missing.Text("field")+missing.Text("detail"), "Idempotency-Key")
	for _, bad := range []string{"short", strings.Repeat("k", 151), "with spaces in it", "schlüssel-mit-ü"} {
		require.Equal(t, http.StatusUnprocessableEntity, h.Do("POST", one+"/replies", lin.Keyed(bad), say).Status, bad)
	}
	// Fifty at once with one key: one message, one answer.
	bodies := make([]string, 50)
	var wg sync.WaitGroup
	for i := range bodies {
		wg.Go(func() {
			a, err := h.Try(t.Context(), "POST", one+"/replies", lin.Keyed("one-key-for-all"), map[string]any{"parts": surfacetest.Text(fmt.Sprint("第", i))})
			bodies[i] = fmt.Sprint(a.Status, string(a.Body), err)
		})
	}
	wg.Wait()
	for _, b := range bodies {
		require.Equal(t, bodies[0], b)
	}
	require.Contains(t, bodies[0], "200")
	require.Len(t, lin.Get(one+"/messages").Get("items"), 2)
	// The key counts per agent, command and conversation.
	require.NotEqual(t, bodies[0], string(h.Do("POST", one+"/notes", lin.Keyed("one-key-for-all"), map[string]string{"text": "n"}).Body))
	sup := h.LogIn(h.Near.Supervisor)
	require.Equal(t, "您", h.Do("POST", one+"/replies", sup.Keyed("one-key-for-all"), map[string]any{"parts": surfacetest.Text("您")}).Text("parts.0.text"))
	// A repeated resolve after somebody reopened changes nothing.
	h.Do("POST", one+"/resolve", lin.Keyed("resolve-1"), nil)
	sup.Post(one+"/reopen", nil)
	h.Do("POST", one+"/resolve", lin.Keyed("resolve-1"), nil)
	require.Equal(t, "open", lin.Get(one).Text("status"))
}

func TestConflicts(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	one := "/api/v1/conversations/" + g.Say("1", "在吗").Text("result.conversation.id")
	lin, sup := h.LogIn(h.Near.Answerer), h.LogIn(h.Near.Supervisor)
	version := lin.Get(one).Number("version")
	g.Say("2", "还在吗")
	for _, command := range []string{"resolve", "snooze", "assign", "claim", "reopen", "replies"} {
		body := map[string]any{"version": version}
		switch command {
		case "snooze":
			body["until"] = h.Clock.Now().Add(time.Hour)
		case "replies":
			body["parts"] = surfacetest.Text("x")
		}
		a := lin.Post(one+"/"+command, body)
		require.Equal(t, http.StatusConflict, a.Status, command+string(a.Body))
		problem(t, a, "conflict")
	}
	require.Equal(t, http.StatusOK, lin.Post(one+"/resolve", map[string]any{"version": version + 1}).Status)
	problem(t, lin.Post(one+"/claim", nil), "conflict")
	lin.Post(one+"/reopen", nil)

	// Fifty claims at once: one winner, and everybody else is told.
	claims := make([]surfacetest.Answer, 50)
	var wg sync.WaitGroup
	for i := range claims {
		who, key := []*surfacetest.Caller{lin, sup}[i%2], h.IDs.Other("key")
		wg.Go(func() { claims[i], _ = h.Try(t.Context(), "POST", one+"/claim", who.Keyed(key), nil) })
	}
	wg.Wait()
	winner := lin.Get(one).Text("assignee_id")
	for i, a := range claims {
		mine := string([]desk.AgentID{h.Near.Answerer.ID, h.Near.Supervisor.ID}[i%2]) == winner
		require.Equal(t, map[bool]int{true: http.StatusOK, false: http.StatusConflict}[mine], a.Status, string(a.Body))
	}
	// Those who lost may see who won, and it changed hands once.
	feed := lin.Get("/api/v1/feed?epoch=epoch-1&since=0")
	require.Equal(t, 1, strings.Count(string(feed.Body), `"conversation.assigned"`))
}

func TestPagingWhileMessagesArrive(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	lin := h.LogIn(h.Near.Answerer)
	const many = 23
	want := map[string]bool{}
	for i := range many {
		want[h.Near.Guest().Say("1", fmt.Sprint("第", i)).Text("result.conversation.id")] = true
	}
	seen, cursor := map[string]bool{}, ""
	for page := 0; ; page++ {
		a := lin.Get("/api/v1/conversations?view=all&limit=5&cursor=" + cursor)
		require.Equal(t, http.StatusOK, a.Status, string(a.Body))
		require.Equal(t, page == 0, a.Get("counts") != nil, "counts come with the first page")
		items, ok := a.Get("items").([]any)
		require.True(t, ok)
		require.LessOrEqual(t, len(items), 5)
		for i := range items {
			id := a.Text(fmt.Sprintf("items.%d.id", i))
			require.False(t, seen[id], "no repeats")
			seen[id] = true
		}
		if cursor = a.Text("next_cursor"); cursor == "" {
			break
		}
		h.Near.Guest().Say("1", "新来的") // goes above the page that is being read
	}
	for id := range want {
		require.True(t, seen[id], "nothing left out")
	}
	for _, bad := range []string{"x", "%00", "AAAA", strings.Repeat("a", 201), "%ff"} {
		problem(t, lin.Get("/api/v1/conversations?cursor="+bad), "invalid")
	}
	for _, bad := range []string{"limit=0", "limit=101", "limit=x", "view=secret", "limit=-1", "contact=%00"} {
		a := lin.Get("/api/v1/conversations?" + bad)
		require.Equal(t, http.StatusUnprocessableEntity, a.Status, bad+string(a.Body))
	}
}

// speaking are the fields that commands answer with what was sent.
var speaking = map[string][]string{
	"addNote": {"text"}, "createToken": {"name"}, "changeMe": {"name"}, "reply": {"client_id", "parts"},
	"createLabel": {"name", "description"}, "changeLabel": {"name", "description"}, "saveDraft": {"text", "parts", "reply_to"}, "schedule": {"parts"}, "changeMany": {"ids"},
	"createCannedReply": {"parts", "title", "shortcut"}, "changeCannedReply": {"parts", "title", "shortcut"},
}

// Whatever is sent wherever, it does not come back in an error, and what is
// wrong stores nothing and ends nothing.
func TestNothingIsEchoed(t *testing.T) {
	t.Parallel()
	const secret = "hunter2Geheim"
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	own := furnish(t, h.Near)
	admin := h.LogIn(h.Near.Administrator)
	head, err := h.Store.Head(t.Context())
	require.NoError(t, err)
	for _, r := range rest.Table() {
		if r.ID == "logOut" {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			try := func(address string, body any) {
				t.Helper()
				a := call(admin, r, address, body)
				if a.Status >= 400 {
					require.NotContains(t, string(a.Body), secret)
				}
				require.Less(t, a.Status, 500, string(a.Body))
				if a.Status >= 400 {
					require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"))
				}
			}
			address := own.address(r)
			if strings.Contains(r.Path, "{id}") {
				for _, id := range []string{secret, "..%2f..%2f" + secret, "%00" + secret, "%ff%fe", "' OR 1=1 --", strings.Repeat(secret, 50)} {
					try(strings.ReplaceAll(r.Path, "{id}", strings.ReplaceAll(id, " ", "%20")), own.body(h.Near, r.ID))
				}
			}
			if r.Method == http.MethodGet {
				join := "?"
				if strings.Contains(address, "?") {
					join = "&"
				}
				for _, q := range []string{"limit", "cursor", "since", "epoch", "view", "before_seq", "after_seq", "contact"} {
					try(address+join+q+"="+secret, nil)
					try(address+join+q+"=%ff"+secret+"%00", nil)
				}
				return
			}
			bodies := []any{
				secret, `"` + secret + `"`, `{"` + secret, `{"` + secret + ` is my password":1}`, "\xff\xfe" + secret, `[["` + secret + `"]]`,
				`{"email":{"x":"` + secret + `"}}`, strings.Repeat("["+"\""+secret, 1000), strings.Repeat(secret, 30_000), `null`, `{"version":"` + secret + `"}`,
			}
			for _, field := range []string{
				"email", "password", "parts", "reply_to", "client_id", "sent_at", "version", "text", "agent_id", "team_id", "until", "seq", "on",
				"name", "color", "description", "shortcut", "title", "scope", "permissions", "expires_at", "unknown",
			} {
				good, _ := own.body(h.Near, r.ID).(map[string]any)
				for _, v := range []any{secret, []string{secret}, map[string]string{secret: secret}, -1, 1.5, nil, []any{map[string]any{"type": secret, "text": secret, secret: 1}}} {
					body := map[string]any{}
					maps.Copy(body, good)
					body[field] = v
					if slices.Contains(speaking[r.ID], field) {
						continue // says what it is meant to say
					}
					bodies = append(bodies, body)
				}
			}
			for _, body := range bodies {
				if r.ID == "revokeToken" || r.ID == "replayDeadLetter" || r.ID == "rotateKeys" || r.ID == "trainKnowledge" {
					continue // take no body
				}
				try(address, body)
			}
		})
	}
	messages := admin.Get("/api/v1/conversations/" + own.conversation + "/messages")
	require.NotContains(t, string(messages.Body), secret)
	require.NotContains(t, h.Log.String(), secret)
	after, err := h.Store.Head(t.Context())
	require.NoError(t, err)
	require.LessOrEqual(t, after-head, int64(120), "few of these were good requests")
}

func TestAddressesAndBodies(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	own := furnish(t, h.Near)
	lin := h.LogIn(h.Near.Answerer)
	problem(t, lin.Get("/api/v1/nothing"), "not_found")
	problem(t, lin.Get("/api/"), "not_found")
	put := lin.With("Idempotency-Key", "12345678").Do("PUT", "/api/v1/conversations", lin.Header, nil)
	require.Equal(t, http.StatusMethodNotAllowed, put.Status)
	require.Equal(t, "GET", put.Header.Get("Allow"))
	problem(t, put, "unsupported")
	large := lin.Post("/api/v1/conversations/"+own.conversation+"/notes", `{"text":"`+strings.Repeat("a", 300<<10)+`"}`)
	require.Equal(t, http.StatusRequestEntityTooLarge, large.Status)
	problem(t, large, "invalid")
	broken := lin.Post("/api/v1/conversations/"+own.conversation+"/notes", "{\"text\":\"\xc3\x28\"}")
	require.Equal(t, http.StatusBadRequest, broken.Status)
	problem(t, broken, "invalid")
	for _, text := range []string{`<script>alert(1)</script>`, "👩‍👩‍👧‍👦 مرحبا \u202eabc", strings.Repeat("长", 10_000), "{{7*7}}${jndi:x}"} {
		require.Equal(t, text, lin.Post("/api/v1/conversations/"+own.conversation+"/notes", map[string]string{"text": text}).Text("parts.0.text"))
		require.Equal(t, text, lin.Post("/api/v1/conversations/"+own.conversation+"/replies", map[string]any{"parts": surfacetest.Text(text)}).Text("parts.0.text"))
	}
	for _, text := range []string{"", "  ", "a\x00b", strings.Repeat("长", 10_001)} {
		problem(t, lin.Post("/api/v1/conversations/"+own.conversation+"/notes", map[string]string{"text": text}), "invalid")
	}
	open := h.Do("GET", "/api/openapi.json", nil, nil)
	require.Equal(t, "application/openapi+json", open.Header.Get("Content-Type"))
	require.Equal(t, "3.1.0", open.Text("openapi"))
	require.NotContains(t, h.Log.String(), "level=ERROR")
}
