package conversation

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// View is a conversation with what a list shows beside it, in clear.
type View struct {
	Conversation desk.Conversation
	Contact      desk.Contact
	Preview      string
}

// Get opens one conversation.
func (s *Service) Get(ctx context.Context, account desk.AccountID, id desk.ConversationID) (View, error) {
	c, err := s.deps.Store.Conversation(ctx, account, id)
	if err != nil {
		return View{}, err
	}
	return s.View(ctx, c)
}

// View completes a conversation that was already read, such as a command's answer.
func (s *Service) View(ctx context.Context, c desk.Conversation) (View, error) {
	views, err := s.Views(ctx, c.AccountID, []desk.Conversation{c})
	if err != nil {
		return View{}, err
	}
	return views[0], nil
}

// Views completes conversations of one account with one read of their contacts.
func (s *Service) Views(ctx context.Context, account desk.AccountID, conversations []desk.Conversation) ([]View, error) {
	const op = "open conversations"
	if len(conversations) == 0 {
		return nil, nil
	}
	keys, err := s.keys(ctx, account, op)
	if err != nil {
		return nil, err
	}
	ids := make([]desk.ContactID, 0, len(conversations))
	for _, c := range conversations {
		ids = append(ids, c.ContactID)
	}
	contacts, err := s.deps.Store.Contacts(ctx, account, ids)
	if err != nil {
		return nil, err
	}
	views := make([]View, len(conversations))
	for i, c := range conversations {
		stored, ok := contacts[c.ContactID]
		if !ok {
			stored = store.Contact{ID: c.ContactID, AccountID: account}
		}
		views[i] = View{Conversation: c, Contact: s.contact(ctx, keys, stored)}
		if len(c.Preview) == 0 {
			continue
		}
		preview, err := keys.Open(previewPlace(c.ID), c.Preview)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a preview cannot be opened", "conversation_id", c.ID, "error", err)
			continue
		}
		views[i].Preview = string(preview)
	}
	return views, nil
}

// contact opens a contact; one whose profile does not open is a nameless one.
func (s *Service) contact(ctx context.Context, keys *seal.AccountKeys, stored store.Contact) desk.Contact {
	c := desk.Contact{
		ID: stored.ID, AccountID: stored.AccountID, Blocked: stored.Blocked,
		CreatedAt: stored.CreatedAt, SeenAt: stored.SeenAt,
	}
	if len(stored.Profile) == 0 {
		return c
	}
	plain, err := keys.Open(profilePlace(stored.ID), stored.Profile)
	if err == nil {
		err = json.Unmarshal(plain, &c.Profile)
	}
	if err != nil {
		s.deps.Log.ErrorContext(ctx, "a profile cannot be opened", "contact_id", stored.ID, "error", err)
	}
	return c
}

// Box names one of the lists agents work from.
type Box string

// The lists. Open ones are divided into Mine, Unassigned and those of colleagues.
const (
	Mine       Box = "mine"
	Unassigned Box = "unassigned"
	OpenBox    Box = "open"
	Pending    Box = "pending"
	Snoozed    Box = "snoozed"
	Resolved   Box = "resolved"
	All        Box = "all"
)

// ListQuery asks for a page of conversations, the newest message first.
type ListQuery struct {
	Account desk.AccountID
	// Agent is whose Mine it is.
	Agent desk.AgentID
	Box   Box
	// Contact, if set, lists this contact's conversations instead of a box.
	Contact desk.ContactID
	// Cursor is what the page before returned; empty begins.
	Cursor string
	// Limit is how many, 1 to Config.MaxPage; 0 means 30.
	Limit int
}

// List returns a page of conversations and the cursor of the next, which is
// empty at the end.
func (s *Service) List(ctx context.Context, q ListQuery) (views []View, next string, err error) {
	filter, err := q.filter()
	if err != nil {
		return nil, "", err
	}
	page, err := readCursor(q.Cursor)
	if err != nil {
		return nil, "", err
	}
	limit := s.pageSize(q.Limit, 30)
	page.Limit = limit + 1
	found, err := s.deps.Store.Conversations(ctx, q.Account, filter, page)
	if err != nil {
		return nil, "", err
	}
	if len(found) > limit {
		found = found[:limit]
		next = writeCursor(found[limit-1])
	}
	views, err = s.Views(ctx, q.Account, found)
	return views, next, err
}

func (q ListQuery) filter() (store.ConversationFilter, error) {
	if q.Contact != "" {
		return store.ConversationFilter{Contact: q.Contact}, nil
	}
	nobody := desk.AgentID("")
	switch q.Box {
	case Mine:
		return store.ConversationFilter{Statuses: []desk.Status{desk.Open}, Assignee: &q.Agent}, nil
	case Unassigned:
		return store.ConversationFilter{Statuses: []desk.Status{desk.Open}, Assignee: &nobody}, nil
	case OpenBox, Pending, Snoozed, Resolved:
		return store.ConversationFilter{Statuses: []desk.Status{desk.Status(q.Box)}}, nil
	case All:
		return store.ConversationFilter{Statuses: []desk.Status{desk.Pending, desk.Open, desk.Snoozed, desk.Resolved}}, nil
	default:
		return store.ConversationFilter{}, desk.InvalidField("list conversations", "view", "there is no such view")
	}
}

// Counts says how many conversations the boxes hold; each stops at 1,000.
func (s *Service) Counts(ctx context.Context, account desk.AccountID, agent desk.AgentID) (store.Counts, error) {
	return s.deps.Store.CountConversations(ctx, account, agent)
}

// Messages opens a range of a conversation, ascending; more tells that the
// range holds others. NotFound if the account has no such conversation. Limit
// is 1 to Config.MaxPage; 0 means 50.
func (s *Service) Messages(ctx context.Context, account desk.AccountID, id desk.ConversationID, r store.MessageRange) (messages []desk.Message, more bool, err error) {
	const op = "open messages"
	if _, err := s.deps.Store.Conversation(ctx, account, id); err != nil {
		return nil, false, err
	}
	keys, err := s.keys(ctx, account, op)
	if err != nil {
		return nil, false, err
	}
	limit := s.pageSize(r.Limit, 50)
	r.Limit = limit + 1
	stored, err := s.deps.Store.Messages(ctx, account, id, r)
	if err != nil {
		return nil, false, err
	}
	if len(stored) > limit {
		more = true
		if r.BeforeSeq > 0 {
			stored = stored[len(stored)-limit:] // the newest below BeforeSeq
		} else {
			stored = stored[:limit]
		}
	}
	return s.open(ctx, keys, stored), more, nil
}

// Message opens one message.
func (s *Service) Message(ctx context.Context, account desk.AccountID, id desk.MessageID) (desk.Message, error) {
	stored, err := s.deps.Store.Message(ctx, account, id)
	if err != nil {
		return desk.Message{}, err
	}
	keys, err := s.keys(ctx, account, "open message")
	if err != nil {
		return desk.Message{}, err
	}
	return s.open(ctx, keys, []desk.StoredMessage{stored})[0], nil
}

// Live finds the contact's newest conversation outside of threads, which may
// be resolved; NotFound if they have none.
func (s *Service) Live(ctx context.Context, account desk.AccountID, contact desk.ContactID) (desk.Conversation, error) {
	id, err := s.deps.Store.LiveConversation(ctx, account, contact, "")
	if err != nil {
		return desk.Conversation{}, err
	}
	return s.deps.Store.Conversation(ctx, account, id)
}

// Conversation reads one conversation without opening anything.
func (s *Service) Conversation(ctx context.Context, account desk.AccountID, id desk.ConversationID) (desk.Conversation, error) {
	return s.deps.Store.Conversation(ctx, account, id)
}

func (s *Service) pageSize(asked, normal int) int {
	if asked <= 0 {
		asked = normal
	}
	return min(asked, s.config.MaxPage)
}

// A cursor is the place of the last conversation of a page: its time and id.
func writeCursor(c desk.Conversation) string {
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.FormatInt(desk.Micros(c.LastMessageAt), 36) + "." + string(c.ID)))
}

func readCursor(cursor string) (store.Page, error) {
	if cursor == "" {
		return store.Page{}, nil
	}
	bad := desk.InvalidField("read cursor", "cursor", "the cursor is not one of ours")
	if len(cursor) > 200 {
		return store.Page{}, bad
	}
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return store.Page{}, bad
	}
	at, id, ok := strings.Cut(string(text), ".")
	micros, err := strconv.ParseInt(at, 36, 64)
	if _, valid := desk.ConversationID(id).Shard(); !ok || err != nil || !valid || micros <= 0 {
		return store.Page{}, bad
	}
	return store.Page{BeforeAt: desk.FromMicros(micros), BeforeID: id}, nil
}
