package feed

import (
	"context"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/wire"
)

// Who has a conversation open is known for viewingLife after it was last said;
// pages say it again every 20 seconds. It is kept in memory, on the node that
// hears it, and lost with it.
const (
	viewingLife = 30 * time.Second
	typingLife  = 8 * time.Second
	// maxViewed bounds how many conversations are kept. When it is full, what is
	// told of another one reaches nobody until some have expired.
	maxViewed = 20_000
	// maxViewers bounds the agents of one conversation in the same way.
	maxViewers = 50
)

type viewed struct {
	account desk.AccountID
	id      desk.ConversationID
}

type viewer struct {
	until, typing time.Time
}

// viewing notes that an agent has a conversation open, or writes in it, and
// tells all who have it open. Only the goroutine of the signals calls it.
func (f *Feed) viewing(ctx context.Context, p Publisher, s bus.Signal) {
	now := f.deps.Clock.Now()
	key, agent := viewed{s.AccountID, s.ConversationID}, desk.AgentID(s.By.ID)
	all := f.viewers[key]
	present, known := all[agent]
	switch {
	case s.Kind == bus.Viewing && !s.On:
		if !known {
			return
		}
		delete(all, agent)
	case s.Kind == bus.Viewing:
		if all == nil {
			f.forgetViewers(now)
			if len(f.viewers) >= maxViewed {
				return
			}
			all = make(map[desk.AgentID]viewer)
			f.viewers[key] = all
		}
		if !known && len(all) >= maxViewers {
			return
		}
		present.until = now.Add(viewingLife)
		all[agent] = present
	case !known: // writes without having said that the conversation is open
		return
	default:
		present.typing = time.Time{}
		if s.On {
			present.typing = now.Add(typingLife)
		}
		all[agent] = present
	}
	out := wire.Signal{Type: bus.Viewing, ConversationID: s.ConversationID, On: true, Agents: []wire.Viewer{}}
	for id, v := range all {
		if v.until.Before(now) {
			delete(all, id)
			continue
		}
		out.Agents = append(out.Agents, wire.Viewer{
			ID: id, Name: f.deps.Directory.AgentName(ctx, s.AccountID, id), Typing: v.typing.After(now),
		})
	}
	slices.SortFunc(out.Agents, func(a, b wire.Viewer) int { return strings.Compare(string(a.ID), string(b.ID)) })
	f.mu.Lock()
	var chains []*chain
	if feeds := f.accounts[s.AccountID]; feeds != nil {
		for id := range all {
			if c := feeds.agents[id]; c != nil {
				chains = append(chains, c)
			}
		}
	}
	f.mu.Unlock()
	if len(all) == 0 {
		delete(f.viewers, key)
	}
	f.publishSignal(p, f.listeners(ctx, s, chains), out)
}

// forgetViewers drops conversations that nobody has open any more, when there are many.
func (f *Feed) forgetViewers(now time.Time) {
	if len(f.viewers) < maxViewed/2 {
		return
	}
	for key, all := range f.viewers {
		for id, v := range all {
			if v.until.Before(now) {
				delete(all, id)
			}
		}
		if len(all) == 0 {
			delete(f.viewers, key)
		}
	}
}
