package app

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"yingda.dev/internal/app/load"
	"yingda.dev/internal/flow/workspace"
)

// serveChild makes the test binary be the program instead.
const serveChild = "YINGDA_TEST_SERVE"

// When the disk is full the server says so and refuses what is new, goes on
// showing what is there, and recovers by itself. The limit on file sizes makes
// the kernel refuse the writes of a real process, as a full disk does.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	i, web := newInstallation(t), client(t)
	command := exec.CommandContext(t.Context(), os.Args[0])
	command.Env = append(i.env, serveChild+"=1", "YINGDA_DEMO=true") //nolint:gocritic // a fresh slice is made for each installation
	command.Stderr = &safeBuffer{}
	out, err := command.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, command.Start())
	t.Cleanup(func() { _ = command.Process.Kill() })
	base := ""
	for lines := bufio.NewScanner(out); base == "" && lines.Scan(); {
		if m := startHere.FindStringSubmatch(lines.Text()); m != nil {
			base = m[1]
		}
	}
	require.NotEmpty(t, base, command.Stderr.(*safeBuffer).String()) //nolint:errcheck // set above
	visitor := &load.Visitor{Base: base, HTTP: web}
	require.NoError(t, visitor.Open(t.Context(), workspace.DemoInboxKey))
	_, err = visitor.Send(t.Context(), "before", "磁盘还有空间")
	require.NoError(t, err)

	var limit unix.Rlimit
	require.NoError(t, unix.Prlimit(command.Process.Pid, unix.RLIMIT_FSIZE, nil, &limit))
	full := limit
	full.Cur = 4096
	require.NoError(t, unix.Prlimit(command.Process.Pid, unix.RLIMIT_FSIZE, &full, nil))
	for range 3 { // not only the first time
		_, err = visitor.Send(t.Context(), "during", "磁盘满了")
		var refused *load.RPCError
		require.ErrorAs(t, err, &refused)
		require.True(t, refused.Retryable(), "%v", refused)
	}
	require.Equal(t, []string{"磁盘还有空间"}, texts(t, visitor), "reading goes on")
	upload := func() (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, base+visitorUploads, strings.NewReader(strings.Repeat("磁盘", 10_000)))
		require.NoError(t, err)
		r.Header.Set("Authorization", "Bearer "+visitor.Token)
		response, err := web.Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		body, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		return response.StatusCode, string(body)
	}
	refused, why := upload()
	require.Equal(t, http.StatusServiceUnavailable, refused, why)
	require.Contains(t, why, "no room for files")
	stored := func() []string {
		paths, err := filepath.Glob(filepath.Join(i.dir, "*", "files", "*", "*"))
		require.NoError(t, err)
		return paths
	}
	require.Empty(t, stored(), "nothing half stored")
	require.Eventually(t, func() bool {
		status, _, _ := get(t, web, base+"/readyz")
		return status == http.StatusServiceUnavailable
	}, 10*time.Second, 50*time.Millisecond, "load balancers learn of it")
	status, _, _ := get(t, web, base+"/healthz")
	require.Equal(t, http.StatusOK, status, "a restart would not help, so nobody should try one")

	require.NoError(t, unix.Prlimit(command.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil))
	require.Eventually(t, func() bool {
		_, err := visitor.Send(t.Context(), "during", "磁盘满了")
		return err == nil
	}, 20*time.Second, 50*time.Millisecond, "it recovers by itself")
	require.Eventually(t, func() bool {
		status, _, _ := get(t, web, base+"/readyz")
		return status == http.StatusOK
	}, 10*time.Second, 50*time.Millisecond)
	require.Equal(t, []string{"磁盘还有空间", "磁盘满了"}, texts(t, visitor), "nothing lost, nothing twice")
	taken, why := upload()
	require.Equal(t, http.StatusOK, taken, why)
	require.Len(t, stored(), 1)

	require.NoError(t, command.Process.Signal(syscall.SIGTERM))
	_, err = io.Copy(io.Discard, out)
	require.NoError(t, err)
	require.NoError(t, command.Wait(), "%s", command.Stderr)
}

// runAsProgram is what the test binary does as serveChild.
func runAsProgram() int {
	signal.Ignore(syscall.SIGXFSZ)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	var env []string
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, serveChild) {
			env = append(env, entry)
		}
	}
	return Main(ctx, Process{Args: []string{"serve"}, Env: env, Out: os.Stdout, Err: os.Stderr})
}
