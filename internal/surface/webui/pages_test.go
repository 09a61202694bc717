package webui

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// built stands for the output of the web build.
func built() fstest.MapFS {
	page := func(name string) *fstest.MapFile {
		return &fstest.MapFile{Data: []byte(`<html><head><script type="module" src="` + name + `x-1a2b.js"></script></head><body><a href="./icon.svg"></a></body></html>`)}
	}
	return fstest.MapFS{
		"site/index.html": page("./site/assets/"), "site/demo.html": page("./assets/"), "site/docs.html": page("./assets/"), "site/try.html": page("./assets/"),
		"desk/index.html": page("./assets/"), "widget/index.html": page("./assets/"),
		"site/assets/x-1a2b.js": {Data: []byte("site()")}, "desk/assets/x-1a2b.js": {Data: []byte("desk()")},
		"desk/assets/font-1a2b.woff2": {Data: []byte("wOF2")}, "widget/assets/x-1a2b.css": {Data: []byte("a{}")},
		"loader/loader.js": {Data: []byte("load()")}, "site/icon.svg": {Data: []byte("<svg/>")}, "desk/mark.svg": {Data: []byte("<svg/>")},
		"desk/sw.js": {Data: []byte("work()")}, "desk/manifest.webmanifest": {Data: []byte("{}")}, "desk/icon-192.png": {Data: []byte("png")},
		"desk/.vite/manifest.json": {Data: []byte("{}")},
	}
}

// answer is what a browser would get.
type answer struct {
	StatusCode int
	Header     http.Header
	Text       string
}

func serve(t *testing.T, files fstest.MapFS, c Config, frames func(string) ([]string, error)) func(path string, header ...string) answer {
	t.Helper()
	if frames == nil {
		frames = func(string) ([]string, error) { return nil, nil }
	}
	mux := http.NewServeMux()
	newPages(Deps{
		Frames: func(_ context.Context, key string) ([]string, error) { return frames(key) },
		Look: func(r *http.Request, key string) (Look, error) {
			origins, err := frames(key)
			return Look{Known: true, Enabled: true, Primary: "#123456", Allowed: slices.Contains(origins, r.Header.Get("Origin"))}, err
		},
	}, c, files).Register(mux)
	return func(path string, header ...string) answer {
		r := httptest.NewRequest(http.MethodGet, path, nil)
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, r)
		return answer{w.Code, w.Result().Header, w.Body.String()}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	get := serve(t, built(), Config{Demo: true}, nil)
	for path, asset := range map[string]string{
		"/": `="/site/assets/x`, "/demo": `="/site/assets/x`, "/api/docs": `="/site/assets/x`, "/try?key=chk_1": `="/site/assets/x`, "/desk/": `="/desk/assets/x`,
		"/desk/conversations/cnv_1?x=1": `="/desk/assets/x`, "/widget/?key=chk_demo": `="/widget/assets/x`,
		"/chat/chk_demo": `="/widget/assets/x`,
	} {
		r := get(path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		require.Equal(t, "text/html; charset=utf-8", r.Header.Get("Content-Type"))
		require.Equal(t, "no-cache", r.Header.Get("Cache-Control"))
		require.Contains(t, r.Text, asset, path)
		policy := r.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "default-src 'none'; script-src 'self';")
		require.NotContains(t, strings.Split(policy, "style-src")[0], "unsafe")
		require.Equal(t, !strings.HasPrefix(path, "/widget") && !strings.HasPrefix(path, "/chat"), strings.Contains(policy, "frame-ancestors 'none'"), "only the widget is framed")
		again := get(path, "If-None-Match", r.Header.Get("ETag"))
		require.Equal(t, http.StatusNotModified, again.StatusCode)
	}
	require.NotContains(t, serve(t, built(), Config{}, nil)("/desk/").Text, "yingda-demo")
	require.Contains(t, get("/desk/").Text, `<meta name="yingda-demo" content="1">`)
	require.Equal(t, "/widget/?key=chk_demo", get("/widget?key=chk_demo").Header.Get("Location"))
	require.Equal(t, "/desk/", get("/desk").Header.Get("Location"))
}

func TestAssets(t *testing.T) {
	t.Parallel()
	get := serve(t, built(), Config{}, nil)
	for path, kind := range map[string]string{
		"/site/assets/x-1a2b.js": "text/javascript; charset=utf-8", "/desk/assets/x-1a2b.js": "text/javascript; charset=utf-8",
		"/desk/assets/font-1a2b.woff2": "font/woff2", "/widget/assets/x-1a2b.css": "text/css; charset=utf-8",
	} {
		r := get(path)
		require.Equal(t, http.StatusOK, r.StatusCode, path)
		require.Equal(t, "public, max-age=31536000, immutable", r.Header.Get("Cache-Control"))
		require.Equal(t, kind, r.Header.Get("Content-Type"))
		require.Equal(t, "*", r.Header.Get("Access-Control-Allow-Origin"))
	}
	loader := get("/loader.js")
	require.Equal(t, "public, max-age=300", loader.Header.Get("Cache-Control"), "customers' pages get a new loader soon")
	require.Equal(t, "cross-origin", loader.Header.Get("Cross-Origin-Resource-Policy"))
	require.Equal(t, http.StatusNotModified, get("/loader.js", "If-None-Match", loader.Header.Get("ETag")).StatusCode)
	require.Equal(t, "image/svg+xml", get("/favicon.ico").Header.Get("Content-Type"))
	part := get("/desk/assets/x-1a2b.js", "Range", "bytes=0-3")
	require.Equal(t, http.StatusPartialContent, part.StatusCode)
	require.Equal(t, "desk", part.Text)
}

func TestPathTricks(t *testing.T) {
	t.Parallel()
	get := serve(t, built(), Config{}, nil)
	for _, path := range []string{
		"/desk/assets/", "/desk/assets", "/desk/assets/none.js", "/desk/assets/../.vite/manifest.json", "/desk/assets/%2e%2e/.vite/manifest.json",
		"/desk/assets/..%2f.vite%2fmanifest.json", "/desk/assets/..%2f..%2floader%2floader.js", "/desk/assets/..%5c..%5cloader", "/desk/assets/%00",
		"/desk/assets//etc/passwd", "/site/assets/..%2fdemo.html", "/widget/assets/....//x", "/site/index.html", "/widget/other", "/assets/x-1a2b.js", "/nothing",
	} {
		r := get(path)
		for hops := 0; r.StatusCode/100 == 3 && hops < 3; hops++ {
			r = get(r.Header.Get("Location"))
		}
		body := r.Text
		if strings.HasPrefix(body, "<html>") { // the desk finds its own way for what is not a file
			require.Contains(t, body, "/desk/assets/", path)
			require.NotEmpty(t, r.Header.Get("Content-Security-Policy"))
			continue
		}
		require.Equal(t, http.StatusNotFound, r.StatusCode, path)
		require.NotContains(t, r.Header.Get("Cache-Control"), "immutable", path)
	}
}

// The front door of a company's own installation is its desk.
func TestFront(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/", "/demo"} {
		r := serve(t, built(), Config{}, nil)(path)
		require.Equal(t, http.StatusFound, r.StatusCode)
		require.Equal(t, "/desk/", r.Header.Get("Location"))
		require.Equal(t, "no-cache", r.Header.Get("Cache-Control"))
	}
}

func TestCDN(t *testing.T) {
	t.Parallel()
	get := serve(t, built(), Config{Demo: true, AssetBaseURL: "https://cdn.example/y"}, nil)
	for path, asset := range map[string]string{"/try": "/site", "/demo": "/site", "/desk/": "/desk", "/widget/": "/widget"} {
		r := get(path)
		require.Contains(t, r.Text, `src="https://cdn.example/y`+asset+`/assets/x-1a2b.js"`, path)
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "script-src 'self' https://cdn.example;")
		require.Contains(t, r.Header.Get("Content-Security-Policy"), "connect-src 'self';")
	}
	for _, bad := range []string{"javascript:alert(1)", "//cdn.example", "https://", `https://x.example/"><script>`, "https://x.example;script-src *", "ftp://x.example", "https://x example"} {
		_, err := New(Deps{}, Config{AssetBaseURL: bad})
		require.ErrorIs(t, err, desk.Invalid, bad)
	}
	_, err := New(Deps{}, Config{AssetBaseURL: "https://cdn.example/y/"})
	require.NoError(t, err)
}

func TestFrameAncestors(t *testing.T) {
	t.Parallel()
	get := serve(t, built(), Config{}, func(key string) ([]string, error) {
		switch key {
		case "chk_shop":
			return []string{"https://shop.example", "https://www.shop.example"}, nil
		case "chk_any":
			return nil, nil
		case "chk_down":
			return nil, errors.New("database is away")
		}
		return nil, desk.E(desk.NotFound, "find inbox", "")
	})
	for key, want := range map[string]string{
		"chk_shop": "'self' https://shop.example https://www.shop.example", "chk_any": "*", "chk_none": "*", "": "*", "chk_down": "'self'",
	} {
		policy := get("/widget/?key=" + key).Header.Get("Content-Security-Policy")
		require.True(t, strings.HasSuffix(policy, "; frame-ancestors "+want), policy)
	}
}

func TestMissingBuild(t *testing.T) {
	t.Parallel()
	get := serve(t, fstest.MapFS{".keep": {}}, Config{Demo: true}, nil)
	for _, path := range []string{"/", "/demo", "/desk/", "/widget/", "/api/docs"} {
		r := get(path)
		require.Equal(t, http.StatusServiceUnavailable, r.StatusCode)
		require.Contains(t, r.Text, "make web")
	}
	require.Equal(t, http.StatusNotFound, get("/loader.js").StatusCode)
}

func TestFullPage(t *testing.T) {
	t.Parallel()
	r := serve(t, built(), Config{}, nil)("/chat/chk_demo")
	require.Contains(t, r.Header.Get("Content-Security-Policy"), "frame-ancestors 'self'")
	require.Contains(t, r.Text, `"/widget/icon.svg"`, "its address is deeper than the widget's")
}

func TestLook(t *testing.T) {
	t.Parallel()
	get := serve(t, built(), Config{}, func(key string) ([]string, error) {
		switch key {
		case "chk_shop":
			return []string{"https://shop.example"}, nil
		case "chk_down":
			return nil, errors.New("database is away")
		}
		return nil, desk.E(desk.NotFound, "find inbox", "")
	})
	for _, c := range []struct{ key, origin, want string }{
		{"chk_shop", "https://shop.example", `{"known":true,"allowed":true,"enabled":true,"primary":"#123456"}`},
		{"chk_shop", "https://evil.example", `{"known":true,"allowed":false,"enabled":true,"primary":"#123456"}`},
		{"chk_none", "https://shop.example", `{"known":false,"allowed":true,"enabled":false}`},
	} {
		r := get("/widget/look?key="+c.key, "Origin", c.origin)
		require.Equal(t, http.StatusOK, r.StatusCode)
		require.JSONEq(t, c.want, r.Text)
		require.Equal(t, "*", r.Header.Get("Access-Control-Allow-Origin"))
		require.Equal(t, "Origin", r.Header.Get("Vary"), "caches keep one answer for each site")
	}
	down := get("/widget/look?key=chk_down")
	require.Equal(t, http.StatusServiceUnavailable, down.StatusCode)
	require.Equal(t, "no-store", down.Header.Get("Cache-Control"))
}

// A worker that a browser keeps for a day would keep old pages alive, and one
// of another type is refused.
func TestTheInstalledDesk(t *testing.T) {
	t.Parallel()
	get := serve(t, built(), Config{}, nil)
	for path, kind := range map[string]string{
		"/desk/sw.js": "text/javascript; charset=utf-8", "/desk/manifest.webmanifest": "application/manifest+json", "/desk/icon-192.png": "image/png",
	} {
		a := get(path)
		require.Equal(t, http.StatusOK, a.StatusCode, path)
		require.Equal(t, kind, a.Header.Get("Content-Type"), path)
	}
	require.Equal(t, "no-cache", get("/desk/sw.js").Header.Get("Cache-Control"))
	require.Contains(t, get("/desk/sw.js").Header.Get("Content-Security-Policy"), "connect-src 'self'", "a worker that may not fetch never installs")
	require.Contains(t, get("/desk/").Header.Get("Content-Security-Policy"), "manifest-src 'self'")
}
