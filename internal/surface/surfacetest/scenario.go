package surfacetest

import (
	"log/slog"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/flow/scenario"
	"yingda.dev/internal/platform/outcall"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/timer"
)

func (h *House) buildScenarios(keys *seal.Keyring, log *slog.Logger) {
	calls, err := outcall.New(outcall.Config{})
	require.NoError(h, err)
	h.Scenarios, err = scenario.New(scenario.Deps{
		Store: h.Store, Keys: keys, Bus: h.Bus, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Audit: h.Audit, Caller: calls, Log: log,
		Zones:   h.BotBook,
		Metrics: h.Metrics,
	})
	require.NoError(h, err)
	h.run(h.Scenarios.Run)
}
