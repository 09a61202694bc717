package app

import (
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/load"
	"yingda.dev/internal/flow/workspace"
	"yingda.dev/internal/platform/store/pgtest"
)

// The same program on PostgreSQL: start, doctor, backup, restore into a new
// database, a new epoch.
func TestPostgres(t *testing.T) {
	t.Parallel()
	i, web := newInstallation(t), client(t)
	base := i.env
	i.env = append(slices.Clip(base), "YINGDA_DATABASE_DSN="+pgtest.Database(t))
	s := i.serve(t, "--demo")
	visitor := &load.Visitor{Base: s.base, HTTP: web}
	require.NoError(t, visitor.Open(t.Context(), workspace.DemoInboxKey))
	_, err := visitor.Send(t.Context(), "m-1", "你好")
	require.NoError(t, err)
	agent := &load.Agent{Base: s.base, HTTP: web}
	require.NoError(t, agent.LogIn(t.Context(), workspace.DemoEmail, workspace.DemoPassword))
	epoch := feedEpoch(t, agent)

	status, out, errs := i.command(t, "doctor", "--json")
	require.Contains(t, []int{ExitDone, ExitProblem}, status, errs) // pgtest's server may run without fsync
	require.Contains(t, findings(t, out)["database"].Saw, fmt.Sprintf("schema version %d", knownSchema))
	folder := filepath.Join(i.dir, "backup")
	status, _, errs = i.command(t, "backup", folder)
	require.Equal(t, ExitDone, status, errs)
	require.Equal(t, 0, s.stop(), s.log.String())

	status, _, errs = i.command(t, "restore", folder)
	require.Equal(t, ExitUsage, status, errs)
	require.Contains(t, errs, "not empty")

	i.env = append(slices.Clip(base), "YINGDA_DATABASE_DSN="+pgtest.Database(t))
	status, _, errs = i.command(t, "restore", folder)
	require.Equal(t, ExitDone, status, errs)
	s = i.serve(t, "--demo")
	visitor.Base, agent.Base = s.base, s.base
	require.NoError(t, visitor.Open(t.Context(), workspace.DemoInboxKey))
	require.Equal(t, []string{"你好"}, texts(t, visitor))
	require.NoError(t, agent.LogIn(t.Context(), workspace.DemoEmail, workspace.DemoPassword))
	require.NotEqual(t, epoch, feedEpoch(t, agent))
	require.Equal(t, 0, s.stop(), s.log.String())
}
