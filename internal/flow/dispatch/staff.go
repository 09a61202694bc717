package dispatch

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// What StaffingChanged names.
const (
	changedSkills = "skills"
	changedAgents = "agents"
	changedTeams  = "teams"
	changedRules  = "rules"
)

// change writes settings with the record of who did it, and tells everybody.
func (s *Service) change(ctx context.Context, account desk.AccountID, what string, unit func(context.Context, *store.Tx, audit.Pen) error) error {
	pen, err := s.deps.Audit.Open(ctx, account)
	if err != nil {
		return err
	}
	by := desk.Author{Kind: desk.BySystem}
	if a := pen.Actor(); a != "" {
		by = desk.Author{Kind: desk.ByAgent, ID: string(a)}
	}
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		if err := unit(ctx, tx, pen); err != nil {
			return err
		}
		return tx.Emit(desk.Event{AccountID: account, Actor: by, Fact: desk.StaffingChanged{What: what}})
	})
}

// Skills lists the account's skills by name.
func (s *Service) Skills(ctx context.Context, account desk.AccountID) ([]desk.Skill, error) {
	return s.deps.Store.Skills(ctx, account)
}

const maxSkillName = 40

// SaveSkill adds a skill, or renames it if it has an id. Conflict if there is
// one of that name. seen, if set, must be the revision of what is renamed.
func (s *Service) SaveSkill(ctx context.Context, k desk.Skill, seen desk.Revision) (desk.Skill, error) {
	const op = "save skill"
	k.Name = strings.TrimSpace(k.Name)
	if k.Name == "" || !utf8.ValidString(k.Name) || utf8.RuneCountInString(k.Name) > maxSkillName || strings.ContainsAny(k.Name, "\r\n\t") {
		return desk.Skill{}, desk.InvalidField(op, "name", "a skill's name has 1 to 40 characters")
	}
	key := text.Normalize(k.Name)
	added := k.ID == ""
	if added {
		k.ID = desk.SkillID(s.deps.IDs.Other("skl"))
	}
	err := s.change(ctx, k.AccountID, changedSkills, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		act := audit.Act{Action: "skill.renamed", Target: audit.Target{Kind: "skill", ID: string(k.ID), Name: k.Name}}
		if added {
			act.Action = "skill.added"
			k.CreatedAt = tx.Now()
			if err := tx.InsertSkill(ctx, k, key); err != nil {
				return err
			}
			return pen.Write(ctx, tx, act)
		}
		all, err := tx.Skills(ctx, k.AccountID)
		if err != nil {
			return err
		}
		if at := slices.IndexFunc(all, func(o desk.Skill) bool { return o.ID == k.ID }); at >= 0 {
			if all[at].Name == k.Name { // a repeat, or nothing to do
				return nil
			}
			if err := seen.Seen(op, all[at].Revision()); err != nil {
				return err
			}
		}
		if err := tx.RenameSkill(ctx, k, key); err != nil {
			return err
		}
		return pen.Write(ctx, tx, act)
	})
	return k, err
}

// DeleteSkill removes a skill; agents lose it and inboxes do not ask for it any more.
func (s *Service) DeleteSkill(ctx context.Context, account desk.AccountID, id desk.SkillID) error {
	return s.change(ctx, account, changedSkills, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		if err := tx.DeleteSkill(ctx, account, id); err != nil {
			return err
		}
		staffing, err := tx.Staffing(ctx, account)
		if err != nil {
			return err
		}
		for agent, settings := range staffing.Agents {
			w := decode[AgentWork](settings)
			if _, has := w.Skills[id]; !has {
				continue
			}
			delete(w.Skills, id)
			if err := putAgent(ctx, tx, account, agent, w); err != nil {
				return err
			}
		}
		rules := decode[QueueRules](staffing.Teams[""])
		for inbox, rule := range rules.Inboxes {
			var left []Need
			for _, n := range rule.Needs {
				if n.Skill != id {
					left = append(left, n)
				}
			}
			rule.Needs = left
			rules.Inboxes[inbox] = rule
		}
		if err := putTeam(ctx, tx, account, "", rules); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{Action: "skill.deleted", Target: audit.Target{Kind: "skill", ID: string(id)}})
	})
}

// Staff is everything the account has said about who can do what.
type Staff struct {
	Agents map[desk.AgentID]AgentWork
	Teams  map[desk.TeamID]TeamWork
	Rules  QueueRules
}

// Staff reads the account's settings: of an agent about whom nothing was said
// the usual capacity, of every team what was said, if only nothing.
func (s *Service) Staff(ctx context.Context, account desk.AccountID) (Staff, error) {
	staffing, err := s.deps.Store.Staffing(ctx, account)
	if err != nil {
		return Staff{}, err
	}
	agents, err := s.deps.Store.Agents(ctx, account)
	if err != nil {
		return Staff{}, err
	}
	out := Staff{Agents: make(map[desk.AgentID]AgentWork), Teams: make(map[desk.TeamID]TeamWork), Rules: decode[QueueRules](staffing.Teams[""])}
	for _, a := range agents {
		out.Agents[a.ID] = agentWork(staffing, a.ID)
	}
	teams, err := s.deps.Store.Teams(ctx, account)
	for _, t := range teams {
		out.Teams[t.ID] = decode[TeamWork](staffing.Teams[t.ID])
	}
	return out, err
}

// agentWork is what was said of an agent, or what is usual.
func agentWork(staffing store.Staffing, agent desk.AgentID) AgentWork {
	if settings, said := staffing.Agents[agent]; said {
		return decode[AgentWork](settings)
	}
	return AgentWork{Capacity: usualCapacity}
}

// SetAgentWork says what an agent can take. seen, if set, must be the revision
// of what was said before; otherwise it is a Conflict.
func (s *Service) SetAgentWork(ctx context.Context, account desk.AccountID, agent desk.AgentID, w AgentWork, seen desk.Revision) error {
	return s.change(ctx, account, changedAgents, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		if _, err := tx.Agent(ctx, account, agent); err != nil {
			return err
		}
		skills, err := skillSet(ctx, tx, account)
		if err != nil {
			return err
		}
		if err := w.Check(skills); err != nil {
			return err
		}
		staffing, err := tx.Staffing(ctx, account)
		if err != nil {
			return err
		}
		if err := fresh("set agent's work", seen, agentWork(staffing, agent), w); err != nil {
			return err
		}
		if err := putAgent(ctx, tx, account, agent, w); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{
			Action: "agent_work.changed", Target: audit.Target{Kind: "agent", ID: string(agent)},
			Details: map[string]any{"capacity": w.Capacity, "skills": len(w.Skills)},
		})
	})
}

// fresh refuses to change what the caller has not seen; a repeat has seen it.
func fresh(op string, seen desk.Revision, now, wanted any) error {
	is := desk.RevisionOf(now)
	if is == desk.RevisionOf(wanted) {
		return nil
	}
	return seen.Seen(op, is)
}

// SetTeamWork says how a team works. seen, if set, must be the revision of what
// was said before; otherwise it is a Conflict.
func (s *Service) SetTeamWork(ctx context.Context, account desk.AccountID, team desk.TeamID, w TeamWork, seen desk.Revision) error {
	if err := w.Check(); err != nil {
		return err
	}
	return s.change(ctx, account, changedTeams, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		teams, err := teamSet(ctx, tx, account)
		if err != nil {
			return err
		}
		if !teams[team] {
			return desk.E(desk.NotFound, "set team's work", "there is no such team")
		}
		staffing, err := tx.Staffing(ctx, account)
		if err != nil {
			return err
		}
		if err := fresh("set team's work", seen, decode[TeamWork](staffing.Teams[team]), w); err != nil {
			return err
		}
		if err := putTeam(ctx, tx, account, team, w); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{
			Action: "team_work.changed", Target: audit.Target{Kind: "team", ID: string(team)},
			Details: map[string]any{"zone": w.Zone, "senior": w.Senior, "answer_within_s": w.AnswerWithinSeconds},
		})
	})
}

// Begin gives a new company a queue that hands out by itself.
func Begin(ctx context.Context, tx *store.Tx, account desk.AccountID) error {
	return putTeam(ctx, tx, account, "", QueueRules{Automatic: true})
}

// SetQueueRules says how the account's queue works. seen, if set, must be the
// revision of what was said before; otherwise it is a Conflict.
func (s *Service) SetQueueRules(ctx context.Context, account desk.AccountID, r QueueRules, seen desk.Revision) error {
	return s.change(ctx, account, changedRules, func(ctx context.Context, tx *store.Tx, pen audit.Pen) error {
		skills, err := skillSet(ctx, tx, account)
		if err != nil {
			return err
		}
		teams, err := teamSet(ctx, tx, account)
		if err != nil {
			return err
		}
		if err := r.Check(skills, teams); err != nil {
			return err
		}
		staffing, err := tx.Staffing(ctx, account)
		if err != nil {
			return err
		}
		if err := fresh("set the queue's rules", seen, decode[QueueRules](staffing.Teams[""]), r); err != nil {
			return err
		}
		if err := putTeam(ctx, tx, account, "", r); err != nil {
			return err
		}
		return pen.Write(ctx, tx, audit.Act{Action: "queue_rules.changed", Target: audit.Target{Kind: "account", ID: string(account)}})
	})
}

func skillSet(ctx context.Context, tx *store.Tx, account desk.AccountID) (map[desk.SkillID]bool, error) {
	skills, err := tx.Skills(ctx, account)
	set := make(map[desk.SkillID]bool, len(skills))
	for _, k := range skills {
		set[k.ID] = true
	}
	return set, err
}

func teamSet(ctx context.Context, tx *store.Tx, account desk.AccountID) (map[desk.TeamID]bool, error) {
	teams, err := tx.Teams(ctx, account)
	set := make(map[desk.TeamID]bool, len(teams))
	for _, t := range teams {
		set[t.ID] = true
	}
	return set, err
}

func putAgent(ctx context.Context, tx *store.Tx, account desk.AccountID, agent desk.AgentID, w AgentWork) error {
	settings, err := json.Marshal(w)
	if err != nil {
		return desk.Wrap(desk.Internal, "save agent's work", err)
	}
	return tx.PutAgentWork(ctx, account, agent, string(settings))
}

func putTeam(ctx context.Context, tx *store.Tx, account desk.AccountID, team desk.TeamID, w any) error {
	settings, err := json.Marshal(w)
	if err != nil {
		return desk.Wrap(desk.Internal, "save team's work", err)
	}
	return tx.PutTeamWork(ctx, account, team, string(settings))
}
