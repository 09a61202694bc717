package files_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"mime"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/surface/files"
	"yingda.dev/internal/surface/surfacetest"
)

func start(t *testing.T) *surfacetest.House {
	t.Helper()
	return surfacetest.Start(t, surfacetest.Options{Roomy: true})
}

func noise(w, h int) []byte {
	m := image.NewRGBA(image.Rect(0, 0, w, h))
	seed := uint32(1)
	for i := range m.Pix {
		seed = seed*1664525 + 1013904223
		m.Pix[i] = byte(seed>>24) | 0xc0*byte(i%4/3)
	}
	var b bytes.Buffer
	if err := png.Encode(&b, m); err != nil {
		panic(err)
	}
	return b.Bytes()
}

func video(size int) []byte {
	return append([]byte("\x00\x00\x00\x1cftypisom\x00\x00\x02\x00isomiso2mp41"), bytes.Repeat([]byte("0123456789abcdef"), size/16)...)
}

// A picture of a visitor's reaches the agent, and an agent's the visitor, by
// every way that messages are read.
func TestPictureBothWays(t *testing.T) {
	t.Parallel()
	h := start(t)
	guest, agent := h.Near.Guest(), h.LogIn(h.Near.Answerer)
	picture := noise(600, 300)

	up := guest.Upload("屏幕 截图.png", "image/png", picture)
	require.Equal(t, http.StatusOK, up.Status, string(up.Body))
	require.Equal(t, "image", up.Text("kind"))
	require.Equal(t, "屏幕 截图.png", up.Text("name"))
	require.EqualValues(t, 600, up.Number("width"))
	require.EqualValues(t, len(picture), up.Number("size"))
	require.NotEmpty(t, up.Text("thumbnail_url"))

	part := surfacetest.Media("image", up.Text("id"))
	media, ok := part["media"].(map[string]any)
	require.True(t, ok)
	media["name"], media["url"], media["size"] = "<script>.exe", "https://evil.example/x.png", 1
	said := guest.Call("message.send", "client_id", "1", "parts", []any{part, surfacetest.Text("看这里")[0]})
	require.Nil(t, said.Get("error"), string(said.Body))
	conversation := said.Text("result.conversation.id")
	check := func(a surfacetest.Answer, at string) {
		t.Helper()
		require.Equal(t, "屏幕 截图.png", a.Text(at+".name"), string(a.Body))
		require.EqualValues(t, len(picture), a.Number(at+".size"))
		full, small := h.Do("GET", a.Text(at+".url"), nil, nil), h.Do("GET", a.Text(at+".thumbnail_url"), nil, nil)
		require.Equal(t, http.StatusOK, full.Status, string(full.Body))
		require.True(t, bytes.Equal(picture, full.Body))
		require.Equal(t, http.StatusOK, small.Status, string(small.Body))
		config, _, err := image.DecodeConfig(bytes.NewReader(small.Body))
		require.NoError(t, err)
		require.Equal(t, 480, config.Width)
	}
	check(said, "result.message.parts.0.media")
	check(agent.Get("/api/v1/conversations/"+conversation+"/messages"), "items.0.parts.0.media")
	feed := agent.Get("/api/v1/feed?epoch=epoch-1&since=0")
	at := 0
	for feed.Text(fmt.Sprintf("events.%d.event.type", at)) != "message.received" { // people and rules are told of before
		at++
		require.Less(t, at, 50, string(feed.Body))
	}
	check(feed, fmt.Sprintf("events.%d.event.message.parts.0.media", at))
	check(guest.Call("message.list"), "result.messages.0.parts.0.media")

	up = agent.Upload("说明书.pdf", "application/pdf", []byte("%PDF-1.7 怎么装"))
	require.Equal(t, http.StatusOK, up.Status, string(up.Body))
	reply := map[string]any{"parts": []any{surfacetest.Media("file", up.Text("id"))}}
	key := agent.Keyed("")
	sent := h.Do("POST", "/api/v1/conversations/"+conversation+"/replies", key, reply)
	require.Equal(t, http.StatusOK, sent.Status, string(sent.Body))
	got := h.Do("GET", sent.Text("parts.0.media.url"), nil, nil)
	require.Equal(t, "%PDF-1.7 怎么装", string(got.Body))
	require.Equal(t, http.StatusOK, h.Do("GET", guest.Call("message.list").Text("result.messages.1.parts.0.media.url"), nil, nil).Status)

	// The answer to a repeat is the first; the file itself is spent.
	again := h.Do("POST", "/api/v1/conversations/"+conversation+"/replies", key, reply)
	require.Equal(t, sent.Text("id"), again.Text("id"), string(again.Body))
	again = agent.Post("/api/v1/conversations/"+conversation+"/replies", reply)
	require.Equal(t, http.StatusUnprocessableEntity, again.Status)
	require.Equal(t, "parts[0].media", again.Text("field"))
	repeated := guest.Call("message.send", "client_id", "1", "parts", []any{part})
	require.Equal(t, said.Text("result.message.id"), repeated.Text("result.message.id"), string(repeated.Body))
	require.NotNil(t, guest.Call("message.send", "client_id", "2", "parts", []any{part}).Get("error"))
}

// Only who uploaded a file sends it, in their company, as what it is.
func TestForeignFiles(t *testing.T) {
	t.Parallel()
	h := start(t)
	guest, other, agent, stranger := h.Near.Guest(), h.Near.Guest(), h.LogIn(h.Near.Answerer), h.LogIn(h.Far.Answerer)
	conversation := guest.Say("1", "hello").Text("result.conversation.id")
	mine := guest.Upload("a.png", "image/png", noise(3, 3)).Text("id")
	colleague := h.LogIn(h.Near.Supervisor).Upload("a.png", "image/png", noise(3, 3)).Text("id")
	far := stranger.Upload("a.png", "image/png", noise(3, 3)).Text("id")
	for _, id := range []string{mine, colleague, far, "att_01kjvktcgrhwdaxv57vkrmfvhc", "att_x", "../../x", strings.Repeat("a", 500)} {
		answer := agent.Post("/api/v1/conversations/"+conversation+"/replies", map[string]any{"parts": []any{surfacetest.Media("image", id)}})
		require.Equal(t, http.StatusUnprocessableEntity, answer.Status, string(answer.Body))
		answer = other.Call("message.send", "client_id", id[:3], "parts", []any{surfacetest.Media("image", id)})
		require.Equal(t, "invalid", answer.Text("error.data.kind"), string(answer.Body))
	}
	for _, part := range []any{
		surfacetest.Media("video", mine),
		map[string]any{"type": "image", "media": map[string]any{"url": "/files/" + mine}},
		map[string]any{"type": "image", "media": map[string]any{"url": "https://evil.example/x.png"}},
		map[string]any{"type": "image", "media": map[string]any{}},
	} {
		answer := guest.Call("message.send", "client_id", "x", "parts", []any{part})
		require.Equal(t, "invalid", answer.Text("error.data.kind"), string(answer.Body))
	}
	twice := guest.Call("message.send", "client_id", "y", "parts", []any{surfacetest.Media("image", mine), surfacetest.Media("image", mine)})
	require.Equal(t, "invalid", twice.Text("error.data.kind"))
	asFile := guest.Call("message.send", "client_id", "z", "parts", []any{surfacetest.Media("file", mine)})
	require.Nil(t, asFile.Get("error"), string(asFile.Body))
}

func TestRefusedUploads(t *testing.T) {
	t.Parallel()
	h := start(t)
	guest, agent := h.Near.Guest(), h.LogIn(h.Near.Answerer)
	for what, tc := range map[string]struct {
		name, mime string
		data       []byte
		status     int
	}{
		"a program":         {"photo.jpg", "image/jpeg", []byte("MZ\x90\x00" + strings.Repeat("\x00", 100)), http.StatusUnsupportedMediaType},
		"a script":          {"a.js", "text/plain", []byte("alert(1)"), http.StatusUnsupportedMediaType},
		"a broken picture":  {"a.png", "image/png", []byte("\x89PNG\r\n\x1a\nnonsense"), http.StatusUnsupportedMediaType},
		"a large picture":   {"a.png", "image/png", append(noise(3, 3), make([]byte, 10<<20)...), http.StatusRequestEntityTooLarge},
		"a large file":      {"a.mp4", "video/mp4", video(26 << 20), http.StatusRequestEntityTooLarge},
		"nothing":           {"a.txt", "text/plain", []byte{}, http.StatusUnprocessableEntity},
		"a name of nothing": {"%zz", "text/plain", []byte("MZ"), http.StatusUnsupportedMediaType},
	} {
		for _, answer := range []surfacetest.Answer{guest.Upload(tc.name, tc.mime, tc.data), agent.Upload(tc.name, tc.mime, tc.data)} {
			require.Equal(t, tc.status, answer.Status, "%s: %s", what, answer.Body)
			require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))
			require.NotEmpty(t, answer.Text("detail"))
			require.NotContains(t, string(answer.Body), "photo.jpg")
		}
	}
	require.Equal(t, http.StatusUnauthorized, h.Do("POST", "/rpc/v1/attachments", nil, "x").Status)
	require.Equal(t, http.StatusUnauthorized, h.Do("POST", "/rpc/v1/attachments", map[string]string{"Authorization": "Bearer junk"}, "x").Status)
	require.Equal(t, http.StatusMethodNotAllowed, guest.Do("GET", "/rpc/v1/attachments", nil, nil).Status)
	require.Equal(t, http.StatusNoContent, guest.Do("OPTIONS", "/rpc/v1/attachments", nil, nil).Status)
	usage, err := h.Store.AttachmentUsage(t.Context(), h.Near.ID)
	require.NoError(t, err)
	require.Zero(t, usage, "nothing is half stored")
	require.Empty(t, blobs(t, h))
}

// blobs lists the files in the folder.
func blobs(t *testing.T, h *surfacetest.House) (paths []string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(h.FilesDir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			paths = append(paths, path)
		}
		return err
	}))
	return paths
}

// A sender whose line broke sends again with the same key; at once or later,
// it is one file.
func TestRepeatedUploads(t *testing.T) {
	t.Parallel()
	h := start(t)
	guest := h.Near.Guest()
	header := map[string]string{"Authorization": "Bearer " + guest.Token, "Idempotency-Key": "k1", "X-File-Name": "a.txt"}
	short, stop := context.WithCancel(t.Context())
	body := &slowBody{then: stop}
	r, err := http.NewRequestWithContext(short, http.MethodPost, h.URL+"/rpc/v1/attachments", body)
	require.NoError(t, err)
	r.ContentLength = 1 << 20
	for k, v := range header {
		r.Header.Set(k, v)
	}
	_, err = http.DefaultTransport.RoundTrip(r) //nolint:bodyclose // it breaks off
	require.Error(t, err)

	const many = 8
	ids := make([]string, many)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			a, err := h.Try(t.Context(), "POST", "/rpc/v1/attachments", header, "你好"+strings.Repeat("x", 100_000))
			if err != nil || a.Status != http.StatusOK {
				t.Errorf("%v %s", err, a.Body)
			}
			ids[i] = a.Text("id")
		})
	}
	all.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	usage, err := h.Store.AttachmentUsage(t.Context(), h.Near.ID)
	require.NoError(t, err)
	require.EqualValues(t, 1, usage.Files)
	require.Len(t, blobs(t, h), 1)
	// Another visitor's key is another key.
	other := h.Near.Guest()
	header["Authorization"] = "Bearer " + other.Token
	require.NotEqual(t, ids[0], h.Do("POST", "/rpc/v1/attachments", header, "hello").Text("id"))
}

type slowBody struct {
	then func()
	sent int
}

func (s *slowBody) Read(p []byte) (int, error) {
	if s.sent > 200_000 {
		s.then()
		return 0, errors.New("the line broke")
	}
	n := min(len(p), 10_000)
	copy(p, strings.Repeat("x", n))
	s.sent += n
	return n, nil
}

func TestDownload(t *testing.T) {
	t.Parallel()
	h := start(t)
	agent := h.LogIn(h.Near.Answerer)
	film := video(300_000)
	up := agent.Upload("影片.mp4", "video/mp4", film)
	require.Equal(t, http.StatusOK, up.Status, string(up.Body))
	address := up.Text("url")
	all := h.Do("GET", address, nil, nil)
	require.Equal(t, http.StatusOK, all.Status)
	require.True(t, bytes.Equal(film, all.Body))
	for name, want := range map[string]string{
		"Content-Type": "video/mp4", "X-Content-Type-Options": "nosniff", "Accept-Ranges": "bytes", "Referrer-Policy": "no-referrer",
		"Content-Disposition": "inline; filename=\"__.mp4\"; filename*=UTF-8''%E5%BD%B1%E7%89%87.mp4", "X-Robots-Tag": "noindex",
	} {
		require.Equal(t, want, all.Header.Get(name), name)
	}
	require.Contains(t, all.Header.Get("Content-Security-Policy"), "sandbox")
	require.Contains(t, all.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Contains(t, all.Header.Get("Cache-Control"), "private")
	head := h.Do("HEAD", address, nil, nil)
	require.Equal(t, http.StatusOK, head.Status)
	require.Equal(t, all.Header.Get("Content-Length"), head.Header.Get("Content-Length"))

	part := h.Do("GET", address, map[string]string{"Range": "bytes=70000-140000"}, nil)
	require.Equal(t, http.StatusPartialContent, part.Status)
	require.True(t, bytes.Equal(film[70000:140001], part.Body))
	end := h.Do("GET", address, map[string]string{"Range": "bytes=-5"}, nil)
	require.Equal(t, string(film[len(film)-5:]), string(end.Body))
	require.Equal(t, http.StatusRequestedRangeNotSatisfiable, h.Do("GET", address, map[string]string{"Range": "bytes=9999999-"}, nil).Status)
	require.Equal(t, http.StatusNotModified, h.Do("GET", address, map[string]string{"If-None-Match": all.Header.Get("ETag")}, nil).Status)
	many := h.Do("GET", address, map[string]string{"Range": "bytes=" + strings.Repeat("0-,", 500) + "0-"}, nil)
	require.LessOrEqual(t, len(many.Body), 2*len(film), "asking for everything many times gets it once")

	page := agent.Upload("x.html", "text/html", []byte("<script>alert(document.domain)</script>"))
	got := h.Do("GET", page.Text("url"), nil, nil)
	require.Equal(t, "application/octet-stream", got.Header.Get("Content-Type"))
	require.True(t, strings.HasPrefix(got.Header.Get("Content-Disposition"), "attachment"))

	for _, bad := range []string{
		"/files/", "/files/../master.key", "/files/" + up.Text("id"), address + "x", address + "&t=thumb", address + "&e=1", strings.Replace(address, "?e=", "?e=0", 1),
		strings.Replace(address, "att_", "ATT_", 1), strings.Replace(address, up.Text("id"), page.Text("id"), 1),
	} {
		answer := h.Do("GET", bad, nil, nil)
		require.Contains(t, []int{http.StatusForbidden, http.StatusNotFound, http.StatusMovedPermanently, http.StatusTemporaryRedirect}, answer.Status, bad)
		require.NotContains(t, string(answer.Body), "ftyp")
	}
	require.Equal(t, http.StatusMethodNotAllowed, h.Do("POST", address, nil, "x").Status)
	h.Clock.Advance(14 * time.Hour)
	require.Equal(t, http.StatusForbidden, h.Do("GET", address, nil, nil).Status, "it has expired")
}

// What is damaged on the disk is said and not sent; what is gone is not there.
func TestDamagedOnDisk(t *testing.T) {
	t.Parallel()
	h := start(t)
	agent := h.LogIn(h.Near.Answerer)
	up := agent.Upload("a.txt", "text/plain", []byte("Geheimwort Geheimwort"))
	paths := blobs(t, h)
	require.Len(t, paths, 1)
	stored, err := os.ReadFile(paths[0])
	require.NoError(t, err)
	require.NotContains(t, string(stored), "Geheimwort", "nothing readable at rest")
	require.NotContains(t, paths[0], "a.txt")
	stored[10] ^= 1
	require.NoError(t, os.WriteFile(paths[0], stored, 0o600))
	answer := h.Do("GET", up.Text("url"), nil, nil)
	require.Equal(t, http.StatusServiceUnavailable, answer.Status)
	require.NoError(t, os.Remove(paths[0]))
	require.Equal(t, http.StatusNotFound, h.Do("GET", up.Text("url"), nil, nil).Status)
}

// What was never sent goes after a day, what was recalled at once, and what a
// crash left without a row too.
func TestCollection(t *testing.T) {
	t.Parallel()
	h := start(t)
	guest, agent := h.Near.Guest(), h.LogIn(h.Near.Answerer)
	conversation := guest.Say("1", "hello").Text("result.conversation.id")
	forgotten, kept := agent.Upload("a.png", "image/png", noise(500, 500)), agent.Upload("b.txt", "text/plain", []byte("hi"))
	sent, recalled := agent.Upload("c.txt", "text/plain", []byte("hi")), agent.Upload("d.txt", "text/plain", []byte("hi"))
	send := func(up surfacetest.Answer) string {
		t.Helper()
		answer := agent.Post("/api/v1/conversations/"+conversation+"/replies", map[string]any{"parts": []any{surfacetest.Media("file", up.Text("id"))}})
		require.Equal(t, http.StatusOK, answer.Status, string(answer.Body))
		return answer.Text("id")
	}
	send(sent)
	message := send(recalled)
	_, err := h.Store.Do(t.Context(), store.Command{
		Account: h.Near.ID, Target: store.Target{Conversation: desk.ConversationID(conversation)},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{DropAttachments: []desk.MessageID{desk.MessageID(message)}}, nil
		},
	})
	require.NoError(t, err)
	require.Equal(t, http.StatusNotFound, h.Do("GET", recalled.Text("url"), nil, nil).Status, "at once")
	require.NoError(t, h.Store.Write(t.Context(), h.Near.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.KeepAttachment(ctx, h.Near.ID, "canned:1", desk.AttachmentID(kept.Text("id")))
	}))
	require.Len(t, blobs(t, h), 5)
	n, err := h.Files.Sweep(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Len(t, blobs(t, h), 4)

	copied := agent.Post("/api/v1/attachments/"+kept.Text("id")+"/copy", nil)
	require.Equal(t, http.StatusOK, copied.Status, string(copied.Body))
	require.NotEqual(t, kept.Text("id"), copied.Text("id"))
	send(copied)
	require.Equal(t, http.StatusNotFound, agent.Post("/api/v1/attachments/"+sent.Text("id")+"/copy", nil).Status)

	h.Clock.Advance(23*time.Hour + 55*time.Minute)
	late := agent.Post("/api/v1/conversations/"+conversation+"/replies", map[string]any{"parts": []any{surfacetest.Media("image", forgotten.Text("id"))}})
	require.Equal(t, http.StatusUnprocessableEntity, late.Status, "it might vanish on its way")
	h.Clock.Advance(10 * time.Minute)
	n, err = h.Files.Sweep(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.Len(t, blobs(t, h), 3)
	usage, err := h.Store.AttachmentUsage(t.Context(), h.Near.ID)
	require.NoError(t, err)
	require.Equal(t, store.AttachmentUsage{Bytes: 6, Files: 3}, usage)

	stray := filepath.Join(h.FilesDir, "zz", "att_00000000000000000000000zzz")
	require.NoError(t, os.MkdirAll(filepath.Dir(stray), 0o700))
	require.NoError(t, os.WriteFile(stray, []byte("x"), 0o600))
	h.Clock.Advance(20 * 365 * 24 * time.Hour) // past the file system's own clock
	n, err = h.Files.Sweep(t.Context())
	require.NoError(t, err)
	require.EqualValues(t, 1, n)
	require.NoFileExists(t, stray)
	require.Len(t, blobs(t, h), 3)
}

func FuzzDisposition(f *testing.F) {
	for _, s := range []string{"a.pdf", "影片.mp4", `a"b\c`, "a%20b", "a\r\nX: y", "a; filename=b"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, name string) {
		clean := attachment.CleanName(name)
		header := files.Disposition(false, clean)
		require.False(t, strings.ContainsAny(header, "\r\n\x00"))
		kind, params, err := mime.ParseMediaType(header)
		require.NoError(t, err, header)
		require.Equal(t, "attachment", kind)
		require.Equal(t, clean, params["filename"], header)
	})
}
