package app

import (
	"bytes"
	"context"
	"os"
	"strconv"
	"syscall"
	"time"

	"yingda.dev/internal/surface/rest"
)

// theMachine tells administrators of the process, its database and its disk.
type theMachine struct {
	app     *App
	health  *health
	started time.Time
}

// Machine implements rest's.
func (m theMachine) Machine(ctx context.Context) rest.Machine {
	out := rest.Machine{
		Version: versionText(), StartedAt: m.started.UTC(), Database: m.app.config.Dialect(), Writable: true, MemoryRSS: resident(),
	}
	if err := m.health.check(ctx); err != nil {
		out.Writable, out.Fault = false, explainKind(err)
	}
	if free, total, err := diskOf(m.app.config.DataDir); err == nil {
		out.DiskFree, out.DiskTotal = free, total
	}
	return out
}

// diskOf is how much room the disk of a folder has, in bytes.
func diskOf(dir string) (free, total int64, err error) {
	var fs syscall.Statfs_t
	if err := syscall.Statfs(dir, &fs); err != nil {
		return 0, 0, err
	}
	size := int64(fs.Bsize)                                      //nolint:unconvert // the type differs by system
	return int64(fs.Bavail) * size, int64(fs.Blocks) * size, nil //nolint:gosec // sizes of a disk
}

// resident is how much memory the process holds; 0 where the system does not say.
func resident() int64 {
	raw, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	fields := bytes.Fields(raw)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}
