package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// conversationRoutes are the daily work.
func conversationRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	const conversations, one = "/api/v1/conversations", "/api/v1/conversations/{id}"
	return []route{
		{get, conversations, "listConversations", "List conversations", auth.ConversationsRead, false, to((*Server).listConversations)},
		{get, conversations + "/counts", "countConversations", "How many conversations the views hold", auth.ConversationsRead, false, to((*Server).countConversations)},
		{get, one, "getConversation", "Open a conversation", auth.ConversationsRead, false, to((*Server).getConversation)},
		{get, one + "/messages", "listMessages", "Read messages", auth.ConversationsRead, false, to((*Server).listMessages)},
		{post, one + "/replies", "reply", "Answer the customer", auth.ConversationsReply, false, to((*Server).reply)},
		{post, one + "/notes", "addNote", "Leave a note for colleagues", auth.ConversationsNote, false, to((*Server).addNote)},
		{post, one + "/assign", "assign", "Assign to an agent, a team, both or nobody", auth.ConversationsAssign, false, to((*Server).assign)},
		{post, one + "/claim", "claim", "Take an unassigned conversation", auth.ConversationsAssign, false, to((*Server).claim)},
		{post, one + "/resolve", "resolve", "Resolve", auth.ConversationsResolve, false, to((*Server).resolve)},
		{post, one + "/reopen", "reopen", "Reopen", auth.ConversationsResolve, false, to((*Server).reopen)},
		{post, one + "/snooze", "snooze", "Put off until later", auth.ConversationsSnooze, false, to((*Server).snooze)},
		{post, one + "/read", "markRead", "Mark as read", auth.ConversationsRead, false, to((*Server).markRead)},
		{post, one + "/labels", "labelConversation", "Put labels on it and take others off", auth.ConversationsReply, false, to((*Server).labelConversation)},
		{post, one + "/messages/{message}/recall", "recallMessage", "Take back what a message said: one's own within two minutes, with messages.recall anything at any time", auth.ConversationsReply, false, to((*Server).recallMessage)},
		{post, one + "/messages/{message}/resend", "resendMessage", "Send a failed message again", auth.ConversationsReply, false, to((*Server).resendMessage)},
		{get, one + "/activity", "listActivity", "What was done with it", auth.ConversationsRead, false, to((*Server).listActivity)},
		{post, one + "/mentions/read", "readMentions", "Note that the caller has seen where colleagues named them", auth.ConversationsRead, false, to((*Server).readMentions)},
		{post, one + "/typing", "typing", "Tell that an answer is being written", auth.ConversationsReply, false, to((*Server).typing)},
		{get, "/api/v1/search", "search", "Search messages", auth.SearchRead, false, to((*Server).search)},
		{get, "/api/v1/feed", "fetchFeed", "What happened since", auth.ConversationsRead, false, to((*Server).fetchFeed)},
	}
}
