package bench

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Server is a program under measurement in a process of its own.
type Server struct {
	// Base is its address without a slash at the end.
	Base string
	// ReadyAfter is how long it took from the start until it answered ready.
	ReadyAfter time.Duration

	cmd  *exec.Cmd
	log  *os.File
	gone chan struct{}
}

// Environment is the configuration of a server under measurement in dir, as
// environment variables; dsn is "sqlite" or a PostgreSQL address. The commands
// that prepare the database use the same.
func Environment(dir, dsn string) (env []string, base string, err error) {
	l, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // closed again in the next line
	if err != nil {
		return nil, "", fmt.Errorf("find a free port: %w", err)
	}
	address := l.Addr().String()
	if err := l.Close(); err != nil {
		return nil, "", fmt.Errorf("find a free port: %w", err)
	}
	return []string{
		"YINGDA_DATA_DIR=" + filepath.Join(dir, "data"), "YINGDA_KEYS_FILE=" + filepath.Join(dir, "keys", "master.key"),
		"YINGDA_SERVER_LISTEN=" + address, "YINGDA_SERVER_TRUSTED_PROXIES=127.0.0.1/32",
		"YINGDA_DATABASE_DSN=" + dsn, "YINGDA_LOG_LEVEL=warn",
	}, "http://" + address, nil
}

// StartServer runs program with "serve" and waits until it is ready. Its log
// goes to a file in dir.
func StartServer(ctx context.Context, program, dir string, env []string, base string) (*Server, error) {
	log, err := os.OpenFile(filepath.Join(dir, "server.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open log: %w", err)
	}
	cmd := exec.Command(program, "serve") //nolint:noctx // ended by Stop or Kill, whichever the measurement wants
	cmd.Env, cmd.Stdout, cmd.Stderr = append(os.Environ(), env...), log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	began := time.Now()
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start server: %w", err)
	}
	s := &Server{Base: base, cmd: cmd, log: log, gone: make(chan struct{})}
	go func() { // ends with the process, which Stop and Kill wait for
		_ = cmd.Wait()
		close(s.gone)
	}()
	for {
		if s.ready(ctx) {
			s.ReadyAfter = time.Since(began)
			return s, nil
		}
		select {
		case <-s.gone:
			text, _ := os.ReadFile(log.Name())
			return nil, fmt.Errorf("the server ended before it was ready: %s", tail(text, 2000))
		case <-ctx.Done():
			s.Kill()
			return nil, fmt.Errorf("wait for server: %w", ctx.Err())
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// inspector asks the server about itself.
var inspector = &http.Client{Timeout: 30 * time.Second}

func (s *Server) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.Base+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := inspector.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close() // only the status matters
	return resp.StatusCode == http.StatusOK
}

// Stop asks the server to end in good order and waits for it.
func (s *Server) Stop() error {
	_ = s.cmd.Process.Signal(syscall.SIGTERM) // it may have ended by itself
	<-s.gone
	_ = s.log.Close() // the process wrote it, not we
	if code := s.cmd.ProcessState.ExitCode(); code != 0 {
		text, _ := os.ReadFile(s.log.Name())
		return fmt.Errorf("the server ended with status %d: %s", code, tail(text, 2000))
	}
	return nil
}

// Kill ends the server at once, as a power cut ends a process.
func (s *Server) Kill() {
	_ = s.cmd.Process.Kill() // it may have ended by itself
	<-s.gone
	_ = s.log.Close() // the process wrote it, not we
}

// PID is the server's process id.
func (s *Server) PID() int { return s.cmd.Process.Pid }

// Usage is what processes have used so far.
type Usage struct {
	CPU time.Duration
	// RSS is resident memory in bytes, shared pages counted for each process.
	RSS int64
}

// clockTick is the unit of CPU times in /proc, 1/100 s on every Linux we run on.
const clockTick = 10 * time.Millisecond

// UsageOf reads a process and, with children, those it started.
func UsageOf(pid int, children bool) (Usage, error) {
	u, err := usage(pid)
	if err != nil || !children {
		return u, err
	}
	dirs, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return u, fmt.Errorf("list processes: %w", err)
	}
	for _, stat := range dirs {
		fields, err := statFields(stat)
		if err != nil || fields[1] != strconv.Itoa(pid) {
			continue // gone meanwhile, or somebody else's
		}
		child, err := strconv.Atoi(filepath.Base(filepath.Dir(stat)))
		if err != nil {
			continue
		}
		if more, err := usage(child); err == nil {
			u.CPU += more.CPU
			u.RSS += more.RSS
		}
	}
	return u, nil
}

func usage(pid int) (Usage, error) {
	fields, err := statFields(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return Usage{}, err
	}
	var ticks int64
	for _, i := range [...]int{11, 12, 13, 14} { // utime, stime and those of reaped children
		n, err := strconv.ParseInt(fields[i], 10, 64)
		if err != nil {
			return Usage{}, fmt.Errorf("read CPU time: %w", err)
		}
		ticks += n
	}
	pages, err := strconv.ParseInt(fields[21], 10, 64)
	if err != nil {
		return Usage{}, fmt.Errorf("read memory: %w", err)
	}
	return Usage{CPU: time.Duration(ticks) * clockTick, RSS: pages * int64(os.Getpagesize())}, nil
}

// statFields are the fields of /proc/<pid>/stat after the name, from the state
// on (field 3 of proc(5) is index 0).
func statFields(file string) ([]string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read process: %w", err)
	}
	_, rest, ok := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if !ok || len(fields) < 22 {
		return nil, fmt.Errorf("read process: %s has an unknown form", file)
	}
	return fields, nil
}

func tail(b []byte, n int) []byte {
	if len(b) > n {
		return b[len(b)-n:]
	}
	return b
}
