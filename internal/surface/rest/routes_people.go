package rest

import (
	"net/http"

	"yingda.dev/internal/platform/auth"
)

// peopleRoutes administer colleagues, roles, tokens and sessions.
func peopleRoutes() []route {
	const get, post, put, patch, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete
	return []route{
		{patch, "/api/v1/account", "changeAccount", "Rename the company, change its language, require a second factor of everybody", auth.AccountManage, false, to((*Server).changeAccount)},
		{get, "/api/v1/agents", "listAgents", "Colleagues", auth.PeopleRead, false, to((*Server).listAgents)},
		{patch, "/api/v1/agents/{id}", "changeAgent", "Rename a colleague, give another role, disable or enable", auth.PeopleManage, false, to((*Server).changeAgent)},
		{get, "/api/v1/agents/{id}/sessions", "listSessions", "Where a colleague is logged in", auth.SessionsManage, false, to((*Server).listSessions)},
		{del, "/api/v1/agents/{id}/totp", "resetTOTP", "Take the second factor off a colleague who has lost it", auth.SessionsManage, false, to((*Server).resetTOTP)},
		{get, "/api/v1/audit", "listAudit", "Who administered what", auth.AuditRead, false, to((*Server).listAudit)},
		{get, "/api/v1/invitations", "listInvitations", "Invitations that wait", auth.PeopleManage, false, to((*Server).listInvitations)},
		{post, "/api/v1/invitations", "invite", "Invite a colleague; the link is shown once, so a repeat of the key is a conflict", auth.PeopleManage, false, to((*Server).invite)},
		{del, "/api/v1/invitations/{id}", "revokeInvitation", "Take an invitation back", auth.PeopleManage, false, to((*Server).revokeInvitation)},
		{post, "/api/v1/invitations/look", "lookInvitation", "What an invitation's link leads to", "", true, to((*Server).lookInvitation)},
		{post, "/api/v1/invitations/accept", "acceptInvitation", "Follow an invitation and be logged in", "", true, to((*Server).acceptInvitation)},
		{get, "/api/v1/roles", "listRoles", "Roles", auth.PeopleRead, false, to((*Server).listRoles)},
		{post, "/api/v1/roles", "createRole", "Make a role", auth.RolesManage, false, to((*Server).createRole)},
		{put, "/api/v1/roles/{id}", "changeRole", "Change a role; built-in ones stay as they are", auth.RolesManage, false, to((*Server).changeRole)},
		{del, "/api/v1/roles/{id}", "deleteRole", "Delete a role that nobody has", auth.RolesManage, false, to((*Server).deleteRole)},
		{get, "/api/v1/permissions", "listPermissions", "All permissions, by what they are about", auth.PeopleRead, false, to((*Server).listPermissions)},
		{get, "/api/v1/teams", "listTeams", "Teams", auth.PeopleRead, false, to((*Server).listTeams)},
		{post, "/api/v1/teams", "createTeam", "Make a team", auth.PeopleManage, false, to((*Server).createTeam)},
		{put, "/api/v1/teams/{id}", "changeTeam", "Rename a team or change its members", auth.PeopleManage, false, to((*Server).changeTeam)},
		{del, "/api/v1/teams/{id}", "deleteTeam", "Delete a team in which no conversation waits", auth.PeopleManage, false, to((*Server).deleteTeam)},
		{get, "/api/v1/tokens", "listTokens", "API tokens", auth.TokensManage, false, to((*Server).listTokens)},
		{post, "/api/v1/tokens", "createToken", "Make an API token; its secret is shown once, so a repeat of the key is a conflict", auth.TokensManage, false, to((*Server).createToken)},
		{del, "/api/v1/tokens/{id}", "revokeToken", "Revoke an API token", auth.TokensManage, false, to((*Server).revokeToken)},
	}
}
