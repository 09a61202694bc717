package app

import (
	"context"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"yingda.dev/internal/app/demoshop"
	"yingda.dev/internal/channel/webchat"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/surface/files"
	"yingda.dev/internal/surface/realtime"
	"yingda.dev/internal/surface/rest"
	"yingda.dev/internal/surface/rpc"
	"yingda.dev/internal/surface/webui"
)

// surfaces are the doors of the program.
type surfaces struct {
	realtime *realtime.Server
	handler  http.Handler
}

// buildSurfaces builds the doors and the routes between them.
func (a *App) buildSurfaces(h *health) (*surfaces, error) {
	own := ownOrigin(a.config.Server.PublicURL)
	tokens, err := auth.NewVisitors(a.master.DeriveEach("visitor tokens"))
	if err != nil {
		return nil, err
	}
	door, err := auth.NewDoor(auth.DoorConfig{})
	if err != nil {
		return nil, err
	}
	visitors, err := rpc.New(rpc.Deps{
		Channel:       webchat.Adapter{},
		Intake:        a.hub,
		Conversations: a.conversations,
		Feeds:         a.feed,
		Visits:        a.visitors,
		Offices:       a.workspace,
		Queue:         a.queue,
		Bot:           a.bot,
		Files:         a.files,
		Mails:         a.courier,
		Tokens:        tokens,
		Door:          door,
		IDs:           a.ids,
		Clock:         a.clock,
		Log:           a.log.With("area", "rpc"),
		Metrics:       a.metrics,
	}, rpc.Config{})
	if err != nil {
		return nil, err
	}
	agents := rest.New(rest.Deps{
		Queue:         a.queue,
		Bot:           a.bot,
		Ratings:       a.visitors,
		Audit:         a.audit,
		Workspace:     a.workspace,
		Conversations: a.conversations,
		Rotator:       a.rotator,
		Search:        a.search,
		Files:         a.files,
		Toolbox:       a.toolbox,
		Library:       a.library,
		Review:        a.review,
		Documents:     a.documents,
		Training:      a.training,
		Scenarios:     a.scenarios,
		DeadLetters:   a.store,
		Positions:     a.store,
		Machine:       theMachine{a, h, a.clock.Now()},
		Profiles:      a.profiles,
		Mails:         a.courier,
		Feeds:         a.feed,
		Bus:           a.bus,
		Clock:         a.clock,
		Log:           a.log.With("area", "rest"),
		Addr:          address,
		Local:         a.local,
	}, rest.Config{Secure: a.secure(), PublicURL: a.config.Server.PublicURL, Version: versionText()})
	socket, err := realtime.New(realtime.Deps{
		Visitors: visitors, Agents: agents, Feeds: presentFeeds{a.feed, a.queue}, Log: a.log.With("area", "realtime"), Metrics: a.metrics,
		Source: func(r *http.Request) realtime.From {
			return realtime.From{Addr: address(r), Origin: foreignOrigin(r, own), Header: r.Header}
		},
		Wall: a.clock.Now,
	}, realtime.Config{})
	if err != nil {
		return nil, err
	}
	pages, err := webui.New(webui.Deps{Frames: func(ctx context.Context, key string) ([]string, error) {
		inbox, err := a.workspace.InboxByKey(ctx, key)
		return inbox.Settings.AllowedOrigins, err
	}, Look: func(r *http.Request, key string) (webui.Look, error) {
		inbox, err := a.workspace.InboxByKey(r.Context(), key)
		site, origins := foreignOrigin(r, own), inbox.Settings.AllowedOrigins
		return webui.Look{
			Known: err == nil, Enabled: inbox.Enabled, Primary: inbox.Settings.Primary, Widget: inbox.Settings.Widget,
			Allowed: site == "" || len(origins) == 0 || slices.Contains(origins, site),
		}, err
	}}, webui.Config{AssetBaseURL: a.config.Server.AssetBaseURL, Demo: a.config.Demo})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/rpc/v1", visitors.Handler(func(r *http.Request) rpc.Call {
		return rpc.Call{Addr: address(r), Origin: foreignOrigin(r, own)}
	}))
	mux.Handle(streamPath, socket.Stream())
	mux.Handle(visitorUploads, visitors.Uploads(func(r *http.Request) rpc.Call {
		return rpc.Call{Addr: address(r), Origin: foreignOrigin(r, own)}
	}))
	mux.Handle(attachment.Path, files.New(a.files, a.clock, a.log.With("area", "files")))
	mux.Handle("/api/", agents)
	mux.Handle("/connection/websocket", socket)
	mux.HandleFunc("GET /healthz", h.alive)
	mux.HandleFunc("GET /readyz", h.ready)
	if a.config.Demo {
		mux.Handle(demoshop.Path, a.shop)
	}
	pages.Register(mux)

	e, err := newEdge(a.config, a.log)
	if err != nil {
		return nil, err
	}
	inner, err := e.wrap(mux)
	if err != nil {
		return nil, err
	}
	outer := http.NewServeMux()
	// Beside the edge, because it must see who really asks.
	outer.Handle("GET /metrics", guarded(a.config, promhttp.HandlerFor(a.metrics, promhttp.HandlerOpts{Registry: a.metrics})))
	// Profiles tell an operator where the time goes; they hold no contents.
	outer.Handle("GET /debug/pprof/", guarded(a.config, http.HandlerFunc(pprof.Index)))
	outer.Handle("GET /debug/pprof/profile", guarded(a.config, http.HandlerFunc(pprof.Profile)))
	outer.Handle("/", inner)
	return &surfaces{realtime: socket, handler: outer}, nil
}

// secure tells whether browsers reach the program by https.
func (a *App) secure() bool {
	return a.config.Scheme() == "https" || strings.HasPrefix(a.config.Server.PublicURL, "https://")
}

// local is as the edge saw it; behind a public address a proxy may look like a person here.
func (a *App) local(r *http.Request) bool { return a.config.Server.PublicURL == "" && local(r) }

// address is the client's; the edge has put it into RemoteAddr.
func address(r *http.Request) netip.Addr {
	at, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{} // a Unix socket: all such clients are one address
	}
	return at.Addr().Unmap()
}

func ownOrigin(publicURL string) string { return strings.TrimSuffix(publicURL, "/") }

// foreignOrigin is the Origin header if it is not our own; empty outside
// browsers. Without a configured address our own is the host that was asked.
func foreignOrigin(r *http.Request, own string) string {
	origin := r.Header.Get("Origin")
	if origin == "" || own != "" && strings.EqualFold(origin, own) {
		return ""
	}
	if own == "" {
		if u, err := url.Parse(origin); err == nil && strings.EqualFold(u.Host, r.Host) {
			return ""
		}
	}
	return origin
}
