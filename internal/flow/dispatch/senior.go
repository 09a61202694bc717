package dispatch

import (
	"context"
	"slices"

	"yingda.dev/internal/desk"
)

// Attended tells whether any agent of the company is there, taking conversations
// or not.
func (s *Service) Attended(ctx context.Context, account desk.AccountID) (bool, error) {
	all, err := s.Presences(ctx, account)
	return slices.ContainsFunc(all, func(p desk.Presence) bool { return p.Status != desk.Offline }), err
}

// Senior is the team that gets what is escalated; "" if there is none.
func (s *Service) Senior(ctx context.Context, account desk.AccountID) (desk.TeamID, error) {
	o, err := s.office(ctx, account)
	if err != nil {
		return "", err
	}
	return o.senior, nil
}
