package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/auth"
)

type bulkInput struct {
	Keyed
	Body struct {
		IDs     []desk.ConversationID `json:"ids" minItems:"1" maxItems:"100"`
		Action  string                `json:"action" enum:"resolve,reopen,assign,snooze,label,read"`
		AgentID desk.AgentID          `json:"agent_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$" doc:"For assign; empty takes it from whoever has it."`
		TeamID  desk.TeamID           `json:"team_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$" doc:"For assign."`
		Until   time.Time             `json:"until,omitzero" doc:"For snooze."`
		Add     []desk.LabelID        `json:"add,omitempty" maxItems:"20" doc:"For label."`
		Remove  []desk.LabelID        `json:"remove,omitempty" maxItems:"50" doc:"For label."`
	}
}

// BulkResult is what became of one conversation.
type BulkResult struct {
	ID      desk.ConversationID `json:"id"`
	OK      bool                `json:"ok"`
	Problem *Problem            `json:"problem,omitempty"`
}

// BulkResults are in the order of the ids.
type BulkResults struct {
	Results []BulkResult `json:"results"`
}

// bulkNeeds is what each action needs, as on its own route.
var bulkNeeds = map[string]auth.Permission{
	"resolve": auth.ConversationsResolve, "reopen": auth.ConversationsResolve, "assign": auth.ConversationsAssign,
	"snooze": auth.ConversationsSnooze, "label": auth.ConversationsReply, "read": auth.ConversationsRead,
}

// changeMany does each for itself: what fails does not undo the others, and a
// repeat of the key does what was not done.
func (s *Server) changeMany(ctx context.Context, c caller, in *bulkInput) (out[BulkResults], error) {
	if err := c.Require(bulkNeeds[in.Body.Action]); err != nil {
		return out[BulkResults]{}, err
	}
	results := BulkResults{Results: make([]BulkResult, len(in.Body.IDs))}
	for i, id := range in.Body.IDs {
		o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: id}
		err := s.changeOne(ctx, o, in)
		if ctx.Err() != nil {
			return out[BulkResults]{}, desk.Wrap(desk.Unavailable, "change conversations", ctx.Err())
		}
		results.Results[i] = BulkResult{ID: id, OK: err == nil}
		if err != nil {
			results.Results[i].Problem = problemOf(err)
		}
	}
	return out[BulkResults]{results}, nil
}

func (s *Server) changeOne(ctx context.Context, o conversation.Order, in *bulkInput) error {
	var err error
	talks := s.deps.Conversations
	switch in.Body.Action {
	case "resolve":
		_, err = talks.Resolve(ctx, o)
	case "reopen":
		_, err = talks.Reopen(ctx, o)
	case "assign":
		_, err = talks.Assign(ctx, o, in.Body.AgentID, in.Body.TeamID)
	case "snooze":
		_, err = talks.Snooze(ctx, o, in.Body.Until)
	case "label":
		_, err = talks.Label(ctx, o, in.Body.Add, in.Body.Remove)
	case "read":
		if err = talks.MustSee(ctx, o.Actor, o.ConversationID); err == nil {
			var now desk.Conversation
			if now, err = talks.Conversation(ctx, o.Actor.Account, o.ConversationID); err == nil && now.Seq > 0 {
				_, err = talks.MarkRead(ctx, o, now.Seq)
			}
		}
	}
	return err
}
