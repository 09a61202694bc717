package workspace

import (
	"context"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
)

// Teams lists the account's teams by id.
func (s *Service) Teams(ctx context.Context, account desk.AccountID) ([]desk.Team, error) {
	return s.deps.Store.Teams(ctx, account)
}

// SaveTeam adds a team (ID "") or changes one, as the operator. Members must
// be agents of the account.
func (s *Service) SaveTeam(ctx context.Context, t desk.Team) (desk.Team, error) {
	return s.SaveTeamAs(ctx, auth.Principal{}, TeamChange{Team: t})
}

// TeamChange is a team to make (ID ""), or what one becomes.
type TeamChange struct {
	desk.Team
	// Once, if set, is an idempotency key of making one.
	Once string
	// Seen, if set, must be the team's revision; otherwise it is a Conflict.
	Seen desk.Revision
}

// SaveTeamAs is SaveTeam by an agent. Who does not see everything may change
// only their own teams: membership is a right to see. A repeat of the
// idempotency key answers with the team that was made first.
func (s *Service) SaveTeamAs(ctx context.Context, by auth.Principal, c TeamChange) (desk.Team, error) {
	const op = "save team"
	t := c.Team
	if err := checkName(op, "name", t.Name); err != nil {
		return t, err
	}
	if len(t.Members) > 1000 {
		return t, desk.InvalidField(op, "member_ids", "a team has at most 1,000 members")
	}
	slices.Sort(t.Members)
	t.Members = slices.Compact(t.Members)
	created := t.ID == ""
	if created {
		t.ID = s.deps.IDs.Team()
	}
	out := t
	err := s.staffed(ctx, t.AccountID, "teams", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		out = t
		people, err := rolesAndTeams(ctx, tx.Reads, t.AccountID)
		if err != nil {
			return err
		}
		if err := checkMembers(ctx, tx, op, t); err != nil {
			return err
		}
		if created {
			return once(ctx, tx, pen, "create team", c.Once, string(t.ID), func() error {
				if err := tx.PutTeam(ctx, t); err != nil {
					return err
				}
				return pen.Write(ctx, tx, teamAct("team.created", t, teamDetails(t)))
			}, func(first string) error {
				out, _ = people.team(desk.TeamID(first))
				return nil
			})
		}
		before, ok := people.team(t.ID)
		if !ok {
			return desk.E(desk.NotFound, op, "there is no such team")
		}
		if err := people.mayTouch(ctx, tx, op, by, before); err != nil {
			return err
		}
		changes := audit.Changes(teamDetails(before), teamDetails(t))
		if len(changes) == 0 {
			return nil // a repeat, or nothing to do
		}
		if err := c.Seen.Seen(op, before.Revision()); err != nil {
			return err
		}
		if err := tx.PutTeam(ctx, t); err != nil {
			return err
		}
		return pen.Write(ctx, tx, teamAct("team.changed", t, changes))
	})
	return out, err
}

func checkMembers(ctx context.Context, tx *store.Tx, op string, t desk.Team) error {
	agents, err := tx.Agents(ctx, t.AccountID)
	if err != nil {
		return err
	}
	for _, m := range t.Members {
		if !slices.ContainsFunc(agents, func(a store.Agent) bool { return a.ID == m }) {
			return desk.InvalidField(op, "member_ids", "there is no such agent")
		}
	}
	return nil
}

func (h house) team(id desk.TeamID) (desk.Team, bool) {
	i := slices.IndexFunc(h.teams, func(t desk.Team) bool { return t.ID == id })
	if i < 0 {
		return desk.Team{}, false
	}
	return h.teams[i], true
}

// mayTouch refuses changes of a team whose conversations the caller does not see.
func (h house) mayTouch(ctx context.Context, tx *store.Tx, op string, by auth.Principal, t desk.Team) error {
	if by.Agent == "" {
		return nil // the operator
	}
	_, sight, err := h.now(ctx, tx.Reads, op, by)
	if err != nil {
		return err
	}
	if !sight.Everything() && (sight.Reach != desk.ReachTeam || !slices.Contains(sight.Teams, t.ID)) {
		return desk.E(desk.Denied, op, "nobody can let others see more than they see")
	}
	return nil
}

func teamDetails(t desk.Team) map[string]any {
	return map[string]any{"name": t.Name, "members": append([]desk.AgentID{}, t.Members...)}
}

func teamAct(action string, t desk.Team, details map[string]any) audit.Act {
	return audit.Act{Action: action, Target: audit.Target{Kind: "team", ID: string(t.ID), Name: t.Name}, Details: details}
}

// DeleteTeam removes a team. It is a Conflict while conversations that are not
// resolved belong to it; resolved ones keep its id and belong to no team.
func (s *Service) DeleteTeam(ctx context.Context, by auth.Principal, account desk.AccountID, id desk.TeamID) error {
	const op = "delete team"
	return s.staffed(ctx, account, "teams", func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		people, err := rolesAndTeams(ctx, tx.Reads, account)
		if err != nil {
			return err
		}
		team, ok := people.team(id)
		if !ok {
			return desk.E(desk.NotFound, op, "there is no such team")
		}
		if err := people.mayTouch(ctx, tx, op, by, team); err != nil {
			return err
		}
		busy, err := tx.Conversations(ctx, account, store.ConversationFilter{
			Statuses: []desk.Status{desk.Pending, desk.Open, desk.Snoozed}, Team: id,
		}, store.Page{Limit: 1})
		if err != nil {
			return err
		}
		if len(busy) > 0 {
			return desk.E(desk.Conflict, op, "conversations wait in this team; give them to another one first")
		}
		if err := tx.DeleteTeam(ctx, account, id); err != nil {
			return err
		}
		return pen.Write(ctx, tx, teamAct("team.deleted", team, teamDetails(team)))
	})
}
