package dispatch

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/routing"
	"yingda.dev/internal/engine/sla"
	"yingda.dev/internal/platform/store"
)

// office is what the rules of an account make of its people: everything that
// changes only when somebody changes it.
type office struct {
	// read is when it was asked for.
	read   time.Time
	locale desk.Locale
	rules  QueueRules
	teams  map[desk.TeamID]*teamRoom
	agents map[desk.AgentID]routing.Agent
	// everybody are also those who are disabled: they may still have conversations.
	everybody []desk.AgentID
	inbox     func(desk.InboxID) (desk.Inbox, bool)
	senior    desk.TeamID
	// paces are how long agents of a team are busy; "" is anybody.
	paces map[desk.TeamID]routing.Pace
}

// teamRoom is a team at work.
type teamRoom struct {
	work     TeamWork
	calendar sla.Calendar
	members  map[desk.AgentID]bool
}

// office reads an account's people and rules.
func (s *Service) office(ctx context.Context, account desk.AccountID) (*office, error) {
	reads, now := s.deps.Store, s.deps.Clock.Now()
	company, err := reads.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	staffing, err := reads.Staffing(ctx, account)
	if err != nil {
		return nil, err
	}
	teams, err := reads.Teams(ctx, account)
	if err != nil {
		return nil, err
	}
	people, err := reads.Agents(ctx, account)
	if err != nil {
		return nil, err
	}
	o := &office{
		read: now, locale: company.Locale, rules: decode[QueueRules](staffing.Teams[""]), teams: make(map[desk.TeamID]*teamRoom, len(teams)),
		agents: make(map[desk.AgentID]routing.Agent, len(people)),
	}
	if o.inbox, err = s.deps.Offices.InboxLookup(ctx, account); err != nil {
		return nil, err
	}
	paces, err := reads.QueuePaces(ctx, account)
	if err != nil {
		return nil, err
	}
	o.paces = make(map[desk.TeamID]routing.Pace, len(paces))
	for team, text := range paces {
		o.paces[team] = decode[routing.Pace](text)
	}
	of := make(map[desk.AgentID][]desk.TeamID)
	for _, t := range teams {
		room := &teamRoom{work: decode[TeamWork](staffing.Teams[t.ID]), members: make(map[desk.AgentID]bool, len(t.Members))}
		room.calendar = room.work.calendar()
		for _, m := range t.Members {
			of[m] = append(of[m], t.ID)
			room.members[m] = true
		}
		if room.work.Senior && o.senior == "" {
			o.senior = t.ID
		}
		o.teams[t.ID] = room
	}
	for _, p := range people {
		o.everybody = append(o.everybody, p.ID)
		if p.Disabled {
			continue
		}
		o.agents[p.ID] = agentOf(p.ID, of[p.ID], staffing)
	}
	return o, nil
}

// agentOf is an agent as the queue sees one.
func agentOf(id desk.AgentID, teams []desk.TeamID, staffing store.Staffing) routing.Agent {
	text, said := staffing.Agents[id]
	w := decode[AgentWork](text)
	if !said {
		w.Capacity = usualCapacity
	}
	a := routing.Agent{ID: id, Teams: teams, Languages: w.Languages, Capacity: w.Capacity, Skills: make(map[string]int, len(w.Skills))}
	for skill, level := range w.Skills {
		a.Skills[string(skill)] = level
	}
	return a
}

// team is who answers a conversation: its own, else its inbox's.
func (o *office) team(c waiter) desk.TeamID {
	if c.team != "" {
		return c.team
	}
	return o.rules.Inboxes[c.inbox].Team
}

// weight is how much of a capacity a conversation of an inbox takes.
func (o *office) weight(inbox desk.InboxID) int {
	in, ok := o.inbox(inbox)
	if !ok {
		return 1
	}
	return max(o.rules.Weights[in.Channel], 1)
}

// work is a waiting conversation as the queue sees one.
func (o *office) work(c waiter, e store.QueueEntry) routing.Work {
	rule := o.rules.Inboxes[c.inbox]
	w := routing.Work{
		ID: c.id, Team: o.team(c), Language: rule.Language, Weight: o.weight(c.inbox), Preferred: c.preferred,
		WaitingSince: c.since, Declined: e.Declined,
	}
	w.Boost = o.rules.policy().Boost(o.workOf(w.Team).Priority, e.Escalated, e.Returned)
	if e.Choice.Unhurried() && !e.Escalated {
		w.Boost -= o.rules.policy().Unhurried
	}
	if _, ok := o.teams[w.Team]; !ok {
		w.Team = "" // the team was deleted: anybody's, rather than nobody's
	}
	if c.team == "" || c.team == rule.Team {
		for _, n := range rule.Needs {
			w.Needs = append(w.Needs, routing.Need{Skill: string(n.Skill), Level: n.Level})
		}
	}
	return w
}

// opens is when somebody is there for a conversation again: now in working
// hours; false when the hours say never.
func (o *office) opens(team desk.TeamID, now time.Time) (time.Time, bool) {
	room := o.teams[team]
	if room == nil {
		return now, true
	}
	return room.calendar.NextOpen(now)
}

// closes is when the working hours of a team that is at work end; false if
// they do not.
func (o *office) closes(team desk.TeamID, now time.Time) (time.Time, bool) {
	room := o.teams[team]
	if room == nil {
		return time.Time{}, false
	}
	return room.calendar.NextClose(now)
}

// watch is how much of the account needs to be known.
func (o *office) watch() watch {
	switch {
	case o.rules.Automatic:
		return watchAll
	case o.rules.alerts().timed():
		return watchWaiting
	}
	return watchNothing
}
