package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// attachmentRoutes carry files in. They are read at their signed addresses,
// which are no part of the API.
func attachmentRoutes() []route {
	const all = "/api/v1/attachments"
	return []route{
		{http.MethodPost, all, "uploadAttachment", "Upload a file", auth.ConversationsReply, false, bytesIn(to((*Server).uploadAttachment))},
		{http.MethodPost, all + "/{id}/copy", "copyAttachment", "Copy a kept file, such as a canned reply's, to send it", auth.ConversationsReply, false, to((*Server).copyAttachment)},
	}
}
