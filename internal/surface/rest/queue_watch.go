package rest

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/platform/robot"
)

// QueueDay is how waits have ended, and which alerts are on.
type QueueDay struct {
	Since     time.Time    `json:"since"`
	Assigned  int64        `json:"assigned" doc:"Customers who got somebody."`
	Abandoned int64        `json:"abandoned" doc:"Customers who gave up before anybody answered."`
	Closed    int64        `json:"closed" doc:"Conversations that were resolved without anybody having had them."`
	WaitedS   int64        `json:"waited_s" doc:"How long those who got somebody had waited, on average."`
	Alerts    []QueueAlert `json:"alerts"`
}

// QueueAlert is a rule of the queue that is broken at the moment.
type QueueAlert struct {
	Rule  desk.AlertRule `json:"rule" enum:"longest_wait,waiting,at_risk,nobody"`
	Value int64          `json:"value" doc:"How bad it was when it began: seconds for longest_wait, else customers."`
	Since time.Time      `json:"since"`
}

type queueDayInput struct {
	Since time.Time `query:"since" doc:"Midnight of the reader, for a day; at most 31 days ago. A day ago if missing."`
}

func (s *Server) getQueueDay(ctx context.Context, c caller, in *queueDayInput) (out[QueueDay], error) {
	now := s.deps.Clock.Now()
	since := in.Since
	if since.IsZero() {
		since = now.Add(-24 * time.Hour)
	}
	if since.Before(now.Add(-31 * 24 * time.Hour)) {
		return out[QueueDay]{}, desk.InvalidField("read queue day", "since", "the time is at most 31 days ago")
	}
	day, err := s.deps.Queue.Day(ctx, c.Account, since)
	if err != nil {
		return out[QueueDay]{}, err
	}
	alerts, err := s.deps.Queue.Alerts(ctx, c.Account)
	shape := QueueDay{
		Since: since.UTC(), Assigned: day.Assigned, Abandoned: day.Abandoned, Closed: day.Closed, WaitedS: int64(day.Waited.Seconds()),
		Alerts: make([]QueueAlert, 0, len(alerts)),
	}
	for _, a := range alerts {
		shape.Alerts = append(shape.Alerts, QueueAlert{a.Rule, a.Value, a.Since.UTC()})
	}
	return out[QueueDay]{shape}, err
}

// Callback is a customer who wants to be called back.
type Callback struct {
	ID             string              `json:"id"`
	ConversationID desk.ConversationID `json:"conversation_id"`
	ContactID      desk.ContactID      `json:"contact_id"`
	ContactName    string              `json:"contact_name,omitempty"`
	Phone          string              `json:"phone" example:"138 0000 0000"`
	Note           string              `json:"note,omitempty"`
	From           time.Time           `json:"from,omitzero" doc:"From when the customer wants to be called; missing is from now on."`
	To             time.Time           `json:"to,omitzero"`
	State          desk.CallbackState  `json:"state" enum:"open,done,withdrawn"`
	CreatedAt      time.Time           `json:"created_at"`
	DoneAt         time.Time           `json:"done_at,omitzero"`
	DoneBy         desk.AgentID        `json:"done_by,omitempty"`
}

func (s *Server) callbackShapes(ctx context.Context, c caller, list []dispatch.Callback) ([]Callback, error) {
	talks := make([]desk.Conversation, len(list))
	for i, v := range list {
		talks[i] = desk.Conversation{ID: v.ConversationID, AccountID: c.Account, ContactID: v.ContactID}
	}
	views, err := s.deps.Conversations.Views(ctx, c.Account, talks)
	if err != nil {
		return nil, err
	}
	out := make([]Callback, len(list))
	for i, v := range list {
		out[i] = Callback{
			ID: v.ID, ConversationID: v.ConversationID, ContactID: v.ContactID, ContactName: views[i].Contact.Profile.Name, Phone: v.Phone, Note: v.Note,
			From: v.From.UTC(), To: v.To.UTC(), State: v.State, CreatedAt: v.CreatedAt.UTC(), DoneAt: v.DoneAt.UTC(), DoneBy: v.DoneBy,
		}
		for _, at := range []*time.Time{&out[i].From, &out[i].To, &out[i].DoneAt} {
			if at.Unix() == 0 {
				*at = time.Time{}
			}
		}
	}
	return out, nil
}

// CallbackPage is a page of them.
type CallbackPage struct {
	Items      []Callback `json:"items"`
	NextCursor string     `json:"next_cursor,omitempty" doc:"Missing at the end."`
}

type callbacksInput struct {
	State        desk.CallbackState  `query:"state" enum:"open,done,withdrawn" default:"open"`
	Conversation desk.ConversationID `query:"conversation_id" maxLength:"40" doc:"All of this conversation, whatever their state."`
	Cursor       string              `query:"cursor" maxLength:"64"`
	Limit        int                 `query:"limit" minimum:"1" maximum:"100" default:"50"`
}

func (s *Server) listCallbacks(ctx context.Context, c caller, in *callbacksInput) (out[CallbackPage], error) {
	list, next, err := s.deps.Queue.Callbacks(ctx, c.Account, c.Sight, in.Conversation, in.State, in.Cursor, in.Limit)
	if err != nil {
		return out[CallbackPage]{}, err
	}
	shapes, err := s.callbackShapes(ctx, c, list)
	return out[CallbackPage]{CallbackPage{Items: shapes, NextCursor: next}}, err
}

func (s *Server) finishCallback(ctx context.Context, c caller, in *namedInput) (out[Callback], error) {
	return s.called(ctx, c, in.ID, true)
}

func (s *Server) reopenCallback(ctx context.Context, c caller, in *namedInput) (out[Callback], error) {
	return s.called(ctx, c, in.ID, false)
}

func (s *Server) called(ctx context.Context, c caller, id string, done bool) (out[Callback], error) {
	v, err := s.deps.Queue.Called(ctx, c.Account, c.Sight, c.Agent, id, done)
	if err != nil {
		return out[Callback]{}, err
	}
	shapes, err := s.callbackShapes(ctx, c, []dispatch.Callback{v})
	if err != nil {
		return out[Callback]{}, err
	}
	return out[Callback]{shapes[0]}, nil
}

// Robot is a group robot that is told of alerts. Its address and secret are not shown.
type Robot struct {
	ID      string           `json:"id"`
	Name    string           `json:"name"`
	Kind    robot.Kind       `json:"kind" enum:"wecom,dingtalk,feishu"`
	Host    string           `json:"host"`
	Signed  bool             `json:"signed,omitempty" doc:"A signing secret is stored."`
	Rules   []desk.AlertRule `json:"rules" doc:"Of what it is told; none is everything."`
	Enabled bool             `json:"enabled"`
	Error   string           `json:"error,omitempty" doc:"Why the last message did not arrive."`
	SentAt  time.Time        `json:"sent_at,omitzero" doc:"When a message last arrived."`
}

func robotShape(r dispatch.Robot) Robot {
	shape := Robot{ID: r.ID, Name: r.Name, Kind: r.Kind, Host: r.Host, Signed: r.Signed, Rules: r.Rules, Enabled: r.Enabled, Error: r.Error}
	if shape.Rules == nil {
		shape.Rules = []desk.AlertRule{}
	}
	if r.SentAt.Unix() > 0 {
		shape.SentAt = r.SentAt.UTC()
	}
	return shape
}

func (s *Server) listRobots(ctx context.Context, c caller, _ *nothing) (out[Items[Robot]], error) {
	all, err := s.deps.Queue.Robots(ctx, c.Account)
	return itemsOf(all, robotShape), err
}

// RobotBody is what is said of a robot.
type RobotBody struct {
	Name     string           `json:"name" minLength:"1" maxLength:"160" example:"客服主管群" doc:"At most 40 characters."`
	Kind     robot.Kind       `json:"kind" enum:"wecom,dingtalk,feishu"`
	URL      string           `json:"url,omitempty" maxLength:"1000" doc:"The address that the group shows for its robot, with https://."`
	Secret   string           `json:"secret,omitempty" maxLength:"200" doc:"The signing secret, where the group asks for one."`
	NoSecret bool             `json:"no_secret,omitempty" doc:"Take the stored signing secret away."`
	Rules    []desk.AlertRule `json:"rules,omitempty" maxItems:"10" enum:"longest_wait,waiting,at_risk,nobody,escalated"`
	Enabled  bool             `json:"enabled"`
}

func (b RobotBody) robot(c caller, id string) dispatch.Robot {
	return dispatch.Robot{
		ID: id, Account: c.Account, Name: b.Name, Kind: b.Kind, URL: b.URL, Secret: b.Secret, NoSecret: b.NoSecret, Rules: b.Rules, Enabled: b.Enabled,
	}
}

type createRobotInput struct {
	Keyed
	Body RobotBody
}

func (s *Server) createRobot(ctx context.Context, c caller, in *createRobotInput) (out[Robot], error) {
	r, err := s.deps.Queue.SaveRobot(ctx, in.Key, in.Body.robot(c, ""))
	return out[Robot]{robotShape(r)}, err
}

type changeRobotInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body RobotBody
}

func (s *Server) changeRobot(ctx context.Context, c caller, in *changeRobotInput) (out[Robot], error) {
	r, err := s.deps.Queue.SaveRobot(ctx, in.Key, in.Body.robot(c, in.ID))
	return out[Robot]{robotShape(r)}, err
}

func (s *Server) deleteRobot(ctx context.Context, c caller, in *namedInput) (noContent, error) {
	return noContent{}, s.deps.Queue.DeleteRobot(ctx, c.Account, in.ID)
}

func (s *Server) testRobot(ctx context.Context, c caller, in *namedInput) (out[Robot], error) {
	r, err := s.deps.Queue.TestRobot(ctx, c.Account, in.ID)
	return out[Robot]{robotShape(r)}, err
}
