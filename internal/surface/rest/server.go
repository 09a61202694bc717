package rest

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/netip"
	"reflect"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/courier"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/profile"
	"yingda.dev/internal/flow/review"
	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/flow/search"
	"yingda.dev/internal/flow/toolbox"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/bus"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

// feeds replays what happened; package feed implements it.
type feeds interface {
	Fetch(ctx context.Context, a feed.Audience, epoch string, since int64, limit int) (wire.Batch, error)
}

// events is what the door needs of the bus.
type events interface {
	Signal(ctx context.Context, s bus.Signal)
	Replay(ctx context.Context, account desk.AccountID, deadLetter string) error
}

// deadLetters lists what consumers put aside; the store implements it.
type deadLetters interface {
	DeadLetters(ctx context.Context, account desk.AccountID, p store.Page) ([]store.DeadLetter, error)
}

// ratings knows what customers thought; package visitor implements it.
type ratings interface {
	Rating(ctx context.Context, account desk.AccountID, conversation desk.ConversationID) (desk.Rating, error)
}

// mails sends mails of the program's own; package courier implements it.
type mails interface {
	Enabled() bool
	Invite(ctx context.Context, i courier.Invitation) error
	Mails(ctx context.Context, account desk.AccountID, cursor string) ([]courier.Mail, string, error)
	Retry(ctx context.Context, account desk.AccountID, id string) error
}

// Deps are the required collaborators.
type Deps struct {
	Workspace     *workspace.Service
	Audit         *audit.Book
	Conversations *conversation.Service
	Rotator       *conversation.Rotator
	Search        *search.Service
	Toolbox       *toolbox.Service
	Library       *library.Service
	Review        *review.Service
	Documents     Documents
	Training      *training.Service
	Scenarios     *scenario.Service
	Queue         *dispatch.Service
	Bot           *bot.Service
	Files         files
	Profiles      *profile.Service
	Mails         mails
	DeadLetters   deadLetters
	Positions     positions
	Machine       machine
	Feeds         feeds
	Ratings       ratings
	Bus           events
	Clock         desk.Clock
	Log           *slog.Logger
	// Addr reads the client's address, behind trusted proxies.
	Addr func(*http.Request) netip.Addr
	// Local tells a request of a person at this machine from what a proxy on it passes on.
	Local func(*http.Request) bool
}

// Config tunes the door; the zero value is the default.
type Config struct {
	// Secure marks the session cookie for https only. Set it when the site is
	// reached by https, at a proxy or here.
	Secure bool
	// PublicURL is how browsers reach the program; links begin with it. Empty
	// leaves links relative.
	PublicURL string
	// Version is the program's, shown in the OpenAPI description.
	Version string
}

// Server answers the agents' API. Build it with New.
type Server struct {
	deps   Deps
	config Config
	api    huma.API
	mux    *http.ServeMux
}

// New registers the route table.
func New(d Deps, c Config) *Server {
	s := &Server{deps: d, config: c, mux: http.NewServeMux()}
	config := huma.DefaultConfig("Yingda 应答", c.Version)
	config.Info.Description = "The agents' API. Visitors use JSON-RPC: docs/protocol.md."
	config.OpenAPIPath, config.DocsPath, config.SchemasPath = "", "", ""
	config.Components.Schemas = huma.NewMapRegistry("#/components/schemas/", schemaName)
	config.CreateHooks = nil // they would add $schema links to every answer
	config.Formats = map[string]huma.Format{"application/json": strictJSON, "json": strictJSON}
	config.Transformers = []huma.Transformer{problems}
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"session": {Type: "apiKey", In: "cookie", Name: sessionCookie, Description: "Log-in session; commands also send X-CSRF-Token."},
		"token":   {Type: "http", Scheme: "bearer", Description: "API token (ydt_…)."},
	}
	s.api = humago.New(s.mux, config)
	for _, r := range routes() {
		s.register(r)
	}
	noNullLists(s.api.OpenAPI().Components.Schemas)
	return s
}

// schemaName names a shape in the API's description. A type is named for its
// package; outside it, some names would say too little.
func schemaName(t reflect.Type, hint string) string {
	switch t {
	case reflect.TypeFor[bot.Topic]():
		return "BotTopic"
	case reflect.TypeFor[bot.Texts]():
		return "BotTexts"
	case reflect.TypeFor[bot.Bin]():
		return "BotConfidenceBin"
	case reflect.TypeFor[bot.TopicFigures]():
		return "BotTopicFigures"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// noNullLists says of every list that it is one: answers hold an empty list
// where there is nothing, and commands may not send null.
func noNullLists(schemas huma.Registry) {
	for _, s := range schemas.Map() {
		for _, property := range s.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false
			}
		}
	}
}

// ServeHTTP answers everything below /api/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	if r.URL.Path == "/api/openapi.json" && r.Method == http.MethodGet {
		s.description(w)
		return
	}
	if _, pattern := s.mux.Handler(r); pattern != "" {
		s.mux.ServeHTTP(w, r)
		return
	}
	if allowed := s.methodsOf(r); len(allowed) > 0 {
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		p := problemOf(desk.E(desk.Unsupported, "route request", "this address does not take this method"))
		p.Status, p.Title = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed)
		writeProblem(w, p)
		return
	}
	writeProblem(w, problemOf(desk.E(desk.NotFound, "route request", "there is no such address in the API")))
}

// methodsOf lists what the request's address would take.
func (s *Server) methodsOf(r *http.Request) (allowed []string) {
	for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete} {
		other := *r
		other.Method = method
		if _, pattern := s.mux.Handler(&other); pattern != "" {
			allowed = append(allowed, method)
		}
	}
	return allowed
}

func (s *Server) description(w http.ResponseWriter) {
	b, err := s.OpenAPI()
	if err != nil {
		writeProblem(w, problemOf(err))
		return
	}
	w.Header().Set("Content-Type", "application/openapi+json")
	_, _ = w.Write(b) // the reader went away; there is nobody to tell
}

// OpenAPI is the description as indented JSON, the same every time.
func (s *Server) OpenAPI() ([]byte, error) {
	b, err := json.MarshalIndent(s.api.OpenAPI(), "", "  ")
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "describe api", err)
	}
	return append(b, '\n'), nil
}
