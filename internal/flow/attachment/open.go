package attachment

import (
	"context"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob"
)

// Download is a file to be given out. Close its Body.
type Download struct {
	Body reader
	Name string
	MIME string
	Size int64
	At   time.Time
	// Inline files may be shown in place; all others are saved.
	Inline bool
	// Tag changes with the bytes, which never happens under one address.
	Tag string
	// Expires is when the address ends.
	Expires time.Time
}

// Open finds what an address leads to. Denied if it is not ours or has
// expired, NotFound if the file is gone. ctx must live as long as the body.
func (s *Service) Open(ctx context.Context, l Link) (Download, error) {
	const op = "open file"
	end := time.Unix(l.Expires, 0)
	if !s.deps.Clock.Now().Before(end) {
		return Download{}, desk.E(desk.Denied, op, "this address has expired; open the conversation again")
	}
	a, err := s.deps.Store.AttachmentByID(ctx, l.ID)
	if err != nil && desk.KindOf(err) != desk.NotFound {
		return Download{}, err
	}
	if err != nil || !s.links.proves(a.AccountID, l) {
		return Download{}, desk.E(desk.Denied, op, "this address is not valid")
	}
	if !a.DroppedAt.IsZero() {
		return Download{}, desk.E(desk.NotFound, op, "the file was deleted")
	}
	keys, err := s.deps.Keys.Account(ctx, a.AccountID)
	if err != nil {
		return Download{}, desk.Wrap(desk.KindOf(err), op, err)
	}
	m, err := openMeta(keys, a)
	if err != nil {
		return Download{}, err
	}
	d := Download{Name: m.Name, MIME: m.MIME, Size: a.Size, At: a.CreatedAt, Inline: m.Inline, Tag: string(a.ID), Expires: end}
	name, key := blobName(a.ID), blob.Key(m.Key)
	if l.Thumb {
		if m.ThumbSize == 0 {
			return Download{}, desk.E(desk.NotFound, op, "this file has no small picture")
		}
		name, key = thumbName(a.ID), m.ThumbKey
		d.MIME, d.Size, d.Tag, d.Inline = m.ThumbMIME, m.ThumbSize, name, true
	}
	d.Body, err = s.deps.Blobs.Open(ctx, name, key, d.Size)
	return d, err
}
