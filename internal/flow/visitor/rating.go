package visitor

import (
	"context"
	"errors"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

const (
	// RatingWindow is how long after the first a rating can be changed.
	RatingWindow = 24 * time.Hour
	// MaxComment bounds a rating's words, in characters.
	MaxComment = 1_000
)

// Rate notes what a contact thinks of one of their conversations. The newest
// counts; after RatingWindow it is a Conflict. NotFound if the conversation is
// not the contact's, Invalid for a score that is not 1 to 5 or too many words.
func (s *Service) Rate(ctx context.Context, account desk.AccountID, contact desk.ContactID, r desk.Rating) (desk.Rating, error) {
	const op = "rate conversation"
	r.Comment = strings.TrimSpace(r.Comment)
	switch {
	case r.Score < 1 || r.Score > 5:
		return desk.Rating{}, desk.InvalidField(op, "score", "a rating is a whole number from 1 to 5")
	case !utf8.ValidString(r.Comment) || utf8.RuneCountInString(r.Comment) > MaxComment:
		return desk.Rating{}, desk.InvalidField(op, "comment", "the comment is longer than 1,000 characters")
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return desk.Rating{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	var sealed desk.Sealed
	if r.Comment != "" {
		sealed = keys.Seal(commentPlace(r.ConversationID), []byte(r.Comment))
	}
	err = s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		c, err := tx.Conversation(ctx, account, r.ConversationID)
		if err == nil && c.ContactID != contact {
			err = desk.E(desk.NotFound, op, "there is no such conversation")
		}
		if err != nil {
			return err
		}
		r.First, r.At = tx.Now(), tx.Now()
		before, err := tx.Rating(ctx, account, c.ID)
		switch {
		case errors.Is(err, desk.NotFound):
		case err != nil:
			return err
		case tx.Now().Sub(before.FirstAt) > RatingWindow:
			return desk.E(desk.Conflict, op, "a rating can be changed for a day only")
		default:
			r.First = before.FirstAt
			same, err := opened(keys, before)
			if err != nil {
				return err
			}
			if same.Score == r.Score && same.Comment == r.Comment {
				r.At = before.At // said again: nothing to tell
				return nil
			}
		}
		if err := tx.PutRating(ctx, store.Rating{
			AccountID: account, ConversationID: c.ID, Score: r.Score, Comment: sealed, FirstAt: r.First, At: r.At,
		}); err != nil {
			return err
		}
		shard, _ := c.ID.Shard()
		told := desk.Event{
			AccountID: account, Shard: shard, ConversationID: c.ID, ContactID: contact,
			Actor: desk.Author{Kind: desk.ByVisitor, ID: string(contact)}, State: c.State(),
			Fact: desk.ConversationRated{Score: r.Score, Commented: r.Comment != ""},
		}
		if err := tx.Trail(ctx, told); err != nil {
			return err
		}
		return tx.Emit(told)
	})
	if err != nil {
		return desk.Rating{}, err
	}
	return r, nil
}

// Rating reads what was thought of a conversation; NotFound if nothing was said.
func (s *Service) Rating(ctx context.Context, account desk.AccountID, conversation desk.ConversationID) (desk.Rating, error) {
	r, err := s.deps.Store.Rating(ctx, account, conversation)
	if err != nil {
		return desk.Rating{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return desk.Rating{}, desk.Wrap(desk.KindOf(err), "open rating", err)
	}
	return opened(keys, r)
}

func opened(keys *seal.AccountKeys, r store.Rating) (desk.Rating, error) {
	out := desk.Rating{ConversationID: r.ConversationID, Score: r.Score, First: r.FirstAt, At: r.At}
	if len(r.Comment) == 0 {
		return out, nil
	}
	words, err := keys.Open(commentPlace(r.ConversationID), r.Comment)
	out.Comment = string(words)
	return out, err
}

// commentPlace is walked by the rotation of keys in flow/conversation.
func commentPlace(id desk.ConversationID) seal.Place {
	return seal.Place{Owner: string(id), Table: "rating", Row: string(id), Column: "comment"}
}
