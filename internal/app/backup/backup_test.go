package backup

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600))
}

func made(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "backup")
	require.NoError(t, Begin(dir))
	put(t, dir, "yingda.db", "the rows")
	put(t, dir, "index.db", "")
	m, err := Seal(dir, Manifest{Dialect: "sqlite", Program: "test"})
	require.NoError(t, err)
	require.Len(t, m.Files, 2)
	return dir
}

func TestBeginClosesTheFolderToOthers(t *testing.T) {
	t.Parallel()
	for name, there := range map[string]bool{"a new folder": false, "an empty one": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(t.TempDir(), "backup")
			if there {
				require.NoError(t, os.Mkdir(dir, 0o755))
			}
			require.NoError(t, Begin(dir))
			info, err := os.Stat(dir)
			require.NoError(t, err)
			require.Equal(t, os.FileMode(0o700), info.Mode().Perm())
		})
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	dir := made(t)
	m, err := Verify(dir)
	require.NoError(t, err)
	require.Equal(t, "sqlite", m.Dialect)
	require.Contains(t, m.Missing, "master key")

	to := filepath.Join(t.TempDir(), "data")
	require.NoError(t, Copy(m, dir, to))
	got, err := os.ReadFile(filepath.Join(to, "yingda.db"))
	require.NoError(t, err)
	require.Equal(t, "the rows", string(got))
	require.NoFileExists(t, filepath.Join(to, ManifestName))
	info, err := os.Stat(filepath.Join(to, "yingda.db"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.ErrorIs(t, Copy(m, dir, to), desk.Invalid, "a second restore into the same folder")
	require.ErrorIs(t, Begin(dir), desk.Invalid, "a second backup into the same folder")
}

func TestVerifyNoticesDamage(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(t *testing.T, dir string){
		"one bit": func(t *testing.T, dir string) { t.Helper(); put(t, dir, "yingda.db", "the rowt") },
		"cut off": func(t *testing.T, dir string) { t.Helper(); put(t, dir, "yingda.db", "the ro") },
		"missing file": func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(dir, "index.db")))
		},
		"extra file": func(t *testing.T, dir string) { t.Helper(); put(t, dir, "yingda.db-wal", "x") },
		"no manifest": func(t *testing.T, dir string) {
			t.Helper()
			require.NoError(t, os.Remove(filepath.Join(dir, ManifestName)))
		},
		"cut manifest": func(t *testing.T, dir string) { t.Helper(); put(t, dir, ManifestName, `{"format":1,"files":[`) },
		"other format": func(t *testing.T, dir string) { t.Helper(); put(t, dir, ManifestName, `{"format":2}`) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := made(t)
			damage(t, dir)
			_, err := Verify(dir)
			require.ErrorIs(t, err, desk.Invalid)
		})
	}
}

func TestCopyLeavesNothingHalf(t *testing.T) {
	t.Parallel()
	dir := made(t)
	m, err := Verify(dir)
	require.NoError(t, err)
	put(t, dir, "yingda.db", "changed after the check")
	to := t.TempDir()
	require.ErrorIs(t, Copy(m, dir, to), desk.Unavailable)
	left, err := os.ReadDir(to)
	require.NoError(t, err)
	require.Empty(t, left)
}

func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"files":[{"name":"../../etc/passwd"}]}`))
	f.Add([]byte(`{"format":1,"files":[{"name":"a"},{"name":"a"}]}`))
	f.Add([]byte(`{"format":1,"files":[{"name":"yingda.db","size":3,"sha256":"00"}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := parse(text)
		if err != nil {
			require.ErrorIs(t, err, desk.Invalid)
			return
		}
		for _, file := range m.Files {
			require.Equal(t, file.Name, filepath.Base(file.Name))
			require.True(t, filepath.IsLocal(file.Name))
		}
	})
}
