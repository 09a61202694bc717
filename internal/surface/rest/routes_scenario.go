package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// scenarioRoutes are the flows of the bot.
func scenarioRoutes() []route {
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete
	const all, one, secrets, may = "/api/v1/scenarios", "/api/v1/scenarios/{id}", "/api/v1/scenarios/secrets", auth.BotManage
	return []route{
		{get, all, "listScenarios", "Flows, by name", may, false, to((*Server).listScenarios)},
		{post, all, "createScenario", "Begin a flow", may, false, to((*Server).createScenario)},
		{post, all + "/check", "checkScenario", "Problems, picture and test dialogues of a flow's text", may, false, to((*Server).checkScenario)},
		{post, all + "/debug", "debugScenario", "One step of a flow's text, with a state that the caller keeps", may, false, to((*Server).debugScenario)},
		{get, secrets, "listScenarioSecrets", "Secrets of the services that flows call, without their values", may, false, to((*Server).listScenarioSecrets)},
		{put, secrets + "/{name}", "putScenarioSecret", "Set a secret; its value is never shown again", may, false, to((*Server).putScenarioSecret)},
		{del, secrets + "/{name}", "deleteScenarioSecret", "Delete a secret", may, false, to((*Server).deleteScenarioSecret)},
		{get, one, "getScenario", "A flow with its text", may, false, to((*Server).getScenario)},
		{put, one, "saveScenario", "Keep the draft of a flow", may, false, to((*Server).saveScenario)},
		{del, one, "deleteScenario", "Delete a flow and its versions", may, false, to((*Server).deleteScenario)},
		{post, one + "/publish", "publishScenario", "Let the draft of a flow serve", may, false, to((*Server).publishScenario)},
		{post, one + "/enable", "enableScenario", "Switch a flow on or off", may, false, to((*Server).enableScenario)},
		{get, one + "/versions", "listScenarioVersions", "What was published of a flow, the newest first", may, false, to((*Server).listScenarioVersions)},
		{get, one + "/versions/{n}", "getScenarioVersion", "A version of a flow with its text", may, false, to((*Server).getScenarioVersion)},
	}
}
