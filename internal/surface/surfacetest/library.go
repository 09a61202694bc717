package surfacetest

import (
	"log/slog"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/timer"
)

func (h *House) buildLibrary(keys *seal.Keyring, log *slog.Logger) {
	var err error
	h.Library, err = library.New(library.Deps{
		Store: h.Store, Keys: keys, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Bus: h.Bus, Audit: h.Audit, Log: log, Node: "test",
	}, library.Config{})
	require.NoError(h, err)
}
