package rpc

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/channel"
	"yingda.dev/internal/channel/webchat"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/wire"
)

// Call is who makes a request and over what.
type Call struct {
	// Token is the visitor's session token; empty only for session.open.
	Token string
	// Addr is the client's network address as the trusted proxies tell it.
	Addr netip.Addr
	// Origin is the page's web origin if it is not ours; empty for apps, programs
	// and our own pages.
	Origin string
	// Socket tells that the request came in a frame of the realtime socket, which
	// must not be held up by a long poll.
	Socket bool
	// OnContact, if set, hears the contact that a message belongs to, before the
	// answer leaves.
	OnContact func(context.Context, desk.ContactID)
}

// Visitor is who a valid token speaks of.
type Visitor struct {
	auth.VisitorClaims
	// Contact is empty until they have written.
	Contact desk.ContactID
}

// intake takes envelopes in; package hub implements it.
type intake interface {
	Accept(ctx context.Context, inbox desk.Inbox, e channel.Envelope) (hub.Accepted, error)
	Contact(ctx context.Context, account desk.AccountID, p channel.Peer) (desk.ContactID, error)
}

// conversations reads what was said; package conversation implements it.
type conversations interface {
	Live(ctx context.Context, account desk.AccountID, contact desk.ContactID) (desk.Conversation, error)
	Messages(ctx context.Context, account desk.AccountID, id desk.ConversationID, r store.MessageRange) ([]desk.Message, bool, error)
	Message(ctx context.Context, account desk.AccountID, id desk.MessageID) (desk.Message, error)
}

// feeds replays what happened; package feed implements it.
type feeds interface {
	Position(ctx context.Context) (wire.Position, error)
	Fetch(ctx context.Context, a feed.Audience, epoch string, since int64, limit int) (wire.Batch, error)
	Wait(ctx context.Context, a feed.Audience, epoch string, since int64, limit int) (wire.Batch, error)
}

// offices finds inboxes and names colleagues; package workspace implements it.
type offices interface {
	InboxByKey(ctx context.Context, key string) (workspace.Inbox, error)
	InboxLookup(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (desk.Inbox, bool), error)
	AgentName(ctx context.Context, account desk.AccountID, id desk.AgentID) string
}

// Deps are the required collaborators.
type Deps struct {
	Intake        intake
	Conversations conversations
	Feeds         feeds
	Offices       offices
	Tokens        *auth.Visitors
	Door          *auth.Door
	IDs           *desk.IDs
	Clock         desk.Clock
	Log           *slog.Logger
	Metrics       prometheus.Registerer
}

// Config tunes the door; the zero value is the default.
type Config struct {
	// TokenLife is how long an unused session is remembered. Defaults to 90 days.
	TokenLife time.Duration
	// LongPoll is the longest wait of feed.fetch. Defaults to 25 seconds.
	LongPoll time.Duration
}

// Server answers visitors' JSON-RPC. Build it with New.
type Server struct {
	deps   Deps
	config Config
	engine *engine
	calls  *prometheus.CounterVec
}

// New builds the server; a metric that is registered already is an error.
func New(d Deps, c Config) (*Server, error) {
	if c.TokenLife == 0 {
		c.TokenLife = 90 * 24 * time.Hour
	}
	if c.LongPoll == 0 {
		c.LongPoll = 25 * time.Second
	}
	s := &Server{deps: d, config: c, calls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yingda_rpc_calls_total", Help: "Visitors' calls by method and result.",
	}, []string{"method", "result"})}
	if err := d.Metrics.Register(s.calls); err != nil {
		return nil, desk.Wrap(desk.Internal, "build rpc", err)
	}
	s.engine = &engine{report: s.report, methods: map[string]method{
		"session.open": s.counted("session.open", s.openSession),
		"message.send": s.counted("message.send", s.known(s.sendMessage)),
		"message.list": s.counted("message.list", s.known(s.listMessages)),
		"message.read": s.counted("message.read", s.known(s.markRead)),
		"typing":       s.counted("typing", s.known(s.typing)),
		"feed.fetch":   s.counted("feed.fetch", s.known(s.fetchFeed)),
	}}
	return s, nil
}

// Handle answers one JSON-RPC request or batch. nil means that there is nothing
// to answer.
func (s *Server) Handle(ctx context.Context, call Call, request []byte) []byte {
	return s.engine.handle(ctx, call, request)
}

// Recognise finds out whose the call's token is, for surfaces that do more
// than call methods. Errors: Unauthenticated, Denied, Unavailable.
func (s *Server) Recognise(ctx context.Context, call Call) (Visitor, error) {
	v, _, err := s.visitor(ctx, call)
	if err != nil {
		return Visitor{}, err
	}
	v.Contact, err = s.contact(ctx, v)
	return v, err
}

// visitor checks the token and that its inbox still takes visitors from there.
func (s *Server) visitor(ctx context.Context, call Call) (Visitor, desk.Inbox, error) {
	claims, err := s.deps.Tokens.VerifyVisitor(call.Token, s.deps.Clock.Now())
	if err != nil {
		return Visitor{}, desk.Inbox{}, err
	}
	lookup, err := s.deps.Offices.InboxLookup(ctx, claims.Account)
	if err != nil {
		return Visitor{}, desk.Inbox{}, err
	}
	inbox, ok := lookup(claims.Inbox)
	if !ok {
		return Visitor{}, desk.Inbox{}, desk.E(desk.Unauthenticated, "find inbox", "open a session first")
	}
	return Visitor{VisitorClaims: claims}, inbox, admits(inbox, call)
}

// admits refuses switched-off inboxes and pages that may not embed the widget.
func admits(inbox desk.Inbox, call Call) error {
	const op = "admit visitor"
	if !inbox.Enabled || inbox.Channel != string(webchat.Kind) {
		return desk.E(desk.Denied, op, "this channel is switched off")
	}
	if call.Origin != "" && len(inbox.Settings.AllowedOrigins) > 0 && !slices.Contains(inbox.Settings.AllowedOrigins, call.Origin) {
		return desk.E(desk.Denied, op, "this site may not use the channel; an administrator can allow its address")
	}
	return nil
}

// contact finds the visitor's contact; empty if they never wrote.
func (s *Server) contact(ctx context.Context, v Visitor) (desk.ContactID, error) {
	id, err := s.deps.Intake.Contact(ctx, v.Account, webchat.Peer(v.VisitorClaims))
	if err != nil && errors.Is(err, desk.NotFound) {
		return "", nil
	}
	return id, err
}

// session is one call of a recognised visitor.
type session struct {
	Call
	visitor Visitor
	inbox   desk.Inbox
}

// known wraps methods that need a session and counts the call against the limits.
func (s *Server) known(m func(context.Context, session, json.RawMessage) (any, error)) method {
	return func(ctx context.Context, call Call, params json.RawMessage) (any, error) {
		v, inbox, err := s.visitor(ctx, call)
		if err != nil {
			return nil, err
		}
		key := string(v.Inbox) + ":" + v.Scope + ":" + v.External
		if ok, wait := s.deps.Door.Allow(key, auth.AddressKey(call.Addr), s.deps.Clock.Now()); !ok {
			return nil, limited(wait)
		}
		return m(ctx, session{Call: call, visitor: v, inbox: inbox}, params)
	}
}

// counted counts calls by their result.
func (s *Server) counted(name string, m method) method {
	return func(ctx context.Context, call Call, params json.RawMessage) (any, error) {
		result, err := m(ctx, call, params)
		outcome := "ok"
		if err != nil {
			outcome = desk.KindOf(err).String()
		}
		s.calls.WithLabelValues(name, outcome).Inc()
		return result, err
	}
}

func (s *Server) report(ctx context.Context, name string, err error) {
	if ctx.Err() != nil {
		return // the caller went away; nobody must act
	}
	s.deps.Log.ErrorContext(ctx, "visitor call failed", slog.String("method", name), slog.Any("error", err))
}

// retryAfter is how long a limited caller should wait.
type retryAfter time.Duration

// Error makes it travel inside a desk.Error.
func (r retryAfter) Error() string { return "retry after " + time.Duration(r).String() }

// Milliseconds rounds up, so that a client that obeys is not limited again.
func (r retryAfter) Milliseconds() int64 {
	return (time.Duration(r) + time.Millisecond - 1).Milliseconds()
}

func limited(wait time.Duration) error {
	return &desk.Error{Kind: desk.Limited, Op: "limit calls", Msg: wordsOf[desk.Limited], Err: retryAfter(wait)}
}
