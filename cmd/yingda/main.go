package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"yingda.dev/internal/app"
)

func main() { os.Exit(run()) }

// run exists so that deferred calls happen before the process ends.
func run() int {
	// A limit on file sizes is answered like a full disk, not by dying.
	signal.Ignore(syscall.SIGXFSZ)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	// The first signal begins an orderly stop; from then on the default handling
	// is back, so a second one ends the process at once.
	context.AfterFunc(ctx, stop)
	return app.Main(ctx, app.Process{
		Args: os.Args[1:], Env: os.Environ(), In: os.Stdin, Out: os.Stdout, Err: os.Stderr,
	})
}
