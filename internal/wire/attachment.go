package wire

import "yingda.dev/internal/desk"

// Attachment is an uploaded file that may now be sent, once, as
// {"type": kind or "file", "media": {"id": …}}.
type Attachment struct {
	ID   desk.AttachmentID `json:"id"`
	Kind desk.PartType     `json:"kind" enum:"image,audio,video,file"`
	// Name, MIME and Size are what the server made of the upload.
	Name   string `json:"name"`
	MIME   string `json:"mime"`
	Size   int64  `json:"size"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	// URL and ThumbnailURL are signed paths that expire.
	URL          string `json:"url"`
	ThumbnailURL string `json:"thumbnail_url,omitempty"`
}

// AttachmentShape makes the shape.
func AttachmentShape(kind desk.PartType, m desk.Media) Attachment {
	return Attachment{
		ID: m.ID, Kind: kind, Name: m.Name, MIME: m.MIME, Size: m.Size, Width: m.Width, Height: m.Height,
		URL: m.URL, ThumbnailURL: m.ThumbnailURL,
	}
}
