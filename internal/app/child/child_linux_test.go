package child_test

import (
	"context"
	"errors"
	"os"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"yingda.dev/internal/app/child"
	"yingda.dev/internal/desk"
)

// shell stands for the program: any executable will do.
var shell = child.Program{Path: "/bin/sh"}

func TestLinesComeAsTheyArePrinted(t *testing.T) {
	t.Parallel()
	var got []string
	err := shell.Run(t.Context(), child.Job{
		Args: []string{"-c", `while read x; do echo "<$x>"; done; ps -o ni= -p $$ 2>/dev/null || awk '{print $19}' /proc/$$/stat`}, In: strings.NewReader("a\nb\n"),
		Line: func(b []byte) error { got = append(got, strings.TrimSpace(string(b))); return nil },
	})
	require.NoError(t, err)
	require.Equal(t, []string{"<a>", "<b>", "19"}, got)
}

func TestChildThatCrashesSaysWhyInside(t *testing.T) {
	t.Parallel()
	err := shell.Run(t.Context(), child.Job{Args: []string{"-c", "echo broken >&2; kill -SEGV $$"}})
	require.ErrorIs(t, err, desk.Unavailable)
	require.ErrorContains(t, err, "broken")
	require.NotContains(t, desk.UserMessage(err), "broken")
}

func TestChildWithoutMemoryEnds(t *testing.T) {
	t.Parallel()
	err := shell.Run(t.Context(), child.Job{Args: []string{"-c", `x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done`}, Memory: 64 << 20})
	require.ErrorIs(t, err, desk.Unavailable)
}

func TestChildIsKilledWithItsContextOrReader(t *testing.T) {
	t.Parallel()
	enough := errors.New("enough")
	for name, end := range map[string]func(cancel context.CancelFunc) error{
		"context": func(cancel context.CancelFunc) error { cancel(); return nil },
		"reader":  func(context.CancelFunc) error { return enough },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			pid := 0
			err := shell.Run(ctx, child.Job{Args: []string{"-c", "echo $$; exec sleep 1000"}, Line: func(b []byte) error {
				n, err := strconv.Atoi(string(b))
				require.NoError(t, err)
				pid = n
				return end(cancel)
			}})
			require.Error(t, err)
			require.Equal(t, name == "reader", errors.Is(err, enough))
			require.ErrorIs(t, unix.Kill(pid, 0), unix.ESRCH)
		})
	}
}

func TestLineLongerThanTheBoundIsAnError(t *testing.T) {
	t.Parallel()
	err := shell.Run(t.Context(), child.Job{Args: []string{"-c", "echo 0123456789; sleep 1000"}, MaxLine: 8, Line: func([]byte) error { return nil }})
	require.Error(t, err)
}

func TestProgramThatIsNotThere(t *testing.T) {
	t.Parallel()
	err := child.Program{Path: "/does/not/exist"}.Run(t.Context(), child.Job{})
	require.ErrorIs(t, err, desk.Unavailable)
	require.ErrorIs(t, err, os.ErrNotExist)
}
