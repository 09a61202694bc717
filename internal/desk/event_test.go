package desk_test

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
)

var update = flag.Bool("update", false, "rewrite golden files")

const samplesDir = "testdata/events"

// sampleFacts holds one filled fact of each kind; the map is checked for completeness.
func sampleFacts() map[desk.EventKind]desk.Fact {
	message := desk.MessageFact{
		MessageID: "msg_01kj6mxpr0000000000000000a7", Seq: 3, InboxID: "inb_01kj6mxpr0000000000000000b",
		Author: desk.Author{Kind: desk.ByVisitor, ID: "con_01kj6mxpr0000000000000000c"}, Visibility: desk.Public,
		Status: desk.Received, ClientID: "c-1", SentAt: start.Add(-time.Second), Body: desk.Sealed{1, 2, 3},
	}
	sent, note := message, message
	sent.Author, sent.Status = desk.Author{Kind: desk.ByAgent, ID: "agt_01kj6mxpr0000000000000000d"}, desk.Queued
	note.Author, note.Visibility = sent.Author, desk.Note
	facts := make(map[desk.EventKind]desk.Fact)
	for _, f := range []desk.Fact{
		desk.ContactCreated{InboxID: message.InboxID},
		desk.ContactUpdated{Version: 2},
		desk.ContactMerged{MergeID: "mrg_01kj6mxpr0000000000000000e", LoseID: "con_01kj6mxpr0000000000000000f"},
		desk.ContactUnmerged{MergeID: "mrg_01kj6mxpr0000000000000000e", LoseID: "con_01kj6mxpr0000000000000000f"},
		desk.ConversationOpened{InboxID: message.InboxID, Status: desk.Pending},
		desk.MessageReceived{MessageFact: message},
		desk.MessageSent{MessageFact: sent},
		desk.NoteAdded{MessageFact: note},
		desk.MessageStatusChanged{MessageID: message.MessageID, Seq: 3, Status: desk.Failed, Reason: "window_closed"},
		desk.MessagesRead{By: desk.Author{Kind: desk.ByVisitor, ID: "con_01kj6mxpr0000000000000000c"}, Seq: 3},
		desk.StatusChanged{From: desk.Open, To: desk.Snoozed, Reason: desk.ReasonSnoozed, Until: start.Add(time.Hour)},
		desk.ConversationAssigned{AgentID: "agt_1", TeamID: "tem_1", PreviousAgentID: "agt_0", PreviousTeamID: "tem_0", Reason: desk.RoutedByQueue, Detail: json.RawMessage(`{"why":"least_loaded"}`)},
		desk.ConversationEscalated{Reason: "angry", Score: 1.5},
		desk.WaitChosen{Choice: desk.WaitCallback, CallbackID: "cbk_1"},
		desk.CallbackChanged{CallbackID: "cbk_1", State: desk.CallbackDone},
		desk.QueueAlert{Rule: desk.AlertLongestWait, On: true, Value: 312, Since: start},
		desk.PresenceChanged{AgentID: "agt_1", Status: desk.OnBreak, Reason: "lunch", Chosen: true, Since: start},
		desk.StaffingChanged{What: "skills"},
		desk.MessageRecalled{MessageID: message.MessageID, Seq: 3, Visibility: desk.Public},
		desk.ConversationLabelled{Added: []desk.LabelID{"lbl_1"}, Removed: []desk.LabelID{"lbl_2"}},
		desk.MentionsRead{AgentID: "agt_1"},
		desk.ScheduleChanged{ScheduleID: "sch_1", State: desk.ScheduleSent, Reason: "inbox_unavailable", Due: start.Add(time.Hour), MessageID: message.MessageID},
		desk.ToolboxChanged{What: desk.ToolboxLabels},
		desk.BotChanged{What: desk.BotIntents, Version: "mdl_1"},
		desk.ConversationRated{Score: 4, Commented: true},
		desk.MessageThumbed{MessageID: message.MessageID, Seq: 3, Reason: desk.Outdated},
		desk.BotDrafted{DecisionID: "dec_1", State: desk.DraftWaiting, Until: start.Add(time.Minute)},
	} {
		facts[f.Kind()] = f
	}
	return facts
}

func sampleEvent(f desk.Fact) desk.Event {
	return desk.Event{
		Actor: desk.Author{Kind: desk.ByAgent, ID: "agt_01kj6mxpr0000000000000000d"},
		State: &desk.ConversationState{
			InboxID: "inb_01kj6mxpr0000000000000000b", Status: desk.Snoozed, AssigneeID: "agt_1", TeamID: "tem_1", Seq: 3, Version: 9,
			ContactReadSeq: 2, AgentReadSeq: 3, LastMessageAt: start, WaitingSince: start, SnoozedUntil: start.Add(time.Hour),
		},
		Fact: f,
	}
}

// Each kind of event has a sample of today's text. A sample is never edited
// to fit a changed program: rename it to "<kind>.<n>.json", which must go on
// decoding for ever, and let -update write the new one.
func TestEveryKindOfEventHasAGoldenSample(t *testing.T) {
	t.Parallel()
	samples := sampleFacts()
	for _, zero := range desk.Facts() {
		kind := zero.Kind()
		fact, ok := samples[kind]
		require.True(t, ok, "add a filled sample of %s to this test", kind)
		event := sampleEvent(fact)
		got, err := event.EncodePayload()
		require.NoError(t, err)
		path := filepath.Join(samplesDir, string(kind)+".json")
		if *update {
			require.NoError(t, os.MkdirAll(samplesDir, 0o755))
			require.NoError(t, os.WriteFile(path, indent(t, got), 0o644))
		}
		want, err := os.ReadFile(path)
		require.NoError(t, err, "run with -update to write the sample")
		require.Equal(t, string(want), string(indent(t, got)), "%s: the stored form changed; keep the old sample as %s.<n>.json", kind, kind)
		var back desk.Event
		require.NoError(t, back.DecodePayload(kind, got))
		require.Equal(t, event, back)
	}
	require.Len(t, desk.Facts(), len(samples))
}

func TestOldSamplesStillDecode(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(samplesDir, "*.json"))
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(files), len(desk.Facts()))
	known := make(map[desk.EventKind]bool)
	for _, f := range desk.Facts() {
		known[f.Kind()] = true
	}
	for _, path := range files {
		name := strings.TrimSuffix(filepath.Base(path), ".json")
		// "message.sent" and "message.sent.2" are both samples of message.sent.
		words := strings.SplitN(name, ".", 3)
		require.GreaterOrEqual(t, len(words), 2, path)
		kind := desk.EventKind(words[0] + "." + words[1])
		require.True(t, known[kind], "%s: the kind is gone, and logs still hold it", path)
		data, err := os.ReadFile(path)
		require.NoError(t, err)
		var e desk.Event
		require.NoError(t, e.DecodePayload(kind, data), path)
		require.Equal(t, kind, e.Fact.Kind())
	}
}

func TestUnknownKindsAndFields(t *testing.T) {
	t.Parallel()
	var e desk.Event
	require.ErrorIs(t, e.DecodePayload("rocket.launched", []byte(`{"fact":{}}`)), desk.Unsupported)
	require.NoError(t, e.DecodePayload("messages.read", []byte(`{"actor":{"kind":"bot","mood":1},"new":2,"fact":{"seq":4,"more":true}}`)))
	require.Equal(t, desk.MessagesRead{Seq: 4}, e.Fact)
	require.Nil(t, e.State)
	for _, bad := range []string{``, `[]`, `{"fact":[]}`, `{}`, `{"actor":1,"fact":{}}`} {
		require.ErrorIs(t, e.DecodePayload("messages.read", []byte(bad)), desk.Internal, bad)
	}
}

func TestMessageFactsRebuildTheStoredRow(t *testing.T) {
	t.Parallel()
	ids := desk.OpenConversation("cnv_a", accountA, contactA, inboxA, "", false, start).Conversation
	tr, stored := ids.Add(desk.StoredMessage{
		MessageHead: desk.MessageHead{
			ID: "msg_1", InboxID: inboxA, Author: desk.Author{Kind: desk.ByVisitor, ID: string(contactA)},
			Visibility: desk.Public, ClientID: "c1", SentAt: start,
		},
		Body: desk.Sealed("body"),
	}, nil, "", start.Add(time.Second))
	fact, ok := desk.MessageOf(tr.Facts[len(tr.Facts)-1])
	require.True(t, ok)
	require.Equal(t, stored, fact.Stored(desk.Event{AccountID: accountA, ConversationID: "cnv_a", At: start.Add(time.Second)}))
	_, ok = desk.MessageOf(desk.StatusChanged{})
	require.False(t, ok)
}

func FuzzDecodePayload(f *testing.F) {
	kinds := make([]desk.EventKind, 0, len(desk.Facts()))
	for i, zero := range desk.Facts() {
		kinds = append(kinds, zero.Kind())
		event := sampleEvent(sampleFacts()[zero.Kind()])
		data, err := event.EncodePayload()
		require.NoError(f, err)
		f.Add(byte(i), data)
	}
	f.Add(byte(0), []byte(`{"fact":null}`))
	f.Fuzz(func(t *testing.T, kind byte, data []byte) {
		k := kinds[int(kind)%len(kinds)]
		var e desk.Event
		if e.DecodePayload(k, data) != nil {
			return
		}
		require.Equal(t, k, e.Fact.Kind())
		// What could be read can be written, and reading that gives the same text again.
		once, err := e.EncodePayload()
		if err != nil {
			return // a time outside the years JSON can hold
		}
		var back desk.Event
		require.NoError(t, back.DecodePayload(k, once))
		twice, err := back.EncodePayload()
		require.NoError(t, err)
		require.Equal(t, string(once), string(twice))
	})
}

func indent(t *testing.T, data []byte) []byte {
	t.Helper()
	var v json.RawMessage = data
	out, err := json.MarshalIndent(v, "", "  ")
	require.NoError(t, err)
	return append(out, '\n')
}
