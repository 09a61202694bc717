package rest

import (
	"context"
	"reflect"
	"slices"

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
	// open routes need no caller: logging in, registering, accepting an invitation.
	open bool
	bind binding
}

// binding registers a handler; its type parameters are the shapes in and out.
type binding func(s *Server, r route, op huma.Operation)

// routes is the index of the agents' API: one list for each area, each in the file of its handlers' area.
func routes() []route {
	return slices.Concat(
		sessionRoutes(), conversationRoutes(), draftRoutes(), contactRoutes(), toolboxRoutes(), attachmentRoutes(),
		peopleRoutes(), inboxRoutes(), queueRoutes(), knowledgeRoutes(), reviewRoutes(), trainingRoutes(),
		botRoutes(), scenarioRoutes(), operationRoutes(),
	)
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

// roomy are the commands that take more than a form holds, in bytes.
var roomy = map[string]int64{
	"importIntents": 20 << 20, "createIntent": 9 << 20, "changeIntent": 9 << 20, "addIntentExamples": 9 << 20,
}

func (s *Server) register(r route) {
	most := int64(256 << 10)
	if roomy[r.id] > 0 {
		most = roomy[r.id]
	}
	op := huma.Operation{
		OperationID: r.id, Method: r.method, Path: r.path, Summary: r.summary,
		Middlewares: huma.Middlewares{s.gate(r)}, MaxBodyBytes: most,
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
