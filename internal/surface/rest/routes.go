package rest

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"yingda.dev/internal/platform/auth"
)

// route is one line of the table.
type route struct {
	method, path string
	// id names the operation in the OpenAPI description and in logs.
	id      string
	summary string
	// permission is what the caller needs; "" means just being logged in.
	permission auth.Permission
	// open routes need no caller. There is one: logging in.
	open bool
	bind binding
}

// binding registers a handler; its type parameters are the shapes in and out.
type binding func(s *Server, r route, op huma.Operation)

// routes is the index of the agents' API.
func routes() []route {
	const get, post, del = http.MethodGet, http.MethodPost, http.MethodDelete
	const conversations, one = "/api/v1/conversations", "/api/v1/conversations/{id}"
	return []route{
		{post, "/api/v1/session", "logIn", "Log in", "", true, to((*Server).logIn)},
		{get, "/api/v1/session", "getSession", "Who is logged in", "", false, to((*Server).getSession)},
		{del, "/api/v1/session", "logOut", "Log out", "", false, to((*Server).logOut)},

		{get, conversations, "listConversations", "List conversations", auth.ConversationsRead, false, to((*Server).listConversations)},
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
		{post, one + "/typing", "typing", "Tell that an answer is being written", auth.ConversationsReply, false, to((*Server).typing)},

		{get, "/api/v1/search", "search", "Search messages", auth.SearchRead, false, to((*Server).search)},
		{get, "/api/v1/feed", "fetchFeed", "What happened since", auth.ConversationsRead, false, to((*Server).fetchFeed)},

		{get, "/api/v1/agents", "listAgents", "Colleagues", auth.PeopleRead, false, to((*Server).listAgents)},
		{get, "/api/v1/teams", "listTeams", "Teams", auth.PeopleRead, false, to((*Server).listTeams)},
		{get, "/api/v1/inboxes", "listInboxes", "Inboxes", auth.InboxesRead, false, to((*Server).listInboxes)},

		{get, "/api/v1/tokens", "listTokens", "API tokens", auth.TokensManage, false, to((*Server).listTokens)},
		{post, "/api/v1/tokens", "createToken", "Make an API token; its secret is shown once, so a repeat of the key is a conflict", auth.TokensManage, false, to((*Server).createToken)},
		{del, "/api/v1/tokens/{id}", "revokeToken", "Revoke an API token", auth.TokensManage, false, to((*Server).revokeToken)},

		{get, "/api/v1/dead-letters", "listDeadLetters", "Events that could not be handled", auth.DeadLettersManage, false, to((*Server).listDeadLetters)},
		{post, "/api/v1/dead-letters/{id}/replay", "replayDeadLetter", "Handle them again", auth.DeadLettersManage, false, to((*Server).replayDeadLetter)},
		{post, "/api/v1/keys/rotation", "rotateKeys", "Give the account a new data key and seal everything anew; while that runs, a repeat joins it", auth.KeysManage, false, to((*Server).rotateKeys)},
		{get, "/api/v1/keys/rotation", "getRotation", "How far the rotation is", auth.KeysManage, false, to((*Server).getRotation)},
	}
}

var problemType = reflect.TypeFor[Problem]()

// Keyed is the header that every command carries: a repeat of the key by the
// same caller changes nothing and gets the first answer.
type Keyed struct {
	Key string `header:"Idempotency-Key" required:"true" minLength:"8" maxLength:"150" pattern:"^[!-~]*$" patternDescription:"printable ASCII without spaces" doc:"Drawn by the caller for each command and kept for its repeats."`
}

// out wraps an answer's body for the framework.
type out[T any] struct{ Body T }

// to binds a handler of plain shapes.
func to[I, O any](handler func(s *Server, ctx context.Context, c caller, in *I) (O, error)) binding {
	return func(s *Server, r route, op huma.Operation) {
		huma.Register(s.api, op, func(ctx context.Context, in *I) (*O, error) {
			answer, err := handler(s, ctx, callerOf(ctx), in)
			if err != nil {
				s.report(ctx, r, err)
				return nil, refusalOf(err)
			}
			return &answer, nil
		})
	}
}

func (s *Server) register(r route) {
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary,
		Middlewares: huma.Middlewares{s.gate(r)}, MaxBodyBytes: 256 << 10,
		Responses: map[string]*huma.Response{"default": {
			Description: "A problem.",
			Content: map[string]*huma.MediaType{"application/problem+json": {
				Schema: s.api.OpenAPI().Components.Schemas.Schema(problemType, true, "Problem"),
			}},
		}},
	}
	if !r.open {
		op.Security = []map[string][]string{{"session": {}}, {"token": {}}}
		if r.permission != "" {
			op.Description = "Needs the permission `" + string(r.permission) + "`."
		}
	}
	r.bind(s, r, op)
}
