package rest

import "net/http"

// sessionRoutes are for logging in and for one's own account.
func sessionRoutes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	return []route{
		{get, "/api/v1/setup", "getSetup", "Whether a first company has to be registered", "", true, to((*Server).getSetup)},
		{post, "/api/v1/setup", "setUp", "Register the first company and its administrator", "", true, to((*Server).setUp)},
		{post, "/api/v1/session", "logIn", "Log in", "", true, to((*Server).logIn)},
		{get, "/api/v1/session", "getSession", "Who is logged in", "", false, to((*Server).getSession)},
		{del, "/api/v1/session", "logOut", "Log out", "", false, to((*Server).logOut)},
	}
}
