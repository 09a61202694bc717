package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// inboxRoutes administer channels.
func inboxRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const inboxes, one = "/api/v1/inboxes", "/api/v1/inboxes/{id}"
	return []route{
		{get, inboxes, "listInboxes", "Inboxes", auth.InboxesRead, false, to((*Server).listInboxes)},
		{post, inboxes, "createInbox", "Make an inbox", auth.InboxesManage, false, to((*Server).createInbox)},
		{get, one, "getInbox", "Open an inbox, with its keys of host sites", auth.InboxesManage, false, to((*Server).getInbox)},
		{put, one, "changeInbox", "Change an inbox, switch it on or off", auth.InboxesManage, false, to((*Server).changeInbox)},
		{post, one + "/host-keys", "addHostKey", "Make a key to sign users' identities with; its secret is shown once, so a repeat of the key is a conflict", auth.InboxesManage, false, to((*Server).addHostKey)},
		{del, one + "/host-keys/{key}", "removeHostKey", "Take a key of a host site back", auth.InboxesManage, false, to((*Server).removeHostKey)},
	}
}
