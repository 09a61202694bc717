package toolbox

import (
	"context"
	"errors"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// The kinds of drafts.
const (
	ReplyDraft = "reply"
	NoteDraft  = "note"
)

// draftLife is how long a draft is kept after its last change.
const draftLife = 60 * 24 * time.Hour

// Draft is what an agent has begun to write in a conversation.
type Draft struct {
	// Kind is ReplyDraft or NoteDraft.
	Kind string
	// Revision is the one that this draft has, or for a change the one it is made on: 0
	// begins.
	Revision  int64
	UpdatedAt time.Time
	DraftContent
}

// DraftContent is what is sealed of a draft. It need not be a valid message yet.
type DraftContent struct {
	Text    string         `json:"text,omitempty"`
	Parts   []desk.Part    `json:"parts,omitempty"`
	ReplyTo desk.MessageID `json:"reply_to,omitempty"`
}

// DraftPlace is where a draft is sealed for.
func DraftPlace(k store.DraftKey) seal.Place {
	return seal.Place{
		Owner: string(k.ConversationID), Table: "draft", Row: string(k.AgentID) + ":" + string(k.ConversationID) + ":" + k.Kind, Column: "body",
	}
}

func draftKey(op string, by By, conversation desk.ConversationID, kind string) (store.DraftKey, error) {
	k := store.DraftKey{AccountID: by.Account, AgentID: by.Agent, ConversationID: conversation, Kind: kind}
	if kind != ReplyDraft && kind != NoteDraft {
		return k, desk.InvalidField(op, "kind", "a draft is of a reply or a note")
	}
	return k, nil
}

// Drafts are the agent's own in a conversation, at most one of each kind.
func (s *Service) Drafts(ctx context.Context, by By, conversation desk.ConversationID) ([]Draft, error) {
	keys, err := s.deps.Keys.Account(ctx, by.Account)
	if err != nil {
		return nil, err
	}
	out := []Draft{}
	for _, kind := range []string{ReplyDraft, NoteDraft} {
		row, err := s.deps.Store.Draft(ctx, store.DraftKey{AccountID: by.Account, AgentID: by.Agent, ConversationID: conversation, Kind: kind})
		if errors.Is(err, desk.NotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		d := Draft{Kind: kind, Revision: row.Revision, UpdatedAt: row.UpdatedAt}
		if err := open(keys, DraftPlace(row.DraftKey), row.Body, &d.DraftContent); err != nil {
			s.deps.Log.ErrorContext(ctx, "a draft cannot be opened", "conversation_id", conversation, "error", err)
			continue
		}
		out = append(out, d)
	}
	return out, nil
}

// SaveDraft keeps a draft in the place of the one it was made on. Conflict if
// that is no longer the newest: another window or device has written meanwhile.
func (s *Service) SaveDraft(ctx context.Context, by By, conversation desk.ConversationID, d Draft) (Draft, error) {
	const op = "save draft"
	key, err := draftKey(op, by, conversation, d.Kind)
	if err != nil {
		return Draft{}, err
	}
	switch {
	case utf8.RuneCountInString(d.Text) > desk.MaxTextRunes:
		return Draft{}, desk.InvalidField(op, "text", "a text has at most 10,000 characters")
	case len(d.Parts) > desk.MaxParts:
		return Draft{}, desk.InvalidField(op, "parts", "a message has at most 20 parts")
	case d.Revision < 0:
		return Draft{}, desk.InvalidField(op, "revision", "a revision is not negative")
	}
	body, err := s.seal(ctx, by.Account, DraftPlace(key), d.DraftContent)
	if err != nil {
		return Draft{}, err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		before, err := tx.Draft(ctx, key)
		if err != nil && !errors.Is(err, desk.NotFound) {
			return err
		}
		if before.Revision != d.Revision {
			return desk.E(desk.Conflict, op, "this draft was changed in another window; take the newest one first")
		}
		if err := keepFiles(ctx, tx, by.Account, keeper(key), d.Parts); err != nil {
			return err
		}
		d.UpdatedAt = tx.Now()
		return tx.PutDraft(ctx, store.SavedDraft{DraftKey: key, Revision: d.Revision + 1, Body: body, UpdatedAt: tx.Now()})
	})
	d.Revision++
	return d, err
}

func keeper(k store.DraftKey) string { return "draft:" + DraftPlace(k).Row }

// keepFiles keeps the files of parts for as long as the keeper needs them, and
// none that it needs no more.
func keepFiles(ctx context.Context, tx *store.Tx, account desk.AccountID, keeper string, parts []desk.Part) error {
	if err := tx.ReleaseAttachments(ctx, account, keeper); err != nil {
		return err
	}
	for _, id := range (desk.Content{Parts: parts}).Attachments() {
		err := tx.KeepAttachment(ctx, account, keeper, id)
		if errors.Is(err, desk.NotFound) {
			return desk.InvalidField("keep files", "parts", "there is no such file; upload it again")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// DeleteDraft drops a draft; one that is not there is fine.
func (s *Service) DeleteDraft(ctx context.Context, by By, conversation desk.ConversationID, kind string) error {
	key, err := draftKey("delete draft", by, conversation, kind)
	if err != nil {
		return err
	}
	err = s.deps.Store.Write(ctx, by.Account, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.ReleaseAttachments(ctx, by.Account, keeper(key)); err != nil {
			return err
		}
		return tx.DeleteDraft(ctx, key)
	})
	if errors.Is(err, desk.NotFound) {
		return nil
	}
	return err
}

// Drafted tells in which of the conversations the agent has a draft.
func (s *Service) Drafted(ctx context.Context, by By, ids []desk.ConversationID) (map[desk.ConversationID]bool, error) {
	return s.deps.Store.Drafted(ctx, by.Account, by.Agent, ids)
}

// Sweep drops drafts that nobody has touched for 60 days and counts them.
func (s *Service) Sweep(ctx context.Context) (int64, error) {
	var gone int64
	for {
		old, err := s.deps.Store.OldDrafts(ctx, s.deps.Clock.Now().Add(-draftLife), 500)
		if err != nil || len(old) == 0 {
			return gone, err
		}
		err = s.deps.Store.Write(ctx, "", func(ctx context.Context, tx *store.Tx) error {
			for _, d := range old {
				now, err := tx.Draft(ctx, d.DraftKey)
				if errors.Is(err, desk.NotFound) || err == nil && now.Revision != d.Revision {
					continue // gone or written anew meanwhile
				}
				if err != nil {
					return err
				}
				if err := tx.ReleaseAttachments(ctx, d.AccountID, keeper(d.DraftKey)); err != nil {
					return err
				}
				if err := tx.DeleteDraft(ctx, d.DraftKey); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return gone, err
		}
		gone += int64(len(old))
	}
}
