//go:build !linux

package app

import (
	"context"

	"yingda.dev/internal/app/config"
)

func checkClock(context.Context, config.Config) []finding {
	return []finding{ok("clock", "%s UTC; compare it with yours", systemClock().Now().Format("2006-01-02 15:04:05"))}
}
