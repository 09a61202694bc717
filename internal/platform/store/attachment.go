package store

import (
	"context"
	"errors"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store/query"
)

// Attachment is a file as databases keep it. The bytes are a blob of the same
// name; what is known of them, and their key, is sealed.
type Attachment struct {
	ID        desk.AttachmentID
	AccountID desk.AccountID
	// UploadKey is the idempotency key of the upload, unique in the account.
	UploadKey string
	// Uploader is who may send it: an agent's id or a visitor's keyed hash.
	Uploader string
	// Keeper names what needs the file though it is not sent (a draft, a canned
	// reply); may be empty.
	Keeper string
	// MessageID is the message it was sent with; empty until then.
	MessageID desk.MessageID
	// Kind is what sort of file: image, audio, video or file.
	Kind desk.PartType
	// Size is the file's, in bytes.
	Size      int64
	Meta      desk.Sealed
	CreatedAt time.Time
	// DroppedAt tells that the file is to be deleted and must not be shown.
	DroppedAt time.Time
}

// AttachmentUse says which message a file is sent with.
type AttachmentUse struct {
	ID      desk.AttachmentID
	Message desk.MessageID
}

// AttachmentUsage is what an account's files take.
type AttachmentUsage struct {
	Bytes, Files int64
}

// Attachment finds a file of the account.
func (r Reads) Attachment(ctx context.Context, account desk.AccountID, id desk.AttachmentID) (Attachment, error) {
	row, err := r.q.Attachment(ctx, query.AttachmentParams{AccountID: string(account), ID: string(id)})
	if err != nil {
		return Attachment{}, r.fail("find attachment", "attachment", err)
	}
	return attachmentOf(row), nil
}

// AttachmentByID finds a file of any account, for signed addresses, which name
// no account. Whoever calls it checks the signature against the file's.
func (r Reads) AttachmentByID(ctx context.Context, id desk.AttachmentID) (Attachment, error) {
	row, err := r.q.AttachmentByID(ctx, query.AttachmentByIDParams{ID: string(id)})
	if err != nil {
		return Attachment{}, r.fail("find attachment", "attachment", err)
	}
	return attachmentOf(row), nil
}

// AttachmentByUpload finds what an upload with this idempotency key led to.
func (r Reads) AttachmentByUpload(ctx context.Context, account desk.AccountID, uploadKey string) (Attachment, error) {
	row, err := r.q.AttachmentByUpload(ctx, query.AttachmentByUploadParams{AccountID: string(account), UploadKey: uploadKey})
	if err != nil {
		return Attachment{}, r.fail("find attachment", "attachment", err)
	}
	return attachmentOf(row), nil
}

// Attachments finds many files of the account; unknown ids are left out.
func (r Reads) Attachments(ctx context.Context, account desk.AccountID, ids []desk.AttachmentID) (map[desk.AttachmentID]Attachment, error) {
	out := make(map[desk.AttachmentID]Attachment, len(ids))
	for chunk := range chunks(ids) {
		p := query.AttachmentsByIDParams{AccountID: string(account)}
		fill(chunk, &p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8)
		rows, err := r.q.AttachmentsByID(ctx, p)
		if err != nil {
			return nil, r.fail("find attachments", "attachment", err)
		}
		for _, row := range rows {
			out[desk.AttachmentID(row.ID)] = attachmentOf(row)
		}
	}
	return out, nil
}

// AttachmentsKnown tells which of the ids are files of any account, for the
// housekeeping of the folder of blobs.
func (r Reads) AttachmentsKnown(ctx context.Context, ids []desk.AttachmentID) (map[desk.AttachmentID]bool, error) {
	out := make(map[desk.AttachmentID]bool, len(ids))
	for chunk := range chunks(ids) {
		var p query.AttachmentsKnownParams
		fill(chunk, &p.Id1, &p.Id2, &p.Id3, &p.Id4, &p.Id5, &p.Id6, &p.Id7, &p.Id8)
		rows, err := r.q.AttachmentsKnown(ctx, p)
		if err != nil {
			return nil, r.fail("find attachments", "attachment", err)
		}
		for _, id := range rows {
			out[desk.AttachmentID(id)] = true
		}
	}
	return out, nil
}

// AttachmentPage walks all files of the account by id, from after on.
func (r Reads) AttachmentPage(ctx context.Context, account desk.AccountID, after desk.AttachmentID, limit int) ([]Attachment, error) {
	rows, err := r.q.AttachmentPage(ctx, query.AttachmentPageParams{AccountID: string(account), AfterID: string(after), RowLimit: bound(limit)})
	return attachmentsOf(rows), r.fail("list attachments", "attachment", err)
}

// AttachmentUsage is what the account's files take; zero if it has none.
func (r Reads) AttachmentUsage(ctx context.Context, account desk.AccountID) (AttachmentUsage, error) {
	row, err := r.q.AttachmentUsage(ctx, query.AttachmentUsageParams{AccountID: string(account)})
	err = r.fail("count attachments", "attachment", err)
	if errors.Is(err, desk.NotFound) {
		err = nil
	}
	return AttachmentUsage{Bytes: row.Bytes, Files: row.Files}, err
}

// UselessAttachments lists files of all accounts that may be deleted, the
// oldest first: those that were dropped, and those that came before the given
// time and were never sent.
func (r Reads) UselessAttachments(ctx context.Context, before time.Time, limit int) ([]Attachment, error) {
	const op = "list useless attachments"
	rows, err := r.q.DroppedAttachments(ctx, query.DroppedAttachmentsParams{RowLimit: bound(limit)})
	if err != nil {
		return nil, r.fail(op, "attachment", err)
	}
	unsent, err := r.q.UnneededAttachments(ctx, query.UnneededAttachmentsParams{BeforeUs: desk.Micros(before), RowLimit: bound(limit)})
	return attachmentsOf(append(rows, unsent...)), r.fail(op, "attachment", err)
}

// InsertAttachment adds a file and returns what the account's files take with
// it. Conflict if the upload's key was used.
func (t *Tx) InsertAttachment(ctx context.Context, a Attachment) (AttachmentUsage, error) {
	const op = "insert attachment"
	if err := t.own(op, a.AccountID); err != nil {
		return AttachmentUsage{}, err
	}
	n, err := t.q.InsertAttachment(ctx, query.InsertAttachmentParams{
		ID: string(a.ID), AccountID: string(a.AccountID), UploadKey: a.UploadKey, Uploader: a.Uploader,
		Kind: string(a.Kind), Size: a.Size, Meta: blob(a.Meta), CreatedUs: desk.Micros(a.CreatedAt),
	})
	if err == nil && n == 0 {
		return AttachmentUsage{}, desk.E(desk.Conflict, op, "this upload was made before")
	}
	if err != nil {
		return AttachmentUsage{}, t.fail(op, "attachment", err)
	}
	return t.attachmentUsage(ctx, op, a.AccountID, a.Size, 1)
}

func (t *Tx) attachmentUsage(ctx context.Context, op string, account desk.AccountID, bytes, files int64) (AttachmentUsage, error) {
	row, err := t.q.AddAttachmentUsage(ctx, query.AddAttachmentUsageParams{AccountID: string(account), Bytes: bytes, Files: files})
	return AttachmentUsage{Bytes: row.Bytes, Files: row.Files}, t.fail(op, "attachment", err)
}

// UpdateAttachmentMeta replaces the sealed knowledge, for a change of keys.
func (t *Tx) UpdateAttachmentMeta(ctx context.Context, account desk.AccountID, id desk.AttachmentID, meta desk.Sealed) error {
	const op = "update attachment"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.UpdateAttachmentMeta(ctx, query.UpdateAttachmentMetaParams{AccountID: string(account), ID: string(id), Meta: blob(meta)})
	return t.changed(op, "attachment", n, err)
}

// KeepAttachment holds on to an unsent file for the keeper; NotFound if it is
// not there, sent already, or kept by another.
func (t *Tx) KeepAttachment(ctx context.Context, account desk.AccountID, keeper string, id desk.AttachmentID) error {
	const op = "keep attachment"
	if err := t.own(op, account); err != nil {
		return err
	}
	n, err := t.q.KeepAttachment(ctx, query.KeepAttachmentParams{AccountID: string(account), Keeper: keeper, ID: string(id)})
	return t.changed(op, "attachment", n, err)
}

// ReleaseAttachments lets go of all that a keeper held. What was not sent has
// as long again to be sent as a fresh upload.
func (t *Tx) ReleaseAttachments(ctx context.Context, account desk.AccountID, keeper string) error {
	const op = "release attachments"
	if err := t.own(op, account); err != nil {
		return err
	}
	err := t.q.ReleaseAttachments(ctx, query.ReleaseAttachmentsParams{AccountID: string(account), Keeper: keeper, NowUs: desk.Micros(t.now)})
	return t.fail(op, "attachment", err)
}

// DeleteAttachment removes a file's row if it is dropped, or unsent, unkept
// and from before the given time. NotFound means that somebody needs it by now.
func (t *Tx) DeleteAttachment(ctx context.Context, a Attachment, before time.Time) error {
	const op = "delete attachment"
	if err := t.own(op, a.AccountID); err != nil {
		return err
	}
	n, err := t.q.DeleteAttachment(ctx, query.DeleteAttachmentParams{AccountID: string(a.AccountID), ID: string(a.ID), BeforeUs: desk.Micros(before)})
	if err := t.changed(op, "attachment", n, err); err != nil {
		return err
	}
	_, err = t.attachmentUsage(ctx, op, a.AccountID, -a.Size, -1)
	return err
}

func attachmentsOf(rows []query.Attachment) []Attachment {
	out := make([]Attachment, len(rows))
	for i, row := range rows {
		out[i] = attachmentOf(row)
	}
	return out
}

func attachmentOf(row query.Attachment) Attachment {
	return Attachment{
		ID: desk.AttachmentID(row.ID), AccountID: desk.AccountID(row.AccountID), UploadKey: row.UploadKey, Uploader: row.Uploader,
		Keeper: row.Keeper, MessageID: desk.MessageID(row.MessageID), Kind: desk.PartType(row.Kind), Size: row.Size, Meta: row.Meta,
		CreatedAt: desk.FromMicros(row.CreatedUs), DroppedAt: desk.FromMicros(row.DroppedUs),
	}
}
