package conversation

import (
	"context"
	"encoding/json"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// View is a conversation with what a list shows beside it, in clear.
type View struct {
	Conversation desk.Conversation
	Contact      desk.Contact
	Preview      string
	Last         Last
	Labels       []desk.LabelID
}

// Last tells of the newest public message; the zero value is unknown.
type Last struct {
	By       desk.AuthorKind
	Recalled bool
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
	ids, talks := make([]desk.ContactID, len(conversations)), make([]desk.ConversationID, len(conversations))
	for i, c := range conversations {
		ids[i], talks[i] = c.ContactID, c.ID
	}
	contacts, err := s.deps.Store.Contacts(ctx, account, ids)
	if err != nil {
		return nil, err
	}
	labels, err := s.deps.Store.LabelsOf(ctx, account, talks)
	if err != nil {
		return nil, err
	}
	views := make([]View, len(conversations))
	for i, c := range conversations {
		stored, ok := contacts[c.ContactID]
		if !ok {
			stored = store.Contact{ID: c.ContactID, AccountID: account}
		}
		views[i] = View{Conversation: c, Contact: s.contact(ctx, keys, stored), Labels: labels[c.ID]}
		if len(c.Preview) == 0 {
			continue
		}
		preview, err := keys.Open(previewPlace(c.ID), c.Preview)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a preview cannot be opened", "conversation_id", c.ID, "error", err)
			continue
		}
		views[i].Preview, views[i].Last = readPreview(preview)
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
