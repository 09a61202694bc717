package app

import (
	"errors"
	"strings"
	"time"

	"yingda.dev/internal/app/demoshop"
	"yingda.dev/internal/channel"
	"yingda.dev/internal/channel/webchat"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/attachment"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/courier"
	"yingda.dev/internal/flow/delivery"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/feed"
	"yingda.dev/internal/flow/hub"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/profile"
	"yingda.dev/internal/flow/review"
	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/flow/search"
	"yingda.dev/internal/flow/toolbox"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/flow/visitor"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/auth"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/dirblob"
	"yingda.dev/internal/platform/bus/logbus"
	"yingda.dev/internal/platform/mail"
	"yingda.dev/internal/platform/robot"
	"yingda.dev/internal/platform/timer"
)

// App is the graph of the program, built and not started.
type App struct {
	*core
	channels      *channel.Registry
	audit         *audit.Book
	workspace     *workspace.Service
	files         *attachment.Service
	profiles      *profile.Service
	courier       *courier.Service
	conversations *conversation.Service
	rotator       *conversation.Rotator
	bus           *logbus.Bus
	hub           *hub.Hub
	search        *search.Service
	toolbox       *toolbox.Service
	queue         *dispatch.Service
	feed          *feed.Feed
	visitors      *visitor.Service
	delivery      *delivery.Delivery
	timers        *timer.Runner
	training      *training.Service
	keeper        *keeper
	library       *library.Service
	botBook       *bot.Book
	bot           *bot.Service
	review        *review.Service
	documents     documents
	scenarios     *scenario.Service
	shop          *demoshop.Shop
}

// newApp builds everything between the database and the surfaces, from the
// bottom up.
func newApp(k *core) (*App, error) {
	channels, err := channel.NewRegistry(webchat.Adapter{})
	if err != nil {
		return nil, err
	}
	a := &App{core: k, channels: channels}
	for _, build := range []func() error{
		a.buildPeople, a.buildFiles, a.buildConversations, a.buildTraining, a.buildLibrary, a.buildScenarios, a.buildEvents, a.buildReview,
	} {
		if err := build(); err != nil {
			return nil, err
		}
	}
	return a, nil
}

// buildPeople builds agents, inboxes, sessions and tokens.
func (a *App) buildPeople() error {
	passwords, err1 := auth.NewPasswords(auth.PasswordDeps{Random: a.random}, auth.PasswordConfig{})
	secrets, err2 := auth.NewSecrets(a.master.Derive("sessions and tokens"), a.random)
	throttle, err3 := auth.NewThrottle(auth.ThrottleConfig{})
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	var err error
	if a.audit, err = audit.New(audit.Deps{Store: a.store, Keys: a.keys, IDs: a.ids}); err != nil {
		return err
	}
	a.workspace, err = workspace.New(workspace.Deps{
		Store: a.store, Keys: a.keys, Emails: a.master, IDs: a.ids, Clock: a.clock,
		Passwords: passwords, Secrets: secrets, Throttle: throttle, Audit: a.audit, Log: a.log.With("area", "workspace"),
		Begin: dispatch.Begin,
	}, workspace.Config{SetupCode: a.setupCode()})
	return err
}

// setupCode lets somebody on another machine register the first company. It
// follows from the master key, so that it is the same on every node and after
// each start, and is not stored.
func (a *App) setupCode() string {
	const digits = "0123456789abcdefghjkmnpqrstvwxyz"
	var b strings.Builder
	for i, c := range a.master.Derive("setup code")[:12] {
		if i > 0 && i%4 == 0 {
			b.WriteByte('-')
		}
		b.WriteByte(digits[c%32])
	}
	return b.String()
}

// buildFiles builds what keeps attachments.
func (a *App) buildFiles() error {
	folder, err := dirblob.Open(filesPath(a.config), strings.ToLower(strings.TrimPrefix(a.ids.Other("n"), "n_")))
	if err != nil {
		return err
	}
	c := a.config.Files
	quota := int64(c.Quota)
	if quota == 0 {
		quota = -1
	}
	a.files, err = attachment.New(attachment.Deps{
		Store: a.store, Blobs: blob.New(folder, a.random), Keys: a.keys, LinkKeys: a.master.DeriveEach("file links"),
		IDs: a.ids, Clock: a.clock, Log: a.log.With("area", "files"),
	}, attachment.Config{
		MaxSize: int64(c.MaxSize), MaxImage: int64(c.MaxImage), MaxPixels: int64(c.MaxMegapixels) * 1_000_000, Groups: c.Types,
		PerMinute: c.PerMinute, Quota: quota, LinkLife: c.LinkLife,
	})
	return err
}

// buildConversations builds the one writer of conversations and the door to it.
func (a *App) buildConversations() (err error) {
	a.bus, err = logbus.New(logbus.Deps{
		Store: a.store, IDs: a.ids, Clock: a.clock, After: timer.Wall, Jitter: jitter(a.random),
		Log: a.log.With("area", "bus"), Metrics: a.metrics,
		Sealer: signalSealer{a.keys},
	}, logbus.Config{})
	if err != nil {
		return err
	}
	a.botBook = bot.NewBook(a.store, a.audit, a.clock, a.log.With("area", "bot"))
	a.conversations, err = conversation.New(conversation.Deps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Routes: channelRoutes{a.workspace, a.channels}, Files: a.files, Log: a.log.With("area", "conversation"),
		Bots: a.botBook,
	}, conversation.Config{})
	if err != nil {
		return err
	}
	a.rotator, err = conversation.NewRotator(conversation.RotatorDeps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Log: a.log.With("area", "keys"), Holder: a.node, Audit: a.audit,
	}, conversation.RotatorConfig{})
	if err != nil {
		return err
	}
	a.toolbox, err = toolbox.New(toolbox.Deps{Store: a.store, Keys: a.keys, IDs: a.ids, Clock: a.clock, Audit: a.audit, Log: a.log.With("area", "toolbox")})
	if err != nil {
		return err
	}
	a.hub, err = hub.New(hub.Deps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Conversations: receiver{a.conversations}, Files: a.files, Signals: a.bus, Metrics: a.metrics,
	}, hub.Config{})
	return err
}

// buildCourier builds what sends mails, if there is a server for them.
func (a *App) buildCourier() (err error) {
	d := courier.Deps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Clock: a.clock, Conversations: a.conversations, Directory: a.workspace,
		Log: a.log.With("area", "courier"), Metrics: a.metrics, Holder: a.node,
	}
	if c := a.config.SMTP; c.Host != "" {
		if d.Sender, err = mail.New(mail.Config{
			Host: c.Host, Port: c.Port, Username: c.Username, Password: c.Password, From: c.From, Security: c.TLS,
		}); err != nil {
			return err
		}
	}
	a.courier, err = courier.New(d, courier.Config{})
	return err
}

// buildEvents builds what hangs on the event log and the clock.
func (a *App) buildEvents() (err error) {
	a.profiles, err = profile.New(profile.Deps{Store: a.store, Keys: a.keys, IDs: a.ids, Clock: a.clock, Log: a.log.With("area", "profiles")})
	if err != nil {
		return err
	}
	if err := a.buildCourier(); err != nil {
		return err
	}
	a.search, err = search.New(search.Deps{
		Store: a.store, Keys: a.keys, Contacts: a.profiles, Log: a.log.With("area", "search"), Metrics: a.metrics,
	}, search.Config{})
	if err != nil {
		return err
	}
	a.feed, err = feed.New(feed.Deps{
		Store: a.store, Keys: a.keys, Bus: a.bus, Directory: a.workspace, Clock: a.clock, Files: a.files, Log: a.log.With("area", "feed"), Metrics: a.metrics,
	}, feed.Config{})
	if err != nil {
		return err
	}
	a.visitors, err = visitor.New(visitor.Deps{
		Store: a.store, Keys: a.keys, Pages: a.profiles, Signals: a.bus, Clock: a.clock, Log: a.log.With("area", "visitor"), Metrics: a.metrics,
	}, visitor.Config{})
	if err != nil {
		return err
	}
	a.delivery, err = delivery.New(delivery.Deps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Clock: a.clock, After: timer.Wall, Jitter: jitter(a.random),
		Channels: a.channels, Conversations: a.conversations, Files: a.files, Bus: a.bus, Log: a.log.With("area", "delivery"), Metrics: a.metrics,
	}, delivery.Config{PublicURL: a.config.Server.PublicURL})
	if err != nil {
		return err
	}
	a.queue, err = dispatch.New(dispatch.Deps{
		Store: a.store, Keys: a.keys, Conversations: a.conversations, Offices: a.workspace, Bus: a.bus, IDs: a.ids,
		Clock: a.clock, After: timer.Wall, Audit: a.audit, Log: a.log.With("area", "dispatch"), Metrics: a.metrics, Node: a.node,
		Robots: robot.New(a.clock, robot.Config{Timeout: 5 * time.Second}), // other timers wait for it
	}, dispatch.Config{})
	if err != nil {
		return err
	}
	if err := a.buildBot(); err != nil {
		return err
	}
	a.timers, err = timer.New(timer.Deps{
		Store: a.store, IDs: a.ids, Clock: a.clock, After: timer.Wall, Log: a.log.With("area", "timers"), Metrics: a.metrics,
		Handlers: map[string]timer.Handler{
			conversation.SnoozeTimer: a.conversations.FireSnooze, conversation.ScheduleTimer: a.conversations.FireSchedule,
			delivery.WindowTimer:     a.delivery.CloseWindow,
			conversation.AnswerTimer: a.conversations.FireAnswer,
			dispatch.RobotTimer:      a.queue.FireRobot,
			conversation.BotTimer:    a.bot.FireTimer,
		},
	}, timer.Config{Fallback: 2 * time.Second}) // robots are ordered without a fact
	a.keeper = &keeper{
		store: a.store, clock: a.clock, retention: a.config.Retention.Events, log: a.log.With("area", "keeper"),
		sweepers: map[string]sweeper{
			"sessions": a.workspace, "drafts": a.toolbox, "files": a.files, "pages": a.profiles, "mails": a.courier,
			"models": a.training,
		},
	}
	return desk.Wrap(desk.KindOf(err), "build timers", err)
}
