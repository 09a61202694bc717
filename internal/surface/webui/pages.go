package webui

import (
	"bytes"
	"context"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"yingda.dev/internal/desk"
)

//go:embed all:dist
var dist embed.FS

// Deps are the required collaborators.
type Deps struct {
	// Frames lists the origins that may show the widget of the inbox with this
	// key; an empty list means any. NotFound for an unknown key.
	Frames func(ctx context.Context, channelKey string) ([]string, error)
	// Look tells the loader on a customer's page what the chat looks like there.
	// NotFound for an unknown key.
	Look func(r *http.Request, channelKey string) (Look, error)
}

// Config tunes the pages; the zero value is the default.
type Config struct {
	// AssetBaseURL is where browsers load hashed assets from, without a slash at
	// the end. Defaults to this server.
	AssetBaseURL string
	// Demo shows the demonstration's log-in on the log-in page. Defaults to false.
	Demo bool
}

// Pages serves the built pages. Build it with New and mount it with Register.
type Pages struct {
	deps   Deps
	config Config
	files  fs.FS
}

// New prepares the pages; an asset address that is not http or https is Invalid.
func New(d Deps, c Config) (*Pages, error) {
	c.AssetBaseURL = strings.TrimRight(c.AssetBaseURL, "/")
	if c.AssetBaseURL != "" {
		u, err := url.Parse(c.AssetBaseURL)
		if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || strings.ContainsAny(c.AssetBaseURL, "\"'<> ;,") {
			return nil, desk.E(desk.Invalid, "prepare pages", "server.asset_base_url must be a plain http or https address")
		}
	}
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "prepare pages", err)
	}
	return newPages(d, c, files), nil
}

func newPages(d Deps, c Config, files fs.FS) *Pages { return &Pages{deps: d, config: c, files: files} }

// Register mounts the pages.
func (p *Pages) Register(mux *http.ServeMux) {
	mux.Handle("GET /{$}", p.ofDemo("site/index.html"))
	mux.Handle("GET /try", p.page("site/try.html", "/site", nobody))
	mux.Handle("GET /demo", p.ofDemo("site/demo.html"))
	mux.Handle("GET /api/docs", p.page("site/docs.html", "/site", nobody))
	mux.Handle("GET /desk", http.RedirectHandler("/desk/", http.StatusMovedPermanently))
	mux.Handle("GET /desk/", p.page("desk/index.html", "/desk", nobody))
	mux.Handle("GET /widget", redirect("/widget/"))
	mux.Handle("GET /widget/{$}", p.page("widget/index.html", "/widget", p.frames))
	mux.Handle("GET /widget/look", http.HandlerFunc(p.look))
	// The full page is framed by nobody else: it is where a visitor goes when a frame does not come.
	mux.Handle("GET /chat/{key}", p.page("widget/index.html", "/widget", ourselves))
	mux.Handle("GET /loader.js", p.file("loader/loader.js", "public, max-age=300"))
	mux.Handle("GET /loader-extra.js", p.file("loader/extra.js", "public, max-age=300"))
	for _, folder := range []string{"site", "desk", "widget"} {
		mux.Handle("GET /"+folder+"/assets/", p.assets(folder+"/assets/"))
	}
	// The installed desk: its worker must be looked for anew, and may only rule below /desk/.
	mux.Handle("GET /desk/sw.js", worker(p.file("desk/sw.js", "no-cache")))
	mux.Handle("GET /desk/manifest.webmanifest", p.file("desk/manifest.webmanifest", "no-cache"))
	for _, icon := range []string{"icon-192.png", "icon-512.png", "icon-maskable-512.png"} {
		mux.Handle("GET /desk/"+icon, p.file("desk/"+icon, "public, max-age=86400"))
	}
	for address, name := range map[string]string{
		"/site/icon.svg": "site/icon.svg", "/favicon.ico": "site/icon.svg", "/desk/mark.svg": "desk/mark.svg", "/widget/icon.svg": "widget/icon.svg",
	} {
		mux.Handle("GET "+address, p.file(name, "public, max-age=86400"))
	}
}

// ofDemo is a page of the demonstration: the welcome, the shop. An installation
// that serves a company leads to the desk, which on the first visit registers
// that company.
func (p *Pages) ofDemo(name string) http.Handler {
	if p.config.Demo {
		return p.page(name, "/site", nobody)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		http.Redirect(w, r, "/desk/", http.StatusFound)
	})
}

// worker lets a service worker ask this server for what it keeps: the policy of
// its own answer is the one it lives under.
func worker(script http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'")
		script.ServeHTTP(w, r)
	})
}

// redirect keeps the query, in which the widget's key stands.
func redirect(to string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target := to
		if r.URL.RawQuery != "" {
			target += "?" + r.URL.RawQuery
		}
		http.Redirect(w, r, target, http.StatusMovedPermanently) //nolint:gosec // begins with a path of ours
	})
}

// page serves an HTML file at every address it is mounted at; the desk finds
// its own way from there. ancestors says who may show it in a frame.
func (p *Pages) page(name, folder string, ancestors func(*http.Request) string) http.Handler {
	html, err := fs.ReadFile(p.files, name)
	html = p.fill(html, folder)
	tag := etag(html)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-cache")
		if err != nil {
			missing(w, err)
			return
		}
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("ETag", tag)
		h.Set("Content-Security-Policy", p.policy()+"; frame-ancestors "+ancestors(r))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(html))
	})
}

// fill puts into a page what only the running server knows.
func (p *Pages) fill(html []byte, folder string) []byte {
	assets := []byte(`="` + p.config.AssetBaseURL + folder + `/assets/`)
	html = bytes.ReplaceAll(html, []byte(`="./assets/`), assets)
	html = bytes.ReplaceAll(html, []byte(`="./site/assets/`), assets)
	html = bytes.ReplaceAll(html, []byte(`="./site/`), []byte(`="/site/`)) // some of its pages lie deeper
	html = bytes.ReplaceAll(html, []byte(`="./icon.svg"`), []byte(`="`+folder+`/icon.svg"`))
	if p.config.Demo {
		html = bytes.Replace(html, []byte("</head>"), []byte(`<meta name="yingda-demo" content="1"></head>`), 1)
	}
	return html
}

// policy lets a page load from here, and scripts, styles and fonts from the CDN.
func (p *Pages) policy() string {
	from := "'self'"
	if u, err := url.Parse(p.config.AssetBaseURL); err == nil && u.Host != "" {
		from += " " + u.Scheme + "://" + u.Host
	}
	// Components set style attributes, and pictures come from customers' channels.
	return "default-src 'none'; script-src " + from + "; style-src " + from + " 'unsafe-inline'; font-src " + from +
		"; img-src " + from + " data: blob: https:; media-src 'self' blob: https:; connect-src 'self'; frame-src 'self'; manifest-src 'self'" +
		"; base-uri 'self'; form-action 'self'; object-src 'none'"
}

func nobody(*http.Request) string { return "'none'" }

func ourselves(*http.Request) string { return "'self'" }

// frames allows the sites of the inbox that the widget is opened for.
func (p *Pages) frames(r *http.Request) string {
	origins, err := p.deps.Frames(r.Context(), r.URL.Query().Get("key"))
	switch {
	case err != nil && !errors.Is(err, desk.NotFound):
		return "'self'"
	case len(origins) == 0:
		return "*" // any site, or an unknown key: the page says so itself
	default:
		return "'self' " + strings.Join(origins, " ")
	}
}

// assets serves hashed files: a name never changes its content.
func (p *Pages) assets(folder string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		if !strings.HasPrefix(name, folder) { // a way out of the folder, or the folder itself
			name = ""
		}
		p.serve(w, r, name, "public, max-age=31536000, immutable")
	})
}

// file serves one file whose name does not tell its content.
func (p *Pages) file(name, cache string) http.Handler {
	tag := ""
	if content, err := fs.ReadFile(p.files, name); err == nil {
		tag = etag(content)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if tag != "" {
			w.Header().Set("ETag", tag)
		}
		p.serve(w, r, name, cache)
	})
}

// etag is weak, because answers may be compressed on their way.
func etag(content []byte) string {
	sum := sha256.Sum256(content)
	return `W/"` + hex.EncodeToString(sum[:12]) + `"`
}

// contentTypes do not depend on what the system's tables say.
var contentTypes = map[string]string{
	".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml",
	".json": "application/json", ".woff2": "font/woff2", ".png": "image/png", ".webmanifest": "application/manifest+json", ".webp": "image/webp", ".mp3": "audio/mpeg",
}

// openFile is a file that can be sent in parts.
type openFile interface {
	io.ReadSeeker
	io.Closer
}

// open finds a file of the build; folders are none.
func (p *Pages) open(name string) (openFile, error) {
	f, err := p.files.Open(name)
	if err != nil {
		return nil, desk.Wrap(desk.NotFound, "open file", err)
	}
	if info, err := f.Stat(); err == nil && info.Mode().IsRegular() {
		if seekable, ok := f.(openFile); ok {
			return seekable, nil
		}
	}
	return nil, errors.Join(desk.E(desk.NotFound, "open file", "there is no such file"), f.Close())
}

func (p *Pages) serve(w http.ResponseWriter, r *http.Request, name, cache string) {
	content, err := p.open(name)
	if err != nil {
		w.Header().Set("Cache-Control", "no-store")
		http.NotFound(w, r)
		return
	}
	defer content.Close()
	h := w.Header()
	if kind := contentTypes[path.Ext(name)]; kind != "" {
		h.Set("Content-Type", kind)
	}
	h.Set("Cache-Control", cache)
	// Pages of shops load the loader, and a CDN's pages load modules from here.
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Cross-Origin-Resource-Policy", "cross-origin")
	http.ServeContent(w, r, path.Base(name), time.Time{}, content)
}

// missing explains a program that was built without its pages.
func missing(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	if errors.Is(err, fs.ErrNotExist) {
		status = http.StatusServiceUnavailable
	}
	http.Error(w, "the web pages are not in this build; run `make web` and build the program again", status)
}
