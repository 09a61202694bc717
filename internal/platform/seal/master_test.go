package seal

import (
	"bytes"
	"crypto/rand"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func TestMasterFile(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "keys", "master.key")
	_, err := LoadMaster(path)
	require.ErrorIs(t, err, desk.NotFound)
	m, err := CreateMaster(path, rand.Reader)
	require.NoError(t, err)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	_, err = CreateMaster(path, rand.Reader)
	require.ErrorIs(t, err, desk.Conflict)
	loaded, err := LoadMaster(path)
	require.NoError(t, err)
	require.Equal(t, m.generations, loaded.generations)

	for _, mode := range []fs.FileMode{0o640, 0o604, 0o660, 0o601} {
		require.NoError(t, os.Chmod(path, mode))
		_, err = LoadMaster(path)
		require.ErrorIs(t, err, desk.Invalid, "%o", mode)
		require.Contains(t, desk.UserMessage(err), "chmod 600")
	}
	require.NoError(t, os.Chmod(path, 0o400))
	_, err = LoadMaster(path)
	require.NoError(t, err)
	_, err = LoadMaster(filepath.Dir(path))
	require.ErrorIs(t, err, desk.Invalid)

	// A new generation signs; what must stay the same does.
	next, err := AddGeneration(path, rand.Reader)
	require.NoError(t, err)
	require.EqualValues(t, 2, next.Generation())
	info, err = os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode())
	loaded, err = LoadMaster(path)
	require.NoError(t, err)
	require.Equal(t, next.generations, loaded.generations)
	require.Equal(t, m.Derive("session"), next.Derive("session"))
	require.NotEqual(t, m.Derive("session"), m.Derive("visitor"))
	require.Equal(t, m.HashEmail("demo@yingda.dev"), next.HashEmail(" Demo@Yingda.dev "))
	require.NotEqual(t, m.HashEmail("demo@yingda.dev"), m.HashEmail("demo@yingda.de"))
	each := next.DeriveEach("visitor")
	require.Len(t, each, 2)
	require.Equal(t, m.Derive("visitor"), each[1])
	require.NotEqual(t, each[1], each[2])
	entries, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, entries, 1, "no temporary file may stay")
}

func TestDamagedMasterFileIsRefused(t *testing.T) {
	t.Parallel()
	good := newMaster(t, 2).encode()
	m, err := parseMaster(good)
	require.NoError(t, err)
	require.Len(t, m.generations, 2)
	lines := strings.SplitAfter(string(good), "\n")
	for name, bad := range map[string]string{
		"empty":              "",
		"other file":         "-----BEGIN PRIVATE KEY-----\n",
		"no key":             lines[0],
		"wrong order":        lines[0] + lines[3] + lines[2],
		"twice":              lines[0] + lines[2] + lines[2],
		"short":              lines[0] + "1 QUJD 00000000\n",
		"number zero":        lines[0] + "0" + lines[2][1:],
		"other's check":      lines[0] + "2" + lines[2][1:] + strings.Replace(lines[3], lines[3][2:10], "AAAAAAAA", 1),
		"too large":          string(good) + strings.Repeat("#\n", maxMasterFile),
		"one very long line": lines[0] + strings.Repeat("x", 65_530),
	} {
		_, err := parseMaster([]byte(bad))
		require.ErrorIs(t, err, desk.Invalid, name)
		require.NotContains(t, err.Error(), strings.Fields(lines[2])[1], "no key material in errors")
	}
	// Every changed character of a key line is noticed.
	start := bytes.Index(good, []byte("\n1 ")) + 1
	for i := start; i < len(good)-1; i++ {
		bad := bytes.Clone(good)
		bad[i] ^= 1
		m, err := parseMaster(bad)
		if err == nil {
			// The number may still be one that fits; then the keys are unchanged.
			require.Contains(t, []int{start, len(lines[0]) + len(lines[1]) + len(lines[2])}, i)
			require.Len(t, m.generations, 2)
		}
	}
}

func TestCheckOutside(t *testing.T) {
	t.Parallel()
	root := t.TempDir()
	data := filepath.Join(root, "data")
	require.NoError(t, os.MkdirAll(filepath.Join(root, "real"), 0o700))
	require.NoError(t, os.Symlink(filepath.Join(root, "real"), filepath.Join(root, "link")))
	for _, c := range []struct {
		key, data string
		ok        bool
	}{
		{filepath.Join(root, "keys", "master.key"), data, true},
		{filepath.Join(root, "data.key"), data, true},
		{filepath.Join(root, "data-keys", "k"), data, true},
		{filepath.Join(data, "master.key"), data, false},
		{filepath.Join(data, "deep", "er", "master.key"), data, false},
		{filepath.Join(root, "keys", "..", "data", "k"), data, false},
		{filepath.Join(root, "real", "k"), filepath.Join(root, "link"), false},
		{filepath.Join(root, "link", "k"), filepath.Join(root, "real"), false},
		{filepath.Join(root, "link", "new", "k"), filepath.Join(root, "real", "new"), false},
		{filepath.Join(root, "k"), filepath.Join(root, "link"), true},
		{data, data, false},
		{filepath.Join(root, "..k"), root, false},
	} {
		err := CheckOutside(c.key, c.data)
		if c.ok {
			require.NoError(t, err, c.key)
		} else {
			require.ErrorIs(t, err, desk.Invalid, c.key)
		}
	}
}

func FuzzMasterFile(f *testing.F) {
	f.Add(newMaster(f, 2).encode())
	f.Add([]byte(masterHeader + "\n1 AAAA 00\n"))
	f.Add([]byte(masterHeader + "\n# x\n\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := parseMaster(data)
		if err != nil {
			require.ErrorIs(t, err, desk.Invalid)
			return
		}
		again, err := parseMaster(m.encode())
		require.NoError(t, err)
		require.Equal(t, m.generations, again.generations)
	})
}
