package profile

import (
	"context"
	"encoding/json"
	"log/slog"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/text"
)

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Keys  *seal.Keyring
	IDs   *desk.IDs
	Clock desk.Clock
	Log   *slog.Logger
}

// Service knows contacts. Build it with New.
type Service struct{ deps Deps }

// New builds a Service. A missing collaborator is Invalid.
func New(d Deps) (*Service, error) {
	if d.Store == nil || d.Keys == nil || d.IDs == nil || d.Clock == nil || d.Log == nil {
		return nil, desk.E(desk.Invalid, "build profiles", "a required part is missing")
	}
	return &Service{d}, nil
}

// By is who asks.
type By struct {
	Account desk.AccountID
	Agent   desk.AgentID
	// Sight is which conversations they see, and so which contacts.
	Sight desk.Sight
	// Key is the idempotency key of a command; empty means that a repeat is done
	// again.
	Key string
	// visitor is set instead of Agent when contacts say something of themselves.
	visitor desk.ContactID
}

func (b By) author() desk.Author {
	if b.visitor != "" {
		return desk.Author{Kind: desk.ByVisitor, ID: string(b.visitor)}
	}
	return desk.Author{Kind: desk.ByAgent, ID: string(b.Agent)}
}

// once runs do unless the command's key was used before; first is what it
// answered then.
func once(ctx context.Context, tx *store.Tx, by By, verb, result string, do func() error) (first string, err error) {
	if by.Key == "" {
		return result, do()
	}
	first, repeated, err := tx.Once(ctx, by.Account, "agent:"+string(by.Agent), verb+":"+by.Key, result)
	if err != nil || repeated {
		return first, err
	}
	return first, do()
}

func profilePlace(id desk.ContactID) seal.Place {
	return seal.Place{Owner: string(id), Table: "contact", Row: string(id), Column: "profile"}
}

func identityPlace(i store.Identity, owner desk.ContactID) seal.Place {
	return seal.Place{Owner: string(owner), Table: "identity", Row: i.Scope + ":" + i.Hash, Column: "external"}
}

// place is where one of this package's own sealed values lives.
func place(table, column, id string) seal.Place {
	return seal.Place{Owner: id, Table: table, Row: id, Column: column}
}

func notePlace(id string) seal.Place  { return place("contact_note", "body", id) }
func visitPlace(id string) seal.Place { return place("page_visit", "body", id) }
func mergePlace(id string) seal.Place { return place("contact_merge", "moved", id) }

func openJSON(keys *seal.AccountKeys, p seal.Place, sealed desk.Sealed, into any) error {
	plain, err := keys.Open(p, sealed)
	if err == nil {
		err = json.Unmarshal(plain, into)
	}
	return desk.Wrap(desk.Internal, "open "+p.Table, err)
}

func sealJSON(keys *seal.AccountKeys, p seal.Place, v any) (desk.Sealed, error) {
	plain, err := json.Marshal(v)
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "seal "+p.Table, err)
	}
	return keys.Seal(p, plain), nil
}

func (s *Service) keys(ctx context.Context, account desk.AccountID) (*seal.AccountKeys, error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	return keys, desk.Wrap(desk.KindOf(err), "open contact", err)
}

// open opens a contact; one whose profile does not open is a nameless one.
func (s *Service) open(ctx context.Context, keys *seal.AccountKeys, stored store.Contact) desk.Contact {
	c := desk.Contact{ID: stored.ID, AccountID: stored.AccountID, Blocked: stored.Blocked, CreatedAt: stored.CreatedAt, SeenAt: stored.SeenAt}
	if len(stored.Profile) == 0 {
		return c
	}
	if err := openJSON(keys, profilePlace(stored.ID), stored.Profile, &c.Profile); err != nil {
		s.deps.Log.ErrorContext(ctx, "a profile cannot be opened", "contact_id", stored.ID, "error", err)
	}
	return c
}

func errNoContact() error { return desk.E(desk.NotFound, "find contact", "there is no such contact") }

// contact finds a contact that by may see.
func (s *Service) contact(ctx context.Context, r store.Reads, by By, id desk.ContactID) (store.Contact, error) {
	c, err := r.Contact(ctx, by.Account, id)
	if err != nil {
		return c, err
	}
	seen, err := s.sees(ctx, r, by, id)
	if err == nil && !seen {
		err = errNoContact()
	}
	return c, err
}

// sees tells whether by may see one of the contact's conversations.
func (s *Service) sees(ctx context.Context, r store.Reads, by By, id desk.ContactID) (bool, error) {
	if by.Sight.Everything() {
		return true, nil
	}
	all, err := r.AllConversations(ctx, by.Account, id)
	if slices.ContainsFunc(all, by.Sight.SeesConversation) {
		return true, nil
	}
	return false, err
}

// searchable is what a contact is found by.
func searchable(p desk.Profile) string { return p.Name + "\n" + p.Email + "\n" + p.Phone }

// maxTokens bounds the hashes of a contact; names are short.
const maxTokens = 64

func tokens(keys *seal.AccountKeys, p desk.Profile) []uint64 {
	words := text.IndexTokens(searchable(p))
	return keys.Tokens(words[:min(len(words), maxTokens)])
}

// Index makes new contacts findable; it belongs into the transaction of who
// heard of them.
func (s *Service) Index(ctx context.Context, tx *store.Tx, account desk.AccountID, ids []desk.ContactID) error {
	keys, err := s.keys(ctx, account)
	if err != nil {
		return err
	}
	found, err := tx.Contacts(ctx, account, ids)
	if err != nil {
		return err
	}
	for _, c := range found {
		if words := tokens(keys, s.open(ctx, keys, c).Profile); len(words) > 0 {
			if err := tx.SetContactTokens(ctx, account, c.ID, words); err != nil {
				return err
			}
		}
	}
	return nil
}

// Rebuild makes all contacts findable again.
func (s *Service) Rebuild(ctx context.Context) error {
	accounts, err := s.deps.Store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		for after := desk.ContactID(""); ; {
			page, err := s.deps.Store.ContactPage(ctx, a.ID, after, 200)
			if err != nil {
				return err
			}
			if len(page) == 0 {
				break
			}
			ids := make([]desk.ContactID, len(page))
			for i, c := range page {
				ids[i] = c.ID
			}
			if err := s.deps.Store.Write(ctx, a.ID, func(ctx context.Context, tx *store.Tx) error { return s.Index(ctx, tx, a.ID, ids) }); err != nil {
				return err
			}
			after = ids[len(ids)-1]
		}
	}
	return nil
}

// Sweep forgets pages that are past their time, and says how many.
func (s *Service) Sweep(ctx context.Context) (n int64, err error) {
	before := s.deps.Clock.Now().Add(-PageLife)
	err = s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
		n, err = tx.DeleteOldPageVisits(ctx, before)
		return err
	})
	return n, err
}

// The limits of what is kept of pages.
const (
	// MaxPages is how many of a contact's pages are kept.
	MaxPages = 200
	// PageLife is how long they are kept.
	PageLife = 30 * 24 * time.Hour
)
