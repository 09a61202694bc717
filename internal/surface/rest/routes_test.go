package rest_test

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"image"
	"image/png"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/surface/rest"
	"yingda.dev/internal/surface/surfacetest"
)

var update = flag.Bool("update", false, "rewrite api/openapi.json and testdata/routes.golden")

func golden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "run scripts/generate.sh and look at what changed")
}

func TestOpenAPIGolden(t *testing.T) {
	t.Parallel()
	description, err := rest.New(rest.Deps{}, rest.Config{Version: "1"}).OpenAPI()
	require.NoError(t, err)
	golden(t, "../../../api/openapi.json", description)
	answer := surfacetest.Answer{Body: description}
	for _, r := range rest.Table() {
		operation, ok := answer.Get("paths").(map[string]any)[r.Path].(map[string]any)[strings.ToLower(r.Method)].(map[string]any)
		require.True(t, ok, r.ID)
		text := fmt.Sprint(operation["parameters"])
		require.Equal(t, strings.Contains(r.Path, "{"), strings.Contains(text, "in:path"), r.ID)
		require.Equal(t, r.Method != http.MethodGet && !r.Open && r.ID != "logOut", strings.Contains(text, "Idempotency-Key"), r.ID)
	}
}

// Who may call what, for people to read when it changes.
func TestRoutesGolden(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	fmt.Fprintf(&b, "%-6s %-45s %-24s %-13s %-10s %-5s\n", "", "", "permission", "administrator", "supervisor", "agent")
	for _, r := range rest.Table() {
		needs := string(r.Permission)
		switch {
		case r.Open:
			needs = "(open)"
		case needs == "":
			needs = "(logged in)"
		}
		may := func(role desk.Role) string {
			if r.Permission == "" || auth.RolePermissions(role).Has(r.Permission) {
				return "yes"
			}
			return "-"
		}
		line := fmt.Sprintf("%-6s %-45s %-24s %-13s %-10s %-5s", r.Method, r.Path, needs, may(desk.Administrator), may(desk.Supervisor), may(desk.Answerer))
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	golden(t, "testdata/routes.golden", []byte(b.String()))
}

// things are what a company has that others must not touch.
type things struct {
	conversation, message, token, letter string
	label, canned, file                  string
	people                               people
	contact, other, note, merge          string
	skill, callback, robot               string
	entry, proposal                      string
	intent, model                        string
	decision                             string
	scenario                             string
}

// onePixel is a picture.
var onePixel = func() []byte {
	var b bytes.Buffer
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1))); err != nil {
		panic(err)
	}
	return b.Bytes()
}()

// furnish gives a company a conversation, an API token and a dead letter.
func furnish(t *testing.T, c *surfacetest.Company) things {
	t.Helper()
	said := c.Guest().Say("1", "我的秘密订单 Geheimwort")
	_, token := c.LogIn(c.Administrator).Token("conversations.read")
	file, err := c.Files.Upload(t.Context(), attachment.Upload{
		Account: c.ID, Uploader: desk.AgentUploader(c.Administrator.ID), Name: "秘密.png", Size: int64(len(onePixel)), Body: bytes.NewReader(onePixel),
	})
	require.NoError(t, err)
	v := things{
		conversation: said.Text("result.conversation.id"), message: said.Text("result.message.id"), token: token,
		letter: c.IDs.Other("ded"), people: furnishPeople(c),
	}
	admin := c.LogIn(c.Administrator)
	v.label = admin.Post("/api/v1/labels", map[string]string{"name": "秘密标签"}).Text("id")
	v.canned = admin.Post("/api/v1/canned-replies", canned("mm", "personal", "秘密答复")).Text("id")
	v.file = string(file.Media.ID)
	opened := admin.Get("/api/v1/conversations/" + v.conversation)
	v.contact = opened.Text("contact.id")
	more := []string{c.Guest().Say("2", "zwei").Text("result.conversation.id"), c.Guest().Say("3", "drei").Text("result.conversation.id")}
	v.other = admin.Get("/api/v1/conversations/" + more[0]).Text("contact.id")
	v.note = admin.Post("/api/v1/contacts/"+v.contact+"/notes", map[string]string{"text": "秘密备注"}).Text("id")
	gone := admin.Get("/api/v1/conversations/" + more[1]).Text("contact.id")
	v.merge = admin.Post("/api/v1/contacts/"+v.contact+"/merge", map[string]string{"other_id": gone}).Text("merge_id")
	require.NotEmpty(t, v.merge)
	v.callback = furnishCallback(t, c)
	v.robot = admin.Post("/api/v1/robots", robotBody("秘密群")).Text("id")
	v.decision = decide(t, c, desk.ConversationID(v.conversation))
	v.skill = admin.Post("/api/v1/skills", map[string]string{"name": "秘密技能"}).Text("id")
	v.entry = admin.Post("/api/v1/knowledge/entries", knowledgeEntry("秘密问题")).Text("id")
	require.NotEmpty(t, v.entry)
	require.EqualValues(t, 1, admin.Post("/api/v1/review/chats", map[string]any{"name": "c.csv", "data": []byte("问题,回答\n秘密运费多少,八元\n秘密运费多少呢,八元\n")}).Number("proposed"))
	v.proposal = admin.Get("/api/v1/review/proposals").Text("items.0.id")
	v.intent, v.model = furnishTraining(t, c)
	v.scenario = furnishScenario(t, c, admin)
	events, err := c.Store.AccountEvents(t.Context(), c.ID, 0, 10)
	require.NoError(t, err)
	require.NoError(t, c.Store.Write(t.Context(), "", func(ctx context.Context, tx *store.Tx) error {
		return tx.Park(ctx, store.DeadLetter{ID: v.letter, Consumer: "nobody", Event: events[len(events)-1], Error: "broken", Attempts: 3, At: tx.Now()})
	}))
	return v
}

// decide adds a draft of the bot's that waits.
func decide(t *testing.T, c *surfacetest.Company, id desk.ConversationID) string {
	t.Helper()
	d := store.BotDecision{
		ID: c.IDs.Other("dec"), AccountID: c.ID, ConversationID: id, At: c.Clock.Now(), Kind: "review", Topic: "秘密主题", Hit: "faq_1",
		Confidence: 0.8, Detail: "{}", Draft: desk.DraftWaiting, DraftUntil: c.Clock.Now().Add(time.Hour),
	}
	_, err := c.Store.Do(t.Context(), store.Command{
		Account: c.ID, Target: store.Target{Conversation: id},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{Extras: []store.Extra{store.AddBotDecision(d)}}, nil
		},
	})
	require.NoError(t, err)
	return d.ID
}

func canned(shortcut, scope, title string) map[string]any {
	return map[string]any{"shortcut": shortcut, "title": title, "parts": surfacetest.Text("{{contact.name|亲}}，" + title), "scope": scope}
}

// body is what the command with this operation id takes.
func (v things) body(c *surfacetest.Company, id string) any {
	switch id {
	case "logIn":
		return map[string]string{"email": "nobody@example.com", "password": "wrong"}
	case "reply":
		return map[string]any{"parts": surfacetest.Text("您好")}
	case "addNote":
		return map[string]string{"text": "内部"}
	case "assign":
		return map[string]string{"agent_id": string(c.Answerer.ID)}
	case "snooze":
		return map[string]time.Time{"until": c.Clock.Now().Add(time.Hour)}
	case "uploadAttachment":
		return onePixel
	case "updateContact":
		return map[string]string{"name": "阿达"}
	case "blockContact":
		return map[string]bool{"blocked": false}
	case "addContactNote":
		return map[string]string{"text": "备注"}
	case "previewMerge", "mergeContacts":
		return map[string]string{"other_id": v.other}
	case "markRead":
		return map[string]int{"seq": 1}
	case "typing":
		return map[string]bool{"on": true}
	case "saveDraft":
		return map[string]any{"kind": "reply", "text": "写到一半", "revision": 0}
	case "schedule":
		return map[string]any{"parts": surfacetest.Text("明天见"), "at": c.Clock.Now().Add(time.Hour)}
	case "viewing":
		return map[string]bool{"on": true}
	case "changeMany":
		return map[string]any{"ids": []string{v.conversation}, "action": "read"}
	case "labelConversation":
		return map[string]any{"add": []string{v.label}}
	case "createSkill", "renameSkill", "setAgentWork", "setTeamWork", "setQueueRules", "setPresence", "setIdle", "transfer", "escalate", "createRobot", "changeRobot":
		return queueBody(c, id)
	case "createKnowledge", "changeKnowledge", "changeManyKnowledge", "addWay", "restoreKnowledge", "saveKnowledgeCategories", "saveSynonyms",
		"findKnowledge", "serveKnowledge", "previewKnowledgeImport", "importKnowledge":
		return v.knowledgeBody(id)
	case "refuseProposal":
		return map[string]any{"version": 1}
	case "acceptProposal":
		return map[string]any{"version": 1, "entry": map[string]any{"title": "公开问题", "answer": "答案"}}
	case "readChats":
		return map[string]any{"name": "x.csv", "data": []byte("question,answer\n怎么退货,七天内\n怎么退货呢,七天内\n")}
	case "readFile":
		return map[string]any{"name": "x.md", "data": []byte("# 退货")}
	case "createIntent", "changeIntent", "addIntentExamples", "importIntents", "tryIntents", "startTraining":
		return trainingBody(id)
	case "setBotSettings":
		return bot.Usual()
	case "sendBotDraft":
		return map[string]string{"text": "好的"}
	case "countSuggestions":
		return map[string]int{"shown": 3}
	case "correctBotAnswer":
		return map[string]string{"answer": "对的"}
	case "learnFromReply":
		return map[string]string{"question": "多久能到", "answer": "对的"}
	case "checkBotAnswer":
		return map[string]bool{"right": true}
	case "createScenario", "saveScenario", "checkScenario", "debugScenario", "putScenarioSecret", "publishScenario", "enableScenario":
		return scenarioBody(id)
	case "createLabel", "changeLabel":
		return map[string]string{"name": id, "color": "red"}
	case "createCannedReply", "changeCannedReply":
		return canned(strings.ToLower(id), "personal", "公开")
	case "createToken":
		return map[string]any{"name": "n", "permissions": []string{"conversations.read"}, "expires_at": c.Clock.Now().Add(time.Hour)}
	}
	return v.peopleBody(c, id)
}

// address fills the route's path with the company's own ids.
func (v things) address(r rest.Line) string {
	id := v.conversation
	switch {
	case v.peopleID(r.Path) != "":
		id = v.peopleID(r.Path)
	case strings.Contains(r.Path, "/tokens/"):
		id = v.token
	case strings.Contains(r.Path, "/merges/"):
		id = v.merge
	case strings.Contains(r.Path, "/contacts/"):
		id = v.contact
	case strings.Contains(r.Path, "/attachments/"):
		id = v.file
	case strings.Contains(r.Path, "/dead-letters/"):
		id = v.letter
	case strings.Contains(r.Path, "/callbacks/"):
		id = v.callback
	case strings.Contains(r.Path, "/robots/"):
		id = v.robot
	case strings.Contains(r.Path, "/bot/intents/"):
		id = v.intent
	case strings.Contains(r.Path, "/bot/models/"):
		id = v.model
	case strings.Contains(r.Path, "/bot/drafts/"), strings.Contains(r.Path, "/bot/decisions/"):
		id = v.decision
	case strings.Contains(r.Path, "/skills/"):
		id = v.skill
	case strings.Contains(r.Path, "/scenarios/"):
		id = v.scenario
	case strings.Contains(r.Path, "/knowledge/"):
		id = v.entry
	case strings.Contains(r.Path, "/proposals/"):
		id = v.proposal
	case strings.Contains(r.Path, "/labels/"):
		id = v.label
	case strings.Contains(r.Path, "/canned-replies/"):
		id = v.canned
	}
	address := strings.NewReplacer("{id}", id, "{key}", v.people.hostKey, "{message}", v.message, "{note}", v.note, "{name}", "geheim", "{n}", "1").Replace(r.Path)
	if r.ID == "search" {
		address += "?q=Geheimwort"
	}
	return address
}

func call(c *surfacetest.Caller, r rest.Line, address string, body any) surfacetest.Answer {
	c.Helper()
	return c.Do(r.Method, address, c.Keyed(""), body)
}

// Every route, as nobody, as each role, with a session and no CSRF token, and
// with a token that has every permission but the one it needs.
func TestEveryRouteAsks(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	own := furnish(t, h.Near)
	admin := h.LogIn(h.Near.Administrator)
	roles := map[desk.Role]*surfacetest.Caller{
		desk.Administrator: admin, desk.Supervisor: h.LogIn(h.Near.Supervisor), desk.Answerer: h.LogIn(h.Near.Answerer),
	}
	for _, r := range rest.Table() {
		if r.Open || r.ID == "logOut" || r.ID == "revokeToken" || r.ID == "removeHostKey" {
			continue // proved by their own tests
		}
		t.Run(r.ID, func(t *testing.T) {
			address, body := own.address(r), own.body(h.Near, r.ID)
			answer := call(h.Nobody(), r, address, body)
			require.Equal(t, http.StatusUnauthorized, answer.Status)
			problem(t, answer, "unauthenticated")
			for _, junk := range []map[string]string{
				{"Cookie": "yingda_session=yds_junk"},
				{"Authorization": "Bearer ydt_junk"},
				{"Authorization": "Bearer " + strings.Repeat("x", 5000)},
				{"Authorization": "Basic YTpi"},
				{"Authorization": "Bearer " + h.Near.Guest().Token},
			} {
				answer = call(&surfacetest.Caller{House: h, Header: junk}, r, address, body)
				require.Equal(t, http.StatusUnauthorized, answer.Status)
			}
			if r.Method != http.MethodGet {
				for _, csrf := range []string{"", "wrong", h.LogIn(h.Near.Supervisor).Header["X-CSRF-Token"]} {
					answer = call(admin.With("X-CSRF-Token", csrf), r, address, body)
					require.Equal(t, http.StatusForbidden, answer.Status)
					problem(t, answer, "denied")
				}
				answer = call(admin.With("Sec-Fetch-Site", "cross-site"), r, address, body)
				require.Equal(t, http.StatusForbidden, answer.Status)
			}
			if r.Permission != "" {
				var others []string
				for _, p := range auth.Permissions() {
					if p != r.Permission {
						others = append(others, string(p))
					}
				}
				cut, id := admin.Token(others...)
				answer = call(cut, r, address, body)
				require.Equal(t, http.StatusForbidden, answer.Status)
				problem(t, answer, "denied")
				require.Contains(t, answer.Text("detail"), string(r.Permission))
				require.Equal(t, http.StatusNoContent, admin.Delete("/api/v1/tokens/"+id).Status)
			}
			for role, caller := range roles {
				answer = call(caller, r, address, body)
				if r.Permission != "" && !auth.RolePermissions(role).Has(r.Permission) {
					require.Equal(t, http.StatusForbidden, answer.Status, role)
					problem(t, answer, "denied")
					continue
				}
				if r.ID == "recallMessage" && role != desk.Administrator {
					continue // it is a customer's message, which only they may take back
				}
				require.NotEqual(t, http.StatusForbidden, answer.Status, string(answer.Body))
				require.NotEqual(t, http.StatusUnauthorized, answer.Status)
				require.Less(t, answer.Status, 500, string(answer.Body))
			}
		})
	}
}

// Every route with the real ids of a company, called by an administrator of
// another: not there, or empty, and nothing has changed.
func TestCompaniesNeverMeet(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	theirs := furnish(t, h.Near)
	stranger := h.LogIn(h.Far.Administrator)
	state := func() string {
		ctx := t.Context()
		c, err := h.Store.Conversation(ctx, h.Near.ID, desk.ConversationID(theirs.conversation))
		require.NoError(t, err)
		events, err := h.Store.AccountEvents(ctx, h.Near.ID, 0, 100)
		require.NoError(t, err)
		tokens, err := h.Workspace.Tokens(ctx, h.Near.ID)
		require.NoError(t, err)
		letters, err := h.Store.DeadLetters(ctx, h.Near.ID, store.Page{Limit: 10})
		require.NoError(t, err)
		messages, err := h.Store.Messages(ctx, h.Near.ID, c.ID, store.MessageRange{Limit: 100})
		require.NoError(t, err)
		return fmt.Sprint(c, len(events), tokens, letters[0].Replay, len(messages))
	}
	before := state()
	secrets := []string{"秘密", "Geheimwort", theirs.message, string(h.Near.ID), h.Near.Administrator.Email, "林", h.Near.Inbox.Key, string(h.Near.Team.ID)}
	for _, r := range rest.Table() {
		if r.Open || r.ID == "logOut" {
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			answer := call(stranger, r, theirs.address(r), theirs.body(h.Far, r.ID))
			if strings.Contains(r.Path, "{id}") {
				require.Equal(t, http.StatusNotFound, answer.Status, string(answer.Body))
				problem(t, answer, "not_found")
			}
			body := initials.ReplaceAllString(string(answer.Body), "")
			body = strings.ReplaceAll(body, "林administrator\",\"email\":\""+h.Far.Administrator.Email, "")
			body = strings.ReplaceAll(strings.ReplaceAll(body, "林supervisor\",\"email\":\""+h.Far.Supervisor.Email, ""), "林agent\",\"email\":\""+h.Far.Answerer.Email, "")
			if r.ID == "changeMany" { // it answers by the ids it was given: of each that there is no such conversation
				require.Equal(t, "not_found", answer.Text("results.0.problem.kind"))
				body = strings.ReplaceAll(body, theirs.conversation, "")
			}
			for _, secret := range append(secrets, theirs.conversation, theirs.token, theirs.letter) {
				require.NotContains(t, body, secret)
			}
		})
	}
	// Ids of the other company inside bodies and queries.
	own := furnish(t, h.Far)
	require.Equal(t, http.StatusOK, stranger.Get("/api/v1/conversations/"+own.conversation).Status, own.conversation+string(stranger.Get("/api/v1/conversations/"+own.conversation).Body))
	for _, body := range []map[string]any{{"agent_id": h.Near.Answerer.ID}, {"team_id": h.Near.Team.ID}} {
		answer := stranger.Post("/api/v1/conversations/"+own.conversation+"/assign", body)
		require.Equal(t, http.StatusUnprocessableEntity, answer.Status, string(answer.Body))
	}
	answer := stranger.Post("/api/v1/conversations/"+own.conversation+"/replies", map[string]any{"parts": surfacetest.Text("x"), "reply_to": theirs.message})
	require.Equal(t, http.StatusUnprocessableEntity, answer.Status, string(answer.Body))
	c, err := h.Store.Conversation(t.Context(), h.Near.ID, desk.ConversationID(theirs.conversation))
	require.NoError(t, err)
	require.Equal(t, []any{}, stranger.Get("/api/v1/conversations?contact="+string(c.ContactID)).Get("items"))
	require.NotContains(t, string(stranger.Get("/api/v1/feed?epoch=epoch-1&since=0").Body), theirs.conversation)
	require.Equal(t, before, state())
}

var initials = regexp.MustCompile(`"initials":"\w*",`)

func problem(t *testing.T, a surfacetest.Answer, kind string) {
	t.Helper()
	require.Equal(t, "application/problem+json", a.Header.Get("Content-Type"), string(a.Body))
	require.Equal(t, "no-store", a.Header.Get("Cache-Control"))
	require.Equal(t, kind, a.Text("kind"), string(a.Body))
	require.EqualValues(t, a.Status, a.Number("status"))
	require.NotEmpty(t, a.Text("title"))
	require.NotEmpty(t, a.Text("detail"))
}
