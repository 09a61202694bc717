package dispatch

import (
	"context"

	"yingda.dev/internal/desk"
)

// Senior is the team that gets what is escalated; "" if there is none.
func (s *Service) Senior(ctx context.Context, account desk.AccountID) (desk.TeamID, error) {
	o, err := s.office(ctx, account)
	if err != nil {
		return "", err
	}
	return o.senior, nil
}
