package profile

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Conflict is something on which two contacts differ. The kept one's value
// stays unless the choice for its field is "lose".
type Conflict struct {
	// Field is name, email, phone, locale or attributes.<name>.
	Field      string
	Keep, Lose string
}

// Preview says what a merge would do.
type Preview struct {
	Keep, Lose View
	Conflicts  []Conflict
	// Verified tells that the site vouches for both as two different users: the
	// merge must be forced.
	Verified bool
	// Conversations and Identities are how many would move.
	Conversations, Identities int
}

// Merge is one merge that was made.
type Merge struct {
	ID         string
	Keep, Lose desk.ContactID
	AgentID    desk.AgentID
	At         time.Time
	// UndoneAt is zero while it stands.
	UndoneAt time.Time
}

// moved is what a merge did, to be undone.
type moved struct {
	// Profile and Blocked are the kept contact's before; Version is its version after.
	Profile       desk.Profile          `json:"profile"`
	Blocked       bool                  `json:"blocked"`
	Version       int64                 `json:"version"`
	Identities    []identityName        `json:"identities"`
	Conversations []desk.ConversationID `json:"conversations"`
	Notes         []string              `json:"notes"`
	// Threads are where the two contacts' messages went before, and go now.
	Threads []thread `json:"threads"`
}

type identityName struct {
	Scope string `json:"scope"`
	Hash  string `json:"hash"`
}

type thread struct {
	Name string              `json:"name"`
	Keep desk.ConversationID `json:"keep,omitempty"`
	Lose desk.ConversationID `json:"lose,omitempty"`
	Now  desk.ConversationID `json:"now"`
}

// Preview says what a merge of lose into keep would do.
func (s *Service) Preview(ctx context.Context, by By, keep, lose desk.ContactID) (Preview, error) {
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return Preview{}, err
	}
	a, b, err := s.pair(ctx, s.deps.Store.Reads, by, keep, lose)
	if err != nil {
		return Preview{}, err
	}
	var p Preview
	if p.Keep, err = s.view(ctx, keys, a); err != nil {
		return Preview{}, err
	}
	if p.Lose, err = s.view(ctx, keys, b); err != nil {
		return Preview{}, err
	}
	_, p.Conflicts = join(p.Keep.Contact.Profile, p.Lose.Contact.Profile, nil)
	p.Conversations, p.Identities = p.Lose.Conversations, len(p.Lose.Identities)
	p.Verified, err = s.bothVerified(ctx, s.deps.Store.Reads, by.Account, keep, lose)
	return p, err
}

// pair finds two contacts that may be merged.
func (s *Service) pair(ctx context.Context, r store.Reads, by By, keep, lose desk.ContactID) (a, b store.Contact, err error) {
	const op = "merge contacts"
	if keep == lose {
		return a, b, desk.InvalidField(op, "other_id", "a contact cannot be merged with itself")
	}
	if a, err = s.contact(ctx, r, by, keep); err != nil {
		return a, b, err
	}
	if b, err = s.contact(ctx, r, by, lose); desk.KindOf(err) == desk.NotFound && err != nil {
		return a, b, desk.InvalidField(op, "other_id", "there is no such contact")
	} else if err != nil {
		return a, b, err
	}
	for _, id := range []desk.ContactID{keep, lose} {
		rev, err := r.ContactRevision(ctx, by.Account, id)
		if err != nil {
			return a, b, err
		}
		if rev.MergedInto != "" {
			return a, b, desk.E(desk.Conflict, op, "one of the contacts was merged already; look again")
		}
	}
	return a, b, nil
}

// bothVerified tells whether the same realm proved the two to be different.
func (s *Service) bothVerified(ctx context.Context, r store.Reads, account desk.AccountID, keep, lose desk.ContactID) (bool, error) {
	ours, err := r.Identities(ctx, account, keep)
	if err != nil {
		return false, err
	}
	theirs, err := r.Identities(ctx, account, lose)
	for _, i := range theirs {
		if i.Verified && slices.ContainsFunc(ours, func(o store.Identity) bool { return o.Verified && o.Scope == i.Scope }) {
			return true, err
		}
	}
	return false, err
}

// join makes one profile of two: what only one knows, and where both know
// something else the kept one's, unless chosen otherwise.
func join(keep, lose desk.Profile, choices map[string]string) (desk.Profile, []Conflict) {
	var conflicts []Conflict
	pick := func(field, a, b string) string {
		if b == "" || strings.EqualFold(a, b) {
			return a
		}
		if a == "" {
			return b
		}
		conflicts = append(conflicts, Conflict{field, a, b})
		if choices[field] == "lose" {
			return b
		}
		return a
	}
	out := desk.Profile{
		Name: pick("name", keep.Name, lose.Name), Email: pick("email", keep.Email, lose.Email),
		Phone:  pick("phone", keep.Phone, lose.Phone),
		Locale: desk.Locale(pick("locale", string(keep.Locale), string(lose.Locale))),
	}
	if len(keep.Attributes)+len(lose.Attributes) > 0 {
		out.Attributes = maps.Clone(keep.Attributes)
		if out.Attributes == nil {
			out.Attributes = map[string]string{}
		}
		for _, name := range slices.Sorted(maps.Keys(lose.Attributes)) {
			if value := pick("attributes."+name, keep.Attributes[name], lose.Attributes[name]); value != "" {
				out.Attributes[name] = value
			}
		}
	}
	return out, conflicts
}

// MergeOrder asks for a merge.
type MergeOrder struct {
	Keep, Lose desk.ContactID
	// Choices are "keep" or "lose" by the field of a Conflict.
	Choices map[string]string
	// Force merges two users whom the site vouches for as different.
	Force bool
}

// Merge makes one contact of two and returns the merge's id. Conflict if one of
// them was merged meanwhile, or if both are verified users and it is not forced.
func (s *Service) Merge(ctx context.Context, by By, o MergeOrder) (string, error) {
	const op = "merge contacts"
	for field, choice := range o.Choices {
		if choice != "keep" && choice != "lose" {
			return "", desk.InvalidField(op, "choices."+field, `a choice is "keep" or "lose"`)
		}
	}
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return "", err
	}
	id := s.deps.IDs.Other("mrg")
	first := ""
	err = s.deps.Store.WriteAlone(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if by.Key != "" { // a repeat finds the contacts merged
			before, err := tx.FirstAnswer(ctx, by.Account, "agent:"+string(by.Agent), "contact.merge:"+by.Key)
			if err == nil {
				first = before
				return nil
			}
			if desk.KindOf(err) != desk.NotFound {
				return err
			}
		}
		keep, lose, err := s.pair(ctx, tx.Reads, by, o.Keep, o.Lose)
		if err != nil {
			return err
		}
		verified, err := s.bothVerified(ctx, tx.Reads, by.Account, o.Keep, o.Lose)
		if err != nil {
			return err
		}
		if verified && !o.Force {
			return desk.E(desk.Conflict, op, "your site vouches for both as two different users; merge them only if you are sure")
		}
		first, err = once(ctx, tx, by, "contact.merge", id, func() error { return s.merge(ctx, tx, by, keys, id, keep, lose, o.Choices) })
		return err
	})
	return first, err
}

func (s *Service) merge(ctx context.Context, tx *store.Tx, by By, keys *seal.AccountKeys, id string, keep, lose store.Contact, choices map[string]string) error {
	was, theirs := s.open(ctx, keys, keep).Profile, s.open(ctx, keys, lose).Profile
	m := moved{Profile: was, Blocked: keep.Blocked}
	joined, _ := join(was, theirs, choices)
	rev, err := tx.ContactRevision(ctx, by.Account, keep.ID)
	if err != nil {
		return err
	}
	if err := s.put(ctx, tx, by, keys, keep, joined, rev); err != nil {
		return err
	}
	m.Version = rev.Version + 1
	gone, err := tx.ContactRevision(ctx, by.Account, lose.ID)
	if err != nil {
		return err
	}
	gone.Version, gone.MergedInto = gone.Version+1, keep.ID
	if err := tx.PutContactRevision(ctx, by.Account, lose.ID, gone); err != nil {
		return err
	}
	identities, err := tx.Identities(ctx, by.Account, lose.ID)
	if err != nil {
		return err
	}
	for _, i := range identities {
		if ok, err := moveIdentity(ctx, tx, keys, i, keep.ID); err != nil {
			return err
		} else if ok {
			m.Identities = append(m.Identities, identityName{i.Scope, i.Hash})
		}
	}
	// The pointers before the conversations: which one goes on is decided by what
	// the conversations are now.
	if m.Threads, err = s.joinThreads(ctx, tx, by.Account, keep.ID, lose.ID); err != nil {
		return err
	}
	if m.Conversations, err = moveConversations(ctx, tx, by.Account, nil, lose.ID, keep.ID); err != nil {
		return err
	}
	for before := ""; ; {
		notes, err := tx.ContactNotes(ctx, by.Account, lose.ID, before, 200)
		if err != nil {
			return err
		}
		for _, n := range notes {
			before = n.ID
			n.ContactID = keep.ID
			if err := tx.UpdateContactNote(ctx, n); err != nil {
				return err
			}
			m.Notes = append(m.Notes, n.ID)
		}
		if len(notes) < 200 {
			break
		}
	}
	row := store.ContactMerge{ID: id, AccountID: by.Account, Keep: keep.ID, Lose: lose.ID, AgentID: by.Agent, CreatedAt: tx.Now()}
	if row.Moved, err = sealJSON(keys, mergePlace(id), m); err != nil {
		return err
	}
	if err := tx.InsertContactMerge(ctx, row); err != nil {
		return err
	}
	return tx.Emit(desk.Event{
		AccountID: by.Account, ContactID: keep.ID, Actor: by.author(), Fact: desk.ContactMerged{MergeID: id, LoseID: lose.ID},
	})
}

// moveIdentity gives an identity to another contact, its name sealed anew.
func moveIdentity(ctx context.Context, tx *store.Tx, keys *seal.AccountKeys, i store.Identity, to desk.ContactID) (bool, error) {
	external, err := keys.Open(identityPlace(i, i.ContactID), i.External)
	if err != nil {
		return false, err
	}
	return tx.MoveIdentity(ctx, i, to, keys.Seal(identityPlace(i, to), external))
}

// moveConversations gives conversations to another contact, in the order of
// their ids as all who lock several do; only those wanted, or all if nil.
func moveConversations(ctx context.Context, tx *store.Tx, account desk.AccountID, wanted []desk.ConversationID, from, to desk.ContactID) ([]desk.ConversationID, error) {
	if wanted == nil {
		all, err := tx.AllConversations(ctx, account, from)
		if err != nil {
			return nil, err
		}
		for _, c := range all {
			wanted = append(wanted, c.ID)
		}
	}
	slices.Sort(wanted)
	var done []desk.ConversationID
	for _, id := range wanted {
		ok, err := tx.MoveConversation(ctx, account, id, from, to)
		if err != nil {
			return nil, err
		}
		if ok {
			done = append(done, id)
		}
	}
	return done, nil
}

// joinThreads decides for each thread of the two where the next message goes:
// to the conversation that is not resolved, of two such to the one with the
// newest message.
func (s *Service) joinThreads(ctx context.Context, tx *store.Tx, account desk.AccountID, keep, lose desk.ContactID) ([]thread, error) {
	byName := map[string]*thread{}
	at := func(name string) *thread {
		if byName[name] == nil {
			byName[name] = &thread{Name: name}
		}
		return byName[name]
	}
	for _, side := range []desk.ContactID{keep, lose} {
		live, err := tx.LiveConversations(ctx, account, side)
		if err != nil {
			return nil, err
		}
		for _, l := range live {
			if side == keep {
				at(l.Thread).Keep = l.ConversationID
			} else {
				at(l.Thread).Lose = l.ConversationID
			}
		}
	}
	var threads []thread
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		t := byName[name]
		t.Now = t.Keep
		if t.Lose != "" {
			better, err := s.better(ctx, tx, account, t.Keep, t.Lose)
			if err != nil {
				return nil, err
			}
			t.Now = better
			if err := tx.DeleteLiveConversation(ctx, store.LiveConversation{AccountID: account, ContactID: lose, Thread: name}); err != nil {
				return nil, err
			}
			if err := tx.PutLiveConversation(ctx, store.LiveConversation{AccountID: account, ContactID: keep, Thread: name, ConversationID: t.Now}); err != nil {
				return nil, err
			}
		}
		threads = append(threads, *t)
	}
	return threads, nil
}

func (s *Service) better(ctx context.Context, tx *store.Tx, account desk.AccountID, keep, lose desk.ConversationID) (desk.ConversationID, error) {
	if keep == "" {
		return lose, nil
	}
	a, err := tx.Conversation(ctx, account, keep)
	if err != nil {
		return "", err
	}
	b, err := tx.Conversation(ctx, account, lose)
	if err != nil {
		return "", err
	}
	over := func(c desk.Conversation) bool { return c.Status == desk.Resolved }
	if over(a) != over(b) {
		if over(a) {
			return lose, nil
		}
		return keep, nil
	}
	if b.LastMessageAt.After(a.LastMessageAt) {
		return lose, nil
	}
	return keep, nil
}

// Merges lists the newest merges that a contact was part of.
func (s *Service) Merges(ctx context.Context, by By, id desk.ContactID) ([]Merge, error) {
	if _, err := s.Get(ctx, by, id); err != nil {
		return nil, err
	}
	stored, err := s.deps.Store.ContactMerges(ctx, by.Account, id, 50)
	out := make([]Merge, len(stored))
	for i, m := range stored {
		out[i] = Merge{ID: m.ID, Keep: m.Keep, Lose: m.Lose, AgentID: m.AgentID, At: m.CreatedAt, UndoneAt: m.UndoneAt}
	}
	return out, err
}

// Undo makes two contacts of one again: identities, conversations and notes
// that were moved go back, and so does the profile if nobody has changed it
// since. What came after the merge stays with the kept contact. Conflict if it
// was undone already, or if the kept contact was merged into another since.
func (s *Service) Undo(ctx context.Context, by By, id string) (Merge, error) {
	const op = "undo merge"
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return Merge{}, err
	}
	var row store.ContactMerge
	err = s.deps.Store.WriteAlone(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if row, err = tx.ContactMerge(ctx, by.Account, id); err != nil {
			return err
		}
		if seen, err := s.sees(ctx, tx.Reads, by, row.Keep); err != nil || !seen {
			if err == nil {
				err = desk.E(desk.NotFound, op, "there is no such merge")
			}
			return err
		}
		_, err := once(ctx, tx, by, "contact.unmerge:"+id, "", func() error { return s.undo(ctx, tx, by, keys, &row) })
		return err
	})
	return Merge{ID: row.ID, Keep: row.Keep, Lose: row.Lose, AgentID: row.AgentID, At: row.CreatedAt, UndoneAt: row.UndoneAt}, err
}

func (s *Service) undo(ctx context.Context, tx *store.Tx, by By, keys *seal.AccountKeys, row *store.ContactMerge) error {
	const op = "undo merge"
	if !row.UndoneAt.IsZero() {
		return desk.E(desk.Conflict, op, "this merge was undone already")
	}
	keep, err := tx.ContactRevision(ctx, by.Account, row.Keep)
	if err != nil {
		return err
	}
	lose, err := tx.ContactRevision(ctx, by.Account, row.Lose)
	if err != nil {
		return err
	}
	if keep.MergedInto != "" || lose.MergedInto != row.Keep {
		return desk.E(desk.Conflict, op, "the contact was merged into another since; undo that merge first")
	}
	var m moved
	if err := openJSON(keys, mergePlace(row.ID), row.Moved, &m); err != nil {
		return err
	}
	identities, err := tx.Identities(ctx, by.Account, row.Keep)
	if err != nil {
		return err
	}
	for _, i := range identities {
		if slices.Contains(m.Identities, identityName{i.Scope, i.Hash}) {
			if _, err := moveIdentity(ctx, tx, keys, i, row.Lose); err != nil {
				return err
			}
		}
	}
	back, err := moveConversations(ctx, tx, by.Account, append([]desk.ConversationID{}, m.Conversations...), row.Keep, row.Lose)
	if err != nil {
		return err
	}
	if err := s.splitThreads(ctx, tx, by.Account, row, m, back); err != nil {
		return err
	}
	for _, id := range m.Notes {
		n, err := tx.ContactNote(ctx, by.Account, id)
		if desk.KindOf(err) == desk.NotFound && err != nil || err == nil && n.ContactID != row.Keep {
			continue
		}
		if err != nil {
			return err
		}
		n.ContactID = row.Lose
		if err := tx.UpdateContactNote(ctx, n); err != nil {
			return err
		}
	}
	lose.Version, lose.MergedInto = lose.Version+1, ""
	if err := tx.PutContactRevision(ctx, by.Account, row.Lose, lose); err != nil {
		return err
	}
	if keep.Version == m.Version { // nobody has changed it since
		stored, err := tx.Contact(ctx, by.Account, row.Keep)
		if err != nil {
			return err
		}
		stored.Blocked = m.Blocked
		if err := s.put(ctx, tx, by, keys, stored, m.Profile, keep); err != nil {
			return err
		}
	}
	row.UndoneAt = tx.Now()
	if err := tx.UpdateContactMerge(ctx, *row); err != nil {
		return err
	}
	return tx.Emit(desk.Event{
		AccountID: by.Account, ContactID: row.Keep, Actor: by.author(), Fact: desk.ContactUnmerged{MergeID: row.ID, LoseID: row.Lose},
	})
}

// splitThreads sets the pointers back to where they were. A conversation that
// began after the merge stays the kept contact's live one.
func (s *Service) splitThreads(ctx context.Context, tx *store.Tx, account desk.AccountID, row *store.ContactMerge, m moved, back []desk.ConversationID) error {
	live, err := tx.LiveConversations(ctx, account, row.Keep)
	if err != nil {
		return err
	}
	now := map[string]desk.ConversationID{}
	for _, l := range live {
		now[l.Thread] = l.ConversationID
	}
	for _, t := range m.Threads {
		keep := store.LiveConversation{AccountID: account, ContactID: row.Keep, Thread: t.Name, ConversationID: t.Keep}
		switch {
		case now[t.Name] != t.Now: // another has begun
		case t.Keep == "":
			err = tx.DeleteLiveConversation(ctx, keep)
		case t.Keep != t.Now:
			err = tx.PutLiveConversation(ctx, keep)
		}
		if err != nil {
			return err
		}
		if t.Lose != "" && slices.Contains(back, t.Lose) {
			if err := tx.PutLiveConversation(ctx, store.LiveConversation{
				AccountID: account, ContactID: row.Lose, Thread: t.Name, ConversationID: t.Lose,
			}); err != nil {
				return err
			}
		}
	}
	return nil
}
