package realtime

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/centrifugal/centrifuge"
	"github.com/prometheus/client_golang/prometheus"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/surface/rpc"
	"yingda.dev/internal/wire"
)

// From is where a connection comes from, behind trusted proxies.
type From struct {
	Addr netip.Addr
	// Origin is the page's web origin if it is not ours; empty for programs and
	// our own pages.
	Origin string
	// Header is the handshake request's, for cookies; not kept after the connect.
	Header http.Header
}

// feeds decides who hears what; package feed implements it.
type feeds interface {
	// Attach begins a feed for a connection and tells where it stands; each
	// Attach is undone by one Detach.
	Attach(ctx context.Context, a feed.Audience) (wire.Position, error)
	Detach(a feed.Audience)
	// Position and Fetch begin a stream with what was missed.
	Position(ctx context.Context) (wire.Position, error)
	Fetch(ctx context.Context, a feed.Audience, epoch string, since int64, limit int) (wire.Batch, error)
}

// agents knows colleagues by what their browser or program shows.
type agents interface {
	// Recognise finds the principal of a handshake's session cookie, which counts
	// only from our own pages, or of an API token.
	Recognise(ctx context.Context, header http.Header, ownPage bool, token string) (auth.Principal, error)
}

// Deps are the required collaborators.
type Deps struct {
	Visitors *rpc.Server
	Agents   agents
	Feeds    feeds
	Log      *slog.Logger
	Metrics  *prometheus.Registry
	// Source reads where a handshake comes from, behind trusted proxies.
	Source func(*http.Request) From
	// Wall is the time that the network's deadlines go by.
	Wall func() time.Time
}

// Config tunes connections; the zero value is the default.
type Config struct {
	// MaxConnectionsPerUser bounds the tabs of one visitor or agent on this
	// node. Defaults to 20.
	MaxConnectionsPerUser int
	// PingInterval is how often an idle connection is asked whether it lives.
	// Defaults to 25 seconds.
	PingInterval time.Duration
	// RecheckInterval is how long somebody may still listen who was locked out, or
	// whose inbox was switched off.
	// Defaults to 30 seconds.
	RecheckInterval time.Duration
}

// Server is the realtime door. Build it with New, mount it, then Run.
type Server struct {
	deps    Deps
	node    *centrifuge.Node
	handler http.Handler
	recheck time.Duration
	ping    time.Duration
	streams *streams

	strangers strangers
	watched   watched
}

// New builds the node and starts nothing; connections are refused until Run.
func New(d Deps, c Config) (*Server, error) {
	if c.MaxConnectionsPerUser == 0 {
		c.MaxConnectionsPerUser = 20
	}
	if c.PingInterval == 0 {
		c.PingInterval = 25 * time.Second
	}
	if c.RecheckInterval == 0 {
		c.RecheckInterval = 30 * time.Second
	}
	node, err := centrifuge.New(centrifuge.Config{
		LogLevel: centrifuge.LogLevelError, LogHandler: logHandler(d.Log),
		UserConnectionLimit: c.MaxConnectionsPerUser, ClientChannelLimit: 8,
		Metrics: centrifuge.MetricsConfig{MetricsNamespace: "yingda_realtime", RegistererGatherer: d.Metrics},
	})
	if err != nil {
		return nil, desk.Wrap(desk.Internal, "build realtime", err)
	}
	open, err := newStreams(c.MaxConnectionsPerUser, d.Metrics)
	if err != nil {
		return nil, err
	}
	s := &Server{
		deps: d, node: node, recheck: c.RecheckInterval, ping: c.PingInterval, streams: open,
		strangers: strangers{byKey: make(map[string]map[*visitor]struct{})},
		watched:   watched{links: make(map[*link]*centrifuge.Client)},
	}
	d.Visitors.OnContact(s.met)
	node.OnConnecting(s.connecting)
	node.OnConnect(s.connected)
	s.handler = centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		// Visitors come from their shops' pages: their token and the inbox's
		// allowed origins are checked at the connect. Agents are checked there too.
		CheckOrigin:        func(*http.Request) bool { return true },
		ReadBufferSize:     512,
		UseWriteBufferPool: true,
		MessageSizeLimit:   rpc.MaxBody + 1024,
		WriteTimeout:       5 * time.Second,
		PingPongConfig:     centrifuge.PingPongConfig{PingInterval: c.PingInterval, PongTimeout: c.PingInterval / 3},
	})
	return s, nil
}

// Drain ends all streams and opens no more, so that an HTTP server that stops
// does not wait for answers that do not end.
func (s *Server) Drain() { s.streams.stop() }

// Run serves until ctx ends, then tells clients to come back and waits until
// their connections are closed.
func (s *Server) Run(ctx context.Context) error {
	defer s.Drain()
	if err := s.node.Run(); err != nil {
		return desk.Wrap(desk.Internal, "run realtime", err)
	}
	s.watch(ctx)
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	return desk.Wrap(desk.Internal, "stop realtime", s.node.Shutdown(stop))
}

type linkKey struct{}

// ServeHTTP takes the WebSocket handshake at /connection/websocket.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	l := &link{from: s.deps.Source(r)}
	if r.ProtoMajor > 1 {
		// HTTP/2 streams are not hijacked: the handler serves it to the end.
		s.handler.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), linkKey{}, l)))
		l.close()
		return
	}
	own := r.WithContext(bare{l}) //nolint:contextcheck // the request's ends with the handshake
	s.handler.ServeHTTP(&hookWriter{ResponseWriter: w, request: own, link: l}, own)
}

// Publish pushes data to everybody in a room. A room nobody is in costs two look-ups.
func (s *Server) Publish(room string, data []byte) error {
	s.streams.publish(room, data)
	_, err := s.node.Publish(room, data)
	return desk.Wrap(desk.Internal, "push fact", err)
}

// Rejoin ends the connections of a room so that they come back at once and are
// put where they belong now. It looks at all connections, so it is for what is
// rare.
func (s *Server) Rejoin(room string) {
	s.streams.scatter(room)
	for _, c := range s.node.Hub().Connections() {
		if c.IsSubscribed(room) {
			c.Disconnect(centrifuge.DisconnectForceReconnect)
		}
	}
}

// connectData is what clients send with their connect.
type connectData struct {
	VisitorToken string `json:"visitor_token"`
	Token        string `json:"token"`
}

// connecting recognises the client and puts it into its room.
func (s *Server) connecting(ctx context.Context, e centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
	l, ok := ctx.Value(linkKey{}).(*link)
	if !ok {
		return centrifuge.ConnectReply{}, centrifuge.DisconnectServerError
	}
	var data connectData
	if len(e.Data) > 0 && json.Unmarshal(e.Data, &data) != nil {
		return centrifuge.ConnectReply{}, centrifuge.DisconnectBadRequest
	}
	if data.VisitorToken != "" {
		return s.visitor(ctx, l, data.VisitorToken)
	}
	return s.agent(ctx, l, data.Token)
}

func (s *Server) agent(ctx context.Context, l *link, token string) (centrifuge.ConnectReply, error) {
	header, own := http.Header{"Cookie": l.from.Header.Values("Cookie")}, l.from.Origin == ""
	l.from.Header = nil
	p, err := s.deps.Agents.Recognise(ctx, header, own, token)
	if err != nil {
		return centrifuge.ConnectReply{}, s.refusal(ctx, err)
	}
	l.still = func(ctx context.Context) error {
		_, err := s.deps.Agents.Recognise(ctx, header, own, token)
		return err
	}
	return s.admit(ctx, l, "agent:"+string(p.Agent), feed.Audience{Account: p.Account, Agent: p.Agent})
}

func (s *Server) visitor(ctx context.Context, l *link, token string) (centrifuge.ConnectReply, error) {
	l.from.Header = nil
	v := &visitor{server: s, link: l, call: rpc.Call{Token: token, Addr: l.from.Addr, Origin: l.from.Origin, Socket: true}}
	var err error
	if v.who, err = s.deps.Visitors.Recognise(ctx, v.call); err != nil {
		return centrifuge.ConnectReply{}, s.refusal(ctx, err)
	}
	// From here on the connection is who they were found to be; the token, which
	// is long, is not kept.
	v.call.Token, v.call.Known = "", &v.who.VisitorClaims
	// Among the strangers before looking, so that a first message that comes
	// between is noticed.
	s.strangers.add(v)
	l.onClose(func() { s.strangers.remove(v) })
	l.visitor = v
	l.still = func(ctx context.Context) error { return s.deps.Visitors.Admitted(ctx, v.call) }
	contact, err := s.deps.Visitors.Contact(ctx, v.who)
	if err != nil {
		return centrifuge.ConnectReply{}, s.refusal(ctx, err)
	}
	var audience feed.Audience
	if contact != "" {
		s.strangers.remove(v)
		if _, first := v.became(contact); first {
			audience = feed.Audience{Account: v.who.Account, Contact: contact}
		}
	}
	return s.admit(ctx, l, "visitor:"+v.who.Key(), audience)
}

// admit joins the feed before the client is told where it stands, so nothing
// can fall between.
func (s *Server) admit(ctx context.Context, l *link, user string, a feed.Audience) (centrifuge.ConnectReply, error) {
	reply := centrifuge.ConnectReply{Credentials: &centrifuge.Credentials{UserID: user}}
	if a.Agent == "" && a.Contact == "" {
		return reply, nil // has not written yet: there is no feed
	}
	position, err := s.deps.Feeds.Attach(ctx, a)
	if err != nil {
		return centrifuge.ConnectReply{}, s.refusal(ctx, err)
	}
	l.joined = true
	l.onClose(func() { s.deps.Feeds.Detach(a) })
	if reply.Data, err = json.Marshal(position); err != nil {
		return centrifuge.ConnectReply{}, s.refusal(ctx, err)
	}
	reply.Subscriptions = map[string]centrifuge.SubscribeOptions{a.Channel(): {}}
	return reply, nil
}

// How connections that may not be are ended. 45xx tells a client to stop,
// everything else to try again later.
var (
	errUnauthenticated = centrifuge.Disconnect{Code: 4501, Reason: "unauthenticated"}
	errDenied          = centrifuge.Disconnect{Code: 4503, Reason: "denied"}
	errLimited         = centrifuge.Disconnect{Code: 4029, Reason: "limited"}
	errUnavailable     = centrifuge.Disconnect{Code: 4050, Reason: "unavailable"}
)

// refusal is the edge where our errors become disconnects.
func (s *Server) refusal(ctx context.Context, err error) error {
	switch desk.KindOf(err) {
	case desk.Unauthenticated:
		return errUnauthenticated
	case desk.Denied, desk.NotFound, desk.Invalid:
		return errDenied
	case desk.Limited:
		return errLimited
	default:
		if !errors.Is(err, context.Canceled) {
			s.deps.Log.ErrorContext(ctx, "connect failed", slog.Any("error", err))
		}
		return errUnavailable
	}
}

func logHandler(log *slog.Logger) centrifuge.LogHandler {
	return func(e centrifuge.LogEntry) {
		log.Error("realtime node", slog.String("message", e.Message), slog.Any("error", e.Error))
	}
}
