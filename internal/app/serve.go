package app

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"strings"
	"time"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/timer"
)

type serveCommand struct {
	Demo bool `help:"Create the demo company at the start; same as demo = true in the configuration."`
}

// Run serves until the context ends.
func (s serveCommand) Run(r *run) error {
	c, err := r.config()
	if err != nil {
		return err
	}
	c.Demo = c.Demo || s.Demo
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	return serve(r.ctx, c, r)
}

// gcPercent lets the heap grow to three times what lives before it is
// collected, not twice: at 2,500 messages a second 6 % less CPU, and p99 down
// from 123 to 72 ms, for 25 MiB more (yingda bench messages --rate 2500). An
// idle server does not notice. GOGC in the environment goes before it.
const gcPercent = 200

// drainTime is how long requests in work may take when the server stops. Long
// polls are longer; their clients ask again.
const drainTime = 5 * time.Second

func serve(ctx context.Context, c config.Config, r *run) (err error) {
	log := newLogger(c.Log, r.process.Err)
	started := systemClock().Now()
	// Listen first: a taken port should be the first thing to be said.
	l, err := listen(ctx, c, log)
	if err != nil {
		return err
	}
	defer l.Close() // the HTTP server has closed it already, unless the start failed
	k, err := openCore(ctx, c, log)
	if err != nil {
		return err
	}
	defer func() { err = k.closeAfter(err) }()
	a, err := newApp(k)
	if err != nil {
		return err
	}
	h := &health{clock: k.clock, probe: k.probe}
	doors, err := a.buildSurfaces(h)
	if err != nil {
		return err
	}
	server := newServer(doors.handler, log)
	server.RegisterOnShutdown(doors.realtime.Drain)
	s := &stages{
		log: log, timeout: c.Server.StopTimeout, stopping: func() { h.stopping.Store(true) },
		list: []stage{
			{parts: []part{{"store", k.store.Run}}, then: orderly(k.prepare)},
			{parts: []part{{"bus", a.bus.Run}}},
			{
				parts: []part{
					{"indexer", func(ctx context.Context) error { return a.bus.Consume(ctx, a.search.Consumer()) }},
					{"feed", func(ctx context.Context) error { return a.feed.Run(ctx, doors.realtime) }},
					{"delivery", a.delivery.Run},
					{"queue", a.queue.Run},
					{"library", a.library.Run},
					{"flows", a.scenarios.Run},
					{"queue memory", func(ctx context.Context) error { return a.bus.Consume(ctx, a.queue.Consumer()) }},
					{"bot", a.bot.Run},
					{"bot's ears", func(ctx context.Context) error { return a.bus.Consume(ctx, a.bot.Consumer()) }},
					{"timers", a.timers.Run},
					{"courier", a.courier.Run},
					{"training", a.training.Run},
					{"review", a.review.Run},
					{"rotator", a.rotator.Run},
					{"keeper", a.keeper.Run},
					{"calm", newCalm(timer.Wall).Run},
				},
				then: orderly(a.demo),
			},
			{parts: []part{{"realtime", doors.realtime.Run}}},
			{
				parts: []part{{"http", func(ctx context.Context) error {
					return serveHTTP(ctx, server, l, h.linger, min(drainTime, c.Server.StopTimeout/2))
				}}},
				then: func(ctx context.Context) error {
					needed, err := a.workspace.SetupNeeded(ctx)
					if err != nil {
						return err
					}
					code := ""
					if needed {
						code = a.setupCode()
					}
					log.Info("ready", "address", l.Addr().String(), "database", k.store.Dialect(), "version", versionText(),
						"after", k.clock.Now().Sub(started).Round(time.Millisecond).String())
					r.printf("%s", welcome(c, l.Addr(), code))
					return nil
				},
			},
		},
	}
	return s.Run(ctx)
}

// demo creates the demonstration if it is asked for.
func (a *App) demo(ctx context.Context) error {
	if !a.config.Demo {
		return nil
	}
	_, err := a.seedDemo(ctx)
	return err
}

// welcome says where to go, and with which code the first company is registered.
func welcome(c config.Config, at net.Addr, code string) string {
	base := strings.TrimSuffix(c.Server.PublicURL, "/")
	if base == "" {
		host, port, err := net.SplitHostPort(at.String())
		if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
			host = "127.0.0.1"
		}
		base = c.Scheme() + "://" + net.JoinHostPort(host, port)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\n  Yingda 应答 is ready / 已就绪\n\n")
	fmt.Fprintf(&b, "    %-28s start here / 从这里开始\n", base+"/")
	if c.Demo {
		fmt.Fprintf(&b, "    %-28s a shop with the widget / 带聊天窗口的演示商城\n", base+"/demo")
	}
	fmt.Fprintf(&b, "    %-28s the agents' desk / 客服工作台\n", base+"/desk")
	if c.Demo {
		fmt.Fprintf(&b, "\n    log in / 登录：%s  %s\n", workspace.DemoEmail, workspace.DemoPassword)
	}
	if code != "" {
		fmt.Fprintf(&b, "\n    Register your company at the address above. From another machine you need this code:\n")
		fmt.Fprintf(&b, "    请打开上面的地址注册公司。从其他电脑注册时需要这个注册码：\n\n        %s\n", code)
	}
	fmt.Fprintf(&b, "\n    data / 数据：%s    key / 密钥：%s    stop / 停止：Ctrl-C\n\n", databaseAt(c), c.Keys.File)
	return b.String()
}

func databaseAt(c config.Config) string {
	if c.Dialect() == "postgres" {
		return "PostgreSQL"
	}
	return c.DataDir
}
