package dirblob_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/blobtest"
	"yingda.dev/internal/platform/blob/dirblob"
)

func open(t *testing.T) blob.Driver {
	t.Helper()
	d, err := dirblob.Open(filepath.Join(t.TempDir(), "files"), "a")
	require.NoError(t, err)
	return d
}

func TestContract(t *testing.T) { blobtest.Run(t, open) }

// Nobody else on the machine may look into the folder, and what a killed
// process left is removed.
func TestFolder(t *testing.T) {
	t.Parallel()
	root := filepath.Join(t.TempDir(), "files")
	d, err := dirblob.Open(root, "a")
	require.NoError(t, err)
	_, err = d.Put(t.Context(), blobtest.Name(1), bytes.NewReader([]byte("x")))
	require.NoError(t, err)
	left := filepath.Join(root, "unfinished", "a-1-att_left")
	require.NoError(t, os.WriteFile(left, nil, 0o600))
	require.NoError(t, filepath.WalkDir(root, func(path string, e os.DirEntry, err error) error {
		require.NoError(t, err)
		info, err := e.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, path)
		return nil
	}))
	require.NoError(t, d.Clean(t.Context(), time.Now().Add(-time.Hour)))
	require.FileExists(t, left)
	require.NoError(t, d.Clean(t.Context(), time.Now().Add(time.Hour)))
	require.NoFileExists(t, left)
	require.FileExists(t, filepath.Join(root, "01", blobtest.Name(1)))

	_, err = dirblob.Open(filepath.Join(root, "01", blobtest.Name(1)), "a")
	require.ErrorIs(t, err, desk.Unavailable)
}
