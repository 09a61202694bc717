package feed

import (
	"context"
	"errors"
	"maps"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/wire"
)

// view is how much of an event somebody may hear.
type view int

const (
	// nothing: for them it did not happen.
	nothing view = iota
	// farewell: the conversation has gone out of their sight with this event.
	farewell
	// whole: all of it.
	whole
)

// lives answers what is visible at this moment, each thing asked for once.
type lives struct {
	feed    *Feed
	account desk.AccountID
	// talks are conversations as they are now; the zero value is one that is gone.
	talks map[desk.ConversationID]desk.Conversation
	// of are the conversations of a contact.
	of map[desk.ContactID][]desk.Conversation
}

func (f *Feed) lives(account desk.AccountID) *lives {
	return &lives{
		feed: f, account: account,
		talks: make(map[desk.ConversationID]desk.Conversation), of: make(map[desk.ContactID][]desk.Conversation),
	}
}

// load reads the conversations of events together.
func (l *lives) load(ctx context.Context, events []desk.Event) error {
	var ids []desk.ConversationID
	for _, e := range events {
		if _, known := l.talks[e.ConversationID]; !known && e.ConversationID != "" {
			l.talks[e.ConversationID] = desk.Conversation{}
			ids = append(ids, e.ConversationID)
		}
	}
	found, err := l.feed.deps.Store.ConversationsByID(ctx, l.account, ids)
	maps.Copy(l.talks, found)
	return err
}

func (l *lives) conversation(ctx context.Context, id desk.ConversationID) (desk.Conversation, error) {
	c, ok := l.talks[id]
	if ok {
		return c, nil
	}
	c, err := l.feed.deps.Store.Conversation(ctx, l.account, id)
	if err != nil && !errors.Is(err, desk.NotFound) {
		return desk.Conversation{}, err
	}
	l.talks[id] = c
	return c, nil
}

// sees tells whether a conversation, or else a person by one of their
// conversations, is visible. What is about neither is everybody's.
func (l *lives) sees(ctx context.Context, s desk.Sight, id desk.ConversationID, contact desk.ContactID) (bool, error) {
	switch {
	case s.Everything():
		return true, nil
	case s.Reach == "":
		return false, nil
	case id != "":
		c, err := l.conversation(ctx, id)
		return err == nil && c.ID != "" && s.SeesConversation(c), err
	case contact != "":
		talks, ok := l.of[contact]
		if !ok {
			var err error
			if talks, err = l.feed.deps.Store.ConversationsOfContact(ctx, l.account, contact); err != nil {
				return false, err
			}
			l.of[contact] = talks
		}
		return slices.ContainsFunc(talks, s.SeesConversation), nil
	}
	return true, nil
}

// view tells how much of an event may be heard. It is judged by the event's own
// state as it happens, and by today's at a replay.
func (l *lives) view(ctx context.Context, s desk.Sight, e desk.Event, replay bool) (view, error) {
	var seen bool
	if e.State != nil && !replay {
		seen = s.Sees(e.State.AssigneeID, e.State.TeamID)
	} else {
		var err error
		if seen, err = l.sees(ctx, s, e.ConversationID, e.ContactID); err != nil {
			return nothing, err
		}
	}
	if seen {
		return whole, nil
	}
	if f, ok := e.Fact.(desk.ConversationAssigned); ok && s.Sees(f.PreviousAgentID, f.PreviousTeamID) {
		return farewell, nil
	}
	return nothing, nil
}

// hidden is the event that takes a conversation out of somebody's lists. It
// says no more than that.
func (r renderer) hidden(ctx context.Context, e desk.Event) ([]byte, bool) {
	return r.encode(ctx, wire.Event{Type: wire.ConversationHidden, At: e.At.UTC(), ConversationID: e.ConversationID})
}

// pushAgents hands an event to agents' feeds, as far as each may hear it.
func (f *Feed) pushAgents(ctx context.Context, p Publisher, r renderer, e desk.Event, content *desk.Content, agents []*chain) {
	body, ok := r.agent(ctx, e, content)
	if !ok {
		return
	}
	now := f.lives(e.AccountID)
	for _, c := range agents {
		sight, err := f.deps.Directory.AgentSight(ctx, e.AccountID, c.audience.Agent)
		v := nothing
		if err == nil {
			v, err = now.view(ctx, sight, e, false)
		}
		if err != nil {
			f.gap(p, c, e.Pos)
			continue
		}
		switch v {
		case whole:
			f.send(p, c, e.Pos, body, "agent")
		case farewell:
			if bye, ok := r.hidden(ctx, e); ok {
				f.send(p, c, e.Pos, bye, "agent")
			}
		case nothing:
		}
	}
}

// listeners are the agents who may hear a signal. A signal nobody can judge of
// is lost.
func (f *Feed) listeners(ctx context.Context, s bus.Signal, agents []*chain) []*chain {
	now := f.lives(s.AccountID)
	heard := agents[:0]
	for _, c := range agents {
		sight, err := f.deps.Directory.AgentSight(ctx, s.AccountID, c.audience.Agent)
		if err != nil {
			continue
		}
		if ok, err := now.sees(ctx, sight, s.ConversationID, s.ContactID); err == nil && ok && sight.Reach != "" {
			heard = append(heard, c)
		}
	}
	return heard
}
