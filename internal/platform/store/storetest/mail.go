package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Mail is a mail of the tenant, due now.
func (n *Tenant) Mail() store.Mail {
	now := n.Clock.Now()
	return store.Mail{ID: n.IDs.Other("mal"), AccountID: n.ID, Kind: "transcript", Body: desk.Sealed("sealed mail"), Due: now, CreatedAt: now}
}

func mails(n *Tenant) {
	a, b, later := n.Mail(), n.Mail(), n.Mail()
	later.Due = later.Due.Add(time.Hour)
	for _, m := range []store.Mail{a, b, later} {
		n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertMail(ctx, m) })
	}
	list, err := n.Store.Mails(n.Ctx, n.ID, "", 10)
	require.NoError(n, err)
	require.Equal(n, []store.Mail{later, b, a}, list)
	list, err = n.Store.Mails(n.Ctx, n.ID, b.ID, 10)
	require.NoError(n, err)
	require.Equal(n, []store.Mail{a}, list)
	page, err := n.Store.MailPage(n.Ctx, n.ID, a.ID, 1)
	require.NoError(n, err)
	require.Equal(n, []store.Mail{b}, page)

	now := n.Clock.Now()
	due, err := n.Store.DueMails(n.Ctx, "one", now, 10, time.Minute)
	require.NoError(n, err)
	require.Equal(n, []string{a.ID, b.ID}, []string{due[0].ID, due[1].ID})
	require.Len(n, due, 2)
	others, err := n.Peer.DueMails(n.Ctx, "two", now.Add(time.Second), 10, time.Minute)
	require.NoError(n, err)
	require.Empty(n, others, "the first has them")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteMail(ctx, due[0]) })
	failed := due[1]
	failed.Attempts, failed.Error, failed.Due = 1, "refused", now.Add(time.Minute)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMail(ctx, failed) })
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMail(ctx, failed) }))
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteMail(ctx, failed) }))

	due, err = n.Store.DueMails(n.Ctx, "two", now.Add(2*time.Minute), 10, time.Minute)
	require.NoError(n, err)
	require.Len(n, due, 1)
	require.Equal(n, "refused", due[0].Error)
	dead := due[0]
	dead.Dead = true
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateMail(ctx, dead) })
	due, err = n.Store.DueMails(n.Ctx, "two", now.Add(30*time.Minute), 10, time.Minute)
	require.NoError(n, err)
	require.Empty(n, due, "nobody tries it again")
	got, err := n.Store.Mail(n.Ctx, n.ID, b.ID)
	require.NoError(n, err)
	require.True(n, got.Dead)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateMailBody(ctx, n.ID, b.ID, desk.Sealed("anew"))
	})
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		gone, err := tx.DeleteDeadMails(ctx, now)
		require.EqualValues(n, 1, gone)
		return err
	}))
	list, err = n.Store.Mails(n.Ctx, n.ID, "", 10)
	require.NoError(n, err)
	require.Equal(n, []store.Mail{later}, list)
}
