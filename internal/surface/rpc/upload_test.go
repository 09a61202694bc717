package rpc_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/surface/surfacetest"
)

// form is a body as wx.uploadFile and React Native send it.
func form(t *testing.T, field, name, data string) (body []byte, kind string) {
	t.Helper()
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	require.NoError(t, w.WriteField("scene", "chat"))
	part, err := w.CreateFormFile(field, name)
	require.NoError(t, err)
	_, err = part.Write([]byte(data))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	return b.Bytes(), w.FormDataContentType()
}

func TestFilesComeInForms(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	g := h.Near.Guest()
	require.Equal(t, true, g.Opened.Get("result.inbox.features.uploads"))
	require.EqualValues(t, 25<<20, g.Opened.Number("result.inbox.features.max_upload_bytes"))
	post := func(body []byte, kind string) surfacetest.Answer {
		return h.Do(http.MethodPost, "/rpc/v1/attachments", map[string]string{"Authorization": "Bearer " + g.Token, "Content-Type": kind}, body)
	}
	for _, text := range []string{"一", strings.Repeat("说明书。", 20_000)} {
		got := post(form(t, "file", "说明.txt", text))
		require.Equal(t, http.StatusOK, got.Status, string(got.Body))
		require.Equal(t, "说明.txt", got.Text("name"))
		require.EqualValues(t, len(text), got.Number("size"))
		sent := g.Call("message.send", "client_id", fmt.Sprint(len(text)), "parts", []any{surfacetest.Media(got.Text("kind"), got.Text("id"))})
		require.Nil(t, sent.Get("error"), string(sent.Body))
		whole := h.Do(http.MethodGet, sent.Text("result.message.parts.0.media.url"), nil, nil)
		require.Equal(t, text, string(whole.Body))
	}
	empty, kind := form(t, "file", "a.txt", "")
	require.Equal(t, http.StatusUnprocessableEntity, post(empty, kind).Status)
	other, kind := form(t, "photo", "a.txt", "x")
	require.Equal(t, http.StatusUnprocessableEntity, post(other, kind).Status)
	whole, kind := form(t, "file", "a.txt", strings.Repeat("x", 5000))
	cut := post(whole[:len(whole)-200], kind)
	require.Contains(t, []int{http.StatusServiceUnavailable, http.StatusUnprocessableEntity}, cut.Status, "a form that broke off is no file")
	require.Equal(t, http.StatusUnprocessableEntity, post([]byte("x"), "multipart/form-data").Status, "no boundary")
}
