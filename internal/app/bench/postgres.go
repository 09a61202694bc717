package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Postgres is a PostgreSQL server of our own, for one measurement.
type Postgres struct {
	DSN string
	PID int

	dir, programs string
	as            *syscall.Credential
}

// StartPostgres makes a cluster in dir with the settings a careful operator
// would choose for a small machine: durable commits, 256 MiB of buffers.
func StartPostgres(ctx context.Context, dir string) (*Postgres, error) {
	programs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil || len(programs) == 0 {
		return nil, errors.New("PostgreSQL is not installed; on Debian: apt-get install postgresql")
	}
	p := &Postgres{dir: dir, programs: programs[len(programs)-1]}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	if os.Getuid() == 0 { // the server refuses to run as root
		if p.as, err = credential("postgres"); err != nil {
			return nil, err
		}
		if err := errors.Join(os.Chown(dir, int(p.as.Uid), int(p.as.Gid)), os.Chmod(filepath.Dir(dir), 0o711)); err != nil { //nolint:gosec // others may pass through, not look
			return nil, fmt.Errorf("hand folder over: %w", err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed again at once
	if err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err = errors.Join(err, l.Close()); err != nil {
		return nil, fmt.Errorf("find a free port: %w", err)
	}
	data := filepath.Join(dir, "data")
	if err := p.run(ctx, "initdb", "-D", data, "-U", "yingda", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"); err != nil {
		return nil, err
	}
	options := "-c listen_addresses=127.0.0.1 -c unix_socket_directories= -c shared_buffers=256MB -c max_wal_size=2GB -c port=" + port
	if err := p.run(ctx, "pg_ctl", "-D", data, "-l", filepath.Join(dir, "log"), "-w", "-o", options, "start"); err != nil {
		return nil, err
	}
	if err := p.run(ctx, "createdb", "-h", "127.0.0.1", "-p", port, "-U", "yingda", "yingda"); err != nil {
		return nil, errors.Join(err, p.Stop(ctx))
	}
	pid, err := os.ReadFile(filepath.Join(data, "postmaster.pid"))
	if err != nil {
		return nil, errors.Join(fmt.Errorf("find server: %w", err), p.Stop(ctx))
	}
	first, _, _ := strings.Cut(string(pid), "\n")
	if p.PID, err = strconv.Atoi(first); err != nil {
		return nil, errors.Join(fmt.Errorf("find server: %w", err), p.Stop(ctx))
	}
	p.DSN = "postgres://yingda@127.0.0.1:" + port + "/yingda?sslmode=disable"
	return p, nil
}

// Stop ends the server.
func (p *Postgres) Stop(ctx context.Context) error {
	return p.run(context.WithoutCancel(ctx), "pg_ctl", "-D", filepath.Join(p.dir, "data"), "-m", "fast", "-w", "stop")
}

func (p *Postgres) run(ctx context.Context, program string, args ...string) error {
	cmd := exec.CommandContext(ctx, filepath.Join(p.programs, program), args...) //nolint:gosec // PostgreSQL's programs with our own arguments
	cmd.Dir = p.dir
	if p.as != nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.as}
	}
	// The started server keeps the output open; a pipe would wait for its end.
	out, err := os.CreateTemp("", "yingda-"+program+"-")
	if err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	defer func() { _ = errors.Join(out.Close(), os.Remove(out.Name())) }() // only for the message below
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		text, _ := os.ReadFile(out.Name())
		return fmt.Errorf("run %s: %w: %s", program, err, tail(text, 1000))
	}
	return nil
}

func credential(name string) (*syscall.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL refuses to run as root, and there is no user %s: %w", name, err)
	}
	uid, err1 := strconv.ParseUint(u.Uid, 10, 32)
	gid, err2 := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(err1, err2); err != nil {
		return nil, fmt.Errorf("look up user %s: %w", name, err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
