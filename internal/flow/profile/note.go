package profile

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Note is what a colleague noted about a contact.
type Note struct {
	ID      string
	AgentID desk.AgentID
	Text    string
	At      time.Time
}

const maxNote = 10_000

// Notes lists what colleagues noted, the newest first, below the cursor.
func (s *Service) Notes(ctx context.Context, by By, id desk.ContactID, cursor string) (notes []Note, next string, err error) {
	const page = 50
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return nil, "", err
	}
	if _, err := s.contact(ctx, s.deps.Store.Reads, by, id); err != nil {
		return nil, "", err
	}
	stored, err := s.deps.Store.ContactNotes(ctx, by.Account, id, cursor, page+1)
	if err != nil {
		return nil, "", err
	}
	if len(stored) > page {
		stored = stored[:page]
		next = stored[page-1].ID
	}
	for _, n := range stored {
		plain, err := keys.Open(notePlace(n.ID), n.Body)
		if err != nil {
			s.deps.Log.ErrorContext(ctx, "a note cannot be opened", "contact_id", id, "error", err)
			continue
		}
		notes = append(notes, Note{ID: n.ID, AgentID: n.AgentID, Text: string(plain), At: n.CreatedAt})
	}
	return notes, next, nil
}

// AddNote notes something about a contact. A repeat of the key returns the
// first note.
func (s *Service) AddNote(ctx context.Context, by By, id desk.ContactID, says string) (Note, error) {
	const op = "add note"
	says = strings.TrimSpace(says)
	if says == "" || !utf8.ValidString(says) || strings.ContainsRune(says, 0) || utf8.RuneCountInString(says) > maxNote {
		return Note{}, desk.InvalidField(op, "text", "a note is text of 1 to 10,000 characters")
	}
	keys, err := s.keys(ctx, by.Account)
	if err != nil {
		return Note{}, err
	}
	n := store.ContactNote{ID: s.deps.IDs.Other("nte"), AccountID: by.Account, ContactID: id, AgentID: by.Agent}
	n.Body = keys.Seal(notePlace(n.ID), []byte(says))
	first := ""
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if _, err := s.contact(ctx, tx.Reads, by, id); err != nil {
			return err
		}
		first, err = once(ctx, tx, by, "contact.note:"+string(id), n.ID, func() error {
			n.CreatedAt = tx.Now()
			if err := tx.InsertContactNote(ctx, n); err != nil {
				return err
			}
			return s.touched(ctx, tx, by, id)
		})
		return err
	})
	if err != nil {
		return Note{}, err
	}
	if first == n.ID {
		return Note{ID: n.ID, AgentID: by.Agent, Text: says, At: n.CreatedAt}, nil
	}
	stored, err := s.deps.Store.ContactNote(ctx, by.Account, first)
	if err != nil {
		return Note{}, err
	}
	plain, err := keys.Open(notePlace(stored.ID), stored.Body)
	return Note{ID: stored.ID, AgentID: stored.AgentID, Text: string(plain), At: stored.CreatedAt}, err
}

// touched tells that something beside the profile has changed; the version stays.
func (s *Service) touched(ctx context.Context, tx *store.Tx, by By, id desk.ContactID) error {
	rev, err := tx.ContactRevision(ctx, by.Account, id)
	if err != nil {
		return err
	}
	return tx.Emit(desk.Event{AccountID: by.Account, ContactID: id, Actor: by.author(), Fact: desk.ContactUpdated{Version: rev.Version}})
}

// DeleteNote removes a note; one that is gone already is NotFound.
func (s *Service) DeleteNote(ctx context.Context, by By, id desk.ContactID, note string) error {
	return s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if _, err := s.contact(ctx, tx.Reads, by, id); err != nil {
			return err
		}
		_, err := once(ctx, tx, by, "contact.unnote:"+note, "", func() error {
			stored, err := tx.ContactNote(ctx, by.Account, note)
			if err != nil {
				return err
			}
			if stored.ContactID != id {
				return desk.E(desk.NotFound, "delete note", "there is no such note")
			}
			return errors.Join(tx.DeleteContactNote(ctx, by.Account, note), s.touched(ctx, tx, by, id))
		})
		return err
	})
}
