package sqlite

import (
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// recallSize is how many entries of each kind are remembered: two generations
// of half that. A conversation takes about 1 KiB.
const recallSize = 8192

// recall is what the committer remembers of the rows that every command looks
// up. It is right because the committer is the only writer: a command puts in
// what it wrote, a function that writes to these tables empties it, and so does
// every transaction that did not commit. It belongs to the committer.
type recall struct {
	contacts      generations[identityKey, desk.ContactID]
	live          generations[liveKey, desk.ConversationID]
	conversations generations[conversationKey, desk.Conversation]
}

type identityKey struct {
	account     desk.AccountID
	scope, hash string
}

type liveKey struct {
	account desk.AccountID
	contact desk.ContactID
	thread  string
}

type conversationKey struct {
	account desk.AccountID
	id      desk.ConversationID
}

func (r *recall) forget() {
	r.contacts.clear()
	r.live.clear()
	r.conversations.clear()
}

// wrote takes over what a plan has written.
func (r *recall) wrote(p *store.Plan) {
	if i := p.Identity; i != nil {
		r.contacts.put(identityKey{desk.AccountID(i.AccountID), i.Scope, i.Hash}, desk.ContactID(i.ContactID))
	}
	if l := p.Live; l != nil {
		r.live.put(liveKey{desk.AccountID(l.AccountID), desk.ContactID(l.ContactID), l.Thread}, desk.ConversationID(l.ConversationID))
	}
	if p.Conversation != nil || p.NewConversation != nil {
		c := p.Outcome.Conversation
		// As it would be read: times in microseconds, nothing as nil.
		row := store.ConversationRow(c)
		if len(row.Preview) == 0 {
			row.Preview = nil
		}
		r.conversations.put(conversationKey{c.AccountID, c.ID}, store.ConversationOf(row))
	}
}

// generations is a map that forgets what was not used for long: what is neither
// put nor asked for while a whole generation fills goes with the next.
type generations[K comparable, V any] struct {
	young, old map[K]V
}

func (g *generations[K, V]) get(key K) (V, bool) {
	if v, ok := g.young[key]; ok {
		return v, true
	}
	v, ok := g.old[key]
	if ok {
		g.put(key, v)
	}
	return v, ok
}

func (g *generations[K, V]) put(key K, v V) {
	if g.young == nil {
		g.young = make(map[K]V)
	}
	if _, known := g.young[key]; !known && len(g.young) >= recallSize/2 {
		g.young, g.old = make(map[K]V), g.young
	}
	g.young[key] = v
}

func (g *generations[K, V]) clear() {
	g.young, g.old = nil, nil
}
