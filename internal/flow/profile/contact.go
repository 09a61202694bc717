package profile

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// View is a contact with all that is shown beside.
type View struct {
	Contact desk.Contact
	Version int64
	// MergedInto is the contact that took this one's place; empty if none did.
	MergedInto    desk.ContactID
	Identities    []Identity
	Conversations int
	// Rating is the average of the contact's ratings, 1 to 5; 0 if there is none.
	Rating float64
}

// Identity is how a channel names a contact.
type Identity struct {
	// ID is short and unique among the contact's.
	ID        string
	Scope     string
	InboxID   desk.InboxID
	Verified  bool
	CreatedAt time.Time
	// Label is the name that the site or platform gives the person; empty where
	// that says nothing to people.
	Label string
}

// Get opens a contact. NotFound also if by sees none of its conversations.
func (s *Service) Get(ctx context.Context, by By, id desk.ContactID) (View, error) {
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return View{}, err
	}
	stored, err := s.contact(ctx, s.deps.Store.Reads, by, id)
	if err != nil {
		// Who was merged away has no conversations, and is told whom to look for.
		rev, e := s.deps.Store.ContactRevision(ctx, by.Account, id)
		if e != nil || rev.MergedInto == "" {
			return View{}, err
		}
		if _, e := s.contact(ctx, s.deps.Store.Reads, by, rev.MergedInto); e != nil {
			return View{}, err
		}
		if stored, err = s.deps.Store.Contact(ctx, by.Account, id); err != nil {
			return View{}, err
		}
	}
	return s.view(ctx, keys, stored)
}

func (s *Service) view(ctx context.Context, keys *seal.AccountKeys, stored store.Contact) (View, error) {
	account := stored.AccountID
	v := View{Contact: s.open(ctx, keys, stored)}
	rev, err := s.deps.Store.ContactRevision(ctx, account, stored.ID)
	if err != nil {
		return View{}, err
	}
	v.Version, v.MergedInto = rev.Version, rev.MergedInto
	identities, err := s.deps.Store.Identities(ctx, account, stored.ID)
	if err != nil {
		return View{}, err
	}
	for _, i := range identities {
		v.Identities = append(v.Identities, s.identity(ctx, keys, i))
	}
	all, err := s.deps.Store.AllConversations(ctx, account, stored.ID)
	if err != nil {
		return View{}, err
	}
	v.Conversations = len(all)
	if v.Rating, _, err = s.deps.Store.ContactRating(ctx, account, stored.ID); err != nil {
		return View{}, err
	}
	return v, nil
}

func (s *Service) identity(ctx context.Context, keys *seal.AccountKeys, i store.Identity) Identity {
	out := Identity{ID: i.Hash[:min(len(i.Hash), 16)], Scope: i.Scope, InboxID: i.InboxID, Verified: i.Verified, CreatedAt: i.CreatedAt}
	if i.Scope == "anon" {
		return out // a browser's own number
	}
	external, err := keys.Open(identityPlace(i, i.ContactID), i.External)
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "an identity cannot be opened", "contact_id", i.ContactID, "error", err)
	}
	out.Label = string(external)
	return out
}

// ListQuery asks for contacts, the newest first.
type ListQuery struct {
	// Text narrows to those whose name, e-mail address or phone holds its words;
	// empty lists all.
	Text string
	// Cursor is what the page before returned; empty begins.
	Cursor string
	// Limit is how many, 1 to 100; 0 means 30.
	Limit int
}

// maxOpened bounds the contacts that one call opens to find some.
const maxOpened = 1000

// Row is a contact in a list.
type Row struct {
	Contact desk.Contact
	Version int64
}

// List returns a page of contacts and the cursor of the next, which is empty at
// the end. A page may hold fewer than asked for and still have a next one.
func (s *Service) List(ctx context.Context, by By, q ListQuery) (rows []Row, next string, err error) {
	limit := q.Limit
	if limit <= 0 {
		limit = 30
	}
	limit = min(limit, 100)
	before := desk.ContactID(q.Cursor)
	if before != "" && !before.Valid() {
		return nil, "", desk.InvalidField("list contacts", "cursor", "this is not a cursor of this list")
	}
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return nil, "", err
	}
	var words []string
	if strings.TrimSpace(q.Text) != "" {
		if words, err = text.QueryTokens(q.Text); err != nil {
			return nil, "", err
		}
	}
	for opened := 0; opened < maxOpened; {
		page, err := s.candidates(ctx, by.Account, keys, words, before, 100)
		if err != nil {
			return nil, "", err
		}
		ids := make([]desk.ContactID, len(page))
		for i, c := range page {
			ids[i] = c.ID
		}
		revisions, err := s.deps.Store.ContactRevisions(ctx, by.Account, ids)
		if err != nil {
			return nil, "", err
		}
		for _, stored := range page {
			if len(rows) == limit {
				return rows, string(before), nil
			}
			before = stored.ID
			opened++
			c := s.open(ctx, keys, stored)
			if revisions[c.ID].MergedInto != "" {
				continue
			}
			if words != nil {
				if _, _, ok := text.Match(searchable(c.Profile), q.Text); !ok {
					continue
				}
			}
			seen, err := s.sees(ctx, s.deps.Store.Reads, by, c.ID)
			if err != nil {
				return nil, "", err
			}
			if seen {
				rows = append(rows, Row{c, revisions[c.ID].Version})
			}
		}
		if len(page) < 100 {
			return rows, "", nil
		}
	}
	return rows, string(before), nil
}

func (s *Service) candidates(ctx context.Context, account desk.AccountID, keys *seal.AccountKeys, words []string, before desk.ContactID, limit int) ([]store.Contact, error) {
	if words == nil {
		return s.deps.Store.ContactsBefore(ctx, account, before, limit)
	}
	ids, err := s.deps.Store.ContactsByTokens(ctx, account, keys.Tokens(words), before, limit)
	if err != nil {
		return nil, err
	}
	found, err := s.deps.Store.Contacts(ctx, account, ids)
	if err != nil {
		return nil, err
	}
	page := make([]store.Contact, 0, len(ids))
	for _, id := range ids {
		c, ok := found[id]
		if !ok {
			c = store.Contact{ID: id, AccountID: account}
		}
		page = append(page, c)
	}
	return page, nil
}

// Change says what to change of a contact; nil leaves as it is.
type Change struct {
	Name, Email, Phone *string
	Locale             *desk.Locale
	// Attributes replaces all of them.
	Attributes map[string]string
	Blocked    *bool
	// Version, if not negative, must be the contact's; otherwise the change is a
	// Conflict.
	Version int64
}

// Limits of a profile.
const (
	maxName       = 200
	maxEmail      = 254
	maxPhone      = 40
	maxAttributes = 50
	maxAttribute  = 1000
)

// Update changes a contact and tells everybody who may know.
func (s *Service) Update(ctx context.Context, by By, id desk.ContactID, c Change) (View, error) {
	const op = "update contact"
	if err := c.check(op); err != nil {
		return View{}, err
	}
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return View{}, err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		stored, err := s.contact(ctx, tx.Reads, by, id)
		if err != nil {
			return err
		}
		_, err = once(ctx, tx, by, "contact.update:"+string(id), "", func() error {
			rev, err := tx.ContactRevision(ctx, by.Account, id)
			switch {
			case err != nil:
				return err
			case rev.MergedInto != "":
				return desk.E(desk.Conflict, op, "this contact was merged into another; open that one")
			case c.Version >= 0 && c.Version != rev.Version:
				return desk.E(desk.Conflict, op, "the contact has changed meanwhile; look again")
			}
			profile := s.open(ctx, keys, stored).Profile
			c.apply(&profile, &stored.Blocked)
			return s.put(ctx, tx, by, keys, stored, profile, rev)
		})
		return err
	})
	if err != nil {
		return View{}, err
	}
	return s.Get(ctx, by, id)
}

// Introduce fills what is not known of a contact with what they said in a form
// before the chat. What is known stays: a form proves nothing.
func (s *Service) Introduce(ctx context.Context, account desk.AccountID, id desk.ContactID, says desk.Profile) error {
	keys, err := s.keys(ctx, account)
	if err != nil {
		return err
	}
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		stored, err := tx.Contact(ctx, account, id)
		if err != nil {
			return err
		}
		known := s.open(ctx, keys, stored).Profile
		filled, _ := join(known, says, nil)
		if len(filled.Attributes) > maxAttributes {
			filled.Attributes = known.Attributes
		}
		if filled.Name == known.Name && filled.Email == known.Email && filled.Phone == known.Phone && filled.Locale == known.Locale &&
			maps.Equal(filled.Attributes, known.Attributes) {
			return nil
		}
		rev, err := tx.ContactRevision(ctx, account, id)
		if err != nil {
			return err
		}
		return s.put(ctx, tx, By{Account: account, visitor: id}, keys, stored, filled, rev)
	})
}

// put writes a contact's new profile with its version, its words and the fact.
func (s *Service) put(ctx context.Context, tx *store.Tx, by By, keys *seal.AccountKeys, stored store.Contact, p desk.Profile, rev store.ContactRevision) error {
	sealed, err := sealJSON(keys, profilePlace(stored.ID), p)
	if err != nil {
		return err
	}
	stored.Profile = sealed
	rev.Version++
	if err := tx.UpdateContact(ctx, stored); err != nil {
		return err
	}
	if err := tx.PutContactRevision(ctx, by.Account, stored.ID, rev); err != nil {
		return err
	}
	if err := tx.SetContactTokens(ctx, by.Account, stored.ID, tokens(keys, p)); err != nil {
		return err
	}
	return tx.Emit(desk.Event{
		AccountID: by.Account, ContactID: stored.ID, Actor: by.author(), Fact: desk.ContactUpdated{Version: rev.Version},
	})
}

func (c Change) apply(p *desk.Profile, blocked *bool) {
	set := func(into, value *string) {
		if value != nil {
			*into = strings.TrimSpace(*value)
		}
	}
	set(&p.Name, c.Name)
	set(&p.Email, c.Email)
	set(&p.Phone, c.Phone)
	if c.Locale != nil {
		p.Locale = *c.Locale
	}
	if c.Attributes != nil {
		p.Attributes = maps.Clone(c.Attributes)
	}
	if c.Blocked != nil {
		*blocked = *c.Blocked
	}
}

func (c Change) check(op string) error {
	for _, f := range []struct {
		name  string
		value *string
		most  int
	}{{"name", c.Name, maxName}, {"email", c.Email, maxEmail}, {"phone", c.Phone, maxPhone}} {
		if f.value == nil {
			continue
		}
		if msg := lineProblem(*f.value, f.most); msg != "" {
			return desk.InvalidField(op, f.name, msg)
		}
	}
	if c.Email != nil {
		if e := strings.TrimSpace(*c.Email); e != "" {
			if at := strings.LastIndexByte(e, '@'); at < 1 || at == len(e)-1 || strings.ContainsAny(e, " <>,;") {
				return desk.InvalidField(op, "email", "this is not an e-mail address")
			}
		}
	}
	if c.Phone != nil && strings.ContainsFunc(*c.Phone, func(r rune) bool { return !strings.ContainsRune("0123456789+-(). #*x", r) }) {
		return desk.InvalidField(op, "phone", "a phone number has digits, spaces and +-().")
	}
	if c.Locale != nil && *c.Locale != "" && *c.Locale != desk.Chinese && *c.Locale != desk.English {
		return desk.InvalidField(op, "locale", "this language is not spoken here")
	}
	if len(c.Attributes) > maxAttributes {
		return desk.InvalidField(op, "attributes", fmt.Sprintf("a contact has at most %d attributes", maxAttributes))
	}
	for name, value := range c.Attributes {
		if strings.TrimSpace(name) == "" || lineProblem(name, 64) != "" {
			return desk.InvalidField(op, "attributes", "an attribute has a name of 1 to 64 characters")
		}
		if !utf8.ValidString(value) || strings.ContainsRune(value, 0) || utf8.RuneCountInString(value) > maxAttribute {
			return desk.InvalidField(op, "attributes", fmt.Sprintf("an attribute is text of at most %d characters", maxAttribute))
		}
	}
	return nil
}

// lineProblem says what is wrong with a line of text; empty means fine.
func lineProblem(s string, most int) string {
	switch {
	case !utf8.ValidString(s), strings.ContainsFunc(s, unicode.IsControl):
		return "this is not one line of plain text"
	case utf8.RuneCountInString(s) > most:
		return fmt.Sprintf("this is longer than %d characters", most)
	}
	return ""
}
