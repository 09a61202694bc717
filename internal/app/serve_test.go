package app

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/load"
	"yingda.dev/internal/flow/workspace"
)

// installation is a folder with data and key, on which commands are run.
type installation struct {
	dir string
	env []string
}

func newInstallation(t *testing.T) *installation {
	t.Helper()
	dir := t.TempDir()
	return &installation{dir: dir, env: []string{
		"YINGDA_DATA_DIR=" + filepath.Join(dir, "data"), "YINGDA_KEYS_FILE=" + filepath.Join(dir, "keys", "master.key"),
		"YINGDA_SERVER_LISTEN=127.0.0.1:0",
	}}
}

// command runs a command to its end.
func (i *installation) command(t *testing.T, args ...string) (status int, out, errs string) {
	t.Helper()
	var o, e bytes.Buffer
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a server that should not start
	defer cancel()
	status = Main(ctx, Process{Args: args, Env: i.env, Out: &o, Err: &e})
	return status, o.String(), e.String()
}

// safeBuffer is a log that a server writes and a test reads.
type safeBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *safeBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *safeBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

type running struct {
	base string
	log  *safeBuffer
	// stop ends the server in good order and returns its exit status.
	stop func() int
}

var startHere = regexp.MustCompile(`(https?://127\.0\.0\.1:\d+)/ +start here`)

// serve starts the server and waits until it says where it is.
func (i *installation) serve(t *testing.T, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	read, write := io.Pipe()
	r := &running{log: &safeBuffer{}}
	done := make(chan int, 1)
	go func() {
		done <- Main(ctx, Process{Args: append([]string{"serve"}, args...), Env: i.env, Out: write, Err: r.log})
		write.Close() //nolint:errcheck // a pipe in memory
	}()
	lines := bufio.NewScanner(read)
	for r.base == "" && lines.Scan() {
		if m := startHere.FindStringSubmatch(lines.Text()); m != nil {
			r.base = m[1]
		}
	}
	go io.Copy(io.Discard, read) //nolint:errcheck // ends with the server
	once := sync.OnceValue(func() int { cancel(); return <-done })
	r.stop = once
	t.Cleanup(func() { once() })
	require.NotEmpty(t, r.base, "the server did not start:\n%s", r.log.String())
	return r
}

func client(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 40 * time.Second}
}

func get(t *testing.T, c *http.Client, url string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	response, err := c.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, response.Header, string(body)
}

// One message there and back, through the real doors, across a restart and a
// restore: nothing is lost, and clients learn of the new life of the database.
func TestServeRestartBackupRestore(t *testing.T) {
	t.Parallel()
	i, web := newInstallation(t), client(t)
	s := i.serve(t, "--demo")
	visitor := &load.Visitor{Base: s.base, HTTP: web}
	require.NoError(t, visitor.Open(t.Context(), workspace.DemoInboxKey))
	sent, err := visitor.Send(t.Context(), "m-1", "你好，请问手表防水吗？")
	require.NoError(t, err)
	agent := &load.Agent{Base: s.base, HTTP: web}
	require.NoError(t, agent.LogIn(t.Context(), workspace.DemoEmail, workspace.DemoPassword))
	_, err = agent.Reply(t.Context(), sent.ConversationID, "reply-0001", "您好，防水五十米。")
	require.NoError(t, err)
	epoch := feedEpoch(t, agent)

	status, out, errs := i.command(t, "migrate")
	require.Equal(t, ExitFailed, status, out)
	require.Contains(t, errs, "another yingda is using", "one process per embedded database")

	folder := filepath.Join(i.dir, "backup")
	status, out, errs = i.command(t, "backup", folder)
	require.Equal(t, ExitDone, status, errs)
	require.Contains(t, out, "master key")
	_, err = visitor.Send(t.Context(), "m-2", "这条在备份之后。")
	require.NoError(t, err)
	require.Equal(t, 0, s.stop(), s.log.String())
	require.NotContains(t, s.log.String(), "level=ERROR")
	require.NotContains(t, s.log.String(), "level=WARN")

	// The same data after a restart.
	s = i.serve(t, "--demo")
	visitor.Base, agent.Base = s.base, s.base
	require.NoError(t, visitor.Open(t.Context(), workspace.DemoInboxKey))
	require.Equal(t, []string{"你好，请问手表防水吗？", "您好，防水五十米。", "这条在备份之后。"}, texts(t, visitor))
	require.Equal(t, epoch, feedEpoch(t, agent))
	require.Equal(t, 0, s.stop(), s.log.String())

	// A backup goes only into an empty folder, and only whole.
	status, _, errs = i.command(t, "restore", folder)
	require.Equal(t, ExitUsage, status)
	require.Contains(t, errs, "not empty")
	require.NoError(t, os.RemoveAll(filepath.Join(i.dir, "data")))
	whole, err := os.ReadFile(filepath.Join(folder, databaseName))
	require.NoError(t, err)
	require.NotContains(t, string(whole), "手表", "what customers say is sealed in a backup too")
	damaged := bytes.Clone(whole)
	damaged[len(damaged)/2] ^= 1
	require.NoError(t, os.WriteFile(filepath.Join(folder, databaseName), damaged, 0o600))
	status, _, errs = i.command(t, "restore", folder)
	require.Equal(t, ExitUsage, status)
	require.Contains(t, errs, "damaged")
	require.NoDirExists(t, filepath.Join(i.dir, "data"))
	require.NoError(t, os.WriteFile(filepath.Join(folder, databaseName), whole, 0o600))
	// A wrong key file is found before anything is copied.
	key := filepath.Join(i.dir, "keys", "master.key")
	right, err := os.ReadFile(key)
	require.NoError(t, err)
	foreign := newInstallation(t)
	require.Equal(t, 0, foreign.serve(t).stop())
	another, err := os.ReadFile(filepath.Join(foreign.dir, "keys", "master.key"))
	require.NoError(t, err)
	for _, wrong := range [][]byte{another, []byte("rubbish")} {
		require.NoError(t, os.WriteFile(key, wrong, 0o600))
		status, _, errs = i.command(t, "restore", folder)
		require.NotEqual(t, ExitDone, status)
		require.Contains(t, errs, "key file")
		require.NoDirExists(t, filepath.Join(i.dir, "data"))
	}
	require.NoError(t, os.WriteFile(key, right, 0o600))
	status, _, errs = i.command(t, "restore", folder)
	require.Equal(t, ExitDone, status, errs)

	s = i.serve(t, "--demo")
	visitor.Base, agent.Base = s.base, s.base
	require.NoError(t, visitor.Open(t.Context(), workspace.DemoInboxKey))
	require.Equal(t, []string{"你好，请问手表防水吗？", "您好，防水五十米。"}, texts(t, visitor))
	require.NotEqual(t, epoch, feedEpoch(t, agent), "clients must start afresh")
	require.Equal(t, 0, s.stop(), s.log.String())
}

// texts are what people wrote, without what the shop says of its own accord.
func texts(t *testing.T, v *load.Visitor) []string {
	t.Helper()
	messages, err := v.List(t.Context())
	require.NoError(t, err)
	var all []string
	for _, m := range messages {
		if m.Author.Kind == "system" || m.Author.Kind == "bot" {
			continue
		}
		all = append(all, m.Parts[0].Text)
	}
	return all
}

func feedEpoch(t *testing.T, a *load.Agent) string {
	t.Helper()
	raw, err := a.Get(t.Context(), "/feed?epoch=&since=0")
	require.NoError(t, err)
	var batch struct {
		Epoch string `json:"epoch"`
	}
	require.NoError(t, json.Unmarshal(raw, &batch))
	require.NotEmpty(t, batch.Epoch)
	return batch.Epoch
}

// Every front page, the API description and the health addresses answer, with
// the headers that keep browsers safe.
func TestPagesAndHealth(t *testing.T) {
	t.Parallel()
	i, web := newInstallation(t), client(t)
	s := i.serve(t)
	for _, path := range []string{"/healthz", "/readyz", "/metrics", "/api/openapi.json"} {
		status, header, body := get(t, web, s.base+path)
		require.Equal(t, http.StatusOK, status, "%s: %s", path, body)
		if path != "/metrics" {
			require.Equal(t, "nosniff", header.Get("X-Content-Type-Options"), path)
		}
	}
	_, _, metrics := get(t, web, s.base+"/metrics")
	require.Contains(t, metrics, "yingda_store_commit_seconds")
	status, header, _ := get(t, web, s.base+"/desk/")
	require.Contains(t, []int{http.StatusOK, http.StatusServiceUnavailable}, status, "503 in a build without pages")
	require.NotEmpty(t, header.Get("Content-Security-Policy"))
	require.Equal(t, "no-cache", header.Get("Cache-Control"))
	require.Equal(t, 0, s.stop(), s.log.String())

	info, err := os.Stat(filepath.Join(i.dir, "keys", "master.key"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	info, err = os.Stat(filepath.Join(i.dir, "data"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
}

// A lost or foreign key file stops the start instead of beginning a second
// life beside unreadable data.
func TestKeyFileMustFit(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	require.Equal(t, 0, i.serve(t).stop())
	key := filepath.Join(i.dir, "keys", "master.key")
	saved, err := os.ReadFile(key)
	require.NoError(t, err)

	require.NoError(t, os.Remove(key))
	status, _, errs := i.command(t, "serve")
	require.Equal(t, ExitFailed, status)
	require.Contains(t, errs, "missing but there is data")
	require.NoFileExists(t, key)
	status, out, _ := i.command(t, "doctor", "--json")
	require.Equal(t, ExitProblem, status)
	require.Equal(t, problem, findings(t, out)["master key"].Severity)

	other := newInstallation(t)
	require.Equal(t, 0, other.serve(t).stop())
	foreign, err := os.ReadFile(filepath.Join(other.dir, "keys", "master.key"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(key, foreign, 0o600))
	status, _, errs = i.command(t, "serve")
	require.Equal(t, ExitFailed, status)
	require.Contains(t, errs, "another installation")

	require.NoError(t, os.WriteFile(key, saved, 0o600))
	require.NoError(t, os.Chmod(key, 0o644))
	status, _, errs = i.command(t, "serve")
	require.NotEqual(t, ExitDone, status)
	require.Contains(t, errs, "chmod 600")
	require.NoError(t, os.Chmod(key, 0o600))
	require.Equal(t, 0, i.serve(t).stop())
}

func findings(t *testing.T, out string) map[string]finding {
	t.Helper()
	var list []finding
	require.NoError(t, json.Unmarshal([]byte(out), &list))
	byCheck := make(map[string]finding)
	for _, f := range list {
		byCheck[f.Check] = f
	}
	return byCheck
}

func TestDoctor(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	status, out, errs := i.command(t, "doctor")
	require.Equal(t, ExitDone, status, out+errs)
	require.NoDirExists(t, filepath.Join(i.dir, "data"), "the doctor changes nothing")

	s := i.serve(t)
	i.env = append(i.env, "YINGDA_SERVER_LISTEN="+strings.TrimPrefix(s.base, "http://"))
	status, out, errs = i.command(t, "doctor", "--json")
	require.Equal(t, ExitDone, status, out+errs)
	seen := findings(t, out)
	require.Contains(t, seen["address"].Saw, "a server is running")
	require.Contains(t, seen["database"].Saw, fmt.Sprintf("schema version %d", knownSchema))
	require.Equal(t, fine, seen["database files"].Severity, seen["database files"].Saw)
	require.Equal(t, 0, s.stop())

	require.NoError(t, os.Chmod(filepath.Join(i.dir, "data"), 0o755))
	require.NoError(t, os.Chmod(filepath.Join(i.dir, "keys", "master.key"), 0o640))
	i.env = append(i.env, "YINGDA_TLS_CERT_FILE=/nowhere/cert.pem", "YINGDA_TLS_KEY_FILE=/nowhere/key.pem")
	status, out, _ = i.command(t, "doctor", "--json")
	require.Equal(t, ExitProblem, status)
	seen = findings(t, out)
	require.Equal(t, warning, seen["data folder"].Severity)
	require.Contains(t, seen["master key"].Fix, "chmod 600")
	require.Equal(t, problem, seen["certificate"].Severity)
	for check, f := range seen {
		require.True(t, f.Severity == fine || f.Fix != "", "%s says what is wrong and not what to do", check)
	}
}

func TestCommandLine(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args   []string
		env    []string
		status int
		says   string
	}{
		"help":            {args: []string{"--help"}, status: ExitDone, says: "doctor"},
		"nothing":         {status: ExitUsage, says: "expected one of"},
		"unknown":         {args: []string{"start"}, status: ExitUsage, says: "yingda --help"},
		"version":         {args: []string{"version"}, status: ExitDone, says: "yingda "},
		"config doc":      {args: []string{"config", "doc"}, status: ExitDone, says: "YINGDA_SERVER_LISTEN"},
		"config default":  {args: []string{"config", "default"}, status: ExitDone, says: `listen = "127.0.0.1:8080"`},
		"config check":    {args: []string{"config", "check"}, status: ExitDone, says: "in order"},
		"unknown setting": {args: []string{"config", "check"}, env: []string{"YINGDA_SERVER_LISTN=x"}, status: ExitUsage, says: "YINGDA_SERVER_LISTEN"},
		"no such file":    {args: []string{"serve", "--config", "/nowhere.toml"}, status: ExitUsage, says: "/nowhere.toml"},
		"file by env":     {args: []string{"serve"}, env: []string{"YINGDA_CONFIG=/nowhere.toml"}, status: ExitUsage, says: "/nowhere.toml"},
		"nothing to save": {args: []string{"backup", "/tmp/never-made"}, env: []string{"YINGDA_DATA_DIR=/nowhere"}, status: ExitUsage, says: "nothing to back up"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			status, out, errs := (&installation{env: tc.env}).command(t, tc.args...)
			require.Equal(t, tc.status, status, out+errs)
			require.Contains(t, out+errs, tc.says)
		})
	}
}

// Key rotation by the command line: everything stays readable, under old and
// new keys, and after the master key has changed too.
func TestKeysCommands(t *testing.T) {
	t.Parallel()
	i := newInstallation(t)
	status, out, errs := i.command(t, "demo")
	require.Equal(t, ExitDone, status, errs)
	require.Contains(t, out, workspace.DemoEmail)
	for _, step := range []struct {
		args []string
		says string
	}{
		{[]string{"keys", "status"}, "generation 1"},
		{[]string{"keys", "rotate"}, "new data key"},
		{[]string{"keys", "rotate", "--master"}, "generation 2"},
		{[]string{"keys", "status"}, "rotation"},
	} {
		status, out, errs = i.command(t, step.args...)
		require.Equal(t, ExitDone, status, errs)
		require.Contains(t, out, step.says)
	}
	s := i.serve(t)
	agent := &load.Agent{Base: s.base, HTTP: client(t)}
	require.NoError(t, agent.LogIn(t.Context(), workspace.DemoEmail, workspace.DemoPassword))
	list, err := agent.Get(t.Context(), "/conversations?view=all")
	require.NoError(t, err)
	require.Contains(t, string(list), "王芳")
	require.Equal(t, 0, s.stop(), s.log.String())
}

// The migrations' numbers on disk are those the doctor knows, alike for both databases.
func TestKnownSchema(t *testing.T) {
	t.Parallel()
	for _, dialect := range []string{"sqlite", "postgres"} {
		files, err := filepath.Glob("../platform/store/" + dialect + "/migrations/*.sql")
		require.NoError(t, err)
		require.Len(t, files, knownSchema, "set knownSchema in doctor_database.go; both databases have the same numbers")
	}
}
