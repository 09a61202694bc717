package rest

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
)

// sessionCookie holds the log-in session. SameSite=Lax keeps it out of other
// sites' forms; the CSRF token keeps it out of everything else.
const sessionCookie = "yingda_session"

// caller is who makes a request, put into its context by the gate.
type caller struct {
	auth.Principal
	// secret is the session cookie's value, for logging out; empty for API tokens.
	secret string
	// from is where the request comes from.
	from workspace.SessionMeta
}

// actor is the caller as the conversation service knows them.
func (c caller) actor() conversation.Actor {
	return conversation.Actor{Account: c.Account, Agent: c.Agent, Sight: c.Sight}
}

type callerKey struct{}

func callerOf(ctx context.Context) caller {
	c, _ := ctx.Value(callerKey{}).(caller) // the gate put it there, or the route is open
	return c
}

// gate lets a request through to a route if its caller may use it.
func (s *Server) gate(r route) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		request, w := humago.Unwrap(ctx)
		if err := wellFormed(request); err != nil {
			writeProblem(w, problemOf(err))
			return
		}
		from := workspace.SessionMeta{Address: s.deps.Addr(request), Local: s.deps.Local(request), Browser: request.UserAgent()}
		if r.open {
			next(huma.WithValue(ctx, callerKey{}, caller{from: from}))
			return
		}
		c, err := s.recognise(request.Context(), cookieOf(request), bearerOf(request))
		if err == nil && r.method != http.MethodGet && c.secret != "" && !auth.VerifyCSRF(c.secret, request.Header.Get("X-Csrf-Token")) {
			err = desk.E(desk.Denied, "check CSRF token", "the request lacks the page's token; reload the page")
		}
		if err == nil {
			err = r.permits(c)
		}
		if err == nil {
			err = s.visible(request, r, c)
		}
		if err != nil {
			s.report(request.Context(), r, err)
			writeProblem(w, problemOf(err))
			return
		}
		c.from = from
		ctx = huma.WithValue(ctx, callerKey{}, c)
		next(huma.WithContext(ctx, audit.With(ctx.Context(), audit.By{
			Account: c.Account, Agent: c.Agent, Token: c.Principal.Token, Address: from.Address,
		})))
	}
}

// wellFormed refuses what no page of ours and no program in its right mind
// sends, before anything acts on it: ids that cannot be ids, text that is none,
// and commands that another site's page makes a browser send.
func wellFormed(r *http.Request) error {
	const op = "check request"
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		// Browsers that do not send it are left to SameSite and the CSRF token.
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "same-origin", "none":
		default:
			return desk.E(desk.Denied, op, "commands come from our own pages or from programs")
		}
	}
	for part := range strings.SplitSeq(r.Pattern, "{") {
		name, _, _ := strings.Cut(part, "}")
		if strings.ContainsFunc(r.PathValue(name), func(c rune) bool {
			return c != '_' && (c < '0' || c > '9') && (c < 'a' || c > 'z')
		}) {
			return desk.E(desk.NotFound, op, "there is no such thing")
		}
	}
	for _, values := range r.URL.Query() {
		for _, v := range values {
			if !utf8.ValidString(v) || strings.ContainsRune(v, 0) {
				return desk.InvalidField(op, "query", "the query is not plain text in UTF-8")
			}
		}
	}
	return nil
}

// permits checks the route's permission; a route for everybody who is logged in has none.
func (r route) permits(c caller) error {
	if r.permission == "" {
		return nil
	}
	return c.Require(r.permission)
}

// visible hides what the caller may not see: conversations, and people that
// no conversation leads to. Commands look again at the moment of their commit.
func (s *Server) visible(request *http.Request, r route, c caller) error {
	if c.Sight.Everything() {
		return nil
	}
	id := request.PathValue("id")
	switch {
	case id == "":
		return nil
	case strings.HasPrefix(r.path, "/api/v1/conversations/{id}"):
		return s.deps.Conversations.MustSee(request.Context(), c.actor(), desk.ConversationID(id))
	case strings.HasPrefix(r.path, "/api/v1/contacts/{id}"):
		return s.deps.Conversations.MustSeeContact(request.Context(), c.actor(), desk.ContactID(id))
	}
	return nil
}

// recognise finds who shows this cookie or this API token. A token wins: a
// program that sends one means it.
func (s *Server) recognise(ctx context.Context, cookie, token string) (caller, error) {
	switch {
	case token != "":
		p, err := s.deps.Workspace.AuthenticateToken(ctx, token)
		return caller{Principal: p}, err
	case cookie != "":
		p, err := s.deps.Workspace.Authenticate(ctx, cookie)
		return caller{Principal: p, secret: cookie}, err
	default:
		return caller{}, desk.E(desk.Unauthenticated, "recognise caller", "log in first")
	}
}

// Recognise finds the principal of a realtime handshake. Browsers send cookies
// with sockets of any site, so a cookie counts only from our own pages.
func (s *Server) Recognise(ctx context.Context, header http.Header, ownPage bool, token string) (auth.Principal, error) {
	cookie := cookieOf(&http.Request{Header: header})
	if token == "" && cookie != "" && !ownPage {
		return auth.Principal{}, desk.E(desk.Denied, "recognise caller", "the socket must be opened by our own page")
	}
	c, err := s.recognise(ctx, cookie, token)
	if err != nil {
		return auth.Principal{}, err
	}
	return c.Principal, c.Require(auth.ConversationsRead)
}

func cookieOf(r *http.Request) string {
	c, err := r.Cookie(sessionCookie)
	if err != nil {
		return ""
	}
	return c.Value
}

func bearerOf(r *http.Request) string {
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return token
}

// report logs what somebody must act on, once, at this edge.
func (s *Server) report(ctx context.Context, r route, err error) {
	if k := desk.KindOf(err); (k != desk.Internal && k != desk.Unavailable) || ctx.Err() != nil {
		return
	}
	s.deps.Log.ErrorContext(ctx, "agent call failed", slog.String("route", r.id), slog.Any("error", err))
}
