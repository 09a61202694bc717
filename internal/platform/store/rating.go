package store

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Rating is what a customer thought of a conversation, as databases keep it.
type Rating struct {
	AccountID      desk.AccountID
	ConversationID desk.ConversationID
	// Score is 1 to 5.
	Score int
	// Comment is the customer's words, sealed; may be empty.
	Comment desk.Sealed
	// FirstAt is when it was given first; PutRating does not change it.
	FirstAt, At time.Time
}

// Rating finds what was thought of a conversation; NotFound if nothing was said.
func (r Reads) Rating(ctx context.Context, account desk.AccountID, conversation desk.ConversationID) (Rating, error) {
	row, err := r.q.Rating(ctx, query.RatingParams{AccountID: string(account), ConversationID: string(conversation)})
	if err != nil {
		return Rating{}, r.fail("find rating", "rating", err)
	}
	return ratingOf(row), nil
}

// RatingPage walks all ratings of the account by conversation, from after on.
func (r Reads) RatingPage(ctx context.Context, account desk.AccountID, after desk.ConversationID, limit int) ([]Rating, error) {
	rows, err := r.q.RatingPage(ctx, query.RatingPageParams{AccountID: string(account), AfterID: string(after), RowLimit: bound(limit)})
	if err != nil {
		return nil, r.fail("list ratings", "rating", err)
	}
	out := make([]Rating, len(rows))
	for i, row := range rows {
		out[i] = ratingOf(row)
	}
	return out, nil
}

// ContactRating is what a contact thinks on average, and of how many
// conversations they said so; zeros if of none.
func (r Reads) ContactRating(ctx context.Context, account desk.AccountID, contact desk.ContactID) (average float64, count int64, err error) {
	row, err := r.q.ContactRating(ctx, query.ContactRatingParams{AccountID: string(account), ContactID: string(contact)})
	if err != nil || row.Ratings == 0 {
		return 0, 0, r.fail("average ratings", "rating", err)
	}
	return float64(row.Total) / float64(row.Ratings), row.Ratings, nil
}

// PutRating adds a rating, or replaces what was said before.
func (t *Tx) PutRating(ctx context.Context, r Rating) error {
	const op = "put rating"
	if err := t.own(op, r.AccountID); err != nil {
		return err
	}
	return t.fail(op, "rating", t.q.PutRating(ctx, query.PutRatingParams{
		AccountID: string(r.AccountID), ConversationID: string(r.ConversationID),
		Score: int64(r.Score), Comment: blob(r.Comment), FirstUs: desk.Micros(r.FirstAt), AtUs: desk.Micros(r.At),
	}))
}

func ratingOf(row query.Rating) Rating {
	return Rating{
		AccountID: desk.AccountID(row.AccountID), ConversationID: desk.ConversationID(row.ConversationID),
		Score: int(row.Score), Comment: row.Comment,
		FirstAt: desk.FromMicros(row.FirstUs), At: desk.FromMicros(row.AtUs),
	}
}
