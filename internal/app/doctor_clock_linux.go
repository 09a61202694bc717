package app

import (
	"context"
	"syscall"

	"yingda.dev/internal/app/config"
)

// unsynchronised is STA_UNSYNC of adjtimex(2): nobody disciplines the clock.
const unsynchronised = 0x40

func checkClock(context.Context, config.Config) []finding {
	const name = "clock"
	var state syscall.Timex
	if _, err := syscall.Adjtimex(&state); err != nil {
		return []finding{warn(name, "check the clock by hand", "cannot tell whether it is synchronised: %v", err)}
	}
	now := systemClock().Now()
	if state.Status&unsynchronised != 0 {
		return []finding{warn(name, "run an NTP service (chrony, systemd-timesyncd); snoozes, tokens and log-ins depend on the time",
			"%s UTC; nobody keeps it synchronised", now.Format("2006-01-02 15:04:05"))}
	}
	return []finding{ok(name, "%s UTC, synchronised", now.Format("2006-01-02 15:04:05"))}
}
