package rest_test

import (
	"bytes"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/surface/surfacetest"
)

// A canned reply's file is kept with it and copied each time it is sent.
func TestCannedReplyKeepsItsFile(t *testing.T) {
	t.Parallel()
	h := surfacetest.Start(t, surfacetest.Options{Roomy: true})
	agent := h.LogIn(h.Near.Answerer)
	file, err := h.Files.Upload(t.Context(), attachment.Upload{
		Account: h.Near.ID, Uploader: desk.AgentUploader(h.Near.Answerer.ID), Name: "size.png", Size: int64(len(onePixel)), Body: bytes.NewReader(onePixel),
	})
	require.NoError(t, err)
	id := string(file.Media.ID)
	copied := "/api/v1/attachments/" + id + "/copy"
	require.Equal(t, http.StatusNotFound, agent.Post(copied, nil).Status, "nobody keeps it yet")
	body := canned("size", "personal", "尺码表")
	body["parts"] = []any{surfacetest.Media("image", id)}
	saved := agent.Post("/api/v1/canned-replies", body)
	require.Equal(t, http.StatusOK, saved.Status, string(saved.Body))
	first, second := agent.Post(copied, nil), agent.Post(copied, nil)
	require.Equal(t, http.StatusOK, first.Status, string(first.Body))
	require.NotEqual(t, first.Text("id"), second.Text("id"))
	body["parts"] = []any{surfacetest.Media("image", "att_none")}
	require.Equal(t, http.StatusUnprocessableEntity, put(agent, "/api/v1/canned-replies/"+saved.Text("id"), body).Status)
	require.Equal(t, http.StatusOK, agent.Post(copied, nil).Status, "a refused change lets go of nothing")
	require.Equal(t, http.StatusNoContent, agent.Delete("/api/v1/canned-replies/"+saved.Text("id")).Status)
	require.Equal(t, http.StatusNotFound, agent.Post(copied, nil).Status)
}
