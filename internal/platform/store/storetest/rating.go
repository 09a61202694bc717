package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func ratings(n *Tenant) {
	in := n.Do(n.Receive("ada", "1", []byte("hello")))
	conversation := in.Conversation.ID
	_, err := n.Store.Rating(n.Ctx, n.ID, conversation)
	n.kind(desk.NotFound, err)
	put := func(r store.Rating) {
		n.Helper()
		n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.PutRating(ctx, r) })
	}
	first := store.Rating{AccountID: n.ID, ConversationID: conversation, Score: 2, Comment: desk.Sealed("sealed"), FirstAt: n.Clock.Now(), At: n.Clock.Now()}
	put(first)
	got, err := n.Store.Rating(n.Ctx, n.ID, conversation)
	require.NoError(n, err)
	require.Equal(n, first, got)

	// The newest counts, and when it began is kept.
	second := first
	second.Score, second.Comment, second.At, second.FirstAt = 5, nil, first.At.Add(time.Hour), first.At.Add(time.Hour)
	put(second)
	got, err = n.Store.Rating(n.Ctx, n.ID, conversation)
	require.NoError(n, err)
	second.FirstAt, second.Comment = first.FirstAt, got.Comment
	require.Equal(n, second, got)
	require.Empty(n, got.Comment)

	other := n.Do(n.Receive("bob", "1", []byte("hello"))).Conversation.ID
	third := store.Rating{AccountID: n.ID, ConversationID: other, Score: 1, Comment: desk.Sealed("x"), FirstAt: n.Clock.Now(), At: n.Clock.Now()}
	put(third)
	page, err := n.Store.RatingPage(n.Ctx, n.ID, "", 1)
	require.NoError(n, err)
	require.Len(n, page, 1)
	rest, err := n.Store.RatingPage(n.Ctx, n.ID, page[0].ConversationID, 10)
	require.NoError(n, err)
	require.Len(n, rest, 1)
	require.NotEqual(n, page[0].ConversationID, rest[0].ConversationID)
	average, count, err := n.Store.ContactRating(n.Ctx, n.ID, in.ContactID)
	require.NoError(n, err)
	require.InDelta(n, 5, average, 0)
	require.EqualValues(n, 1, count)
	average, count, err = n.Store.ContactRating(n.Ctx, n.ID, n.IDs.Contact())
	require.NoError(n, err)
	require.Zero(n, average)
	require.Zero(n, count)
	n.kind(desk.Internal, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.PutRating(ctx, store.Rating{AccountID: n.ID, ConversationID: conversation, Score: 6})
	}))
}
