//go:build soak

package bench_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/bench"
	"yingda.dev/internal/app/load"
)

// SIGKILL leaves the operating system's cache alone, so the crash tests do not
// show that a commit is on disk. This one does: strace sees the request come
// in, the log being forced to disk, and only then the answer leave.
func TestAnswerLeavesAfterTheDiskHasIt(t *testing.T) {
	file, err := program()
	require.NoError(t, err)
	dir := t.TempDir()
	trace := filepath.Join(dir, "trace")
	env, base, err := bench.Environment(dir, "sqlite")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	server, err := bench.StartServer(ctx, file, dir, append(env, "YINGDA_DEMO=true"), base)
	require.NoError(t, err)
	defer server.Kill()
	visitor := load.Visitor{Base: base, HTTP: &http.Client{Timeout: 20 * time.Second}}
	require.NoError(t, visitor.Open(ctx, channelKey))
	watcher := exec.CommandContext(ctx, "strace", "-f", "-s", "2000", "-e", "trace=read,write,fsync,fdatasync", "-o", trace, "-p", strconv.Itoa(server.PID()))
	require.NoError(t, watcher.Start())
	const messages = 20
	// strace is attached once it has seen a first message go by.
	for n := 0; ; n++ {
		require.Less(t, n, 1000, "strace never attached")
		_, err := visitor.Send(ctx, fmt.Sprintf("warm-%d", n), "在吗")
		require.NoError(t, err)
		if seen, _ := os.ReadFile(trace); bytes.Contains(seen, []byte("warm-")) {
			break
		}
	}
	for i := range messages {
		_, err := visitor.Deliver(ctx, marker(i), "在吗", func(context.Context) error { time.Sleep(50 * time.Millisecond); return nil })
		require.NoError(t, err)
	}
	require.NoError(t, watcher.Process.Signal(os.Interrupt)) // it detaches
	_ = watcher.Wait()                                       // interrupted, as it was told
	raw, err := os.ReadFile(trace)
	require.NoError(t, err)
	lines := strings.Split(string(raw), "\n")
	forced := regexp.MustCompile(`(?:(fdatasync|fsync)\(\d+\)|<\.\.\. (fdatasync|fsync) resumed>.*\)?)\s+= 0$`)
	for i := range messages {
		asked, answered := -1, -1
		for n, line := range lines {
			if !strings.Contains(line, marker(i)) {
				continue
			}
			switch {
			case asked < 0 && strings.Contains(line, "message.send"):
				asked = n
			case asked >= 0 && answered < 0 && strings.Contains(line, "write(") && strings.Contains(line, "repeated"):
				answered = n
			}
		}
		require.Positive(t, asked, "the request of message %d was not seen", i)
		require.Greater(t, answered, asked, "the answer to message %d was not seen", i)
		synced := ""
		for _, line := range lines[asked:answered] {
			if m := forced.FindStringSubmatch(line); m != nil {
				synced = m[1] + m[2]
			}
		}
		require.NotEmpty(t, synced, "message %d was answered before the disk had it", i)
		if i == 0 {
			t.Logf("%s completes before the answer is written", synced)
		}
	}
}

func marker(i int) string { return fmt.Sprintf("strace-marker-%04d", i) }
