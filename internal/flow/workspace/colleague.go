package workspace

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
)

// Colleague is an agent as administrators look at one.
type Colleague struct {
	desk.Agent
	// TOTP tells that the agent logs in with a second factor.
	TOTP bool
	// LastSeen is the last use of a session that is still kept.
	LastSeen time.Time
}

// Colleagues lists the account's agents, disabled ones too, by id.
func (s *Service) Colleagues(ctx context.Context, account desk.AccountID) ([]Colleague, error) {
	agents, err := s.Agents(ctx, account)
	if err != nil {
		return nil, err
	}
	factors, err := s.deps.Store.SecondFactors(ctx, account)
	if err != nil {
		return nil, err
	}
	second := make(map[desk.AgentID]bool, len(factors))
	for _, f := range factors {
		second[f.AgentID] = f.Confirmed
	}
	seen, err := s.deps.Store.LastSeen(ctx, account)
	if err != nil {
		return nil, err
	}
	out := make([]Colleague, len(agents))
	for i, a := range agents {
		out[i] = Colleague{Agent: a, TOTP: second[a.ID], LastSeen: seen[a.ID]}
	}
	return out, nil
}

// Colleague finds one agent, not cached.
func (s *Service) Colleague(ctx context.Context, account desk.AccountID, id desk.AgentID) (Colleague, error) {
	all, err := s.Colleagues(ctx, account)
	for _, a := range all {
		if a.ID == id {
			return a, nil
		}
	}
	if err == nil {
		err = desk.E(desk.NotFound, "find agent", "there is no such agent")
	}
	return Colleague{}, err
}
