package wire_test

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/wire"
)

var update = flag.Bool("update", false, "rewrite golden files")

var at = time.Date(2026, 3, 1, 9, 0, 0, 123456000, time.UTC)

// Planted values that no visitor may ever see.
const (
	agentID = "agt_secret_agent"
	inboxID = "inb_secret_inbox"
	teamID  = "tem_secret_team"
)

func golden(t *testing.T, name string, v any) {
	t.Helper()
	got, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	got = append(got, '\n')
	path := filepath.Join("testdata", name+".json")
	if *update {
		require.NoError(t, os.WriteFile(path, got, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run with -update to write the sample")
	require.Equal(t, string(want), string(got), "%s: the shape clients rely on changed", name)
}

func message(kind desk.AuthorKind, id string, v desk.Visibility) desk.Message {
	return desk.Message{
		MessageHead: desk.MessageHead{
			ID: "msg_1", AccountID: "acc_1", ConversationID: "cnv_1", Seq: 3, InboxID: inboxID,
			Author: desk.Author{Kind: kind, ID: id}, Visibility: v, Status: desk.Sent, FailureReason: "secret_reason",
			ClientID: "client-1", SentAt: at.Add(-time.Second), At: at,
		},
		Content: desk.Content{Parts: []desk.Part{{Type: desk.TextPart, Text: "您好 <b>"}}, ReplyTo: "msg_0"},
	}
}

func conversation() desk.Conversation {
	return desk.Conversation{
		ID: "cnv_1", AccountID: "acc_1", ContactID: "con_1", InboxID: inboxID, Status: desk.Snoozed,
		AssigneeID: agentID, TeamID: teamID, Seq: 7, Version: 12, ContactReadSeq: 6, AgentReadSeq: 5,
		CreatedAt: at, UpdatedAt: at, LastMessageAt: at, WaitingSince: at, SnoozedUntil: at.Add(time.Hour),
	}
}

func TestMessageShapes(t *testing.T) {
	t.Parallel()
	golden(t, "message_agent", wire.AgentMessage(message(desk.ByAgent, agentID, desk.Note), "林小满"))
	own, ok := wire.ForVisitor(message(desk.ByVisitor, "con_1", desk.Public), "")
	require.True(t, ok)
	golden(t, "message_visitor_own", own)
	theirs, ok := wire.ForVisitor(message(desk.ByAgent, agentID, desk.Public), "林小满")
	require.True(t, ok)
	golden(t, "message_visitor", theirs)
	_, ok = wire.ForVisitor(message(desk.ByAgent, agentID, desk.Note), "林小满")
	require.False(t, ok, "notes are not for visitors")

	bare, err := json.Marshal(wire.AgentMessage(desk.Message{}, ""))
	require.NoError(t, err)
	require.Contains(t, string(bare), `"parts":[]`, "never null")
	require.NotContains(t, string(bare), "sent_at")
}

func TestConversationShapes(t *testing.T) {
	t.Parallel()
	contact := desk.Contact{ID: "con_1", Profile: desk.Profile{Name: "王芳", Email: "w@example.com", Phone: "13800000000", Locale: desk.Chinese}}
	golden(t, "conversation_agent", wire.AgentConversation(conversation(), contact, "您好"))
	golden(t, "conversation_visitor", wire.ConversationForVisitor(conversation(), "林小满"))
	unassigned := conversation()
	unassigned.AssigneeID = ""
	require.Nil(t, wire.ConversationForVisitor(unassigned, "林小满").Assignee)
}

// events holds one event of each kind, with secrets in every field that has room.
func events() map[desk.EventKind]desk.Event {
	head := func(kind desk.AuthorKind, id string, v desk.Visibility) desk.MessageFact {
		m := message(kind, id, v)
		return desk.MessageFact{
			MessageID: m.ID, Seq: m.Seq, InboxID: m.InboxID, Author: m.Author, Visibility: v, Status: m.Status,
			ClientID: m.ClientID, SentAt: m.SentAt, Body: desk.Sealed("secret_sealed"),
		}
	}
	out := make(map[desk.EventKind]desk.Event)
	for _, f := range []desk.Fact{
		desk.ContactCreated{InboxID: inboxID},
		desk.ContactUpdated{Version: 2},
		desk.ContactMerged{MergeID: "mrg_1", LoseID: "con_2"},
		desk.ContactUnmerged{MergeID: "mrg_1", LoseID: "con_2"},
		desk.ConversationOpened{InboxID: inboxID, Status: desk.Open},
		desk.MessageReceived{MessageFact: head(desk.ByVisitor, "con_1", desk.Public)},
		desk.MessageSent{MessageFact: head(desk.ByAgent, agentID, desk.Public)},
		desk.NoteAdded{MessageFact: head(desk.ByAgent, agentID, desk.Note)},
		desk.MessageStatusChanged{MessageID: "msg_1", Seq: 3, Status: desk.Failed, Reason: "secret_reason"},
		desk.MessagesRead{By: desk.Author{Kind: desk.ByAgent, ID: agentID}, Seq: 3},
		desk.StatusChanged{From: desk.Pending, To: desk.Snoozed, Reason: "secret_reason", Until: at.Add(time.Hour)},
		desk.ConversationAssigned{AgentID: agentID, TeamID: teamID, PreviousTeamID: teamID},
		desk.MessageRecalled{MessageID: "msg_1", Seq: 3, Visibility: desk.Public},
		desk.ConversationLabelled{Added: []desk.LabelID{"lbl_secret_1"}, Removed: []desk.LabelID{"lbl_secret_2"}},
		desk.MentionsRead{AgentID: agentID},
		desk.ScheduleChanged{ScheduleID: "sch_secret", State: desk.ScheduleFailed, Reason: "secret_reason", Due: at.Add(time.Hour), MessageID: "msg_1"},
		desk.ToolboxChanged{What: desk.ToolboxLabels},
		desk.BotChanged{What: desk.BotIntents, Version: "mdl_1"},
		desk.ConversationEscalated{Reason: "angry", Score: 1.5},
		desk.PresenceChanged{AgentID: "agt_1", Status: desk.OnBreak, Reason: "lunch", Chosen: true, Since: at},
		desk.StaffingChanged{What: "skills"},
		desk.WaitChosen{Choice: desk.WaitCallback, CallbackID: "cbk_secret"},
		desk.CallbackChanged{CallbackID: "cbk_secret", State: desk.CallbackDone},
		desk.QueueAlert{Rule: desk.AlertLongestWait, On: true, Value: 312, Since: at},
		desk.ConversationRated{Score: 4, Commented: true},
		desk.MessageThumbed{MessageID: "msg_1", Seq: 3, Reason: desk.Outdated},
		desk.BotDrafted{DecisionID: "dec_secret", State: desk.DraftWaiting, Until: at.Add(time.Minute)},
	} {
		c := conversation()
		out[f.Kind()] = desk.Event{
			Pos: 18, AccountID: "acc_1", ConversationID: "cnv_1", ContactID: "con_1", At: at,
			Actor: desk.Author{Kind: desk.ByAgent, ID: agentID}, State: c.State(), Fact: f,
		}
	}
	return out
}

func contentOf(e desk.Event) *desk.Content {
	if _, ok := desk.MessageOf(e.Fact); !ok {
		return nil
	}
	c := desk.TextContent("正文")
	return &c
}

func TestEventShapes(t *testing.T) {
	t.Parallel()
	samples := events()
	require.Len(t, samples, len(desk.Facts()))
	names := wire.Names{Actor: "林小满", Assignee: "林小满"}
	agents, visitors := map[desk.EventKind]any{}, map[desk.EventKind]any{}
	for _, zero := range desk.Facts() {
		e, ok := samples[zero.Kind()]
		require.True(t, ok, "add a sample of %s", zero.Kind())
		agents[zero.Kind()] = wire.AgentEvent(e, contentOf(e), names)
		if v, ok := wire.EventForVisitor(e, contentOf(e), names); ok {
			visitors[zero.Kind()] = v
		}
	}
	golden(t, "events_agent", agents)
	golden(t, "events_visitor", visitors)
	require.NotContains(t, visitors, desk.EventKind("note.added"))
	for _, kind := range []desk.EventKind{"contact.created", "conversation.labelled", "mentions.read", "schedule.changed", "toolbox.changed", "bot.changed"} {
		require.NotContains(t, visitors, kind)
	}

	all, err := json.Marshal(visitors)
	require.NoError(t, err)
	require.NotContains(t, string(all), "secret", "visitors see no ids of agents, teams and inboxes, no reasons, no sealed bytes")
	require.NotContains(t, string(all), "snoozed")
}

func TestVisitorsDoNotHearOfSnoozingAndTeams(t *testing.T) {
	t.Parallel()
	for name, fact := range map[string]desk.Fact{
		"snoozed":       desk.StatusChanged{From: desk.Open, To: desk.Snoozed},
		"woke":          desk.StatusChanged{From: desk.Snoozed, To: desk.Open},
		"other team":    desk.ConversationAssigned{AgentID: agentID, PreviousAgentID: agentID, TeamID: teamID},
		"unreadable":    events()["message.sent"].Fact,
		"recalled note": desk.MessageRecalled{MessageID: "msg_1", Visibility: desk.Note},
		"planted note":  desk.MessageSent{MessageFact: desk.MessageFact{Visibility: desk.Note}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			content := &desk.Content{}
			if name == "unreadable" {
				content = nil
			}
			_, ok := wire.EventForVisitor(desk.Event{Fact: fact}, content, wire.Names{})
			require.False(t, ok)
		})
	}
}

func TestPushesAreValidJSON(t *testing.T) {
	t.Parallel()
	want := wire.Push{Epoch: `e"1<`, Prev: 17, Seq: 18, Event: json.RawMessage(`{"type":"message.sent"}`)}
	var got wire.Push
	require.NoError(t, json.Unmarshal(wire.AppendPush(nil, want), &got))
	require.Equal(t, want, got)
	golden(t, "signal", wire.SignalPush{Signal: wire.Signal{
		Type: "typing", ConversationID: "cnv_1", By: wire.Author{Kind: desk.ByAgent, Name: "林小满"}, On: true,
	}})
	empty, err := json.Marshal(wire.Batch{Epoch: "e", Seq: 1, Events: []wire.Item{}})
	require.NoError(t, err)
	require.True(t, strings.HasSuffix(string(empty), `"events":[]}`))
}
