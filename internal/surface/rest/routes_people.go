package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// peopleRoutes administer colleagues, roles, tokens and sessions.
func peopleRoutes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{get, "/api/v1/agents", "listAgents", "Colleagues", auth.PeopleRead, false, to((*Server).listAgents)},
		{get, "/api/v1/teams", "listTeams", "Teams", auth.PeopleRead, false, to((*Server).listTeams)},
		{get, "/api/v1/tokens", "listTokens", "API tokens", auth.TokensManage, false, to((*Server).listTokens)},
		{post, "/api/v1/tokens", "createToken", "Make an API token; its secret is shown once, so a repeat of the key is a conflict", auth.TokensManage, false, to((*Server).createToken)},
		{del, "/api/v1/tokens/{id}", "revokeToken", "Revoke an API token", auth.TokensManage, false, to((*Server).revokeToken)},
	}
}
