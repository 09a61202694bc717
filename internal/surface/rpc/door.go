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
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/courier"
	"yingda.dev/internal/flow/dispatch"
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
	// Known is what the token said when the caller's connection was recognised;
	// it counts until it expires, and Token is then not looked at.
	Known *auth.VisitorClaims
	// Addr is the client's network address as the trusted proxies tell it.
	Addr netip.Addr
	// Origin is the page's web origin if it is not ours; empty for apps, programs
	// and our own pages.
	Origin string
	// Socket tells that the request came in a frame of the realtime socket, which
	// must not be held up by a long poll.
	Socket bool
	// batched calls wait for nothing: a batch is answered as a whole.
	batched bool
}

// Visitor is who a valid token speaks of.
type Visitor struct {
	auth.VisitorClaims
	// Contact is empty until they have written.
	Contact desk.ContactID
}

// Key names the visitor among all of the installation.
func (v Visitor) Key() string { return string(v.Inbox) + ":" + v.Scope + ":" + v.External }

// visitors turns a visitor's calls into envelopes; package webchat implements it.
type visitors interface {
	Kind() channel.Kind
	Decode(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error)
	DecodeRead(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error)
	DecodeTyping(claims auth.VisitorClaims, params json.RawMessage) (channel.Envelope, error)
	Peer(claims auth.VisitorClaims) channel.Peer
}

// intake takes envelopes in; package hub implements it.
type intake interface {
	Accept(ctx context.Context, inbox desk.Inbox, e channel.Envelope) (hub.Accepted, error)
	Contact(ctx context.Context, account desk.AccountID, p channel.Peer) (desk.ContactID, error)
	Uploader(ctx context.Context, account desk.AccountID, p channel.Peer) (string, error)
}

// files takes uploads in and gives files their addresses; package attachment
// implements it.
type files interface {
	Upload(ctx context.Context, u attachment.Upload) (attachment.Uploaded, error)
	MaxSize() int64
	Sign(account desk.AccountID, c *desk.Content)
}

// conversations reads what was said; package conversation implements it.
type conversations interface {
	Live(ctx context.Context, account desk.AccountID, contact desk.ContactID) (desk.Conversation, error)
	Messages(ctx context.Context, account desk.AccountID, id desk.ConversationID, r store.MessageRange) ([]desk.Message, bool, error)
	Message(ctx context.Context, account desk.AccountID, id desk.MessageID) (desk.Message, error)
	View(ctx context.Context, c desk.Conversation) (conversation.View, error)
	Recall(ctx context.Context, r conversation.RecallCommand) (desk.Message, error)
	Abandon(ctx context.Context, account desk.AccountID, conversation desk.ConversationID, contact desk.ContactID) (desk.Conversation, error)
}

// feeds replays what happened; package feed implements it.
type feeds interface {
	Position(ctx context.Context) (wire.Position, error)
	Fetch(ctx context.Context, a feed.Audience, epoch string, since int64, limit int) (wire.Batch, error)
	Wait(ctx context.Context, a feed.Audience, epoch string, since int64, limit int) (wire.Batch, error)
	Attended(account desk.AccountID) bool
}

// visits keeps ratings and pages; package visitor implements it.
type visits interface {
	Rate(ctx context.Context, account desk.AccountID, contact desk.ContactID, r desk.Rating) (desk.Rating, error)
	Rating(ctx context.Context, account desk.AccountID, conversation desk.ConversationID) (desk.Rating, error)
	Visit(ctx context.Context, account desk.AccountID, key string, contact desk.ContactID, visits []desk.PageVisit) error
	Known(ctx context.Context, account desk.AccountID, key string, contact desk.ContactID)
	Forget(key string)
	Introduce(ctx context.Context, account desk.AccountID, contact desk.ContactID, says desk.Profile) error
}

// queues knows who waits at which place; package dispatch implements it.
type queues interface {
	PlaceOf(ctx context.Context, account desk.AccountID, id desk.ConversationID) (dispatch.Place, error)
	Choose(ctx context.Context, c dispatch.Choice) error
}

// bots answer first and hear what visitors thought of it; package bot
// implements it.
type bots interface {
	Welcome(ctx context.Context, in desk.Inbox, locale desk.Locale, page, title string) (bot.Welcome, error)
	Rate(ctx context.Context, account desk.AccountID, contact desk.ContactID, id desk.MessageID, thumb bot.Thumb) error
	Thumbs(ctx context.Context, account desk.AccountID, id desk.ConversationID) (map[desk.MessageID]bot.Thumb, error)
}

// offices finds inboxes and names colleagues; package workspace implements it.
type offices interface {
	InboxByKey(ctx context.Context, key string) (workspace.Inbox, error)
	InboxLookup(ctx context.Context, account desk.AccountID) (func(desk.InboxID) (desk.Inbox, bool), error)
	AgentName(ctx context.Context, account desk.AccountID, id desk.AgentID) string
}

// mails sends transcripts; package courier implements it.
type mails interface {
	Enabled() bool
	Transcript(ctx context.Context, o courier.Order) error
}

// Deps are the required collaborators.
type Deps struct {
	Channel       visitors
	Intake        intake
	Conversations conversations
	Feeds         feeds
	Visits        visits
	Offices       offices
	Queue         queues
	Bot           bots
	Files         files
	// Mails may be nil: then no transcripts are sent.
	Mails   mails
	Tokens  *auth.Visitors
	Door    *auth.Door
	IDs     *desk.IDs
	Clock   desk.Clock
	Log     *slog.Logger
	Metrics prometheus.Registerer
}

// Config tunes the door; the zero value is the default.
type Config struct {
	// TokenLife is how long an unused session is remembered. Defaults to 90 days.
	TokenLife time.Duration
	// VerifiedLife is how long a host site's word for a user holds; opening the
	// session again without it adds nothing. Defaults to 7 days.
	VerifiedLife time.Duration
	// LongPoll is the longest wait of feed.fetch. Defaults to 25 seconds.
	LongPoll time.Duration
}

// Server answers visitors' JSON-RPC. Build it with New.
type Server struct {
	deps   Deps
	config Config
	engine *engine
	calls  *prometheus.CounterVec
	// tracks limits how often one visitor's pages are taken.
	tracks *auth.Limiter
	// met hears whenever a visitor is found to be a contact.
	met      func(context.Context, Visitor)
	meetings meetings
}

// New builds the server; a metric that is registered already is an error.
func New(d Deps, c Config) (*Server, error) {
	if c.TokenLife == 0 {
		c.TokenLife = 90 * 24 * time.Hour
	}
	if c.VerifiedLife == 0 {
		c.VerifiedLife = 7 * 24 * time.Hour
	}
	if c.LongPoll == 0 {
		c.LongPoll = 25 * time.Second
	}
	tracks, err := auth.NewLimiter(auth.LimiterConfig{Rate: trackRate, Burst: trackBurst})
	if err != nil {
		return nil, err
	}
	s := &Server{deps: d, config: c, tracks: tracks, met: func(context.Context, Visitor) {}, meetings: meetings{waiting: map[string]*meeting{}}, calls: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "yingda_rpc_calls_total", Help: "Visitors' calls by method and result.",
	}, []string{"method", "result"})}
	if err := d.Metrics.Register(s.calls); err != nil {
		return nil, desk.Wrap(desk.Internal, "build rpc", err)
	}
	s.engine = &engine{report: s.report, methods: map[string]method{
		"session.open":   s.counted("session.open", s.openSession),
		"message.send":   s.counted("message.send", s.known(s.sendMessage)),
		"message.list":   s.counted("message.list", s.known(s.listMessages)),
		"message.read":   s.counted("message.read", s.known(s.markRead)),
		"message.recall": s.counted("message.recall", s.known(s.recall)),

		"message.feedback": s.counted("message.feedback", s.known(s.feedback)),
		"bot.suggestions":  s.counted("bot.suggestions", s.known(s.welcome)),

		"typing":      s.counted("typing", s.known(s.typing)),
		"track":       s.counted("track", signed(s.known(s.track))),
		"consent.set": s.counted("consent.set", s.known(s.setConsent)),
		"feed.fetch":  s.counted("feed.fetch", s.known(s.fetchFeed)),

		"queue.get":    s.counted("queue.get", s.known(s.getQueue)),
		"queue.choose": s.counted("queue.choose", s.known(s.chooseWait)),
		"queue.leave":  s.counted("queue.leave", s.known(s.leaveQueue)),

		"conversation.rate":       s.counted("conversation.rate", s.known(s.rate)),
		"conversation.transcript": s.counted("conversation.transcript", s.known(s.transcript)),
	}}
	return s, nil
}

// Handle answers one JSON-RPC request or batch. nil means that there is nothing
// to answer.
func (s *Server) Handle(ctx context.Context, call Call, request []byte) []byte {
	return s.engine.handle(ctx, call, request)
}

// OnContact registers who hears, before the answer leaves, that a caller is a
// contact: at each message, and at each call that had to find out. It is called
// at most once, before the first Handle.
func (s *Server) OnContact(met func(context.Context, Visitor)) { s.met = met }

// Recognise finds out whose the call's token is, for surfaces that do more
// than call methods; it counts against the limits like a call. The contact is
// left out: Contact finds it. Errors: Unauthenticated, Denied, Limited,
// Unavailable.
func (s *Server) Recognise(ctx context.Context, call Call) (Visitor, error) {
	v, _, err := s.admit(ctx, call)
	return v, err
}

// Admitted tells whether a caller who was recognised may still listen; it counts
// against no limit. Denied means that the inbox was switched off or does not
// know the page's site any more, Unauthenticated that the session is over.
func (s *Server) Admitted(ctx context.Context, call Call) error {
	_, _, err := s.visitor(ctx, call)
	return err
}

// Contact finds who the visitor is to the account; empty if they never wrote.
func (s *Server) Contact(ctx context.Context, v Visitor) (desk.ContactID, error) {
	id, err := s.deps.Intake.Contact(ctx, v.Account, s.deps.Channel.Peer(v.VisitorClaims))
	if errors.Is(err, desk.NotFound) {
		return "", nil
	}
	return id, err
}

// admit finds out who calls and counts the call.
func (s *Server) admit(ctx context.Context, call Call) (Visitor, desk.Inbox, error) {
	v, inbox, err := s.visitor(ctx, call)
	if err != nil {
		return Visitor{}, desk.Inbox{}, err
	}
	if ok, wait := s.deps.Door.Allow(v.Key(), auth.AddressKey(call.Addr), s.deps.Clock.Now()); !ok {
		return Visitor{}, desk.Inbox{}, limited(wait)
	}
	return v, inbox, nil
}

// claimsOf finds who calls, by the token or by what is known of the connection.
func (s *Server) claimsOf(call Call) (auth.VisitorClaims, error) {
	now := s.deps.Clock.Now()
	if call.Known == nil {
		return s.deps.Tokens.VerifyVisitor(call.Token, now)
	}
	if !now.Before(call.Known.ExpiresAt) {
		return auth.VisitorClaims{}, desk.E(desk.Unauthenticated, "check session", "the session has expired; open a new one")
	}
	return *call.Known, nil
}

// visitor checks the token and that its inbox still takes visitors from there.
func (s *Server) visitor(ctx context.Context, call Call) (Visitor, desk.Inbox, error) {
	claims, err := s.claimsOf(call)
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
	return Visitor{VisitorClaims: claims}, inbox, s.admits(inbox, call)
}

// admits refuses switched-off inboxes and pages that may not embed the widget.
func (s *Server) admits(inbox desk.Inbox, call Call) error {
	const op = "admit visitor"
	if !inbox.Enabled || inbox.Channel != string(s.deps.Channel.Kind()) {
		return desk.E(desk.Denied, op, "this channel is switched off")
	}
	if call.Origin != "" && len(inbox.Settings.AllowedOrigins) > 0 && !slices.Contains(inbox.Settings.AllowedOrigins, call.Origin) {
		return desk.E(desk.Denied, op, "this site may not use the channel; an administrator can allow its address")
	}
	return nil
}

// session is one call of a recognised visitor.
type session struct {
	Call
	visitor Visitor
	inbox   desk.Inbox
}

// contact finds the caller's contact and tells that there is one; empty if
// they never wrote.
func (s *Server) contact(ctx context.Context, c session) (desk.ContactID, error) {
	id, err := s.Contact(ctx, c.visitor)
	if err == nil && id != "" {
		s.tell(ctx, c, id)
	}
	return id, err
}

func (s *Server) tell(ctx context.Context, c session, id desk.ContactID) {
	v := c.visitor
	v.Contact = id
	s.meetings.begin(v.Key())
	s.met(ctx, v)
}

// known wraps methods that need a session and counts the call against the limits.
func (s *Server) known(m func(context.Context, session, json.RawMessage) (any, error)) method {
	return func(ctx context.Context, call Call, params json.RawMessage) (any, error) {
		v, inbox, err := s.admit(ctx, call)
		if err != nil {
			return nil, err
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

// retryAfterError is how long a limited caller should wait.
type retryAfterError time.Duration

// Error makes it travel inside a desk.Error.
func (r retryAfterError) Error() string { return "retry after " + time.Duration(r).String() }

// Milliseconds rounds up, so that a client that obeys is not limited again.
func (r retryAfterError) Milliseconds() int64 {
	return (time.Duration(r) + time.Millisecond - 1).Milliseconds()
}

// RetryAfter is how long the caller who was refused should wait, if the error says so.
func RetryAfter(err error) (time.Duration, bool) {
	wait, ok := errors.AsType[retryAfterError](err)
	return time.Duration(wait), ok
}

func limited(wait time.Duration) error {
	return &desk.Error{Kind: desk.Limited, Op: "limit calls", Msg: wordsOf[desk.Limited], Err: retryAfterError(wait)}
}
