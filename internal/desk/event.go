package desk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// Event is a fact that was committed: one row of the event log. Events of the
// whole installation are numbered without gaps in the order of their commits.
type Event struct {
	// Pos is the position in the log, from 1.
	Pos            int64
	AccountID      AccountID
	Shard          Shard
	ConversationID ConversationID
	ContactID      ContactID
	// At is the commit's time.
	At    time.Time
	Actor Author
	// State is the conversation right after this event, so that lists and
	// permissions need no look-up; nil for facts about nothing of the kind.
	State *ConversationState
	Fact  Fact
}

// ConversationState is what lists and permission checks need to know of a
// conversation. It holds no personal data in clear.
type ConversationState struct {
	InboxID        InboxID   `json:"inbox_id"`
	Status         Status    `json:"status"`
	AssigneeID     AgentID   `json:"assignee_id,omitempty"`
	TeamID         TeamID    `json:"team_id,omitempty"`
	Seq            int64     `json:"seq"`
	Version        int64     `json:"version"`
	ContactReadSeq int64     `json:"contact_read_seq"`
	AgentReadSeq   int64     `json:"agent_read_seq"`
	LastMessageAt  time.Time `json:"last_message_at,omitzero"`
	WaitingSince   time.Time `json:"waiting_since,omitzero"`
	SnoozedUntil   time.Time `json:"snoozed_until,omitzero"`
}

// State is the event-sized view of the conversation.
func (c Conversation) State() *ConversationState {
	return &ConversationState{
		InboxID: c.InboxID, Status: c.Status, AssigneeID: c.AssigneeID, TeamID: c.TeamID,
		Seq: c.Seq, Version: c.Version, ContactReadSeq: c.ContactReadSeq, AgentReadSeq: c.AgentReadSeq,
		LastMessageAt: c.LastMessageAt, WaitingSince: c.WaitingSince, SnoozedUntil: c.SnoozedUntil,
	}
}

// EventKind is the stable name of a Fact's type: "message.received".
type EventKind string

// Fact is what happened, in the past tense. The set of implementations is
// closed; each has a golden JSON sample in testdata/events.
type Fact interface {
	// Kind is the fact's stable name. It never changes once released.
	Kind() EventKind
}

// Reason says why a status changed.
type Reason string

// The reasons of StatusChanged.
const (
	ReasonCustomerWrote Reason = "customer_wrote"
	ReasonAgentReplied  Reason = "agent_replied"
	ReasonAssigned      Reason = "assigned"
	ReasonResolved      Reason = "resolved"
	ReasonCustomerLeft  Reason = "customer_left"
	ReasonReopened      Reason = "reopened"
	ReasonSnoozed       Reason = "snoozed"
	ReasonWoke          Reason = "snooze_ended"
	// ReasonHandedOver is the bot's doing, ReasonGivenToBot a person's or a rule's.
	ReasonHandedOver Reason = "handed_over"
	ReasonGivenToBot Reason = "given_to_bot"
)

type (
	// ContactCreated tells that a person wrote for the first time.
	ContactCreated struct {
		InboxID InboxID `json:"inbox_id"`
	}
	// ContactUpdated tells that colleagues changed what is known of a contact.
	ContactUpdated struct {
		Version int64 `json:"version"`
	}
	// ContactMerged tells that the event's contact took another's place: what
	// was LoseID's is now theirs.
	ContactMerged struct {
		MergeID string    `json:"merge_id"`
		LoseID  ContactID `json:"lose_id"`
	}
	// ContactUnmerged tells that the event's contact and LoseID are two again.
	ContactUnmerged struct {
		MergeID string    `json:"merge_id"`
		LoseID  ContactID `json:"lose_id"`
	}
	// ConversationOpened tells that a conversation began.
	ConversationOpened struct {
		InboxID InboxID `json:"inbox_id"`
		Status  Status  `json:"status"`
	}
	// MessageReceived tells that the customer wrote.
	MessageReceived struct{ MessageFact }
	// MessageSent tells that an agent, the bot or the system answered.
	MessageSent struct{ MessageFact }
	// NoteAdded tells that a colleague left a note.
	NoteAdded struct{ MessageFact }
	// MessageStatusChanged tells how far an outgoing message got.
	MessageStatusChanged struct {
		MessageID MessageID      `json:"message_id"`
		Seq       int64          `json:"seq"`
		Status    DeliveryStatus `json:"status"`
		Reason    string         `json:"reason,omitempty"`
	}
	// MessagesRead tells that a side has read all up to Seq.
	MessagesRead struct {
		By  Author `json:"by"`
		Seq int64  `json:"seq"`
	}
	// StatusChanged tells that the conversation went from one state to another.
	StatusChanged struct {
		From   Status    `json:"from"`
		To     Status    `json:"to"`
		Reason Reason    `json:"reason"`
		Until  time.Time `json:"until,omitzero"`
		// WaitedSince is since when the customer waited who waits no more.
		WaitedSince time.Time `json:"waited_since,omitzero"`
	}
	// ConversationAssigned tells who has the conversation now.
	ConversationAssigned struct {
		AgentID         AgentID `json:"agent_id,omitempty"`
		TeamID          TeamID  `json:"team_id,omitempty"`
		PreviousAgentID AgentID `json:"previous_agent_id,omitempty"`
		PreviousTeamID  TeamID  `json:"previous_team_id,omitempty"`
		// Reason is set when a rule did it and not a hand; Detail is that rule's
		// explanation as JSON.
		Reason AssignReason    `json:"reason,omitempty"`
		Detail json.RawMessage `json:"detail,omitempty"`
	}
	// ConversationEscalated tells that a conversation needs the best there is, now.
	ConversationEscalated struct {
		Reason string `json:"reason"`
		// Score is the mood that was measured, 0 to 10; -1 when none was.
		Score float64 `json:"score"`
	}
	// WaitChosen tells what a waiting visitor wants to do meanwhile.
	WaitChosen struct {
		Choice     WaitChoice `json:"choice"`
		CallbackID string     `json:"callback_id,omitempty"`
	}
	// CallbackChanged tells what became of a wish to be called back.
	CallbackChanged struct {
		CallbackID string        `json:"callback_id"`
		State      CallbackState `json:"state"`
	}
	// QueueAlert tells that a rule of the queue is broken, or kept again. It is
	// about no conversation.
	QueueAlert struct {
		Rule  AlertRule `json:"rule"`
		On    bool      `json:"on"`
		Value int64     `json:"value,omitempty"`
		Since time.Time `json:"since,omitzero"`
	}
	// PresenceChanged tells where an agent is. It is about no conversation.
	PresenceChanged struct {
		AgentID AgentID        `json:"agent_id"`
		Status  PresenceStatus `json:"status"`
		Reason  string         `json:"reason,omitempty"`
		Chosen  bool           `json:"chosen,omitempty"`
		Since   time.Time      `json:"since"`
	}
	// StaffingChanged tells that skills, capacities, hours or the rules of the
	// queue are not what they were. It is about no conversation.
	StaffingChanged struct {
		What string `json:"what"`
	}
	// ConversationRated tells what the customer thought; their words, if there are
	// any, are with the rating.
	ConversationRated struct {
		Score     int  `json:"score"`
		Commented bool `json:"commented,omitempty"`
	}
	// MessageRecalled tells that what a message said was taken back. The message
	// keeps its place and says nothing any more.
	MessageRecalled struct {
		MessageID  MessageID  `json:"message_id"`
		Seq        int64      `json:"seq"`
		Visibility Visibility `json:"visibility"`
	}
	// ConversationLabelled tells which labels came and went.
	ConversationLabelled struct {
		Added   []LabelID `json:"added,omitempty"`
		Removed []LabelID `json:"removed,omitempty"`
	}
	// MentionsRead tells that an agent has seen where colleagues named them.
	MentionsRead struct {
		AgentID AgentID `json:"agent_id"`
	}
	// ScheduleChanged tells what became of a message that was to be sent later.
	ScheduleChanged struct {
		ScheduleID string        `json:"schedule_id"`
		State      ScheduleState `json:"state"`
		Reason     string        `json:"reason,omitempty"`
		Due        time.Time     `json:"due,omitzero"`
		// MessageID is set when it was sent.
		MessageID MessageID `json:"message_id,omitempty"`
	}
	// ToolboxChanged tells that the account's labels or canned replies are not
	// what they were. It is about no conversation.
	ToolboxChanged struct {
		What string `json:"what"`
	}
	// BotChanged tells that what the bot knows or how it behaves is not what it
	// was. It is about no conversation.
	BotChanged struct {
		What string `json:"what"`
		// Version names what serves from now on, if What has versions: a node
		// that holds another one takes this.
		Version string `json:"version,omitempty"`
	}
)

// ScheduleState is where a message to be sent later stands.
type ScheduleState string

// The states of a scheduled message. All but the first are final.
const (
	SchedulePending   ScheduleState = "pending"
	ScheduleSent      ScheduleState = "sent"
	ScheduleCancelled ScheduleState = "cancelled"
	ScheduleFailed    ScheduleState = "failed"
)

// What of ToolboxChanged.
const (
	ToolboxLabels        = "labels"
	ToolboxCannedReplies = "canned_replies"
)

// What of BotChanged.
const (
	BotIntents   = "intents"
	BotModel     = "model"
	BotKnowledge = "knowledge"
	BotFlows     = "flows"
	BotSettings  = "settings"
	BotReview    = "review"
)

// InTrail tells whether a conversation's trail of activity keeps a fact for
// ever. Messages are kept themselves, and receipts and reading are not acts.
func InTrail(f Fact) bool {
	switch f := f.(type) {
	case StatusChanged, ConversationAssigned, ConversationEscalated, WaitChosen, CallbackChanged, ConversationLabelled, ConversationRated, MessageRecalled:
		return true
	case ScheduleChanged:
		return f.State != ScheduleSent // the message tells of itself
	}
	return false
}

// MessageFact is what the three message facts say. Body is the same sealed
// value as in the message table, bound to it.
type MessageFact struct {
	MessageID  MessageID      `json:"message_id"`
	Seq        int64          `json:"seq"`
	InboxID    InboxID        `json:"inbox_id"`
	Author     Author         `json:"author"`
	Visibility Visibility     `json:"visibility"`
	Status     DeliveryStatus `json:"status"`
	ClientID   string         `json:"client_id,omitempty"`
	SentAt     time.Time      `json:"sent_at,omitzero"`
	Body       Sealed         `json:"body"`
}

// Stored rebuilds the message row that the fact tells of.
func (f MessageFact) Stored(e Event) StoredMessage {
	return StoredMessage{
		MessageHead: MessageHead{
			ID: f.MessageID, AccountID: e.AccountID, ConversationID: e.ConversationID, Seq: f.Seq,
			InboxID: f.InboxID, Author: f.Author, Visibility: f.Visibility, Status: f.Status,
			ClientID: f.ClientID, SentAt: f.SentAt, At: e.At,
		},
		Body: f.Body,
	}
}

func messageFact(m StoredMessage) Fact {
	f := MessageFact{
		MessageID: m.ID, Seq: m.Seq, InboxID: m.InboxID, Author: m.Author, Visibility: m.Visibility,
		Status: m.Status, ClientID: m.ClientID, SentAt: m.SentAt, Body: m.Body,
	}
	switch {
	case m.Visibility == Note:
		return NoteAdded{f}
	case m.Author.Kind == ByVisitor:
		return MessageReceived{f}
	default:
		return MessageSent{f}
	}
}

// MessageOf returns the message that a fact tells of, if it tells of a new one.
func MessageOf(f Fact) (MessageFact, bool) {
	switch f := f.(type) {
	case MessageReceived:
		return f.MessageFact, true
	case MessageSent:
		return f.MessageFact, true
	case NoteAdded:
		return f.MessageFact, true
	default:
		return MessageFact{}, false
	}
}

// Kind names the fact.
func (ContactCreated) Kind() EventKind { return "contact.created" }

// Kind names the fact.
func (ContactUpdated) Kind() EventKind { return "contact.updated" }

// Kind names the fact.
func (ContactMerged) Kind() EventKind { return "contact.merged" }

// Kind names the fact.
func (ContactUnmerged) Kind() EventKind { return "contact.unmerged" }

// Kind names the fact.
func (ConversationOpened) Kind() EventKind { return "conversation.opened" }

// Kind names the fact.
func (MessageReceived) Kind() EventKind { return "message.received" }

// Kind names the fact.
func (MessageSent) Kind() EventKind { return "message.sent" }

// Kind names the fact.
func (NoteAdded) Kind() EventKind { return "note.added" }

// Kind names the fact.
func (MessageStatusChanged) Kind() EventKind { return "message.status_changed" }

// Kind names the fact.
func (MessagesRead) Kind() EventKind { return "messages.read" }

// Kind names the fact.
func (StatusChanged) Kind() EventKind { return "conversation.status_changed" }

// Kind names the fact.
func (ConversationAssigned) Kind() EventKind { return "conversation.assigned" }

// Kind names the fact.
func (MessageRecalled) Kind() EventKind { return "message.recalled" }

// Kind names the fact.
func (ConversationLabelled) Kind() EventKind { return "conversation.labelled" }

// Kind names the fact.
func (MentionsRead) Kind() EventKind { return "mentions.read" }

// Kind names the fact.
func (ScheduleChanged) Kind() EventKind { return "schedule.changed" }

// Kind names the fact.
func (ToolboxChanged) Kind() EventKind { return "toolbox.changed" }

// Kind names the fact.
func (BotChanged) Kind() EventKind { return "bot.changed" }

// Kind names the fact.
func (ConversationRated) Kind() EventKind { return "conversation.rated" }

// Kind names the fact.
func (ConversationEscalated) Kind() EventKind { return "conversation.escalated" }

// Kind names the fact.
func (WaitChosen) Kind() EventKind { return "conversation.wait_chosen" }

// Kind names the fact.
func (CallbackChanged) Kind() EventKind { return "callback.changed" }

// Kind names the fact.
func (QueueAlert) Kind() EventKind { return "queue.alert" }

// Kind names the fact.
func (PresenceChanged) Kind() EventKind { return "presence.changed" }

// Kind names the fact.
func (StaffingChanged) Kind() EventKind { return "staffing.changed" }

// Facts lists one zero value of each kind of fact, in a stable order.
func Facts() []Fact {
	return []Fact{
		ContactCreated{},
		ContactUpdated{},
		ContactMerged{},
		ContactUnmerged{},
		ConversationOpened{},
		MessageReceived{},
		MessageSent{},
		NoteAdded{},
		MessageStatusChanged{},
		MessagesRead{},
		StatusChanged{},
		ConversationAssigned{},
		ConversationEscalated{},
		WaitChosen{},
		CallbackChanged{},
		QueueAlert{},
		PresenceChanged{},
		StaffingChanged{},
		MessageRecalled{},
		ConversationLabelled{},
		MentionsRead{},
		ScheduleChanged{},
		ToolboxChanged{},
		BotChanged{},
		ConversationRated{},
		MessageThumbed{},
		BotDrafted{},
	}
}

var factTypes = func() map[EventKind]reflect.Type {
	types := make(map[EventKind]reflect.Type)
	for _, f := range Facts() {
		types[f.Kind()] = reflect.TypeOf(f)
	}
	return types
}()

// payload is the JSON of an event's row beside its columns.
type payload struct {
	Actor Author             `json:"actor"`
	State *ConversationState `json:"state,omitempty"`
	Fact  json.RawMessage    `json:"fact"`
}

// EncodePayload renders what the log keeps of the event beside its columns:
// actor, state and fact, as JSON.
func (e Event) EncodePayload() ([]byte, error) {
	// payload with the fact itself: encoded once, not twice.
	b, err := json.Marshal(struct {
		Actor Author             `json:"actor"`
		State *ConversationState `json:"state,omitempty"`
		Fact  Fact               `json:"fact"`
	}{e.Actor, e.State, e.Fact})
	return b, Wrap(Internal, "encode event", err)
}

// DecodePayload fills Actor, State and Fact from a log row. Unknown fields
// are ignored, so older programs read newer events of known kinds; an unknown
// kind is Unsupported.
func (e *Event) DecodePayload(kind EventKind, data []byte) error {
	const op = "decode event"
	t, ok := factTypes[kind]
	if !ok {
		return E(Unsupported, op, fmt.Sprintf("unknown kind of event %q", kind))
	}
	var p payload
	if err := json.NewDecoder(bytes.NewReader(data)).Decode(&p); err != nil {
		return Wrap(Internal, op, err)
	}
	fact := reflect.New(t)
	if err := json.Unmarshal(p.Fact, fact.Interface()); err != nil {
		return Wrap(Internal, op, err)
	}
	e.Actor, e.State, e.Fact = p.Actor, p.State, fact.Elem().Interface().(Fact) //nolint:errcheck // factTypes holds Facts only
	return nil
}
