package app

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"yingda.dev/internal/app/bench"
	"yingda.dev/internal/app/config"
	"yingda.dev/internal/app/demo"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/workspace"
)

// benchCommand measures a server of its own in a temporary folder.
type benchCommand struct {
	Messages    benchMessages    `cmd:"" help:"Send visitors' messages at a rate and time them until the agents' sockets have them."`
	Inbox       benchInbox       `cmd:"" help:"Time listing, opening and searching conversations with many messages stored."`
	Queue       benchQueue       `cmd:"" help:"Let customers write to companies whose queue hands out, and time them until an agent has them."`
	Bot         benchBot         `cmd:"" help:"Let visitors ask the demo company's bot, and time them until the answer is at their sockets."`
	Connections benchConnections `cmd:"" help:"Open idle visitors' sockets and see what they cost."`
}

// benchGround is what all benchmarks have in common.
type benchGround struct {
	Database string `enum:"sqlite,postgres" default:"sqlite" help:"Database: sqlite or postgres (needs PostgreSQL's programs on this machine)."`
	Accounts int    `default:"20" help:"Companies."`
	Agents   int    `default:"50" help:"Agents over all companies, each with a socket open."`
	Stored   int    `default:"0" help:"Messages that lie in the database before it begins."`
	JSON     bool   `name:"json" help:"Print the report as one line of JSON."`

	// prepare, if set, does more to the database before the server starts.
	prepare func(ctx context.Context, a *App, companies []bench.Company) error
}

// perConversation is how many stored messages make a conversation.
const perConversation = 50

type benchMessages struct {
	benchGround
	Rate     int           `default:"1000" help:"Messages a second."`
	For      time.Duration `default:"30s" help:"How long."`
	Clients  int           `default:"256" help:"Messages on their way at once, at most."`
	Visitors int           `default:"2000" help:"Visitors, each with a conversation."`
	Profile  string        `placeholder:"FILE" help:"Write the server's CPU profile of the load to FILE; the figures are a little worse meanwhile."`
}

// Run prints the report.
func (c *benchMessages) Run(r *run) error {
	return c.measure(r, func(ctx context.Context, g measured) (any, error) {
		report, err := bench.Messages(ctx, g.server, g.companies, g.databasePID, bench.MessageOptions{
			Rate: c.Rate, For: c.For, Clients: c.Clients, Visitors: c.Visitors, Profile: c.Profile,
		})
		report.Database, report.Stored = c.Database, c.Stored
		return report, err
	})
}

type benchInbox struct {
	benchGround
	Reads int `default:"300" help:"How often each kind of read is timed."`
}

// Run prints the report.
func (c *benchInbox) Run(r *run) error {
	return c.measure(r, func(ctx context.Context, g measured) (any, error) {
		report, err := bench.Inbox(ctx, g.server, g.companies, c.Stored, c.Reads)
		report.Database = c.Database
		return report, err
	})
}

type benchQueue struct {
	benchGround
	Rate int           `default:"50" help:"New customers a second."`
	For  time.Duration `default:"20s" help:"How long."`
}

// Run prints the report.
func (c *benchQueue) Run(r *run) error {
	c.prepare = func(ctx context.Context, a *App, companies []bench.Company) error {
		for _, company := range companies {
			agents, err := a.workspace.Agents(ctx, company.Account)
			if err != nil {
				return err
			}
			for _, agent := range agents {
				if err := a.queue.SetAgentWork(ctx, company.Account, agent.ID, dispatch.AgentWork{Capacity: 100}, ""); err != nil {
					return err
				}
			}
			if err := a.queue.SetQueueRules(ctx, company.Account, dispatch.QueueRules{Automatic: true, AnswerWithinSeconds: -1}, ""); err != nil {
				return err
			}
		}
		return nil
	}
	return c.measure(r, func(ctx context.Context, g measured) (any, error) {
		report, err := bench.Queue(ctx, g.server, g.companies, bench.QueueOptions{Rate: c.Rate, For: c.For})
		report.Database = c.Database
		return report, err
	})
}

type benchBot struct {
	benchGround
	Rate    int           `default:"50" help:"Visitors who ask each second, one question each."`
	For     time.Duration `default:"20s" help:"How long."`
	Profile string        `placeholder:"FILE" help:"Write the server's CPU profile of the load to FILE; the figures are a little worse meanwhile."`
}

// Run prints the report.
func (c *benchBot) Run(r *run) error {
	o := bench.BotOptions{Rate: c.Rate, For: c.For, Profile: c.Profile, Wait: time.Duration(bot.Usual().BurstMS) * time.Millisecond}
	c.prepare = func(ctx context.Context, a *App, _ []bench.Company) error {
		d, err := a.seedDemo(ctx)
		o.Key, o.Email, o.Password = d.Inbox.Key, workspace.DemoEmail, workspace.DemoPassword
		return err
	}
	var err error
	if o.Questions, err = knownQuestions(); err != nil {
		return err
	}
	o.Taught = func() { fmt.Fprintln(r.process.Err, "the bot has learned everything; measuring") }
	return c.measure(r, func(ctx context.Context, g measured) (any, error) {
		report, err := bench.Bot(ctx, g.server, o)
		report.Database = c.Database
		return report, err
	})
}

// knownQuestions are the questions of the demo company, as its knowledge has them.
func knownQuestions() (out []string, err error) {
	faqs, err := demo.FAQs(desk.Chinese)
	for _, f := range faqs {
		out = append(out, f.Question)
	}
	return out, err
}

type benchConnections struct {
	benchGround
	Connections int `default:"5000" help:"Sockets."`
}

// Run prints the report.
func (c *benchConnections) Run(r *run) error {
	return c.measure(r, func(ctx context.Context, g measured) (any, error) {
		return bench.Connections(ctx, g.server, g.companies, c.Connections)
	})
}

// measured is a preloaded server that runs.
type measured struct {
	server      *bench.Server
	companies   []bench.Company
	databasePID int
}

// measure prepares a server in a temporary folder, runs the benchmark on it,
// and prints the report.
func (c *benchGround) measure(r *run, work func(context.Context, measured) (any, error)) (err error) {
	dir, err := os.MkdirTemp("", "yingda-bench-")
	if err != nil {
		return fmt.Errorf("make a temporary folder: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	dsn, pid := "sqlite", 0
	if c.Database == "postgres" {
		cluster, err := bench.StartPostgres(r.ctx, filepath.Join(dir, "postgres"))
		if err != nil {
			return err
		}
		defer func() { _ = cluster.Stop(r.ctx) }() // the folder goes with it
		dsn, pid = cluster.DSN, cluster.PID
	}
	env, base, err := bench.Environment(dir, dsn)
	if err != nil {
		return err
	}
	settings, err := config.Load("", env)
	if err != nil {
		return err
	}
	g := measured{databasePID: pid}
	inner := &run{ctx: r.ctx, process: r.process}
	err = inner.withApp(settings, func(ctx context.Context, a *App) error {
		ground := bench.Ground{Store: a.store, Keys: a.keys, IDs: a.ids, Workspace: a.workspace}
		plan := bench.Plan{Accounts: c.Accounts, Agents: max(c.Agents, c.Accounts), Stored: c.Stored, PerConversation: perConversation}
		g.companies, err = bench.Seed(ctx, ground, plan, func(done, total int) {
			fmt.Fprintf(r.process.Err, "\rstoring messages: %d of %d", done, total)
		})
		if c.Stored > 0 {
			fmt.Fprintln(r.process.Err)
		}
		if err == nil && c.prepare != nil {
			err = c.prepare(ctx, a, g.companies)
		}
		return err
	})
	if err != nil {
		return err
	}
	program, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own program: %w", err)
	}
	if g.server, err = bench.StartServer(r.ctx, program, dir, env, base); err != nil {
		return err
	}
	report, err := work(r.ctx, g)
	if err = errors.Join(err, g.server.Stop()); err != nil {
		return err
	}
	return c.print(r, report)
}

func (c *benchGround) print(r *run, report any) error {
	line, err := json.Marshal(report)
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	if c.JSON {
		r.printf("%s\n", line)
		return nil
	}
	var fields map[string]any
	if err := json.Unmarshal(line, &fields); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	pretty, err := json.MarshalIndent(fields, "", "  ")
	if err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	r.printf("%s\n", pretty)
	return nil
}
