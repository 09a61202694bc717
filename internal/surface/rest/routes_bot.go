package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// botRoutes are about the bot in service.
func botRoutes() []route {
	const get, post, put = http.MethodGet, http.MethodPost, http.MethodPut
	const bot, one = "/api/v1/bot", "/api/v1/conversations/{id}"
	return []route{
		{get, bot + "/settings", "getBotSettings", "How the bot is set", auth.BotManage, false, to((*Server).getBotSettings)},
		{put, bot + "/settings", "setBotSettings", "Set the bot", auth.BotManage, false, to((*Server).setBotSettings)},
		{get, bot + "/health", "getBotHealth", "How the bot copes on this node", auth.BotAssist, false, to((*Server).getBotHealth)},

		{get, bot + "/drafts", "listBotDrafts", "Answers that wait for a person to look at, the oldest first", auth.BotAssist, false, to((*Server).listBotDrafts)},
		{post, bot + "/drafts/{id}/claim", "claimBotDraft", "Take a draft; it then waits a little longer", auth.BotAssist, false, to((*Server).claimBotDraft)},
		{post, bot + "/drafts/{id}/send", "sendBotDraft", "Send a draft in the bot's name, as it is or with another text", auth.BotAssist, false, to((*Server).sendBotDraft)},
		{post, bot + "/drafts/{id}/refuse", "refuseBotDraft", "Refuse a draft; people take over", auth.BotAssist, false, to((*Server).refuseBotDraft)},

		{get, one + "/bot", "getBotOfConversation", "What the bot decided in a conversation, the newest first", auth.BotAssist, false, to((*Server).getBotOfConversation)},
		{get, one + "/suggestions", "suggestReplies", "Replies that may fit what the customer wrote", auth.BotAssist, false, to((*Server).suggestReplies)},
		{post, one + "/suggestions/used", "countSuggestions", "Tell what became of suggested replies", auth.BotAssist, false, to((*Server).countSuggestions)},
		{post, one + "/give-to-bot", "giveToBot", "Give a conversation to the bot", auth.ConversationsAssign, false, to((*Server).giveToBot)},

		{post, one + "/messages/{message}/learn", "learnFromReply", "Make knowledge of what a colleague answered", auth.BotAssist, false, to((*Server).learnFromReply)},

		{get, bot + "/decisions", "listBotDecisions", "What the bot decided, the newest first", auth.BotManage, false, to((*Server).listBotDecisions)},
		{post, bot + "/decisions/{id}/correct", "correctBotAnswer", "Make knowledge of the right answer", auth.BotAssist, false, to((*Server).correctBotAnswer)},
		{post, bot + "/decisions/{id}/check", "checkBotAnswer", "Say whether an automatic answer was right", auth.BotManage, false, to((*Server).checkBotAnswer)},
		{get, bot + "/figures", "getBotFigures", "What the bot did, by topic and confidence", auth.BotManage, false, to((*Server).getBotFigures)},
		{get, bot + "/sample", "sampleBotAnswers", "Automatic answers that nobody has looked at again", auth.BotManage, false, to((*Server).sampleBotAnswers)},
	}
}
