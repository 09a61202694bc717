package dispatch

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/routing"
	"yingda.dev/internal/engine/sla"
)

// AgentWork is what an agent can take.
type AgentWork struct {
	// Capacity is how much at once, in units of an ordinary chat. Default 5.
	Capacity int `json:"capacity"`
	// Skills are levels from 1 to 5.
	Skills map[desk.SkillID]int `json:"skills,omitempty"`
	// Languages are what the agent writes in; none means any.
	Languages []desk.Locale `json:"languages,omitempty"`
}

// TeamWork is how a team works.
type TeamWork struct {
	// Zone is an IANA time zone, and Hours when the team is at work in it. The
	// zero Hours are always.
	Zone  string   `json:"zone"`
	Hours sla.Plan `json:"hours"`
	// Senior marks the team that gets what is escalated.
	Senior bool `json:"senior,omitempty"`
	// AnswerWithinSeconds is how long an agent has for the first answer before
	// somebody else gets the conversation. 0 is the account's.
	AnswerWithinSeconds int `json:"answer_within_s,omitempty"`
	// Priority is how important its customers are, from 0 (as others) to 4: each
	// step is worth as much as routing.Usual.VIP of waiting.
	Priority int `json:"priority,omitempty"`
}

// Need is a skill that an inbox asks for.
type Need struct {
	Skill desk.SkillID `json:"skill"`
	Level int          `json:"level"`
}

// InboxRule says who answers what comes in by an inbox.
type InboxRule struct {
	Team     desk.TeamID `json:"team_id,omitempty"`
	Needs    []Need      `json:"needs,omitempty"`
	Language desk.Locale `json:"language,omitempty"`
}

// QueueRules are the account's own.
type QueueRules struct {
	// Automatic gives conversations to agents by itself. Without it they are
	// claimed by hand, and visitors are told nothing of a queue.
	Automatic bool `json:"automatic"`
	// AnswerWithinSeconds is how long an agent has for the first answer. Default
	// 120; -1 is for ever.
	AnswerWithinSeconds int `json:"answer_within_s,omitempty"`
	// EscalatedMinutes and ReturnedMinutes are what being escalated, and being
	// offered again, is worth in waiting time. Default 15 and 2.
	EscalatedMinutes int `json:"escalated_min,omitempty"`
	ReturnedMinutes  int `json:"returned_min,omitempty"`
	// Weights are how much of a capacity a conversation takes, by channel. 1
	// where nothing is said.
	Weights map[string]int `json:"weights,omitempty"`
	// Inboxes are the rules of single inboxes.
	Inboxes map[desk.InboxID]InboxRule `json:"inboxes,omitempty"`
	// Compensation are texts offered to whoever answers an escalated conversation.
	Compensation []Script `json:"compensation,omitempty"`
	// Alerts say when supervisors are told; nothing said are the usual ones.
	Alerts *AlertRules `json:"alerts,omitempty"`
}

// Script is a text that is ready to be sent.
type Script struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// AlertRules say of what supervisors are told, on screen and by robots. 0 and
// false are never.
type AlertRules struct {
	// LongestWaitSeconds is how long somebody may wait.
	LongestWaitSeconds int `json:"longest_wait_s"`
	// Waiting is how many may wait, AtRisk how many of them longer than agents
	// have for the first answer.
	Waiting int `json:"waiting"`
	AtRisk  int `json:"at_risk"`
	// Nobody tells that customers wait in working hours and nobody is there.
	Nobody bool `json:"nobody"`
	// Escalated tells of each conversation that was escalated.
	Escalated bool `json:"escalated"`
}

// usualAlerts are those of an account that has not said anything.
var usualAlerts = AlertRules{LongestWaitSeconds: 300, Waiting: 20, AtRisk: 5, Nobody: true, Escalated: true}

func (r QueueRules) alerts() AlertRules {
	if r.Alerts == nil {
		return usualAlerts
	}
	return *r.Alerts
}

// timed reports whether any rule is about those who wait.
func (r AlertRules) timed() bool {
	return r.LongestWaitSeconds > 0 || r.Waiting > 0 || r.AtRisk > 0 || r.Nobody
}

func (r AlertRules) check(op string) error {
	if r.LongestWaitSeconds < 0 || r.LongestWaitSeconds > 24*3600 {
		return desk.InvalidField(op, "alerts.longest_wait_s", "the longest wait is at most a day")
	}
	if r.Waiting < 0 || r.Waiting > 100_000 || r.AtRisk < 0 || r.AtRisk > 100_000 {
		return desk.InvalidField(op, "alerts.waiting", "a number of customers is between 0 and 100,000")
	}
	return nil
}

// What bounds the texts.
const (
	maxScripts     = 20
	maxScriptTitle = 60
	maxScriptText  = 2000
)

func checkScripts(op string, scripts []Script) error {
	if len(scripts) > maxScripts {
		return desk.InvalidField(op, "compensation", "there are at most 20 texts")
	}
	for _, s := range scripts {
		if strings.TrimSpace(s.Title) == "" || utf8.RuneCountInString(s.Title) > maxScriptTitle || !utf8.ValidString(s.Title) {
			return desk.InvalidField(op, "compensation", "a title has 1 to 60 characters")
		}
		if strings.TrimSpace(s.Text) == "" || utf8.RuneCountInString(s.Text) > maxScriptText || !utf8.ValidString(s.Text) {
			return desk.InvalidField(op, "compensation", "a text has 1 to 2,000 characters")
		}
	}
	return nil
}

// What is assumed where nothing is said.
const (
	usualCapacity = 5
	usualAnswer   = 120 * time.Second
	maxCapacity   = 100
	maxWeight     = 20
)

// Check refuses settings that make no sense.
func (w AgentWork) Check(skills map[desk.SkillID]bool) error {
	const op = "set agent's work"
	if w.Capacity < 0 || w.Capacity > maxCapacity {
		return desk.InvalidField(op, "capacity", "a capacity is between 0 and 100")
	}
	for id, level := range w.Skills {
		if !skills[id] {
			return desk.InvalidField(op, "skills", "there is no such skill")
		}
		if level < routing.MinLevel || level > routing.MaxLevel {
			return desk.InvalidField(op, "skills", "a level is between 1 and 5")
		}
	}
	for _, l := range w.Languages {
		if l != desk.Chinese && l != desk.English {
			return desk.InvalidField(op, "languages", "the language is not one of those the product speaks")
		}
	}
	return nil
}

// Check refuses settings that make no sense.
func (w TeamWork) Check() error {
	const op = "set team's work"
	if w.AnswerWithinSeconds < -1 || w.AnswerWithinSeconds > 24*3600 {
		return desk.InvalidField(op, "answer_within_s", "the time to answer is at most a day")
	}
	if w.Priority < 0 || w.Priority > routing.MaxTier {
		return desk.InvalidField(op, "priority", "a priority is between 0 and 4")
	}
	if _, err := zoneOf(w.Zone); err != nil {
		return desk.InvalidField(op, "zone", "there is no such time zone")
	}
	return w.Hours.Check()
}

// Check refuses rules that make no sense.
func (r QueueRules) Check(skills map[desk.SkillID]bool, teams map[desk.TeamID]bool) error {
	const op = "set queue rules"
	if r.AnswerWithinSeconds < -1 || r.AnswerWithinSeconds > 24*3600 {
		return desk.InvalidField(op, "answer_within_s", "the time to answer is at most a day")
	}
	if r.EscalatedMinutes < 0 || r.EscalatedMinutes > 24*60 || r.ReturnedMinutes < 0 || r.ReturnedMinutes > 24*60 {
		return desk.InvalidField(op, "escalated_min", "a bonus is at most a day")
	}
	if err := checkScripts(op, r.Compensation); err != nil {
		return err
	}
	if err := r.alerts().check(op); err != nil {
		return err
	}
	if len(r.Weights) > 50 || len(r.Inboxes) > 1000 {
		return desk.InvalidField(op, "inboxes", "there are too many rules")
	}
	for _, w := range r.Weights {
		if w < 1 || w > maxWeight {
			return desk.InvalidField(op, "weights", "a weight is between 1 and 20")
		}
	}
	for _, in := range r.Inboxes {
		if in.Team != "" && !teams[in.Team] {
			return desk.InvalidField(op, "inboxes", "there is no such team")
		}
		for _, n := range in.Needs {
			if !skills[n.Skill] || n.Level < routing.MinLevel || n.Level > routing.MaxLevel {
				return desk.InvalidField(op, "inboxes", "there is no such skill, or the level is not between 1 and 5")
			}
		}
	}
	return nil
}

// policy is the rules' worth in waiting time.
func (r QueueRules) policy() routing.Policy {
	p := routing.Usual
	if r.EscalatedMinutes > 0 {
		p.Escalated = time.Duration(r.EscalatedMinutes) * time.Minute
	}
	if r.ReturnedMinutes > 0 {
		p.Returned = time.Duration(r.ReturnedMinutes) * time.Minute
	}
	return p
}

// answerWithin is how long an agent of a team has; 0 is for ever.
func (r QueueRules) answerWithin(t TeamWork) time.Duration {
	for _, s := range []int{t.AnswerWithinSeconds, r.AnswerWithinSeconds} {
		switch {
		case s < 0:
			return 0
		case s > 0:
			return time.Duration(s) * time.Second
		}
	}
	return usualAnswer
}

// calendar is when the team is at work.
func (w TeamWork) calendar() sla.Calendar {
	zone, err := zoneOf(w.Zone)
	if err != nil {
		return sla.Calendar{} // the zone has gone from the system: better always than never
	}
	c, err := sla.New(zone, w.Hours)
	if err != nil {
		return sla.Calendar{}
	}
	return c
}

// usualZone is where a team is that has not said so.
const usualZone = "Asia/Shanghai"

func zoneOf(name string) (*time.Location, error) {
	if name == "" {
		name = usualZone
	}
	return time.LoadLocation(name)
}

// decode reads settings; what cannot be read is as if nothing had been said.
func decode[T any](text string) (v T) {
	if text != "" {
		_ = json.Unmarshal([]byte(text), &v)
	}
	return v
}
