package wire

import (
	"time"

	"yingda.dev/internal/desk"
)

// Contact is a customer as agents see them.
type Contact struct {
	ID      desk.ContactID `json:"id"`
	Name    string         `json:"name,omitempty"`
	Email   string         `json:"email,omitempty"`
	Phone   string         `json:"phone,omitempty"`
	Locale  desk.Locale    `json:"locale,omitempty"`
	Blocked bool           `json:"blocked,omitempty"`
}

// AgentContact makes the agents' shape.
func AgentContact(c desk.Contact) Contact {
	return Contact{
		ID: c.ID, Name: c.Profile.Name, Email: c.Profile.Email, Phone: c.Profile.Phone,
		Locale: c.Profile.Locale, Blocked: c.Blocked,
	}
}

// Conversation is a conversation as agents see it.
type Conversation struct {
	ID             desk.ConversationID `json:"id"`
	Contact        Contact             `json:"contact"`
	InboxID        desk.InboxID        `json:"inbox_id"`
	Status         desk.Status         `json:"status"`
	AssigneeID     desk.AgentID        `json:"assignee_id,omitempty"`
	TeamID         desk.TeamID         `json:"team_id,omitempty"`
	Seq            int64               `json:"seq"`
	Version        int64               `json:"version"`
	Unread         int64               `json:"unread"`
	ContactReadSeq int64               `json:"contact_read_seq"`
	AgentReadSeq   int64               `json:"agent_read_seq"`
	// LabelIDs are the labels, in no order.
	LabelIDs []desk.LabelID `json:"label_ids,omitempty"`
	// LastMessage is of the newest public message.
	LastMessage *LastMessage `json:"last_message,omitempty"`
	// Draft is set if the reader has begun to write an answer or a note.
	Draft bool `json:"draft,omitempty"`
	// Preview is the start of the newest public message, at most 120 characters.
	Preview       string    `json:"preview,omitempty"`
	CreatedAt     time.Time `json:"created_at"`
	UpdatedAt     time.Time `json:"updated_at"`
	LastMessageAt time.Time `json:"last_message_at"`
	WaitingSince  time.Time `json:"waiting_since,omitzero"`
	SnoozedUntil  time.Time `json:"snoozed_until,omitzero"`
	ResolvedAt    time.Time `json:"resolved_at,omitzero"`
	// Rating is what the customer thought; in the answer about one conversation.
	Rating *Rating `json:"rating,omitempty"`
}

// LastMessage is what a list shows of the newest public message besides its preview.
type LastMessage struct {
	AuthorKind desk.AuthorKind `json:"author_kind"`
	Recalled   bool            `json:"recalled,omitempty"`
}

// AgentConversation makes the agents' shape.
func AgentConversation(c desk.Conversation, contact desk.Contact, preview string) Conversation {
	return Conversation{
		ID: c.ID, Contact: AgentContact(contact), InboxID: c.InboxID, Status: c.Status,
		AssigneeID: c.AssigneeID, TeamID: c.TeamID, Seq: c.Seq, Version: c.Version, Unread: c.Unread(),
		ContactReadSeq: c.ContactReadSeq, AgentReadSeq: c.AgentReadSeq, Preview: preview,
		CreatedAt: utc(c.CreatedAt), UpdatedAt: utc(c.UpdatedAt), LastMessageAt: utc(c.LastMessageAt),
		WaitingSince: utc(c.WaitingSince), SnoozedUntil: utc(c.SnoozedUntil), ResolvedAt: utc(c.ResolvedAt),
	}
}

// VisitorConversation is a conversation as visitors see it.
type VisitorConversation struct {
	ID desk.ConversationID `json:"id"`
	// Status is pending, open or resolved. That colleagues put a conversation
	// off is their own affair: a visitor sees it open.
	Status         desk.Status `json:"status"`
	Seq            int64       `json:"seq"`
	ContactReadSeq int64       `json:"contact_read_seq"`
	AgentReadSeq   int64       `json:"agent_read_seq"`
	Assignee       *Assignee   `json:"assignee,omitempty"`
	// Rating is the visitor's own; events leave it out.
	Rating *Rating `json:"rating,omitempty"`
}

// Rating is what a customer thought of a conversation.
type Rating struct {
	Score   int       `json:"score"`
	Comment string    `json:"comment,omitempty"`
	At      time.Time `json:"at"`
}

// ShapeRating makes the shape, the same for both sides.
func ShapeRating(r desk.Rating) Rating {
	return Rating{Score: r.Score, Comment: r.Comment, At: utc(r.At)}
}

// Assignee is the person a visitor talks to.
type Assignee struct {
	Name string `json:"name"`
}

// ConversationForVisitor makes the visitors' shape. assignee is the agent's
// name; empty means nobody, or nobody with a name.
func ConversationForVisitor(c desk.Conversation, assignee string) VisitorConversation {
	return visitorConversation(c.ID, c.State(), assignee)
}

func visitorConversation(id desk.ConversationID, s *desk.ConversationState, assignee string) VisitorConversation {
	v := VisitorConversation{
		ID: id, Status: visitorStatus(s.Status), Seq: s.Seq,
		ContactReadSeq: s.ContactReadSeq, AgentReadSeq: s.AgentReadSeq,
	}
	if s.AssigneeID != "" && assignee != "" {
		v.Assignee = &Assignee{Name: assignee}
	}
	return v
}

func visitorStatus(s desk.Status) desk.Status {
	if s == desk.Snoozed {
		return desk.Open
	}
	return s
}
