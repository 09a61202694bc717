package app

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"os"
	"time"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
)

// The world outside: the only places where the program asks the system for
// the time, for randomness and for its own name.

// systemClock is the clock of the product.
func systemClock() desk.Clock { return desk.ClockFunc(time.Now) }

// systemRandom is the random source of the product.
func systemRandom() io.Reader { return rand.Reader }

// nodeName tells this process from all others that use the same database.
func nodeName(ids *desk.IDs) string {
	host, err := os.Hostname()
	if err != nil || host == "" {
		host = "node"
	}
	return fmt.Sprintf("%s/%s", host, ids.Other("run"))
}

// newLogger writes to out as configured.
func newLogger(c config.Log, out io.Writer) *slog.Logger {
	var level slog.Level
	// Check has seen the word before, so an error leaves the default: info.
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, options))
	}
	return slog.New(slog.NewTextHandler(out, options))
}

// jitter makes numbers in [0,1) of a random source.
func jitter(random io.Reader) func() float64 {
	return func() float64 {
		var b [8]byte
		if _, err := io.ReadFull(random, b[:]); err != nil {
			return 0.5 // without randomness retries merely come together
		}
		return float64(binary.BigEndian.Uint64(b[:])>>11) / (1 << 53)
	}
}
