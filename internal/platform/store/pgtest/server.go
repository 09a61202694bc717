package pgtest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// SkipVariable is the environment variable that, set to 1, lets tests skip
// when PostgreSQL is not installed.
const SkipVariable = "YINGDA_TEST_SKIP_POSTGRES"

const (
	superuser = "yingda"
	// startLimit is generous because several clusters may start at once on a slow machine.
	startLimit = 90 * time.Second
)

// errMissing means that no server programs were found.
var errMissing = errors.New("PostgreSQL is not installed (looked in PATH and /usr/lib/postgresql/*/bin)")

// StopMode says how a server goes down.
type StopMode string

const (
	// Fast ends sessions, writes a checkpoint and exits.
	Fast StopMode = "INT"
	// Immediate exits without a checkpoint, as in a crash: the next Start recovers from the log.
	Immediate StopMode = "QUIT"
)

// Settings are postgresql.conf entries, such as {"max_connections": "50"}.
type Settings map[string]string

// Server is one PostgreSQL cluster in a temporary folder.
type Server struct {
	bin, dir string
	attr     *syscall.SysProcAttr

	mu        sync.Mutex // guards all below
	cmd       *exec.Cmd
	control   *os.File // write end of the watcher's pipe
	databases int
	templates map[string]*template
}

// template is a database that others are copied from.
type template struct {
	once sync.Once
	name string
	err  error
}

// shared is the cluster of this test process, started by the first test that needs it.
var shared struct {
	once   sync.Once
	server *Server
	err    error
}

// Shared returns the test process's own cluster and starts it if this is the
// first call. It stops when the process ends, or at StopShared.
func Shared(tb testing.TB) *Server {
	tb.Helper()
	shared.once.Do(func() { shared.server, shared.err = start(nil) })
	require(tb, shared.err)
	return shared.server
}

// StopShared stops the cluster of Shared, if it runs, for the end of a
// TestMain. The watcher does the same when the process ends without it.
func StopShared() error {
	if shared.server == nil {
		return nil
	}
	return shared.server.remove()
}

// Database makes an empty database on the shared cluster; see Server.Database.
func Database(tb testing.TB) string {
	tb.Helper()
	return Shared(tb).Database(tb)
}

// Start starts a cluster for one test, to stop and start it at will, with
// settings added to the usual ones. It is removed at the end of the test.
func Start(tb testing.TB, settings Settings) *Server {
	tb.Helper()
	s, err := start(settings)
	require(tb, err)
	tb.Cleanup(func() {
		if err := s.remove(); err != nil {
			tb.Errorf("remove PostgreSQL: %v", err)
		}
	})
	return s
}

// require skips or fails when there is no server to test with.
func require(tb testing.TB, err error) {
	tb.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv(SkipVariable) == "1":
		tb.Skip(err)
	default:
		tb.Fatalf("start PostgreSQL: %v (install Debian's package postgresql, or set %s=1)", err, SkipVariable)
	}
}

func start(settings Settings) (*Server, error) {
	bin, err := findPrograms()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "yingda-pg-")
	if err != nil {
		return nil, fmt.Errorf("make folder: %w", err)
	}
	s := &Server{bin: bin, dir: dir, templates: make(map[string]*template)}
	if err := s.create(settings); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.Start(); err != nil {
		return nil, errors.Join(err, s.remove())
	}
	return s, nil
}

// findPrograms returns the folder of the newest installed server.
func findPrograms() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		if path, err = filepath.EvalSymlinks(path); err == nil {
			return filepath.Dir(path), nil
		}
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb") // the pattern is well-formed
	if len(found) == 0 {
		return "", errMissing
	}
	version := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4]) // not a number: last choice
		return n
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) > version(found[j]) })
	return filepath.Dir(found[0]), nil
}

// create runs initdb and writes the settings.
func (s *Server) create(settings Settings) error {
	s.attr = &syscall.SysProcAttr{Setsid: true} // a Ctrl-C at the terminal is the watcher's to handle
	if os.Getuid() == 0 {
		account, err := user.Lookup("postgres")
		if err != nil {
			return fmt.Errorf("run as root, PostgreSQL needs the user postgres: %w", err)
		}
		uid, _ := strconv.Atoi(account.Uid) // numbers on every Unix
		gid, _ := strconv.Atoi(account.Gid)
		if err := os.Chown(s.dir, uid, gid); err != nil {
			return fmt.Errorf("give folder to postgres: %w", err)
		}
		s.attr.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	}
	// --no-sync leaves out only the flush of the empty cluster.
	if err := s.run("initdb", "-D", s.data(), "-U", superuser, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"); err != nil {
		return err
	}
	all := Settings{
		"listen_addresses": "", "unix_socket_directories": s.dir, "unix_socket_permissions": "0777",
		"max_connections": "200", "shared_buffers": "64MB", "max_wal_size": "512MB",
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"timezone": "UTC", "log_timezone": "UTC", "lc_messages": "C",
		// Short, so that a test of deadlocks does not wait a second.
		"deadlock_timeout": "200ms",
	}
	maps.Copy(all, settings)
	var conf bytes.Buffer
	for k, v := range all {
		fmt.Fprintf(&conf, "%s = '%s'\n", k, strings.ReplaceAll(v, "'", "''"))
	}
	file, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("open settings: %w", err)
	}
	_, err = file.Write(conf.Bytes())
	return errors.Join(err, file.Close())
}

// watcher runs the server ($1: program, $2: data folder, $3: log file, $4:
// whole folder) until a line on descriptor 3 names the signal to stop it with.
// The end of that pipe means that the test process is gone: then the folder
// goes too.
const watcher = `
"$1" -D "$2" >>"$3" 2>&1 3<&- &
server=$!
( if read -r mode <&3; then kill -"$mode" $server
  else touch "$2/abandoned"; kill -QUIT $server; fi ) >/dev/null 2>&1 &
wait $server
kill $! 2>/dev/null
[ -e "$2/abandoned" ] && rm -rf "$4"
exit 0`

// Start starts the stopped server and returns when it accepts connections.
func (s *Server) Start() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.cmd != nil {
		return errors.New("the server runs already")
	}
	read, write, err := os.Pipe()
	if err != nil {
		return fmt.Errorf("make pipe: %w", err)
	}
	//nolint:noctx // a fixed script; the server outlives any one context
	cmd := exec.Command("/bin/sh", "-c", watcher, "sh", filepath.Join(s.bin, "postgres"), s.data(), s.logFile(), s.dir)
	cmd.Dir, cmd.SysProcAttr, cmd.ExtraFiles = s.dir, s.attr, []*os.File{read}
	err = cmd.Start()
	_ = read.Close() // the child has its own copy
	if err != nil {
		_ = write.Close()
		return fmt.Errorf("start postgres: %w", err)
	}
	s.cmd, s.control = cmd, write
	for deadline := time.Now().Add(startLimit); ; {
		if err = s.run("pg_isready", "-q", "-h", s.dir, "-U", superuser, "-d", "postgres"); err == nil {
			return nil
		}
		if _, lost := os.Stat(s.data()); lost != nil || time.Now().After(deadline) || cmd.Process.Signal(syscall.Signal(0)) != nil {
			log, _ := os.ReadFile(s.logFile()) // best effort, for the message
			return errors.Join(fmt.Errorf("the server does not accept connections: %w\n%s", err, log), s.stop(Immediate))
		}
		time.Sleep(20 * time.Millisecond) // another process: there is no signal to wait for
	}
}

// Stop stops the running server and returns when its processes are gone.
func (s *Server) Stop(mode StopMode) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stop(mode)
}

func (s *Server) stop(mode StopMode) error {
	if s.cmd == nil {
		return nil
	}
	_, err := s.control.WriteString(string(mode) + "\n")
	_ = s.cmd.Wait() // after a forced stop the code is not zero
	err = errors.Join(err, s.control.Close())
	s.cmd, s.control = nil, nil
	if err != nil && !errors.Is(err, syscall.EPIPE) {
		return fmt.Errorf("stop postgres: %w", err)
	}
	return nil
}

func (s *Server) remove() error {
	return errors.Join(s.Stop(Immediate), os.RemoveAll(s.dir))
}

// Database makes an empty database and returns its connection URL. It is
// dropped at the end of the test.
func (s *Server) Database(tb testing.TB) string {
	tb.Helper()
	return s.copyOf(tb, "template0")
}

// Prepared makes a database as prepare leaves it. For each name prepare runs
// once a cluster, on an empty database, and must close its connections; later
// calls copy its outcome, which is much faster.
func (s *Server) Prepared(tb testing.TB, name string, prepare func(dsn string) error) string {
	tb.Helper()
	s.mu.Lock()
	t := s.templates[name]
	if t == nil {
		t = &template{name: fmt.Sprintf("template_%d", len(s.templates))}
		s.templates[name] = t
	}
	s.mu.Unlock()
	t.once.Do(func() {
		if t.err = s.SQL("CREATE DATABASE " + t.name + " TEMPLATE template0"); t.err == nil {
			t.err = prepare(s.dsn(t.name))
		}
	})
	if t.err != nil {
		tb.Fatalf("prepare database %q: %v", name, t.err)
	}
	return s.copyOf(tb, t.name)
}

func (s *Server) copyOf(tb testing.TB, from string) string {
	tb.Helper()
	s.mu.Lock()
	s.databases++
	name := fmt.Sprintf("test_%d", s.databases)
	s.mu.Unlock()
	if err := s.SQL("CREATE DATABASE " + name + " TEMPLATE " + from); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		// A crash test may leave the server stopped; then there is nothing to drop.
		s.mu.Lock()
		running := s.cmd != nil
		s.mu.Unlock()
		if running {
			if err := s.SQL("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)"); err != nil {
				tb.Error(err)
			}
		}
	})
	return s.dsn(name)
}

// SQL runs statements on the cluster's database "postgres" as its superuser.
func (s *Server) SQL(statements string) error {
	return s.run("psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", s.dir, "-U", superuser, "-d", "postgres", "-c", statements)
}

// ServerPID is the process id of the postmaster, to measure what the server
// uses; its backends are its children.
func (s *Server) ServerPID() (int, error) {
	content, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return 0, fmt.Errorf("read postmaster.pid: %w", err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	return strconv.Atoi(first)
}

func (s *Server) dsn(database string) string {
	q := url.Values{"host": {s.dir}, "user": {superuser}, "sslmode": {"disable"}}
	return "postgres:///" + database + "?" + q.Encode()
}

func (s *Server) data() string    { return filepath.Join(s.dir, "data") }
func (s *Server) logFile() string { return filepath.Join(s.dir, "server.log") }

// run executes one of PostgreSQL's programs to its end.
func (s *Server) run(program string, args ...string) error {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	path := filepath.Join(s.bin, program)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		path = program // clients may live elsewhere than the server
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir, cmd.SysProcAttr, cmd.Stdout, cmd.Stderr = s.dir, s.attr, &out, &out
	cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8", "PGCONNECT_TIMEOUT=30")
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", program, err, strings.TrimSpace(out.String()))
	}
	return nil
}
