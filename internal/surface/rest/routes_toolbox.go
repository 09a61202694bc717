package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// toolboxRoutes are what agents work with: labels, canned replies.
func toolboxRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const labels, canned = "/api/v1/labels", "/api/v1/canned-replies"
	return []route{
		{get, labels, "listLabels", "Labels", auth.ConversationsRead, false, to((*Server).listLabels)},
		{post, labels, "createLabel", "Make a label", auth.ToolboxManage, false, to((*Server).createLabel)},
		{put, labels + "/{id}", "changeLabel", "Change a label", auth.ToolboxManage, false, to((*Server).changeLabel)},
		{del, labels + "/{id}", "deleteLabel", "Delete a label and take it off every conversation", auth.ToolboxManage, false, to((*Server).deleteLabel)},
		{get, canned, "listCannedReplies", "Canned replies that the caller may use", auth.ConversationsRead, false, to((*Server).listCannedReplies)},
		{post, canned, "createCannedReply", "Keep an answer ready; for a team or for all this needs toolbox.manage", auth.ConversationsReply, false, to((*Server).createCannedReply)},
		{put, canned + "/{id}", "changeCannedReply", "Change a canned reply", auth.ConversationsReply, false, to((*Server).changeCannedReply)},
		{del, canned + "/{id}", "deleteCannedReply", "Delete a canned reply", auth.ConversationsReply, false, to((*Server).deleteCannedReply)},
	}
}
