package attachment

import (
	"context"
	"fmt"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

// maxDuration bounds what a sender says of a recording's length.
const maxDuration = int64(24 * time.Hour / time.Millisecond)

// Prepare completes a message that is about to be sent by uploader: what is
// known of its files replaces what the sender says of them. Content without
// files comes back as it is. Invalid if a file is not there, is somebody
// else's, was sent before, or is not what its part says. The answer to a repeat
// must not depend on it: a file that was sent with the first delivery is
// refused here, so callers refuse in the decision and not before.
func (s *Service) Prepare(ctx context.Context, account desk.AccountID, uploader string, c desk.Content) (desk.Content, error) {
	const op = "attach file"
	media := false
	for _, p := range c.Parts {
		media = media || p.Media != nil
	}
	if !media {
		return c, nil
	}
	ids := c.Attachments()
	found, err := s.deps.Store.Attachments(ctx, account, ids)
	if err != nil {
		return c, err
	}
	keys, err := s.deps.Keys.Account(ctx, account)
	if err != nil {
		return c, desk.Wrap(desk.KindOf(err), op, err)
	}
	now := s.deps.Clock.Now()
	parts := make([]desk.Part, len(c.Parts))
	copy(parts, c.Parts)
	seen := make(map[desk.AttachmentID]bool, len(ids))
	for i, p := range parts {
		if p.Media == nil {
			continue
		}
		refuse := func(msg string) (desk.Content, error) {
			return c, desk.InvalidField(op, fmt.Sprintf("parts[%d].media", i), msg)
		}
		if p.Media.ID == "" {
			if strings.HasPrefix(p.Media.URL, "/") {
				return refuse("a file of this installation is named by its id")
			}
			remote := *p.Media
			remote.ThumbnailURL, remote.Thumbnail = "", false
			parts[i].Media = &remote
			continue
		}
		a, ok := found[p.Media.ID]
		switch {
		case !ok || !a.DroppedAt.IsZero() || a.Uploader != uploader ||
			a.Keeper == "" && a.MessageID == "" && now.Sub(a.CreatedAt) > unsentLife-margin:
			return refuse("there is no such file; upload it again")
		case a.MessageID != "" || seen[a.ID]:
			return refuse("this file was sent already; upload it again")
		case p.Type != a.Kind && p.Type != desk.FilePart:
			return refuse("the file is not what the part's type says")
		}
		seen[a.ID] = true
		m, err := openMeta(keys, a)
		if err != nil {
			return c, err
		}
		known := m.media(a)
		if a.Kind == desk.AudioPart || a.Kind == desk.VideoPart {
			known.DurationMS = min(max(p.Media.DurationMS, 0), maxDuration)
		}
		parts[i].Media = &known
	}
	c.Parts = parts
	return c, nil
}

// Sign gives the files of a content their addresses, for a reader. It changes
// the media in place, so the content must be the caller's own.
func (s *Service) Sign(account desk.AccountID, c *desk.Content) {
	for i := range c.Parts {
		if m := c.Parts[i].Media; m != nil && m.ID != "" {
			s.sign(account, m)
		}
	}
}

func (s *Service) sign(account desk.AccountID, m *desk.Media) {
	m.URL, m.ThumbnailURL = s.links.address(account, m.ID, false), ""
	if m.Thumbnail {
		m.ThumbnailURL = s.links.address(account, m.ID, true)
	}
}
