package wire

import (
	"encoding/json"
	"strconv"
	"time"

	"yingda.dev/internal/desk"
)

// Event is a fact as agents hear it. Which of the members after Conversation
// are set depends on Type; each is the member of the same name in the fact.
type Event struct {
	Type           desk.EventKind      `json:"type"`
	At             time.Time           `json:"at"`
	ConversationID desk.ConversationID `json:"conversation_id,omitempty"`
	ContactID      desk.ContactID      `json:"contact_id,omitempty"`
	// Actor is who caused it.
	Actor   *Author  `json:"actor,omitempty"`
	Message *Message `json:"message,omitempty"`
	// Conversation is the conversation right after the fact.
	Conversation *State `json:"conversation,omitempty"`

	MessageID       desk.MessageID      `json:"message_id,omitempty"`
	Seq             int64               `json:"seq,omitempty"`
	Status          desk.DeliveryStatus `json:"status,omitempty"`
	By              *Author             `json:"by,omitempty"`
	From            desk.Status         `json:"from,omitempty"`
	To              desk.Status         `json:"to,omitempty"`
	Reason          string              `json:"reason,omitempty"`
	Until           time.Time           `json:"until,omitzero"`
	AgentID         desk.AgentID        `json:"agent_id,omitempty"`
	TeamID          desk.TeamID         `json:"team_id,omitempty"`
	PreviousAgentID desk.AgentID        `json:"previous_agent_id,omitempty"`
	PreviousTeamID  desk.TeamID         `json:"previous_team_id,omitempty"`
	// MergeID and LoseID are of contact.merged and contact.unmerged.
	MergeID string         `json:"merge_id,omitempty"`
	LoseID  desk.ContactID `json:"lose_id,omitempty"`
	// Detail explains why the queue chose this agent.
	Detail json.RawMessage `json:"detail,omitempty"`
	// Mood is what was measured when it was escalated, 0 to 10.
	Mood *float64 `json:"mood,omitempty"`
	// Wait is what a waiting visitor wants, or what became of it.
	Wait *WaitChange `json:"wait,omitempty"`
	// Alert is a rule of the queue that is broken, or kept again.
	Alert *AlertChange `json:"alert,omitempty"`
	// Presence is where an agent is now.
	Presence *Presence `json:"presence,omitempty"`
	// Score is what the customer gave, 1 to 5.
	Score     int            `json:"score,omitempty"`
	Commented bool           `json:"commented,omitempty"`
	Added     []desk.LabelID `json:"added,omitempty"`
	Removed   []desk.LabelID `json:"removed,omitempty"`
	// Scheduled is what became of a message that was to be sent later.
	Scheduled *ScheduleChange `json:"scheduled,omitempty"`
	What      string          `json:"what,omitempty"`
	// Version is what serves from now on, in bot.changed.
	Version string `json:"version,omitempty"`
	// Helpful is the customer's thumb, of message.thumbed.
	Helpful *bool `json:"helpful,omitempty"`
	// Draft is what became of an answer of the bot that a person looks at first.
	Draft *DraftChange `json:"draft,omitempty"`
}

// ConversationHidden is the type of the event that agents hear instead of
// another when a conversation goes out of their sight: it carries nothing but the id.
const ConversationHidden desk.EventKind = "conversation.hidden"

// WaitChange is what a waiting visitor wants, or what became of a callback.
type WaitChange struct {
	Choice     desk.WaitChoice    `json:"choice,omitempty"`
	CallbackID string             `json:"callback_id,omitempty"`
	State      desk.CallbackState `json:"state,omitempty"`
}

// AlertChange is a rule of the queue that is broken, or kept again.
type AlertChange struct {
	Rule  desk.AlertRule `json:"rule"`
	On    bool           `json:"on"`
	Value int64          `json:"value,omitempty"`
	Since time.Time      `json:"since,omitzero"`
}

// Presence is where an agent is.
type Presence struct {
	Status desk.PresenceStatus `json:"status"`
	Reason string              `json:"reason,omitempty"`
	// Chosen says that the agent set it by hand.
	Chosen bool      `json:"chosen,omitempty"`
	Since  time.Time `json:"since,omitzero"`
}

// ScheduleChange is what became of a message that was to be sent later.
type ScheduleChange struct {
	ID     string             `json:"id"`
	State  desk.ScheduleState `json:"state"`
	Reason string             `json:"reason,omitempty"`
	At     time.Time          `json:"at,omitzero"`
}

// DraftChange is what became of an answer of the bot that a person looks at
// before it is sent.
type DraftChange struct {
	ID    string          `json:"id"`
	State desk.DraftState `json:"state"`
	// Until is when nobody's decision is one too; while it waits.
	Until time.Time `json:"until,omitzero"`
}

// State is what changes of a Conversation from event to event.
type State struct {
	ID             desk.ConversationID `json:"id"`
	InboxID        desk.InboxID        `json:"inbox_id"`
	Status         desk.Status         `json:"status"`
	AssigneeID     desk.AgentID        `json:"assignee_id,omitempty"`
	TeamID         desk.TeamID         `json:"team_id,omitempty"`
	Seq            int64               `json:"seq"`
	Version        int64               `json:"version"`
	Unread         int64               `json:"unread"`
	ContactReadSeq int64               `json:"contact_read_seq"`
	AgentReadSeq   int64               `json:"agent_read_seq"`
	UpdatedAt      time.Time           `json:"updated_at"`
	LastMessageAt  time.Time           `json:"last_message_at,omitzero"`
	WaitingSince   time.Time           `json:"waiting_since,omitzero"`
	SnoozedUntil   time.Time           `json:"snoozed_until,omitzero"`
}

// Names are the looked-up names an event may mention; unknown ones are empty.
type Names struct {
	// Actor is who caused the event, and the author of its message.
	Actor string
	// Assignee is the agent who has the conversation after the event.
	Assignee string
}

// AgentEvent makes the agents' shape. content is the message's content in
// clear if the event tells of one, nil otherwise or when it cannot be read.
func AgentEvent(e desk.Event, content *desk.Content, names Names) Event {
	out := Event{
		Type: e.Fact.Kind(), At: utc(e.At), ConversationID: e.ConversationID, ContactID: e.ContactID,
		Actor: &Author{Kind: e.Actor.Kind, ID: e.Actor.ID, Name: names.Actor}, Conversation: agentState(e),
	}
	if m, ok := eventMessage(e, content); ok {
		shape := AgentMessage(m, names.Actor)
		out.Message = &shape
	}
	switch f := e.Fact.(type) {
	case desk.MessageStatusChanged:
		out.MessageID, out.Seq, out.Status, out.Reason = f.MessageID, f.Seq, f.Status, f.Reason
	case desk.MessagesRead:
		out.By, out.Seq = &Author{Kind: f.By.Kind, ID: f.By.ID}, f.Seq
	case desk.StatusChanged:
		out.From, out.To, out.Reason, out.Until = f.From, f.To, string(f.Reason), utc(f.Until)
	case desk.ConversationAssigned:
		out.AgentID, out.TeamID = f.AgentID, f.TeamID
		out.PreviousAgentID, out.PreviousTeamID = f.PreviousAgentID, f.PreviousTeamID
		out.Reason, out.Detail = string(f.Reason), f.Detail
	case desk.ConversationEscalated:
		out.Reason = f.Reason
		if f.Score >= 0 {
			out.Mood = &f.Score
		}
	case desk.WaitChosen:
		out.Wait = &WaitChange{Choice: f.Choice, CallbackID: f.CallbackID}
	case desk.CallbackChanged:
		out.Wait = &WaitChange{CallbackID: f.CallbackID, State: f.State}
	case desk.QueueAlert:
		out.Alert = &AlertChange{Rule: f.Rule, On: f.On, Value: f.Value, Since: utc(f.Since)}
	case desk.PresenceChanged:
		out.AgentID, out.Reason = f.AgentID, f.Reason
		out.Presence = &Presence{Status: f.Status, Reason: f.Reason, Chosen: f.Chosen, Since: utc(f.Since)}
	case desk.StaffingChanged:
		out.What = f.What
	case desk.MessageRecalled:
		out.MessageID, out.Seq = f.MessageID, f.Seq
	case desk.ConversationLabelled:
		out.Added, out.Removed = f.Added, f.Removed
	case desk.MentionsRead:
		out.AgentID = f.AgentID
	case desk.ScheduleChanged:
		out.MessageID = f.MessageID
		out.Scheduled = &ScheduleChange{ID: f.ScheduleID, State: f.State, Reason: f.Reason, At: utc(f.Due)}
	case desk.ContactMerged:
		out.MergeID, out.LoseID = f.MergeID, f.LoseID
	case desk.ContactUnmerged:
		out.MergeID, out.LoseID = f.MergeID, f.LoseID
	case desk.ToolboxChanged:
		out.What = f.What
	case desk.BotChanged:
		out.What, out.Version = f.What, f.Version
	case desk.ConversationRated:
		out.Score, out.Commented = f.Score, f.Commented
	case desk.MessageThumbed:
		out.MessageID, out.Seq, out.Helpful, out.Reason = f.MessageID, f.Seq, &f.Helpful, f.Reason
	case desk.BotDrafted:
		out.Draft = &DraftChange{ID: f.DecisionID, State: f.State, Until: utc(f.Until)}
	}
	return out
}

// VisitorEvent is a fact as the visitor hears it.
type VisitorEvent struct {
	Type           desk.EventKind       `json:"type"`
	At             time.Time            `json:"at"`
	ConversationID desk.ConversationID  `json:"conversation_id"`
	Message        *VisitorMessage      `json:"message,omitempty"`
	Conversation   *VisitorConversation `json:"conversation,omitempty"`

	MessageID desk.MessageID      `json:"message_id,omitempty"`
	Seq       int64               `json:"seq,omitempty"`
	Status    desk.DeliveryStatus `json:"status,omitempty"`
	By        *VisitorAuthor      `json:"by,omitempty"`
	From      desk.Status         `json:"from,omitempty"`
	To        desk.Status         `json:"to,omitempty"`
	Score     int                 `json:"score,omitempty"`
	Helpful   *bool               `json:"helpful,omitempty"`
	Reason    string              `json:"reason,omitempty"`
}

// EventForVisitor makes the visitors' shape; false for what visitors do not
// hear of: notes, snoozing, changes of team, anything new that nobody decided
// to show.
func EventForVisitor(e desk.Event, content *desk.Content, names Names) (VisitorEvent, bool) {
	out := VisitorEvent{Type: e.Fact.Kind(), At: utc(e.At), ConversationID: e.ConversationID}
	if e.State != nil {
		c := visitorConversation(e.ConversationID, e.State, names.Assignee)
		out.Conversation = &c
	}
	switch f := e.Fact.(type) {
	case desk.ConversationOpened:
		return out, true
	case desk.MessageReceived, desk.MessageSent:
		m, ok := eventMessage(e, content)
		if !ok {
			return out, false
		}
		author := names.Actor
		if m.Author.Kind == desk.ByVisitor {
			author = "" // colleagues may have written down a name
		}
		shape, ok := ForVisitor(m, author)
		out.Message = &shape
		return out, ok
	case desk.MessageStatusChanged:
		out.MessageID, out.Seq, out.Status = f.MessageID, f.Seq, f.Status
		return out, true
	case desk.MessageRecalled:
		out.MessageID, out.Seq = f.MessageID, f.Seq
		return out, f.Visibility == desk.Public
	case desk.MessagesRead:
		out.By, out.Seq = &VisitorAuthor{Kind: f.By.Kind}, f.Seq
		return out, true
	case desk.StatusChanged:
		out.From, out.To = visitorStatus(f.From), visitorStatus(f.To)
		return out, out.From != out.To
	case desk.ConversationAssigned:
		return out, f.AgentID != f.PreviousAgentID
	case desk.ConversationRated:
		out.Score = f.Score
		return out, true
	case desk.MessageThumbed:
		out.MessageID, out.Seq, out.Helpful, out.Reason = f.MessageID, f.Seq, &f.Helpful, f.Reason
		return out, true
	default:
		return out, false
	}
}

func eventMessage(e desk.Event, content *desk.Content) (desk.Message, bool) {
	f, ok := desk.MessageOf(e.Fact)
	if !ok || content == nil {
		return desk.Message{}, false
	}
	return desk.Message{MessageHead: f.Stored(e).MessageHead, Content: *content}, true
}

func agentState(e desk.Event) *State {
	s := e.State
	if s == nil {
		return nil
	}
	return &State{
		ID: e.ConversationID, InboxID: s.InboxID, Status: s.Status, AssigneeID: s.AssigneeID, TeamID: s.TeamID,
		Seq: s.Seq, Version: s.Version, Unread: s.Seq - s.AgentReadSeq,
		ContactReadSeq: s.ContactReadSeq, AgentReadSeq: s.AgentReadSeq, UpdatedAt: utc(e.At),
		LastMessageAt: utc(s.LastMessageAt), WaitingSince: utc(s.WaitingSince), SnoozedUntil: utc(s.SnoozedUntil),
	}
}

// Item is one event of a feed with its position.
type Item struct {
	Seq int64 `json:"seq"`
	// Event is the JSON of an Event or a VisitorEvent.
	Event json.RawMessage `json:"event"`
}

// Batch is the answer to a fetch of a feed. A client replaces its own epoch
// and seq by these; with Reset it first reloads lists and messages.
type Batch struct {
	Epoch  string `json:"epoch"`
	Seq    int64  `json:"seq"`
	Reset  bool   `json:"reset"`
	More   bool   `json:"more"`
	Events []Item `json:"events"`
}

// Position is where a feed stands.
type Position struct {
	Epoch string `json:"epoch"`
	Seq   int64  `json:"seq"`
}

// Push is what travels on a feed's channel unasked: an event with its place
// in the feed. Prev is the Seq of the feed's event before; a client that is
// not that far fetches.
type Push struct {
	Epoch string          `json:"epoch"`
	Prev  int64           `json:"prev"`
	Seq   int64           `json:"seq"`
	Event json.RawMessage `json:"event"`
}

// AppendPush appends the JSON of a Push to dst. The event is copied and not
// encoded again, since many feeds carry the same one.
func AppendPush(dst []byte, p Push) []byte {
	dst = append(dst, `{"epoch":`...)
	epoch, _ := json.Marshal(p.Epoch) //nolint:errchkjson // a string always encodes
	dst = append(dst, epoch...)
	dst = append(dst, `,"prev":`...)
	dst = strconv.AppendInt(dst, p.Prev, 10)
	dst = append(dst, `,"seq":`...)
	dst = strconv.AppendInt(dst, p.Seq, 10)
	dst = append(dst, `,"event":`...)
	dst = append(dst, p.Event...)
	return append(dst, '}')
}

// SignalPush is what travels on a feed's channel and is not part of the feed.
type SignalPush struct {
	Signal Signal `json:"signal"`
}

// Signal tells of typing or presence, now.
type Signal struct {
	Type           string              `json:"type"`
	ConversationID desk.ConversationID `json:"conversation_id,omitempty"`
	By             Author              `json:"by"`
	On             bool                `json:"on"`
	// Text is what a visitor is typing; agents only.
	Text string `json:"text,omitempty"`
	// Agents are those who have the conversation open, the reader included; for
	// the type viewing only.
	Agents []Viewer `json:"agents,omitempty"`
	// ContactID, URL, Title and At say which page a visitor has opened; agents only.
	ContactID desk.ContactID `json:"contact_id,omitempty"`
	URL       string         `json:"url,omitempty"`
	Title     string         `json:"title,omitempty"`
	At        time.Time      `json:"at,omitzero"`
	// Queue is where the visitor stands; visitors only.
	Queue *QueuePlace `json:"queue,omitempty"`
}

// QueuePlace is where a visitor stands and how long it will probably be.
type QueuePlace struct {
	// Position counts from 1.
	Position int `json:"position"`
	// LowSeconds and HighSeconds bound the wait in six of ten cases; both are
	// missing when nobody can tell.
	LowSeconds  int64 `json:"low_s,omitempty"`
	HighSeconds int64 `json:"high_s,omitempty"`
	// Nobody says that nobody is there at the moment.
	Nobody bool `json:"nobody,omitempty"`
}

// Viewer is an agent who has a conversation open.
type Viewer struct {
	ID     desk.AgentID `json:"id"`
	Name   string       `json:"name,omitempty"`
	Typing bool         `json:"typing,omitempty"`
}
