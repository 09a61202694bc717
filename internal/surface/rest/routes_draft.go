package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// draftRoutes are about what is being written, what is to be sent later, who
// looks on, and the same done to many conversations.
func draftRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const one = "/api/v1/conversations/{id}"
	return []route{
		{get, one + "/draft", "listDrafts", "What the caller has begun to write: at most one reply and one note", auth.ConversationsRead, false, to((*Server).listDrafts)},
		{put, one + "/draft", "saveDraft", "Keep what the caller is writing; a conflict if another window wrote after the revision", auth.ConversationsRead, false, to((*Server).saveDraft)},
		{del, one + "/draft", "deleteDraft", "Drop what the caller has begun to write", auth.ConversationsRead, false, to((*Server).deleteDraft)},
		{get, one + "/scheduled", "listScheduled", "Messages to be sent later, and what became of others", auth.ConversationsRead, false, to((*Server).listScheduled)},
		{post, one + "/scheduled", "schedule", "Send a message later", auth.ConversationsReply, false, to((*Server).schedule)},
		{del, one + "/scheduled/{key}", "cancelScheduled", "Cancel a message that waits", auth.ConversationsReply, false, to((*Server).cancelScheduled)},
		{post, one + "/viewing", "viewing", "Tell colleagues that the caller has it open, for 30 seconds", auth.ConversationsRead, false, to((*Server).viewing)},
		{post, "/api/v1/conversations/bulk", "changeMany", "Do one thing to at most 100 conversations; each action needs its own permission", auth.ConversationsRead, false, to((*Server).changeMany)},
	}
}
