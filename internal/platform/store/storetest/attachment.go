package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Attachment is a file of the tenant, with a key of its own.
func (n *Tenant) Attachment(size int64) store.Attachment {
	id := n.IDs.Attachment()
	return store.Attachment{
		ID: id, AccountID: n.ID, UploadKey: "upload " + string(id), Uploader: "agent:" + string(n.Agent.ID),
		Kind: desk.ImagePart, Size: size, Meta: desk.Sealed("sealed meta"), CreatedAt: n.Clock.Now(),
	}
}

func (n *Tenant) upload(size int64) store.Attachment {
	n.Helper()
	a := n.Attachment(size)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertAttachment(ctx, a)
		return err
	})
	return a
}

// send is the command of an answer that carries the file.
func (n *Tenant) send(conversation desk.ConversationID, key string, a store.Attachment) store.Command {
	c := n.Reply(conversation, key, []byte("body"))
	decide := c.Decide
	c.Decide = func(s store.Situation) (store.Effects, error) {
		e, err := decide(s)
		e.Attachments = []store.AttachmentUse{{ID: a.ID, Message: e.Messages[0].ID}}
		return e, err
	}
	return c
}

func attachments(n *Tenant) {
	a, b := n.upload(100), n.upload(20)
	got, err := n.Store.Attachment(n.Ctx, n.ID, a.ID)
	require.NoError(n, err)
	require.Equal(n, a, got)
	got, err = n.Store.AttachmentByID(n.Ctx, a.ID)
	require.NoError(n, err)
	require.Equal(n, a, got)
	got, err = n.Store.AttachmentByUpload(n.Ctx, n.ID, b.UploadKey)
	require.NoError(n, err)
	require.Equal(n, b, got)
	both, err := n.Store.Attachments(n.Ctx, n.ID, []desk.AttachmentID{a.ID, b.ID, n.IDs.Attachment()})
	require.NoError(n, err)
	require.Equal(n, map[desk.AttachmentID]store.Attachment{a.ID: a, b.ID: b}, both)
	known, err := n.Store.AttachmentsKnown(n.Ctx, []desk.AttachmentID{a.ID, n.IDs.Attachment()})
	require.NoError(n, err)
	require.Equal(n, map[desk.AttachmentID]bool{a.ID: true}, known)
	page, err := n.Store.AttachmentPage(n.Ctx, n.ID, a.ID, 10)
	require.NoError(n, err)
	require.Equal(n, []store.Attachment{b}, page)
	usage, err := n.Store.AttachmentUsage(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, store.AttachmentUsage{Bytes: 120, Files: 2}, usage)

	// A repeat of the upload changes nothing.
	again := n.Attachment(7)
	again.UploadKey = a.UploadKey
	n.kind(desk.Conflict, n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.InsertAttachment(ctx, again)
		return err
	}))
	usage, err = n.Store.AttachmentUsage(n.Ctx, n.ID)
	require.NoError(n, err)
	require.EqualValues(n, 120, usage.Bytes)

	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateAttachmentMeta(ctx, n.ID, a.ID, desk.Sealed("sealed anew"))
	})
	a.Meta = desk.Sealed("sealed anew")

	// Sent once, with the message; a second message does not take it away.
	conversation := n.Do(n.Receive("ada", "1", []byte("hello"))).Conversation.ID
	first := n.Do(n.send(conversation, "k", a))
	n.Do(n.send(conversation, "other", a))
	a.MessageID = desk.MessageID(first.ResultID)
	got, err = n.Store.Attachment(n.Ctx, n.ID, a.ID)
	require.NoError(n, err)
	require.Equal(n, a, got)

	// A unit that fails uses nothing.
	broken := n.send(conversation, "broken", b)
	decide := broken.Decide
	broken.Decide = func(s store.Situation) (store.Effects, error) {
		_, _ = decide(s)
		return store.Effects{}, desk.E(desk.Conflict, "test", "")
	}
	_, err = n.Store.Do(n.Ctx, broken)
	n.kind(desk.Conflict, err)
	foreign := n.Reply(conversation, "", nil)
	inner := foreign.Decide
	foreign.Decide = func(s store.Situation) (store.Effects, error) {
		e, err := inner(s)
		e.Attachments = []store.AttachmentUse{{ID: b.ID, Message: a.MessageID}}
		return e, err
	}
	_, err = n.Store.Do(n.Ctx, foreign)
	n.kind(desk.Internal, err)
	got, err = n.Store.Attachment(n.Ctx, n.ID, b.ID)
	require.NoError(n, err)
	require.Empty(n, got.MessageID)

	// What a message's files were is dropped with it.
	out, err := n.Store.Do(n.Ctx, store.Command{
		Account: n.ID, Target: store.Target{Conversation: conversation},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{DropAttachments: []desk.MessageID{a.MessageID}}, nil
		},
	})
	require.NoError(n, err)
	require.Equal(n, conversation, out.Conversation.ID)
	got, err = n.Store.Attachment(n.Ctx, n.ID, a.ID)
	require.NoError(n, err)
	require.False(n, got.DroppedAt.IsZero())
}

func uselessAttachments(n *Tenant) {
	kept, old := n.upload(1), n.upload(2)
	sent, dropped := n.upload(4), n.upload(8)
	conversation := n.Do(n.Receive("ada", "1", []byte("hello"))).Conversation.ID
	n.Do(n.send(conversation, "", sent))
	out := n.Do(n.send(conversation, "", dropped))
	n.Do(store.Command{
		Account: n.ID, Target: store.Target{Conversation: conversation},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{DropAttachments: []desk.MessageID{desk.MessageID(out.ResultID)}}, nil
		},
	})
	keep := func(keeper string, id desk.AttachmentID) error {
		return n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.KeepAttachment(ctx, n.ID, keeper, id) })
	}
	require.NoError(n, keep("draft:1", kept.ID))
	require.NoError(n, keep("draft:1", kept.ID), "twice is once")
	n.kind(desk.NotFound, keep("draft:2", kept.ID))
	n.kind(desk.NotFound, keep("draft:1", sent.ID))
	fresh := n.upload(16)
	ids := func(before time.Time) (ids []desk.AttachmentID) {
		n.Helper()
		list, err := n.Store.UselessAttachments(n.Ctx, before, 10)
		require.NoError(n, err)
		for _, a := range list {
			ids = append(ids, a.ID)
		}
		return ids
	}
	before := fresh.CreatedAt
	require.Equal(n, []desk.AttachmentID{dropped.ID, old.ID}, ids(before))
	remove := func(a store.Attachment) error {
		return n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteAttachment(ctx, a, before) })
	}
	require.NoError(n, remove(dropped))
	require.NoError(n, remove(old))
	for _, a := range []store.Attachment{kept, sent, fresh, old} {
		n.kind(desk.NotFound, remove(a))
	}
	require.Empty(n, ids(before))
	usage, err := n.Store.AttachmentUsage(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, store.AttachmentUsage{Bytes: 1 + 4 + 16, Files: 3}, usage)

	// Let go, it has as long again.
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.ReleaseAttachments(ctx, n.ID, "draft:1") })
	require.Empty(n, ids(before))
	require.Equal(n, []desk.AttachmentID{fresh.ID, kept.ID}, ids(n.Clock.Now()))
}
