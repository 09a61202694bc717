package rest

import (
	"context"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

type listInput struct {
	View     conversation.Box `query:"view" enum:"mine,unassigned,open,pending,snoozed,resolved,all,mentioned" default:"mine" doc:"mentioned: where colleagues named the caller and the caller has not looked yet."`
	Contact  desk.ContactID   `query:"contact" maxLength:"40" pattern:"^[a-z0-9_]*$" doc:"Lists this contact's conversations instead of a view."`
	Team     desk.TeamID      `query:"team" maxLength:"40" pattern:"^[a-z0-9_]*$"`
	Inbox    desk.InboxID     `query:"inbox" maxLength:"40" pattern:"^[a-z0-9_]*$"`
	Label    desk.LabelID     `query:"label" maxLength:"64" pattern:"^[a-z0-9_]*$"`
	Assignee desk.AgentID     `query:"assignee" maxLength:"40" pattern:"^[a-z0-9_]*$" doc:"Not with the views mine and unassigned."`
	Unread   bool             `query:"unread" doc:"Only what has messages that no agent has read."`
	Order    string           `query:"order" enum:"newest,waiting" default:"newest" doc:"waiting: whose customer waits longest comes first; not with the views resolved and all."`
	Cursor   string           `query:"cursor" maxLength:"200" doc:"next_cursor of the page before, in the same order."`
	Limit    int              `query:"limit" minimum:"1" maximum:"100" default:"30"`
}

// ConversationPage is a page of a list.
type ConversationPage struct {
	Items      []wire.Conversation `json:"items"`
	NextCursor string              `json:"next_cursor,omitempty" doc:"Missing at the end."`
	Counts     *Counts             `json:"counts,omitempty" doc:"On the first page."`
}

// Counts are the numbers beside the views; each stops at 1,000.
type Counts struct {
	Mine       int64 `json:"mine"`
	Unassigned int64 `json:"unassigned"`
	Open       int64 `json:"open"`
	Pending    int64 `json:"pending"`
	Snoozed    int64 `json:"snoozed"`
	Mentioned  int64 `json:"mentioned"`
}

func (s *Server) listConversations(ctx context.Context, c caller, in *listInput) (out[ConversationPage], error) {
	views, next, err := s.deps.Conversations.List(ctx, conversation.ListQuery{
		Account: c.Account, Agent: c.Agent, Box: in.View, Contact: in.Contact,
		Team: in.Team, Inbox: in.Inbox, Label: in.Label, Assignee: in.Assignee, Unread: in.Unread, Waiting: in.Order == "waiting",
		Sight: c.Sight, Cursor: in.Cursor, Limit: in.Limit,
	})
	if err != nil {
		return out[ConversationPage]{}, err
	}
	ids := make([]desk.ConversationID, len(views))
	for i, v := range views {
		ids[i] = v.Conversation.ID
	}
	drafted, err := s.deps.Toolbox.Drafted(ctx, c.by(""), ids)
	if err != nil {
		return out[ConversationPage]{}, err
	}
	page := ConversationPage{Items: make([]wire.Conversation, len(views)), NextCursor: next}
	for i, v := range views {
		page.Items[i] = viewShape(v)
		page.Items[i].Draft = drafted[v.Conversation.ID]
	}
	if in.Cursor != "" || in.Contact != "" {
		return out[ConversationPage]{page}, nil
	}
	counts, err := s.deps.Conversations.Counts(ctx, c.Account, c.Agent, c.Sight)
	page.Counts = (*Counts)(&counts)
	return out[ConversationPage]{page}, err
}

func (s *Server) countConversations(ctx context.Context, c caller, _ *nothing) (out[Counts], error) {
	counts, err := s.deps.Conversations.Counts(ctx, c.Account, c.Agent, c.Sight)
	return out[Counts]{Counts(counts)}, err
}

func viewShape(v conversation.View) wire.Conversation {
	shape := wire.AgentConversation(v.Conversation, v.Contact, v.Preview)
	shape.LabelIDs = v.Labels
	if v.Last.By != "" {
		shape.LastMessage = &wire.LastMessage{AuthorKind: v.Last.By, Recalled: v.Last.Recalled}
	}
	return shape
}

// Addressed is the conversation in the path. It is exported because the
// framework does not look into embedded types that are not.
type Addressed struct {
	ID desk.ConversationID `path:"id" maxLength:"40"`
}

func (s *Server) getConversation(ctx context.Context, c caller, in *Addressed) (out[wire.Conversation], error) {
	v, err := s.deps.Conversations.Get(ctx, c.Account, in.ID)
	if err != nil {
		return out[wire.Conversation]{}, err
	}
	shape := viewShape(v)
	r, err := s.deps.Ratings.Rating(ctx, c.Account, in.ID)
	switch {
	case err == nil:
		rating := wire.ShapeRating(r)
		shape.Rating = &rating
	case !errors.Is(err, desk.NotFound):
		return out[wire.Conversation]{}, err
	}
	return out[wire.Conversation]{shape}, nil
}

type messagesInput struct {
	Addressed
	BeforeSeq int64 `query:"before_seq" minimum:"0" doc:"The newest messages before this one."`
	AfterSeq  int64 `query:"after_seq" minimum:"-1" default:"-1" doc:"The oldest messages after this one. With neither, the newest."`
	Limit     int   `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// MessagePage is a run of messages, the oldest first.
type MessagePage struct {
	Items []wire.Message `json:"items"`
	More  bool           `json:"more" doc:"There are others in the direction that was asked for."`
}

func (s *Server) listMessages(ctx context.Context, c caller, in *messagesInput) (out[MessagePage], error) {
	r := store.MessageRange{AfterSeq: max(in.AfterSeq, 0), BeforeSeq: in.BeforeSeq, Limit: in.Limit}
	if in.AfterSeq < 0 && in.BeforeSeq == 0 {
		r.BeforeSeq = newest
	}
	messages, more, err := s.deps.Conversations.Messages(ctx, c.Account, in.ID, r)
	if err != nil {
		return out[MessagePage]{}, err
	}
	page := MessagePage{Items: make([]wire.Message, len(messages)), More: more}
	rated := false
	for i, m := range messages {
		page.Items[i] = wire.AgentMessage(m, s.authorName(ctx, m))
		rated = rated || m.Content.DecisionID != ""
	}
	if rated { // one more look-up, and only where a bot has answered
		thumbs, err := s.deps.Bot.Thumbs(ctx, c.Account, in.ID)
		if err != nil {
			return out[MessagePage]{}, err
		}
		for i, m := range page.Items {
			if t, ok := thumbs[m.ID]; ok {
				page.Items[i].Thumb = &wire.Thumb{Helpful: t.Helpful, Reason: t.Reason}
			}
		}
	}
	return out[MessagePage]{page}, nil
}

// newest is above every seq: the range before it ends with the newest message.
const newest = int64(1) << 62

func (s *Server) authorName(ctx context.Context, m desk.Message) string {
	if m.Author.Kind != desk.ByAgent {
		return ""
	}
	return s.deps.Workspace.AgentName(ctx, m.AccountID, desk.AgentID(m.Author.ID))
}

type replyInput struct {
	Addressed
	Keyed
	Body struct {
		Parts    []desk.Part    `json:"parts" minItems:"1" maxItems:"20" example:"[{\"type\":\"text\",\"text\":\"您好，明天送到。\"}]" doc:"What to say, as in docs/protocol.md."`
		ReplyTo  desk.MessageID `json:"reply_to,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		ClientID string         `json:"client_id,omitempty" maxLength:"128" pattern:"^[^\\x00-\\x1f\\x7f]*$"`
		SentAt   time.Time      `json:"sent_at,omitzero"`
		Version  int64          `json:"version,omitempty" minimum:"0" doc:"Refuse if the conversation has changed since this version."`
	}
}

func (s *Server) reply(ctx context.Context, c caller, in *replyInput) (out[wire.Message], error) {
	m, err := s.deps.Conversations.Reply(ctx, conversation.ReplyCommand{
		Actor: c.actor(), Key: in.Key, ConversationID: in.ID, ExpectVersion: in.Body.Version,
		Content:  desk.Content{Parts: in.Body.Parts, ReplyTo: in.Body.ReplyTo},
		ClientID: in.Body.ClientID, SentAt: in.Body.SentAt,
	})
	return out[wire.Message]{wire.AgentMessage(m, s.authorName(ctx, m))}, err
}

type noteInput struct {
	Addressed
	Keyed
	Body struct {
		Text     string         `json:"text,omitempty" maxLength:"40000" example:"已和仓库确认" doc:"At most 10,000 characters. Needed unless there are parts."`
		Parts    []desk.Part    `json:"parts,omitempty" maxItems:"20" doc:"Instead of text, as in docs/protocol.md."`
		Mentions []desk.AgentID `json:"mentions,omitempty" maxItems:"50" doc:"Colleagues whom the note names."`
		ClientID string         `json:"client_id,omitempty" maxLength:"128" pattern:"^[^\\x00-\\x1f\\x7f]*$"`
	}
}

func (s *Server) addNote(ctx context.Context, c caller, in *noteInput) (out[wire.Message], error) {
	m, err := s.deps.Conversations.Note(ctx, conversation.NoteCommand{
		Actor: c.actor(), Key: in.Key, ConversationID: in.ID, Text: in.Body.Text, Parts: in.Body.Parts,
		Mentions: in.Body.Mentions, ClientID: in.Body.ClientID,
	})
	return out[wire.Message]{wire.AgentMessage(m, s.authorName(ctx, m))}, err
}

// versioned is the body of commands that may demand a version.
type versioned struct {
	Version int64 `json:"version,omitempty" minimum:"0" doc:"Refuse if the conversation has changed since this version."`
}

type orderInput struct {
	Addressed
	Keyed
	Body *versioned
}

func (in *orderInput) order(c caller) conversation.Order {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID}
	if in.Body != nil {
		o.ExpectVersion = in.Body.Version
	}
	return o
}

type assignInput struct {
	Addressed
	Keyed
	Body struct {
		AgentID desk.AgentID `json:"agent_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$" doc:"Empty takes it from whoever has it."`
		TeamID  desk.TeamID  `json:"team_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		Version int64        `json:"version,omitempty" minimum:"0" doc:"Refuse if the conversation has changed since this version."`
	}
}

func (s *Server) assign(ctx context.Context, c caller, in *assignInput) (out[wire.Conversation], error) {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID, ExpectVersion: in.Body.Version}
	after, err := s.deps.Conversations.Assign(ctx, o, in.Body.AgentID, in.Body.TeamID)
	return s.changed(ctx, after, err)
}

func (s *Server) claim(ctx context.Context, c caller, in *orderInput) (out[wire.Conversation], error) {
	after, err := s.deps.Conversations.Claim(ctx, in.order(c))
	return s.changed(ctx, after, err)
}

func (s *Server) resolve(ctx context.Context, c caller, in *orderInput) (out[wire.Conversation], error) {
	after, err := s.deps.Conversations.Resolve(ctx, in.order(c))
	return s.changed(ctx, after, err)
}

func (s *Server) reopen(ctx context.Context, c caller, in *orderInput) (out[wire.Conversation], error) {
	after, err := s.deps.Conversations.Reopen(ctx, in.order(c))
	return s.changed(ctx, after, err)
}

type snoozeInput struct {
	Addressed
	Keyed
	Body struct {
		Until   time.Time `json:"until" example:"2027-01-04T01:00:00Z" doc:"When it comes back: in the future, within a year."`
		Version int64     `json:"version,omitempty" minimum:"0" doc:"Refuse if the conversation has changed since this version."`
	}
}

func (s *Server) snooze(ctx context.Context, c caller, in *snoozeInput) (out[wire.Conversation], error) {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID, ExpectVersion: in.Body.Version}
	after, err := s.deps.Conversations.Snooze(ctx, o, in.Body.Until)
	return s.changed(ctx, after, err)
}

type readInput struct {
	Addressed
	Keyed
	Body struct {
		Seq int64 `json:"seq" minimum:"1" doc:"The newest message that was seen."`
	}
}

func (s *Server) markRead(ctx context.Context, c caller, in *readInput) (out[wire.Conversation], error) {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID}
	after, err := s.deps.Conversations.MarkRead(ctx, o, in.Body.Seq)
	return s.changed(ctx, after, err)
}

// changed answers a command with the conversation as it is after it.
func (s *Server) changed(ctx context.Context, c desk.Conversation, err error) (out[wire.Conversation], error) {
	if err != nil {
		return out[wire.Conversation]{}, err
	}
	v, err := s.deps.Conversations.View(ctx, c)
	return out[wire.Conversation]{viewShape(v)}, err
}

type typingInput struct {
	Addressed
	Keyed
	Body struct {
		On bool `json:"on"`
	}
}

func (s *Server) typing(ctx context.Context, c caller, in *typingInput) (noContent, error) {
	found, err := s.deps.Conversations.Conversation(ctx, c.Account, in.ID)
	if err != nil {
		return noContent{}, err
	}
	s.deps.Bus.Signal(ctx, bus.Signal{
		AccountID: c.Account, ConversationID: in.ID, ContactID: found.ContactID,
		Kind: bus.Typing, By: desk.Author{Kind: desk.ByAgent, ID: string(c.Agent)}, On: in.Body.On,
	})
	return noContent{}, nil
}
