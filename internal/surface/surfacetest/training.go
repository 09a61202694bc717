package surfacetest

import (
	"crypto/rand"
	"log/slog"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/dirblob"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/timer"
)

// buildTraining builds what learns intents; it learns in this process.
func (h *House) buildTraining(keys *seal.Keyring, log *slog.Logger) {
	folder, err := dirblob.Open(h.FilesDir, "models")
	require.NoError(h, err)
	h.Training, err = training.New(training.Deps{
		Store: h.Store, Keys: keys, Blobs: blob.New(folder, rand.Reader), Bus: h.Bus, Audit: h.Audit, IDs: h.IDs, Clock: h.Clock, After: timer.Wall,
		Trainer: training.Here{Clock: h.Clock, Unjudged: true}, Log: log, Metrics: h.Metrics, Node: "test",
	}, training.Config{Debounce: time.Microsecond, Look: 50 * time.Millisecond})
	require.NoError(h, err)
}
