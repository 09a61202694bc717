package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/toolbox"
	"yingda.dev/internal/platform/auth"
)

// knowing is by for somebody who says what they have seen.
func (c caller) knowing(key string, seen desk.Revision) toolbox.By {
	by := c.by(key)
	by.Seen = seen
	return by
}

func (c caller) by(key string) toolbox.By {
	return toolbox.By{By: desk.By{Account: c.Account, Agent: c.Agent, Key: key}, Manages: c.Permissions.Has(auth.ToolboxManage)}
}

// Label is a word that agents put on conversations.
type Label struct {
	ID          desk.LabelID  `json:"id"`
	Name        string        `json:"name"`
	Color       string        `json:"color" enum:"emerald,slate,amber,red,blue,violet,teal,pink"`
	Description string        `json:"description,omitempty"`
	Revision    desk.Revision `json:"revision"`
}

func labelShape(l desk.Label) Label {
	return Label{ID: l.ID, Name: l.Name, Color: l.Color, Description: l.Description, Revision: l.Revision()}
}

func (s *Server) listLabels(ctx context.Context, c caller, _ *nothing) (out[Items[Label]], error) {
	labels, err := s.deps.Toolbox.Labels(ctx, c.Account)
	return itemsOf(labels, labelShape), err
}

// labelBody is what is said of a label.
type labelBody struct {
	Name        string `json:"name" minLength:"1" maxLength:"160" example:"退款" doc:"At most 40 characters."`
	Color       string `json:"color,omitempty" enum:"emerald,slate,amber,red,blue,violet,teal,pink" default:"emerald"`
	Description string `json:"description,omitempty" maxLength:"800" doc:"At most 200 characters."`
	Seen
}

func (b labelBody) label(id desk.LabelID) desk.Label {
	return desk.Label{ID: id, Name: b.Name, Color: b.Color, Description: b.Description}
}

type createLabelInput struct {
	Keyed
	Body labelBody
}

func (s *Server) createLabel(ctx context.Context, c caller, in *createLabelInput) (out[Label], error) {
	l, err := s.deps.Toolbox.SaveLabel(ctx, c.by(in.Key), in.Body.label(""))
	return out[Label]{labelShape(l)}, err
}

type changeLabelInput struct {
	ID desk.LabelID `path:"id" maxLength:"64"`
	Keyed
	Body labelBody
}

func (s *Server) changeLabel(ctx context.Context, c caller, in *changeLabelInput) (out[Label], error) {
	l, err := s.deps.Toolbox.SaveLabel(ctx, c.knowing(in.Key, in.Body.Revision), in.Body.label(in.ID))
	return out[Label]{labelShape(l)}, err
}

func (s *Server) deleteLabel(ctx context.Context, c caller, in *namedInput) (noContent, error) {
	return noContent{}, s.deps.Toolbox.DeleteLabel(ctx, c.by(in.Key), desk.LabelID(in.ID))
}

// CannedReply is an answer that is kept ready.
type CannedReply struct {
	ID       desk.CannedReplyID `json:"id"`
	Shortcut string             `json:"shortcut"`
	Title    string             `json:"title"`
	Initials string             `json:"initials,omitempty" doc:"Pinyin initials of the title."`
	Parts    []desk.Part        `json:"parts" doc:"May hold variables, to be filled in by the page: {{contact.name|亲}}."`
	Scope    desk.CannedScope   `json:"scope" enum:"personal,team,all"`
	TeamID   desk.TeamID        `json:"team_id,omitempty"`
	// UpdatedAt is when it was changed last.
	UpdatedAt time.Time     `json:"updated_at"`
	Revision  desk.Revision `json:"revision"`
}

func cannedShape(c toolbox.Canned) CannedReply {
	return CannedReply{
		ID: c.ID, Shortcut: c.Shortcut, Title: c.Title, Initials: c.Initials, Parts: c.Parts,
		Scope: c.Scope, TeamID: c.TeamID, UpdatedAt: c.UpdatedAt, Revision: c.Revision(),
	}
}

type cannedListInput struct {
	Query string `query:"q" maxLength:"200" doc:"Words that must all occur in shortcut, title, its pinyin initials or text."`
}

func (s *Server) listCannedReplies(ctx context.Context, c caller, in *cannedListInput) (out[Items[CannedReply]], error) {
	found, err := s.deps.Toolbox.CannedReplies(ctx, c.by(""), in.Query)
	return itemsOf(found, cannedShape), err
}

// cannedBody is what is said of a canned reply.
type cannedBody struct {
	Shortcut string           `json:"shortcut" minLength:"1" maxLength:"160" example:"th" doc:"One word, at most 40 characters, unique for its owner."`
	Title    string           `json:"title" minLength:"1" maxLength:"400" example:"退货地址" doc:"At most 100 characters."`
	Parts    []desk.Part      `json:"parts" minItems:"1" maxItems:"20" example:"[{\"type\":\"text\",\"text\":\"{{contact.name|亲}}，退货地址是……\"}]" doc:"As in docs/protocol.md. Texts may hold {{contact.name}}, {{contact.<attribute>}}, {{agent.name}}, {{account.name}} and {{conversation.id}}, each with what stands in for it: {{contact.name|亲}}."`
	Scope    desk.CannedScope `json:"scope" enum:"personal,team,all"`
	TeamID   desk.TeamID      `json:"team_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
	Seen
}

func (b cannedBody) reply(id desk.CannedReplyID) desk.CannedReply {
	return desk.CannedReply{ID: id, Shortcut: b.Shortcut, Title: b.Title, Parts: b.Parts, Scope: b.Scope, TeamID: b.TeamID}
}

type createCannedInput struct {
	Keyed
	Body cannedBody
}

func (s *Server) createCannedReply(ctx context.Context, c caller, in *createCannedInput) (out[CannedReply], error) {
	saved, err := s.deps.Toolbox.SaveCannedReply(ctx, c.by(in.Key), in.Body.reply(""))
	return out[CannedReply]{cannedShape(saved)}, err
}

type changeCannedInput struct {
	ID desk.CannedReplyID `path:"id" maxLength:"64"`
	Keyed
	Body cannedBody
}

func (s *Server) changeCannedReply(ctx context.Context, c caller, in *changeCannedInput) (out[CannedReply], error) {
	saved, err := s.deps.Toolbox.SaveCannedReply(ctx, c.knowing(in.Key, in.Body.Revision), in.Body.reply(in.ID))
	return out[CannedReply]{cannedShape(saved)}, err
}

func (s *Server) deleteCannedReply(ctx context.Context, c caller, in *namedInput) (noContent, error) {
	return noContent{}, s.deps.Toolbox.DeleteCannedReply(ctx, c.by(in.Key), desk.CannedReplyID(in.ID))
}
