package rest

import (
	"context"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/wire"
)

// Waiting is a conversation in the queue.
type Waiting struct {
	ConversationID desk.ConversationID `json:"conversation_id"`
	ContactID      desk.ContactID      `json:"contact_id"`
	ContactName    string              `json:"contact_name,omitempty"`
	InboxID        desk.InboxID        `json:"inbox_id"`
	TeamID         desk.TeamID         `json:"team_id,omitempty"`
	Position       int                 `json:"position" doc:"1 is next, among those of its team."`
	WaitingSince   time.Time           `json:"waiting_since"`
	Escalated      bool                `json:"escalated,omitempty"`
	Returned       int                 `json:"returned,omitempty" doc:"How often it was offered and not taken."`
	Choice         desk.WaitChoice     `json:"choice,omitempty" enum:"keep,message,callback" doc:"What the customer does meanwhile; missing is to wait."`
	LowSeconds     int64               `json:"low_s,omitempty" doc:"In six of ten cases the wait ends between low_s and high_s from now; both are missing when nobody can tell."`
	HighSeconds    int64               `json:"high_s,omitempty"`
	Lack           Lack                `json:"lack"`
}

// Lack counts why each agent does not have it; each counts once.
type Lack struct {
	Team     int `json:"team,omitempty" doc:"Of another team."`
	Skill    int `json:"skill,omitempty" doc:"Without a skill that it needs."`
	Language int `json:"language,omitempty" doc:"Does not write its language."`
	Declined int `json:"declined,omitempty" doc:"Had it."`
	Away     int `json:"away,omitempty" doc:"Able, but not there."`
	Full     int `json:"full,omitempty" doc:"Able and there, but without room."`
}

func (s *Server) getQueue(ctx context.Context, c caller, _ *nothing) (out[Items[Waiting]], error) {
	entries, err := s.deps.Queue.Queue(ctx, c.Account)
	if err != nil {
		return out[Items[Waiting]]{}, err
	}
	entries = slices.DeleteFunc(entries, func(e dispatch.Entry) bool { return !c.Sight.Sees("", e.Team) })
	talks := make([]desk.Conversation, len(entries))
	for i, e := range entries {
		talks[i] = e.Conversation
	}
	views, err := s.deps.Conversations.Views(ctx, c.Account, talks)
	if err != nil {
		return out[Items[Waiting]]{}, err
	}
	page := Items[Waiting]{Items: make([]Waiting, 0, len(entries))}
	for i, e := range entries {
		since := e.Conversation.WaitingSince
		if since.IsZero() {
			since = e.Conversation.LastMessageAt
		}
		page.Items = append(page.Items, Waiting{
			ConversationID: e.Conversation.ID, ContactID: e.Conversation.ContactID, ContactName: views[i].Contact.Profile.Name, InboxID: e.Conversation.InboxID, TeamID: e.Team,
			Position: e.Position, WaitingSince: since.UTC(), Escalated: e.Escalated, Returned: e.Returned, Choice: e.Choice,
			LowSeconds: int64(e.Wait.Low.Seconds()), HighSeconds: int64(e.Wait.High.Seconds()), Lack: Lack(e.Lack),
		})
	}
	return out[Items[Waiting]]{page}, nil
}

// AgentPresence is where a colleague is.
type AgentPresence struct {
	AgentID desk.AgentID        `json:"agent_id"`
	Status  desk.PresenceStatus `json:"status" enum:"online,busy,break,offline"`
	Reason  string              `json:"reason,omitempty"`
	Chosen  bool                `json:"chosen,omitempty" doc:"Set by hand; otherwise it follows connections and hands."`
	Since   time.Time           `json:"since,omitzero"`
	Load    int                 `json:"load,omitempty" doc:"Open conversations; only in the list."`
}

func presenceShape(p desk.Presence) AgentPresence {
	return AgentPresence{AgentID: p.AgentID, Status: p.Status, Reason: p.Reason, Chosen: p.Choice != "", Since: p.Since.UTC()}
}

func (s *Server) listPresence(ctx context.Context, c caller, _ *nothing) (out[Items[AgentPresence]], error) {
	all, err := s.deps.Queue.Presences(ctx, c.Account)
	if err != nil {
		return out[Items[AgentPresence]]{}, err
	}
	load, err := s.deps.Queue.Loads(ctx, c.Account)
	return itemsOf(all, func(p desk.Presence) AgentPresence {
		shape := presenceShape(p)
		shape.Load = load[p.AgentID]
		return shape
	}), err
}

type presenceInput struct {
	Keyed
	Body struct {
		Status desk.PresenceStatus `json:"status,omitempty" enum:",online,busy,break,offline" doc:"Empty follows connections and hands again."`
		Reason string              `json:"reason,omitempty" maxLength:"240" example:"午餐" doc:"At most 60 characters."`
	}
}

func (s *Server) setPresence(ctx context.Context, c caller, in *presenceInput) (out[AgentPresence], error) {
	p, err := s.deps.Queue.SetPresence(ctx, c.Account, c.Agent, in.Body.Status, in.Body.Reason)
	return out[AgentPresence]{presenceShape(p)}, err
}

type idleInput struct {
	Keyed
	Body struct {
		Idle bool `json:"idle"`
	}
}

func (s *Server) setIdle(_ context.Context, c caller, in *idleInput) (noContent, error) {
	s.deps.Queue.Idle(c.Account, c.Agent, in.Body.Idle)
	return noContent{}, nil
}

// ShiftEnd says what became of one's conversations.
type ShiftEnd struct {
	Returned int `json:"returned" doc:"Conversations that went back to the queue."`
}

func (s *Server) endShift(ctx context.Context, c caller, _ *struct{ Keyed }) (out[ShiftEnd], error) {
	n, err := s.deps.Queue.EndShift(ctx, c.Account, c.Agent)
	return out[ShiftEnd]{ShiftEnd{n}}, err
}

// Skill is something that conversations may need.
type Skill struct {
	ID       desk.SkillID  `json:"id"`
	Name     string        `json:"name"`
	Revision desk.Revision `json:"revision"`
}

func skillShape(k desk.Skill) Skill { return Skill{k.ID, k.Name, k.Revision()} }

func (s *Server) listSkills(ctx context.Context, c caller, _ *nothing) (out[Items[Skill]], error) {
	all, err := s.deps.Queue.Skills(ctx, c.Account)
	return itemsOf(all, skillShape), err
}

type skillBody struct {
	Name     string        `json:"name" minLength:"1" maxLength:"160" example:"售后" doc:"At most 40 characters."`
	Revision desk.Revision `json:"revision,omitempty" maxLength:"64" doc:"What was seen of it. A change is refused (409) if it is something else now."`
}

type createSkillInput struct {
	Keyed
	Body skillBody
}

func (s *Server) createSkill(ctx context.Context, c caller, in *createSkillInput) (out[Skill], error) {
	k, err := s.deps.Queue.SaveSkill(ctx, desk.Skill{AccountID: c.Account, Name: in.Body.Name}, "")
	return out[Skill]{skillShape(k)}, err
}

type renameSkillInput struct {
	ID desk.SkillID `path:"id" maxLength:"64"`
	Keyed
	Body skillBody
}

func (s *Server) renameSkill(ctx context.Context, c caller, in *renameSkillInput) (out[Skill], error) {
	k, err := s.deps.Queue.SaveSkill(ctx, desk.Skill{ID: in.ID, AccountID: c.Account, Name: in.Body.Name}, in.Body.Revision)
	return out[Skill]{skillShape(k)}, err
}

func (s *Server) deleteSkill(ctx context.Context, c caller, in *namedInput) (noContent, error) {
	return noContent{}, s.deps.Queue.DeleteSkill(ctx, c.Account, desk.SkillID(in.ID))
}

// Staffing is who can take what, when teams work, and how the queue works.
type Staffing struct {
	Agents map[desk.AgentID]AgentWork `json:"agents"`
	Teams  map[desk.TeamID]TeamWork   `json:"teams"`
	Rules  QueueRules                 `json:"rules"`
}

// AgentWork is what an agent can take.
type AgentWork struct {
	dispatch.AgentWork
	Seen
}

// TeamWork is how a team works.
type TeamWork struct {
	dispatch.TeamWork
	Seen
}

// QueueRules are how the account's queue works.
type QueueRules struct {
	dispatch.QueueRules
	Seen
}

func seenOf(v any) Seen { return Seen{desk.RevisionOf(v)} }

func (s *Server) getStaffing(ctx context.Context, c caller, _ *nothing) (out[Staffing], error) {
	staff, err := s.deps.Queue.Staff(ctx, c.Account)
	shape := Staffing{
		Agents: make(map[desk.AgentID]AgentWork, len(staff.Agents)), Teams: make(map[desk.TeamID]TeamWork, len(staff.Teams)),
		Rules: QueueRules{staff.Rules, seenOf(staff.Rules)},
	}
	for id, w := range staff.Agents {
		shape.Agents[id] = AgentWork{w, seenOf(w)}
	}
	for id, w := range staff.Teams {
		shape.Teams[id] = TeamWork{w, seenOf(w)}
	}
	return out[Staffing]{shape}, err
}

type agentWorkInput struct {
	ID desk.AgentID `path:"id" maxLength:"40"`
	Keyed
	Body AgentWork
}

func (s *Server) setAgentWork(ctx context.Context, c caller, in *agentWorkInput) (out[AgentWork], error) {
	w := in.Body.AgentWork
	return out[AgentWork]{AgentWork{w, seenOf(w)}}, s.deps.Queue.SetAgentWork(ctx, c.Account, in.ID, w, in.Body.Revision)
}

type teamWorkInput struct {
	ID desk.TeamID `path:"id" maxLength:"40"`
	Keyed
	Body TeamWork
}

func (s *Server) setTeamWork(ctx context.Context, c caller, in *teamWorkInput) (out[TeamWork], error) {
	w := in.Body.TeamWork
	return out[TeamWork]{TeamWork{w, seenOf(w)}}, s.deps.Queue.SetTeamWork(ctx, c.Account, in.ID, w, in.Body.Revision)
}

type queueRulesInput struct {
	Keyed
	Body QueueRules
}

func (s *Server) setQueueRules(ctx context.Context, c caller, in *queueRulesInput) (out[QueueRules], error) {
	r := in.Body.QueueRules
	return out[QueueRules]{QueueRules{r, seenOf(r)}}, s.deps.Queue.SetQueueRules(ctx, c.Account, r, in.Body.Revision)
}

// mine refuses a conversation that the caller may not see.
func (s *Server) mine(ctx context.Context, c caller, id desk.ConversationID) error {
	v, err := s.deps.Conversations.Conversation(ctx, c.Account, id)
	if err == nil && !c.Sight.Sees(v.AssigneeID, v.TeamID) {
		err = desk.E(desk.NotFound, "find conversation", "there is no such conversation")
	}
	return err
}

func (s *Server) decline(ctx context.Context, c caller, in *orderInput) (out[wire.Conversation], error) {
	if err := s.mine(ctx, c, in.ID); err != nil {
		return out[wire.Conversation]{}, err
	}
	if _, err := s.deps.Queue.Decline(ctx, c.Account, c.Agent, in.ID, in.Key); err != nil {
		return out[wire.Conversation]{}, err
	}
	after, err := s.deps.Conversations.Conversation(ctx, c.Account, in.ID)
	return s.changed(ctx, after, err)
}

type transferInput struct {
	Addressed
	Keyed
	Body struct {
		AgentID desk.AgentID `json:"agent_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		TeamID  desk.TeamID  `json:"team_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
		Note    string       `json:"note,omitempty" maxLength:"40000" example:"客户要求换货，已核对订单" doc:"What the next one should know, at most 10,000 characters."`
		Version int64        `json:"version,omitempty" minimum:"0" doc:"Refuse if the conversation has changed since this version."`
	}
}

func (s *Server) transfer(ctx context.Context, c caller, in *transferInput) (out[wire.Conversation], error) {
	if err := s.mine(ctx, c, in.ID); err != nil {
		return out[wire.Conversation]{}, err
	}
	version := in.Body.Version
	if in.Body.Note != "" {
		// First the note: who gets the conversation must find it there.
		order := conversation.Order{Actor: c.actor(), ConversationID: in.ID}
		before, err := s.deps.Conversations.Conversation(ctx, c.Account, order.ConversationID)
		if err == nil {
			err = before.ExpectVersion(version)
		}
		if err == nil {
			_, err = s.deps.Conversations.Note(ctx, conversation.NoteCommand{
				Actor: c.actor(), Key: in.Key, ConversationID: in.ID, Text: in.Body.Note, ClientID: in.Key,
			})
		}
		if err != nil {
			return out[wire.Conversation]{}, err
		}
		version = 0
	}
	o := conversation.Order{Actor: c.actor(), Key: in.Key, ConversationID: in.ID, ExpectVersion: version}
	after, err := s.deps.Conversations.Transfer(ctx, o, in.Body.AgentID, in.Body.TeamID)
	return s.changed(ctx, after, err)
}

type escalateInput struct {
	Addressed
	Keyed
	Body struct {
		Reason string `json:"reason" minLength:"1" maxLength:"240" example:"客户非常生气" doc:"At most 60 characters."`
	}
}

func (s *Server) escalate(ctx context.Context, c caller, in *escalateInput) (out[wire.Conversation], error) {
	if err := s.mine(ctx, c, in.ID); err != nil {
		return out[wire.Conversation]{}, err
	}
	by := desk.Author{Kind: desk.ByAgent, ID: string(c.Agent)}
	if _, err := s.deps.Queue.Escalate(ctx, c.Account, in.ID, by, in.Body.Reason, -1, in.Key); err != nil {
		return out[wire.Conversation]{}, err
	}
	after, err := s.deps.Conversations.Conversation(ctx, c.Account, in.ID)
	return s.changed(ctx, after, err)
}
