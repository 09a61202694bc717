package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// maxFileBody holds the largest file in base64, with what stands around it.
const maxFileBody = 30 << 20

// reviewRoutes are about what the bot is to learn.
func reviewRoutes() []route {
	const get, post = http.MethodGet, http.MethodPost
	const all, one = "/api/v1/review/proposals", "/api/v1/review/proposals/{id}"
	return []route{
		{get, all, "listProposals", "What is proposed to be learned: the open ones, the largest first, or those decided", auth.KnowledgeManage, false, to((*Server).listProposals)},
		{post, one + "/accept", "acceptProposal", "Make knowledge of a proposal; Conflict if it was decided or has grown meanwhile", auth.KnowledgeManage, false, to((*Server).acceptProposal)},
		{post, one + "/refuse", "refuseProposal", "Say that there is nothing to learn", auth.KnowledgeManage, false, to((*Server).refuseProposal)},
		{post, "/api/v1/review/gather", "gatherProposals", "Look for what there is to learn now", auth.KnowledgeManage, false, to((*Server).gatherProposals)},
		{post, "/api/v1/review/chats", "readChats", "Propose FAQs from a table of chats from before", auth.KnowledgeManage, false, sized(maxFileBody, to((*Server).readChats))},
		{post, "/api/v1/review/files", "readFile", "Read a Word, PDF, Excel, CSV, HTML, Markdown or text file; nothing is stored", auth.KnowledgeManage, false, sized(maxFileBody, to((*Server).readFile))},
	}
}
