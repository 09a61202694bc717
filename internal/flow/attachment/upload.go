package attachment

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/store"
)

// What an upload may be refused for, beside the kinds of desk; for errors.Is.
var (
	ErrTooLarge = errors.New("file is too large")
	ErrType     = errors.New("type of file is not taken")

	errBrokeOff = errors.New("the body ended too early")
)

// Upload is a file on its way in.
type Upload struct {
	Account desk.AccountID
	// Uploader is who may send it: desk.AgentUploader or desk.VisitorUploader.
	Uploader string
	// Visitor uploads are limited in their number.
	Visitor bool
	// Key is the idempotency key; a repeat gets the first file. Empty: none.
	Key string
	// Name and Declared (the MIME type) are what the sender says.
	Name, Declared string
	// Size is the length of Body, in bytes.
	Size int64
	// AtMost: Size is only what Body cannot exceed, and Body itself fails if it
	// broke off, as the part of a form does.
	AtMost bool
	Body   io.Reader
}

// tooManyError says when to come back.
type tooManyError time.Duration

// Error makes it a cause.
func (e tooManyError) Error() string { return "too many uploads" }

// RetryAfter is how long to wait.
func (e tooManyError) RetryAfter() time.Duration { return time.Duration(e) }

// Upload takes a file in. Errors: Invalid, also ErrTooLarge and ErrType;
// Limited for too many files or a full account; Unavailable when there is no
// room or the sender broke off.
func (s *Service) Upload(ctx context.Context, u Upload) (Uploaded, error) {
	const op = "upload file"
	switch {
	case u.Size < 1:
		return Uploaded{}, desk.InvalidField(op, "Content-Length", "the file is empty, or its length is not said")
	case u.Size > s.config.MaxSize:
		return Uploaded{}, s.tooLarge(s.config.MaxSize)
	}
	id := s.deps.IDs.Attachment()
	uploadKey := string(id)
	if u.Key != "" {
		sum := sha256.Sum256([]byte(u.Uploader + "\x00" + u.Key))
		uploadKey = hex.EncodeToString(sum[:])
		first, err := s.first(ctx, u.Account, uploadKey)
		if err == nil || !errors.Is(err, desk.NotFound) {
			return first, err
		}
	}
	if u.Visitor {
		if ok, wait := s.uploads.Allow(u.Uploader, s.deps.Clock.Now()); !ok {
			return Uploaded{}, &desk.Error{Kind: desk.Limited, Op: op, Msg: "too many files at once; wait a little", Err: tooManyError(wait)}
		}
	}
	usage, err := s.deps.Store.AttachmentUsage(ctx, u.Account)
	if err != nil {
		return Uploaded{}, err
	}
	if s.full(usage.Bytes + u.Size) {
		return Uploaded{}, errFull()
	}
	body := bufio.NewReaderSize(&exactly{from: u.Body, left: u.Size, atMost: u.AtMost}, headSize)
	head, err := body.Peek(int(min(headSize, u.Size)))
	switch {
	case u.AtMost && errors.Is(err, io.EOF) && len(head) == 0:
		return Uploaded{}, desk.InvalidField(op, "file", "the file is empty")
	case err != nil && (!u.AtMost || !errors.Is(err, io.EOF)):
		return Uploaded{}, brokeOff(err)
	}
	f, ok := recognise(head, ending(CleanName(u.Name)), strings.ToLower(u.Declared))
	if !ok || !s.takes(f) {
		return Uploaded{}, errType("files of this type are not taken")
	}
	a := store.Attachment{
		ID: id, AccountID: u.Account, UploadKey: uploadKey, Uploader: u.Uploader, Kind: f.kind, Size: u.Size,
	}
	m := meta{Name: named(u.Name, f), MIME: f.mime, Inline: f.inline}
	if f.kind == desk.ImagePart {
		err = s.storePicture(ctx, &a, &m, f, body)
	} else {
		err = s.storeFile(ctx, &a, &m, body)
	}
	if err == nil {
		err = s.note(ctx, &a, m)
	}
	if err == nil {
		return s.uploaded(a, m), nil
	}
	// Nothing half stored; what cannot be deleted now is found by the daily walk.
	_ = s.deleteBlobs(context.WithoutCancel(ctx), id)
	if errors.Is(err, desk.Conflict) { // the same upload at the same time was faster
		return s.first(ctx, u.Account, uploadKey)
	}
	return Uploaded{}, err
}

// first is what an earlier upload with the key led to.
func (s *Service) first(ctx context.Context, account desk.AccountID, uploadKey string) (Uploaded, error) {
	a, err := s.deps.Store.AttachmentByUpload(ctx, account, uploadKey)
	if err != nil {
		return Uploaded{}, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Uploaded{}, err
	}
	m, err := openMeta(keys, a)
	return s.uploaded(a, m), err
}

func (s *Service) full(bytes int64) bool { return s.config.Quota > 0 && bytes > s.config.Quota }

func errFull() error {
	return desk.E(desk.Limited, "upload file", "the company's room for files is full; an administrator has to make some")
}

func (s *Service) tooLarge(limit int64) error {
	return &desk.Error{
		Kind: desk.Invalid, Op: "upload file", Msg: fmt.Sprintf("the file is larger than %d MiB", limit>>20), Err: ErrTooLarge,
	}
}

func errType(msg string) error {
	return &desk.Error{Kind: desk.Invalid, Op: "upload file", Msg: msg, Err: ErrType}
}

// brokeOff must not look like the end of the body to whoever reads it further,
// so it does not say that it came unexpectedly.
func brokeOff(err error) error {
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = errBrokeOff
	}
	if _, ok := errors.AsType[*desk.Error](err); ok {
		return err
	}
	return &desk.Error{Kind: desk.Unavailable, Op: "upload file", Msg: "the upload broke off; send the file again", Err: err}
}

func (s *Service) takes(f format) bool {
	return slices.Contains(s.config.Groups, f.group)
}

// exactly gives as many bytes as were announced; fewer is a failure.
type exactly struct {
	from   io.Reader
	left   int64
	atMost bool
}

// Read passes on what comes.
func (e *exactly) Read(p []byte) (int, error) {
	if e.left <= 0 {
		return 0, io.EOF
	}
	if int64(len(p)) > e.left {
		p = p[:e.left]
	}
	n, err := e.from.Read(p)
	e.left -= int64(n)
	if e.left > 0 && errors.Is(err, io.EOF) && !e.atMost {
		err = brokeOff(io.ErrUnexpectedEOF)
	} else if err != nil && !errors.Is(err, io.EOF) {
		err = brokeOff(err)
	}
	return n, err
}

// storeFile seals what comes piece by piece; the memory it takes does not
// depend on the size.
func (s *Service) storeFile(ctx context.Context, a *store.Attachment, m *meta, body io.Reader) error {
	key, size, err := s.deps.Blobs.Put(ctx, blobName(a.ID), body)
	m.Key, a.Size = key, size
	return err
}

// storePicture holds the picture in memory: it is cleaned and made small first.
func (s *Service) storePicture(ctx context.Context, a *store.Attachment, m *meta, f format, body io.Reader) error {
	if a.Size > s.config.MaxImage {
		return s.tooLarge(s.config.MaxImage)
	}
	if err := turn(ctx, s.holding); err != nil {
		return err
	}
	defer func() { <-s.holding }()
	buffer := bytes.NewBuffer(make([]byte, 0, a.Size+bytes.MinRead)) // the body ends by itself
	if _, err := buffer.ReadFrom(body); err != nil {
		return brokeOff(err)
	}
	data := buffer.Bytes()
	p, err := readPicture(f, data, s.config.MaxPixels)
	if err != nil {
		return err
	}
	m.Width, m.Height = p.width, p.height
	small, mime, err := s.thumbnail(ctx, p)
	if err != nil {
		return err
	}
	if m.Key, a.Size, err = s.deps.Blobs.Put(ctx, blobName(a.ID), bytes.NewReader(p.data)); err != nil || len(small) == 0 {
		return err
	}
	m.ThumbMIME = mime
	m.ThumbKey, m.ThumbSize, err = s.put(ctx, thumbName(a.ID), small)
	return err
}

func (s *Service) put(ctx context.Context, name string, data []byte) (blob.Key, int64, error) {
	return s.deps.Blobs.Put(ctx, name, bytes.NewReader(data))
}

// turn waits for a place.
func turn(ctx context.Context, places chan struct{}) error {
	select {
	case places <- struct{}{}:
		return nil
	case <-ctx.Done():
		return desk.Wrap(desk.Unavailable, "upload file", ctx.Err())
	}
}

// note writes the row, within the account's room.
func (s *Service) note(ctx context.Context, a *store.Attachment, m meta) error {
	const op = "upload file"
	plain, err := json.Marshal(m)
	if err != nil {
		return desk.Wrap(desk.Internal, op, err)
	}
	keys, err := s.deps.Keys.Account(ctx, a.AccountID)
	if err != nil {
		return desk.Wrap(desk.KindOf(err), op, err)
	}
	a.Meta = keys.Seal(place(a.ID), plain)
	row := *a
	err = s.deps.Store.Write(ctx, a.AccountID, func(ctx context.Context, tx *store.Tx) error {
		row.CreatedAt = tx.Now()
		usage, err := tx.InsertAttachment(ctx, row)
		if err == nil && s.full(usage.Bytes) {
			return errFull()
		}
		return err
	})
	a.CreatedAt = row.CreatedAt
	return err
}

// Copy makes a new upload of a file that something keeps, such as a canned
// reply's, so that it can be sent again. NotFound if the account has no such
// file or nothing keeps it.
func (s *Service) Copy(ctx context.Context, account desk.AccountID, uploader, key string, id desk.AttachmentID) (Uploaded, error) {
	const op = "copy file"
	a, err := s.deps.Store.Attachment(ctx, account, id)
	if err != nil {
		return Uploaded{}, err
	}
	if !a.DroppedAt.IsZero() || a.Keeper == "" {
		return Uploaded{}, desk.E(desk.NotFound, op, "there is no such attachment")
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return Uploaded{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	m, err := openMeta(keys, a)
	if err != nil {
		return Uploaded{}, err
	}
	body, err := s.deps.Blobs.Open(ctx, blobName(a.ID), m.Key, a.Size)
	if err != nil {
		return Uploaded{}, err
	}
	defer body.Close()
	return s.Upload(ctx, Upload{
		Account: account, Uploader: uploader, Key: key, Name: m.Name, Declared: m.MIME, Size: a.Size, Body: body,
	})
}
