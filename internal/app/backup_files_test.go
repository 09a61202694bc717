package app

import (
	"archive/tar"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/app/config"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob/blobtest"
	"yingda.dev/internal/platform/blob/dirblob"
)

func TestFilesAreInTheBackup(t *testing.T) {
	t.Parallel()
	from, to, folder := config.Config{DataDir: t.TempDir()}, config.Config{DataDir: t.TempDir()}, t.TempDir()
	require.NoError(t, packFiles(t.Context(), from, folder), "there are none yet")
	require.NoFileExists(t, filepath.Join(folder, packName))
	blobs, err := dirblob.Open(filesPath(from), "a")
	require.NoError(t, err)
	for i := range 50 {
		_, err := blobs.Put(t.Context(), blobtest.Name(i*977), bytes.NewReader(bytes.Repeat([]byte{byte(i)}, i*1000)))
		require.NoError(t, err)
	}
	require.NoError(t, packFiles(t.Context(), from, folder))
	for range 2 { // again is fine
		require.NoError(t, unpackFiles(t.Context(), to, folder))
	}
	restored, err := dirblob.Open(filesPath(to), "a")
	require.NoError(t, err)
	for i := range 50 {
		r, err := restored.Open(t.Context(), blobtest.Name(i*977), 0, -1)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.NoError(t, r.Close())
		require.Equal(t, bytes.Repeat([]byte{byte(i)}, i*1000), append([]byte{}, got...))
	}
}

// A pack that somebody changed leads nowhere.
func TestHostilePack(t *testing.T) {
	t.Parallel()
	for name, header := range map[string]tar.Header{
		"a way out":       {Name: "../../../outside0", Typeflag: tar.TypeReg, Size: 1},
		"an absolute way": {Name: "/tmp/outside00", Typeflag: tar.TypeReg, Size: 1},
		"a link":          {Name: "att_00000000", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"},
		"a folder":        {Name: "att_00000000", Typeflag: tar.TypeDir},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, folder := config.Config{DataDir: filepath.Join(t.TempDir(), "a", "b", "c")}, t.TempDir()
			var b bytes.Buffer
			w := tar.NewWriter(&b)
			require.NoError(t, w.WriteHeader(&header))
			_, _ = w.Write([]byte("x")) // links and folders have none
			_ = w.Close()
			require.NoError(t, os.WriteFile(filepath.Join(folder, packName), b.Bytes(), 0o600))
			require.ErrorIs(t, unpackFiles(t.Context(), c, folder), desk.Invalid)
		})
	}
}
