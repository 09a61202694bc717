package files

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"strconv"
	"strings"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
)

// opener finds what an address leads to; package attachment implements it.
type opener interface {
	Open(ctx context.Context, l attachment.Link) (attachment.Download, error)
}

// Handler answers GET and HEAD below attachment.Path. Build it with New.
type Handler struct {
	files opener
	clock desk.Clock
	log   *slog.Logger
}

// New builds a Handler.
func New(files opener, clock desk.Clock, log *slog.Logger) *Handler {
	return &Handler{files, clock, log}
}

// policy lets a file that is opened by itself show nothing but itself.
const policy = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox"

// ServeHTTP gives a file, or a part of it, out.
func (f *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Robots-Tag", "noindex")
	h.Set("Cache-Control", "no-store")
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		h.Set("Allow", "GET, HEAD")
		refuse(w, http.StatusMethodNotAllowed, "files are read with GET")
		return
	}
	link, err := attachment.ParseLink(strings.TrimPrefix(r.URL.Path, attachment.Path), r.URL.Query())
	if err != nil {
		refuse(w, http.StatusNotFound, desk.UserMessage(err))
		return
	}
	d, err := f.files.Open(r.Context(), link)
	if err != nil {
		f.fail(w, r, err)
		return
	}
	defer d.Body.Close()
	// A blob that is lost or damaged shows at its first byte, while an error can
	// still be said.
	if _, err := d.Body.Read(make([]byte, 1)); err != nil {
		f.fail(w, r, err)
		return
	}
	if _, err := d.Body.Seek(0, io.SeekStart); err != nil {
		f.fail(w, r, err)
		return
	}
	h.Set("Content-Type", d.MIME)
	h.Set("Content-Disposition", Disposition(d.Inline, d.Name))
	// Pages of other sites that use the SDK without our frame show pictures too;
	// the signature says that they may.
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	h.Set("Cache-Control", "private, immutable, max-age="+strconv.FormatInt(max(0, int64(d.Expires.Sub(f.clock.Now()).Seconds())), 10))
	h.Set("ETag", `"`+d.Tag+`"`)
	http.ServeContent(w, r, "", d.At, d.Body)
}

func (f *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	switch desk.KindOf(err) {
	case desk.Denied:
		refuse(w, http.StatusForbidden, desk.UserMessage(err))
	case desk.NotFound:
		refuse(w, http.StatusNotFound, "there is no such file")
	default:
		if r.Context().Err() == nil {
			f.log.ErrorContext(r.Context(), "a file cannot be read", "error", err)
		}
		refuse(w, http.StatusServiceUnavailable, "the file cannot be read now")
	}
}

func refuse(w http.ResponseWriter, status int, msg string) { http.Error(w, msg, status) }

// Disposition is the header that names a file (RFC 6266): in plain ASCII for
// old programs, and as it is in UTF-8 (RFC 8187).
func Disposition(inline bool, name string) string {
	kind := "attachment"
	if inline {
		kind = "inline"
	}
	var plain, full strings.Builder
	ascii := true
	for _, c := range name {
		if c < 0x20 || c > 0x7e || c == '"' || c == '\\' || c == '%' {
			plain.WriteByte('_')
			ascii = false
			continue
		}
		plain.WriteRune(c)
	}
	header := kind + `; filename="` + plain.String() + `"`
	if ascii {
		return header
	}
	const unreserved = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$&+-.^_`|~"
	for i := range len(name) {
		if c := name[i]; strings.IndexByte(unreserved, c) >= 0 {
			full.WriteByte(c)
		} else {
			full.WriteString("%" + strings.ToUpper(strconv.FormatUint(uint64(c)|0x100, 16)[1:]))
		}
	}
	return header + "; filename*=UTF-8''" + full.String()
}
