package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// trainingRoutes are about what visitors may want, and how the bot learns it.
func trainingRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const intents, training, models = "/api/v1/bot/intents", "/api/v1/bot/training", "/api/v1/bot/models"
	return []route{
		{get, intents, "listIntents", "Intents, with how well each is understood", auth.KnowledgeRead, false, to((*Server).listIntents)},
		{post, intents, "createIntent", "Add an intent", auth.BotManage, false, to((*Server).createIntent)},
		{get, intents + "/{id}", "getIntent", "An intent with its examples and actions", auth.KnowledgeRead, false, to((*Server).getIntent)},
		{put, intents + "/{id}", "changeIntent", "Change an intent", auth.BotManage, false, to((*Server).changeIntent)},
		{del, intents + "/{id}", "deleteIntent", "Delete an intent; a built-in one becomes what it was shipped as", auth.BotManage, false, to((*Server).deleteIntent)},
		{post, intents + "/{id}/examples", "addIntentExamples", "Add examples to an intent", auth.BotManage, false, to((*Server).addIntentExamples)},
		{post, intents + "/import", "importIntents", "Take examples from a sheet of intent and text (CSV or TSV), or only look what it would change", auth.BotManage, false, to((*Server).importIntents)},
		{get, intents + "/export", "exportIntents", "All examples as a sheet (TSV)", auth.BotManage, false, to((*Server).exportIntents)},
		{post, intents + "/try", "tryIntents", "Ask the model that serves what a text means", auth.KnowledgeRead, false, to((*Server).tryIntents)},

		{get, training, "getTraining", "Which model serves, what is being trained, and what was trained", auth.KnowledgeRead, false, to((*Server).getTraining)},
		{post, training, "startTraining", "Train now", auth.BotManage, false, to((*Server).startTraining)},
		{post, training + "/cancel", "cancelTraining", "Cancel the training that waits or runs", auth.BotManage, false, to((*Server).cancelTraining)},
		{get, models + "/{id}", "getModel", "A model with what it confuses", auth.KnowledgeRead, false, to((*Server).getModel)},
		{post, models + "/{id}/serve", "serveModel", "Let another model serve: the way back", auth.BotManage, false, to((*Server).serveModel)},
	}
}
