package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// inboxRoutes administer channels.
func inboxRoutes() []route {
	const get = http.MethodGet
	return []route{
		{get, "/api/v1/inboxes", "listInboxes", "Inboxes", auth.InboxesRead, false, to((*Server).listInboxes)},
	}
}
