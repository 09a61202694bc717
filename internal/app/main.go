package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/alecthomas/kong"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
)

// Exit statuses of the program. They are part of its interface and documented
// in docs/operations.md.
const (
	ExitDone    = 0 // the command did what it says, or the server stopped in good order
	ExitFailed  = 1 // something went wrong while it worked
	ExitUsage   = 2 // the command line or the configuration is wrong; nothing was done
	ExitProblem = 3 // doctor found something to repair
)

// Process is what the operating system gives to a program.
type Process struct {
	// Args are the arguments without the program's name.
	Args []string
	// Env are "NAME=value" entries.
	Env []string
	In  io.Reader
	Out io.Writer
	Err io.Writer
}

// cli is the command line.
type cli struct {
	Config string `help:"Configuration file (TOML). Environment: YINGDA_CONFIG." placeholder:"FILE"`

	Serve   serveCommand   `cmd:"" help:"Run the server."`
	Demo    demoCommand    `cmd:"" help:"Create the demo company in the configured database and print its log-ins."`
	Migrate migrateCommand `cmd:"" help:"Bring the database schema up to date; the server does so by itself at its start."`
	ConfigC configCommand  `cmd:"" name:"config" help:"Check, explain or print the configuration."`
	Doctor  doctorCommand  `cmd:"" help:"Check that this machine and configuration can run the server, and say what to repair."`
	Backup  backupCommand  `cmd:"" help:"Write a consistent copy of the data into a new folder, while the server runs or not."`
	Restore restoreCommand `cmd:"" help:"Fill an empty data folder from a backup."`
	Account accountCommand `cmd:"" help:"Add companies and let their administrators in."`
	Keys    keysCommand    `cmd:"" help:"Show or change the keys that content is sealed with."`
	Bench   benchCommand   `cmd:"" help:"Measure the program on this machine; see docs/performance.md."`
	Eval    evalCommand    `cmd:"" help:"Judge the bot on files of your own; see docs/evaluation.md."`
	Test    testCommand    `cmd:"" help:"Play test dialogues of flows and the like."`
	Version versionCommand `cmd:"" help:"Print the version."`

	Train        trainCommand        `cmd:"" name:"train" hidden:"" help:"Learn for the server, in a process of its own."`
	ReadDocument readDocumentCommand `cmd:"" name:"read-document" hidden:"" help:"Read a file for the server, in a process of its own."`
}

// run is what the commands get.
type run struct {
	ctx     context.Context //nolint:containedctx // lives as long as the command
	process Process
	path    string // configuration file
}

// config loads the configuration.
func (r *run) config() (config.Config, error) { return config.Load(r.path, r.process.Env) }

func (r *run) printf(format string, args ...any) { fmt.Fprintf(r.process.Out, format, args...) }

// exit unwinds the stack when kong has printed help or the like.
type exit int

// Main runs the program and returns its exit status.
func Main(ctx context.Context, p Process) (status int) {
	defer func() {
		if r := recover(); r != nil {
			code, ok := r.(exit)
			if !ok {
				panic(r)
			}
			status = int(code)
		}
	}()
	var c cli
	parser, err := kong.New(&c,
		kong.Name("yingda"),
		kong.Description("Yingda 应答: customer service on every channel, on your own machine.\n\nExit statuses: 0 done, 1 failed, 2 wrong arguments or configuration, 3 doctor found a problem."),
		kong.Writers(p.Out, p.Err),
		kong.Exit(func(code int) { panic(exit(code)) }),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true}),
		kong.UsageOnError())
	if err != nil {
		panic(err) // the grammar above is wrong: a mistake of ours
	}
	command, err := parser.Parse(p.Args)
	if err != nil {
		fmt.Fprintf(p.Err, "yingda: %v\nRun \"yingda --help\" to see what there is.\n", err)
		return ExitUsage
	}
	r := &run{ctx: ctx, process: p, path: c.Config}
	if r.path == "" {
		r.path = lookup(p.Env, config.EnvPrefix+"CONFIG")
	}
	err = command.Run(r)
	switch {
	case err == nil:
		return ExitDone
	case errors.Is(err, errProblem):
		return ExitProblem
	}
	fmt.Fprintf(p.Err, "yingda: %s\n", explain(err))
	if errors.Is(err, desk.Invalid) {
		return ExitUsage
	}
	return ExitFailed
}

// explain prefers the words for people and adds the cause, which the operator
// may see.
func explain(err error) string {
	msg := desk.UserMessage(err)
	if msg == "" {
		return err.Error()
	}
	var e *desk.Error
	if errors.As(err, &e) && e.Err != nil {
		return msg + ": " + e.Err.Error()
	}
	return msg
}

func lookup(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
