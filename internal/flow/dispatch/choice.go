package dispatch

import (
	"context"
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Choice is what a waiting visitor wants to do meanwhile.
type Choice struct {
	Account      desk.AccountID
	Conversation desk.ConversationID
	// Contact must be the conversation's.
	Contact desk.ContactID
	Choice  desk.WaitChoice
	// Phone, Note and the time from From to To are for WaitCallback. Without
	// times any will do.
	Phone, Note string
	From, To    time.Time
}

// Callback is a wish to be called back, with what is needed to call.
type Callback struct {
	store.Callback

	Phone string
	Note  string
}

// callbackDetails are sealed.
type callbackDetails struct {
	Phone string `json:"phone"`
	Note  string `json:"note,omitempty"`
}

func callbackPlace(c store.Callback) seal.Place {
	return seal.Place{Owner: string(c.ConversationID), Table: "callback", Row: c.ID, Column: "details"}
}

// What bounds a wish to be called.
const (
	maxNote     = 500
	maxCallTime = 31 * 24 * time.Hour
)

// check refuses what nobody can call; it puts the number into its plain form.
func (c *Choice) check(now time.Time) error {
	const op = "choose how to wait"
	switch c.Choice {
	case desk.WaitHere, desk.WaitKeep, desk.WaitMessage:
		return nil
	case desk.WaitCallback:
	default:
		return desk.InvalidField(op, "choice", "the choice is message, keep, callback, or empty to wait")
	}
	phone, ok := plainPhone(c.Phone)
	if !ok {
		return desk.InvalidField(op, "phone", "a phone number has 5 to 20 digits")
	}
	c.Phone, c.Note = phone, strings.TrimSpace(c.Note)
	if !utf8.ValidString(c.Note) || utf8.RuneCountInString(c.Note) > maxNote {
		return desk.InvalidField(op, "note", "a note has at most 500 characters")
	}
	if !c.From.IsZero() && !c.To.IsZero() && !c.To.After(c.From) {
		return desk.InvalidField(op, "to", "the time ends before it begins")
	}
	if !c.To.IsZero() && !c.To.After(now) {
		return desk.InvalidField(op, "to", "the time is over already")
	}
	if c.From.After(now.Add(maxCallTime)) || c.To.After(now.Add(maxCallTime)) {
		return desk.InvalidField(op, "from", "the time is more than a month away")
	}
	return nil
}

// plainPhone keeps digits, a leading + and what separates groups.
func plainPhone(text string) (string, bool) {
	text = strings.TrimSpace(text)
	var b strings.Builder
	digits := 0
	for i, r := range text {
		switch {
		case r >= '0' && r <= '9':
			digits++
			b.WriteRune(r)
		case r == '+' && i == 0, r == ' ' || r == '-' || r == '(' || r == ')':
			b.WriteRune(r)
		default:
			return "", false
		}
	}
	return b.String(), digits >= 5 && digits <= 20 && len(text) <= 40
}

// Choose notes what a waiting visitor wants to do meanwhile. Conflict when the
// conversation does not wait any more. Choosing the same again changes
// nothing; choosing anything else takes a wish to be called back.
func (s *Service) Choose(ctx context.Context, c Choice) error {
	const op = "choose how to wait"
	if err := c.check(s.deps.Clock.Now()); err != nil {
		return err
	}
	keys, err := s.deps.Keys.Account(ctx, c.Account)
	if err != nil {
		return desk.Wrap(desk.KindOf(err), op, err)
	}
	wish := store.Callback{
		ID: s.deps.IDs.Other("cbk"), AccountID: c.Account, ConversationID: c.Conversation, ContactID: c.Contact, State: desk.CallbackOpen,
		From: c.From, To: c.To,
	}
	details, err := json.Marshal(callbackDetails{c.Phone, c.Note})
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	wish.Details = keys.Seal(callbackPlace(wish), details)
	return s.deps.Store.Write(ctx, c.Account, func(ctx context.Context, tx *store.Tx) error {
		talk, err := tx.Conversation(ctx, c.Account, c.Conversation)
		if err == nil && talk.ContactID != c.Contact {
			err = desk.E(desk.NotFound, op, "there is no such conversation")
		}
		if err == nil && talk.Status != desk.Open {
			err = desk.E(desk.Conflict, op, "the conversation does not wait")
		}
		if err != nil {
			return err
		}
		entry, err := tx.QueueEntry(ctx, c.Account, c.Conversation)
		if err != nil {
			return err
		}
		before, err := tx.CallbacksOf(ctx, c.Account, c.Conversation)
		if err != nil {
			return err
		}
		same, err := s.withdraw(ctx, tx, keys, talk, before, c)
		if err != nil || same && entry.Choice == c.Choice {
			return err
		}
		entry.Choice = c.Choice
		if err := tx.PutQueueEntry(ctx, entry); err != nil {
			return err
		}
		fact := desk.WaitChosen{Choice: c.Choice}
		if c.Choice == desk.WaitCallback {
			wish.CreatedAt, fact.CallbackID = tx.Now(), wish.ID
			if err := tx.InsertCallback(ctx, wish); err != nil {
				return err
			}
		}
		return told(ctx, tx, talk, desk.Author{Kind: desk.ByVisitor, ID: string(c.Contact)}, fact)
	})
}

// withdraw takes open wishes back, unless the visitor wishes the same again.
func (s *Service) withdraw(ctx context.Context, tx *store.Tx, keys *seal.AccountKeys, talk desk.Conversation, before []store.Callback, c Choice) (same bool, err error) {
	same = c.Choice != desk.WaitCallback
	for _, old := range before {
		if old.State != desk.CallbackOpen {
			continue
		}
		if c.Choice == desk.WaitCallback && old.From.Equal(c.From) && old.To.Equal(c.To) {
			opened, err := openCallback(keys, old)
			if err != nil {
				return false, err
			}
			if opened.Phone == c.Phone && opened.Note == c.Note {
				same = true
				continue
			}
		}
		old.State = desk.CallbackWithdrawn
		if err := tx.UpdateCallback(ctx, old); err != nil {
			return false, err
		}
		by := desk.Author{Kind: desk.ByVisitor, ID: string(c.Contact)}
		if err := told(ctx, tx, talk, by, desk.CallbackChanged{CallbackID: old.ID, State: old.State}); err != nil {
			return false, err
		}
	}
	return same, nil
}

// told tells a fact about a conversation and keeps it in its trail.
func told(ctx context.Context, tx *store.Tx, talk desk.Conversation, by desk.Author, fact desk.Fact) error {
	shard, _ := talk.ID.Shard()
	e := desk.Event{
		AccountID: talk.AccountID, Shard: shard, ConversationID: talk.ID, ContactID: talk.ContactID, Actor: by, State: talk.State(), Fact: fact,
	}
	if err := tx.Trail(ctx, e); err != nil {
		return err
	}
	return tx.Emit(e)
}

func openCallback(keys *seal.AccountKeys, c store.Callback) (Callback, error) {
	plain, err := keys.Open(callbackPlace(c), c.Details)
	if err != nil {
		return Callback{}, err
	}
	var d callbackDetails
	if err := json.Unmarshal(plain, &d); err != nil {
		return Callback{}, desk.Wrap(desk.Internal, "open callback", err)
	}
	return Callback{Callback: c, Phone: d.Phone, Note: d.Note}, nil
}

// Callbacks lists wishes to be called that may be seen, the newest first, of a
// state; next is "" at the end. With a conversation it lists all of that one.
func (s *Service) Callbacks(ctx context.Context, account desk.AccountID, sight desk.Sight, of desk.ConversationID, state desk.CallbackState, before string, limit int) (list []Callback, next string, err error) {
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return nil, "", desk.Wrap(desk.KindOf(err), "list callbacks", err)
	}
	var rows []store.Callback
	if of != "" {
		rows, err = s.deps.Store.CallbacksOf(ctx, account, of)
	} else {
		rows, err = s.deps.Store.Callbacks(ctx, account, state, before, limit)
		if len(rows) == limit {
			next = rows[len(rows)-1].ID
		}
	}
	if err != nil {
		return nil, "", err
	}
	for _, row := range rows {
		talk, err := s.deps.Store.Conversation(ctx, account, row.ConversationID)
		if err != nil || !sight.Sees(talk.AssigneeID, talk.TeamID) {
			continue
		}
		c, err := openCallback(keys, row)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a callback cannot be opened", "conversation_id", row.ConversationID, "error", err)
			continue
		}
		list = append(list, c)
	}
	return list, next, nil
}

// Called ticks a wish to be called off, or opens it again. The same again
// changes nothing; what the visitor has taken back is Conflict.
func (s *Service) Called(ctx context.Context, account desk.AccountID, sight desk.Sight, agent desk.AgentID, id string, done bool) (Callback, error) {
	const op = "tick callback off"
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Callback{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	var out store.Callback
	err = s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Callback(ctx, account, id)
		if err != nil {
			return err
		}
		talk, err := tx.Conversation(ctx, account, c.ConversationID)
		if err != nil {
			return err
		}
		if !sight.Sees(talk.AssigneeID, talk.TeamID) {
			return desk.E(desk.NotFound, op, "there is no such callback")
		}
		if c.State == desk.CallbackWithdrawn {
			return desk.E(desk.Conflict, op, "the customer has taken this back")
		}
		out = c
		if (c.State == desk.CallbackDone) == done {
			return nil
		}
		out.State, out.DoneAt, out.DoneBy = desk.CallbackOpen, time.Time{}, ""
		if done {
			out.State, out.DoneAt, out.DoneBy = desk.CallbackDone, tx.Now(), agent
		}
		if err := tx.UpdateCallback(ctx, out); err != nil {
			return err
		}
		return told(ctx, tx, talk, desk.Author{Kind: desk.ByAgent, ID: string(agent)}, desk.CallbackChanged{CallbackID: id, State: out.State})
	})
	if err != nil {
		return Callback{}, err
	}
	return openCallback(keys, out)
}
