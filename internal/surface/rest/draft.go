package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/toolbox"
	"yingda.dev/internal/platform/bus"
)

// Draft is what an agent has begun to write in a conversation.
type Draft struct {
	Kind      string         `json:"kind" enum:"reply,note"`
	Text      string         `json:"text,omitempty"`
	Parts     []desk.Part    `json:"parts,omitempty"`
	ReplyTo   desk.MessageID `json:"reply_to,omitempty"`
	Revision  int64          `json:"revision"`
	UpdatedAt time.Time      `json:"updated_at"`
}

func draftShape(d toolbox.Draft) Draft {
	return Draft{Kind: d.Kind, Text: d.Text, Parts: d.Parts, ReplyTo: d.ReplyTo, Revision: d.Revision, UpdatedAt: d.UpdatedAt}
}

func (s *Server) listDrafts(ctx context.Context, c caller, in *Addressed) (out[Items[Draft]], error) {
	if err := s.deps.Conversations.MustSee(ctx, c.actor(), in.ID); err != nil {
		return out[Items[Draft]]{}, err
	}
	drafts, err := s.deps.Toolbox.Drafts(ctx, c.by(""), in.ID)
	return itemsOf(drafts, draftShape), err
}

type saveDraftInput struct {
	Addressed
	Keyed
	Body struct {
		Kind     string         `json:"kind" enum:"reply,note"`
		Text     string         `json:"text,omitempty" maxLength:"40000" doc:"At most 10,000 characters."`
		Parts    []desk.Part    `json:"parts,omitempty" maxItems:"20"`
		ReplyTo  desk.MessageID `json:"reply_to,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		Revision int64          `json:"revision" minimum:"0" doc:"Of the draft that was changed; 0 begins one."`
	}
}

func (s *Server) saveDraft(ctx context.Context, c caller, in *saveDraftInput) (out[Draft], error) {
	if err := s.deps.Conversations.MustSee(ctx, c.actor(), in.ID); err != nil {
		return out[Draft]{}, err
	}
	b := in.Body
	d, err := s.deps.Toolbox.SaveDraft(ctx, c.by(in.Key), in.ID, toolbox.Draft{
		Kind: b.Kind, Revision: b.Revision, DraftContent: toolbox.DraftContent{Text: b.Text, Parts: b.Parts, ReplyTo: b.ReplyTo},
	})
	return out[Draft]{draftShape(d)}, err
}

type deleteDraftInput struct {
	Addressed
	Keyed
	Kind string `query:"kind" enum:"reply,note" default:"reply"`
}

func (s *Server) deleteDraft(ctx context.Context, c caller, in *deleteDraftInput) (noContent, error) {
	if err := s.deps.Conversations.MustSee(ctx, c.actor(), in.ID); err != nil {
		return noContent{}, err
	}
	return noContent{}, s.deps.Toolbox.DeleteDraft(ctx, c.by(in.Key), in.ID, in.Kind)
}

// Scheduled is a message that is to be sent later.
type Scheduled struct {
	ID            string             `json:"id"`
	AgentID       desk.AgentID       `json:"agent_id"`
	Parts         []desk.Part        `json:"parts" doc:"Empty once it was sent or cancelled."`
	ReplyTo       desk.MessageID     `json:"reply_to,omitempty"`
	At            time.Time          `json:"at"`
	CancelOnReply bool               `json:"cancel_on_reply"`
	State         desk.ScheduleState `json:"state" enum:"pending,sent,cancelled,failed"`
	Reason        string             `json:"reason,omitempty" doc:"customer_wrote, cancelled, agent_disabled or refused."`
	MessageID     desk.MessageID     `json:"message_id,omitempty" doc:"Once it was sent."`
}

func scheduledShape(m conversation.Scheduled) Scheduled {
	return Scheduled{
		ID: m.ID, AgentID: m.AgentID, Parts: append([]desk.Part{}, m.Content.Parts...), ReplyTo: m.Content.ReplyTo, At: m.Due,
		CancelOnReply: m.CancelOnReply, State: m.State, Reason: m.Reason, MessageID: m.MessageID,
	}
}

func (s *Server) listScheduled(ctx context.Context, c caller, in *Addressed) (out[Items[Scheduled]], error) {
	found, err := s.deps.Conversations.ScheduledOf(ctx, c.Account, in.ID)
	return itemsOf(found, scheduledShape), err
}

type scheduleInput struct {
	Addressed
	Keyed
	Body struct {
		Parts         []desk.Part    `json:"parts" minItems:"1" maxItems:"20" doc:"What to say, as in docs/protocol.md."`
		ReplyTo       desk.MessageID `json:"reply_to,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		At            time.Time      `json:"at" example:"2027-01-04T01:00:00Z" doc:"In the future, within a year."`
		CancelOnReply bool           `json:"cancel_on_reply,omitempty" doc:"Drop it if the customer writes before."`
	}
}

func (s *Server) schedule(ctx context.Context, c caller, in *scheduleInput) (out[Scheduled], error) {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID}
	m, err := s.deps.Conversations.Schedule(ctx, o, desk.Content{Parts: in.Body.Parts, ReplyTo: in.Body.ReplyTo}, in.Body.At, in.Body.CancelOnReply)
	return out[Scheduled]{scheduledShape(m)}, err
}

type cancelScheduledInput struct {
	Addressed
	Scheduled string `path:"key" maxLength:"40"`
	Keyed
}

func (s *Server) cancelScheduled(ctx context.Context, c caller, in *cancelScheduledInput) (noContent, error) {
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID}
	return noContent{}, s.deps.Conversations.CancelScheduled(ctx, o, in.Scheduled)
}

type viewingInput struct {
	Addressed
	Keyed
	Body struct {
		On bool `json:"on"`
	}
}

func (s *Server) viewing(ctx context.Context, c caller, in *viewingInput) (noContent, error) {
	found, err := s.deps.Conversations.Conversation(ctx, c.Account, in.ID)
	if err != nil {
		return noContent{}, err
	}
	s.deps.Bus.Signal(ctx, bus.Signal{
		AccountID: c.Account, ConversationID: in.ID, ContactID: found.ContactID,
		Kind: bus.Viewing, By: desk.Author{Kind: desk.ByAgent, ID: string(c.Agent)}, On: in.Body.On,
	})
	return noContent{}, nil
}
