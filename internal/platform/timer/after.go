package timer

import "time"

// After is an injected alarm clock: fired receives once, d from now; stop
// gives the alarm up. The product uses Wall, tests a clock they move.
type After func(d time.Duration) (fired <-chan time.Time, stop func())

// Wall is the machine's own alarm clock.
func Wall(d time.Duration) (fired <-chan time.Time, stop func()) {
	t := time.NewTimer(d)
	return t.C, func() { t.Stop() }
}
