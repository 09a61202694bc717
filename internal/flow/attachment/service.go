package attachment

import (
	"encoding/json"
	"io"
	"log/slog"
	"slices"
	"sync"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/store"
)

// Deps are the service's required collaborators.
type Deps struct {
	Store *store.Store
	Blobs *blob.Store
	Keys  *seal.Keyring
	// LinkKeys sign addresses, by generation, 32 bytes each.
	LinkKeys map[uint32][]byte
	IDs      *desk.IDs
	Clock    desk.Clock
	Log      *slog.Logger
}

// Config tunes a Service. Its zero value is the default.
type Config struct {
	// MaxSize bounds a file and MaxImage a picture, in bytes. Default 25 MiB
	// and 10 MiB.
	MaxSize, MaxImage int64
	// MaxPixels bounds a picture's width times height. Default 40 million.
	MaxPixels int64
	// Groups are the groups of formats that are taken. Default all.
	Groups []string
	// PerMinute is how many files one visitor may send a minute. Default 20.
	PerMinute int
	// Quota bounds an account's files together, in bytes; below 0 is no bound.
	// Default 20 GiB.
	Quota int64
	// LinkLife is how long an address works at least. Default 12 h.
	LinkLife time.Duration
	// Pictures is how many pictures are decoded at once. Default 2.
	Pictures int
}

// unsentLife is how long a file waits to be sent; margin before that it cannot
// be sent any more, so that none vanishes on its way.
const (
	unsentLife = 24 * time.Hour
	margin     = 10 * time.Minute
)

// waiting is how many pictures are held in memory at once; a further upload
// waits for its turn.
const waiting = 8

// Service keeps attachments. Build it with New.
type Service struct {
	deps    Deps
	config  Config
	links   *links
	uploads *auth.Limiter
	// decoding and holding bound how many pictures are decoded and are in memory.
	decoding, holding chan struct{}

	mu     sync.Mutex
	walked time.Time // when all blobs were looked through last
}

// New builds a Service. A missing collaborator or an impossible setting is Invalid.
func New(d Deps, c Config) (*Service, error) {
	const op = "build attachments"
	if d.Store == nil || d.Blobs == nil || d.Keys == nil || len(d.LinkKeys) == 0 || d.IDs == nil || d.Clock == nil || d.Log == nil {
		return nil, desk.E(desk.Invalid, op, "a required part is missing")
	}
	defaults := func(into *int64, value int64) {
		if *into == 0 {
			*into = value
		}
	}
	defaults(&c.MaxSize, 25<<20)
	defaults(&c.MaxImage, min(10<<20, c.MaxSize))
	defaults(&c.MaxPixels, 40_000_000)
	defaults(&c.Quota, 20<<30)
	if c.Groups == nil {
		c.Groups = Groups()
	}
	for _, g := range c.Groups {
		if !slices.Contains(Groups(), g) {
			return nil, desk.E(desk.Invalid, op, "there is no such group of files: "+g)
		}
	}
	if c.PerMinute == 0 {
		c.PerMinute = 20
	}
	if c.LinkLife == 0 {
		c.LinkLife = 12 * time.Hour
	}
	if c.Pictures == 0 {
		c.Pictures = 2
	}
	if c.MaxSize < 1 || c.MaxImage < 1 || c.MaxPixels < 1 || c.LinkLife < time.Minute || c.Pictures < 1 {
		return nil, desk.E(desk.Invalid, op, "a limit is impossible")
	}
	uploads, err := auth.NewLimiter(auth.LimiterConfig{Rate: float64(c.PerMinute) / 60, Burst: c.PerMinute})
	if err != nil {
		return nil, err
	}
	s := &Service{
		deps: d, config: c, uploads: uploads,
		decoding: make(chan struct{}, c.Pictures), holding: make(chan struct{}, waiting),
		links: &links{keys: d.LinkKeys, life: c.LinkLife, clock: d.Clock},
	}
	for generation := range d.LinkKeys {
		s.links.newest = max(s.links.newest, generation)
	}
	return s, nil
}

// MaxSize is the largest file that is taken, in bytes.
func (s *Service) MaxSize() int64 { return s.config.MaxSize }

// meta is what is known of a file. It is stored sealed.
type meta struct {
	Key    []byte `json:"key"`
	Name   string `json:"name"`
	MIME   string `json:"mime"`
	Width  int    `json:"width,omitempty"`
	Height int    `json:"height,omitempty"`
	Inline bool   `json:"inline,omitempty"`
	// ThumbSize is 0 if there is no small picture.
	ThumbKey  []byte `json:"thumb_key,omitempty"`
	ThumbSize int64  `json:"thumb_size,omitempty"`
	ThumbMIME string `json:"thumb_mime,omitempty"`
}

// place is where a file's meta is sealed for.
func place(id desk.AttachmentID) seal.Place {
	return seal.Place{Owner: string(id), Table: "attachment", Row: string(id), Column: "meta"}
}

func openMeta(keys *seal.AccountKeys, a store.Attachment) (m meta, err error) {
	plain, err := keys.Open(place(a.ID), a.Meta)
	if err == nil {
		err = json.Unmarshal(plain, &m)
	}
	return m, desk.Wrap(desk.Internal, "open attachment", err)
}

// Blobs of a file and of its small picture have its id, with another prefix.
func blobName(id desk.AttachmentID) string  { return string(id) }
func thumbName(id desk.AttachmentID) string { return "thb" + string(id)[len("att"):] }

// Uploaded is a file that was taken.
type Uploaded struct {
	// Kind is the sort of part that it may be sent as; all may be sent as a file.
	Kind  desk.PartType
	Media desk.Media
}

func (s *Service) uploaded(a store.Attachment, m meta) Uploaded {
	media := m.media(a)
	s.sign(a.AccountID, &media)
	return Uploaded{Kind: a.Kind, Media: media}
}

// media is what a message stores of the file.
func (m meta) media(a store.Attachment) desk.Media {
	return desk.Media{ID: a.ID, Name: m.Name, MIME: m.MIME, Size: a.Size, Width: m.Width, Height: m.Height, Thumbnail: m.ThumbSize > 0}
}

// reader is a file's bytes, from anywhere.
type reader interface {
	io.ReadSeeker
	io.Closer
}
