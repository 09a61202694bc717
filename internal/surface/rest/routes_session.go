package rest

import "net/http"

// sessionRoutes are for logging in and for one's own account.
func sessionRoutes() []route {
	const get, post, patch, del = http.MethodGet, http.MethodPost, http.MethodPatch, http.MethodDelete
	return []route{
		{get, "/api/v1/setup", "getSetup", "Whether a first company has to be registered", "", true, to((*Server).getSetup)},
		{post, "/api/v1/setup", "setUp", "Register the first company and its administrator", "", true, to((*Server).setUp)},
		{post, "/api/v1/session", "logIn", "Log in", "", true, to((*Server).logIn)},
		{get, "/api/v1/session", "getSession", "Who is logged in", "", false, to((*Server).getSession)},
		{del, "/api/v1/session", "logOut", "Log out", "", false, to((*Server).logOut)},
		{get, "/api/v1/me", "getMe", "One's own account", "", false, to((*Server).getMe)},
		{patch, "/api/v1/me", "changeMe", "Change one's own name or language", "", false, to((*Server).changeMe)},
		{post, "/api/v1/me/password", "changePassword", "Change one's own password; other sessions end", "", false, to((*Server).changePassword)},
		{post, "/api/v1/me/totp", "beginTOTP", "Get a secret for an authenticator app", "", false, to((*Server).beginTOTP)},
		{post, "/api/v1/me/totp/confirm", "confirmTOTP", "Switch the second factor on with the app's code; the recovery codes are shown once", "", false, to((*Server).confirmTOTP)},
		{post, "/api/v1/me/totp/disable", "disableTOTP", "Switch the second factor off", "", false, to((*Server).disableTOTP)},
		{get, "/api/v1/me/sessions", "listMySessions", "Where one is logged in", "", false, to((*Server).listMySessions)},
		{del, "/api/v1/sessions/{id}", "endSession", "End a session of one's own, or of a colleague with the permission sessions.manage", "", false, to((*Server).endSession)},
	}
}
