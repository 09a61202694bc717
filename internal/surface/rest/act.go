package rest

import (
	"context"
	"encoding/json"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/wire"
)

type labelInput struct {
	Addressed
	Keyed
	Body struct {
		Add     []desk.LabelID `json:"add,omitempty" maxItems:"20"`
		Remove  []desk.LabelID `json:"remove,omitempty" maxItems:"50"`
		Version int64          `json:"version,omitempty" minimum:"0" doc:"Refuse if the conversation has changed since this version."`
	}
}

func (s *Server) labelConversation(ctx context.Context, c caller, in *labelInput) (out[wire.Conversation], error) {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID, ExpectVersion: in.Body.Version}
	after, err := s.deps.Conversations.Label(ctx, o, in.Body.Add, in.Body.Remove)
	return s.changed(ctx, after, err)
}

// AddressedMessage is the conversation and the message in the path.
type AddressedMessage struct {
	Addressed
	Message desk.MessageID `path:"message" maxLength:"40"`
}

type messageInput struct {
	AddressedMessage
	Keyed
}

func (s *Server) recallMessage(ctx context.Context, c caller, in *messageInput) (out[wire.Message], error) {
	m, err := s.deps.Conversations.Recall(ctx, conversation.RecallCommand{
		Account: c.Account, By: desk.Author{Kind: desk.ByAgent, ID: string(c.Agent)}, Anything: c.Permissions.Has(auth.MessagesRecall),
		Key: in.Key, ConversationID: in.ID, MessageID: in.Message,
	})
	return out[wire.Message]{wire.AgentMessage(m, s.authorName(ctx, m))}, err
}

func (s *Server) resendMessage(ctx context.Context, c caller, in *messageInput) (out[wire.Message], error) {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID}
	m, err := s.deps.Conversations.Resend(ctx, o, in.Message)
	return out[wire.Message]{wire.AgentMessage(m, s.authorName(ctx, m))}, err
}

func (s *Server) readMentions(ctx context.Context, c caller, in *orderInput) (noContent, error) {
	return noContent{}, s.deps.Conversations.ReadMentions(ctx, in.order(c))
}

type activityInput struct {
	Addressed
	Before string `query:"before" maxLength:"60" pattern:"^[a-z0-9_]*$" doc:"id of the oldest act known."`
	Limit  int    `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

// Activity is one act in a conversation's trail.
type Activity struct {
	ID    string      `json:"id"`
	At    time.Time   `json:"at"`
	Actor wire.Author `json:"actor"`
	// Type is that of the event which told of it.
	Type    desk.EventKind `json:"type" doc:"As in the feed: conversation.assigned, conversation.status_changed, conversation.labelled, message.recalled, conversation.rated, schedule.changed …"`
	Details any            `json:"details" doc:"What the event of this type says, with ids for names."`
}

// ActivityPage is a page of the trail, the newest first.
type ActivityPage struct {
	Items []Activity `json:"items"`
	More  bool       `json:"more"`
}

func (s *Server) listActivity(ctx context.Context, c caller, in *activityInput) (out[ActivityPage], error) {
	acts, more, err := s.deps.Conversations.Activity(ctx, c.Account, in.ID, in.Before, in.Limit)
	if err != nil {
		return out[ActivityPage]{}, err
	}
	page := ActivityPage{Items: make([]Activity, len(acts)), More: more}
	for i, a := range acts {
		page.Items[i] = Activity{
			ID: a.ID, At: a.At, Actor: wire.Author{Kind: a.Actor.Kind, ID: a.Actor.ID}, Type: a.Kind, Details: a.Details,
		}
		if a.Actor.Kind == desk.ByAgent {
			page.Items[i].Actor.Name = s.deps.Workspace.AgentName(ctx, c.Account, desk.AgentID(a.Actor.ID))
		}
		if !json.Valid(a.Details) {
			page.Items[i].Details = struct{}{}
		}
	}
	return out[ActivityPage]{page}, nil
}
