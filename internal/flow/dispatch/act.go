package dispatch

import (
	"context"

	"yingda.dev/internal/desk"
)

// Decline gives a conversation back that the agent was given; somebody else gets it.
func (s *Service) Decline(ctx context.Context, account desk.AccountID, agent desk.AgentID, id desk.ConversationID, key string) (desk.Conversation, error) {
	return s.deps.Conversations.Release(ctx, desk.Releasing{
		Account: account, Conversation: id, From: agent, Why: desk.Declined, By: desk.Author{Kind: desk.ByAgent, ID: string(agent)}, Key: key,
	})
}

// Escalate moves a conversation to the senior team at once. reason is a short
// code, score the mood (0 to 10, -1 if none was measured). The same key again
// changes nothing.
func (s *Service) Escalate(ctx context.Context, account desk.AccountID, id desk.ConversationID, by desk.Author, reason string, score float64, key string) (desk.Conversation, error) {
	const op = "escalate conversation"
	if reason == "" || len([]rune(reason)) > maxReason {
		return desk.Conversation{}, desk.InvalidField(op, "reason", "a reason has 1 to 60 characters")
	}
	if score > 10 {
		return desk.Conversation{}, desk.InvalidField(op, "score", "a score is between 0 and 10")
	}
	o, err := s.office(ctx, account)
	if err != nil {
		return desk.Conversation{}, err
	}
	x := desk.Escalation{Account: account, Conversation: id, Team: o.senior, Reason: reason, Score: score, By: by, Key: key}
	if room := o.teams[o.senior]; room != nil {
		x.Keep = func(a desk.AgentID) bool { return room.members[a] }
	}
	return s.deps.Conversations.Escalate(ctx, x)
}

// EndShift gives back everything the agent has that a customer waits for, and
// takes the agent off. It returns how many conversations went back.
func (s *Service) EndShift(ctx context.Context, account desk.AccountID, agent desk.AgentID) (int, error) {
	open, err := s.open(ctx, account, &agent)
	if err != nil {
		return 0, err
	}
	if _, err := s.SetPresence(ctx, account, agent, desk.Offline, ""); err != nil {
		return 0, err
	}
	n := 0
	for _, c := range open {
		after, err := s.deps.Conversations.Release(ctx, desk.Releasing{
			Account: account, Conversation: c.ID, From: agent, Why: desk.ShiftEnded, By: desk.Author{Kind: desk.ByAgent, ID: string(agent)},
		})
		if err := ignoreGone(err); err != nil {
			return n, err
		}
		if after.AssigneeID != agent { // released by this, or by the dispatcher who was faster
			n++
		}
	}
	return n, nil
}
