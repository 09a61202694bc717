package blob_test

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob"
	"yingda.dev/internal/platform/blob/dirblob"
)

const name = "att_00000000000000000000000001"

// piece and tag are those of the format, said again so that a change of it is noticed.
const piece, tag, head = 64 << 10, 16, 4

func fresh(t testing.TB) (s *blob.Store, root string) {
	t.Helper()
	root = t.TempDir()
	d, err := dirblob.Open(root, "a")
	require.NoError(t, err)
	return blob.New(d, rand.Reader), root
}

func value(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}

func TestSealedRoundTrip(t *testing.T) {
	t.Parallel()
	for _, size := range []int{0, 1, piece - 1, piece, piece + 1, 2 * piece, 3*piece + 5} {
		s, root := fresh(t)
		want := value(size)
		key, n, err := s.Put(t.Context(), name, iotest.OneByteReader(bytes.NewReader(want)))
		require.NoError(t, err)
		require.EqualValues(t, size, n)
		r, err := s.Open(t.Context(), name, key, n)
		require.NoError(t, err)
		got, err := io.ReadAll(r)
		require.NoError(t, err)
		require.True(t, bytes.Equal(want, got))
		require.NoError(t, r.Close())
		stored, err := os.ReadFile(filepath.Join(root, "01", name))
		require.NoError(t, err)
		require.Len(t, stored, head+size+tag*max(1, (size+piece-1)/piece))
		if size > 64 {
			require.False(t, bytes.Contains(stored, want[:32]), "nothing readable at rest")
		}
		require.NotContains(t, fmt.Sprintf("%v %+v %#v %s", key, key, key, key), string(key[:4]))
	}
}

// Any part, in any order, is the same as of the value.
func TestReaderAnyPart(t *testing.T) {
	t.Parallel()
	s, _ := fresh(t)
	want := value(3*piece + 100)
	key, size, err := s.Put(t.Context(), name, bytes.NewReader(want))
	require.NoError(t, err)
	rapid.Check(t, func(rt *rapid.T) {
		r, err := s.Open(t.Context(), name, key, size)
		require.NoError(rt, err)
		defer r.Close()
		for range rapid.IntRange(1, 6).Draw(rt, "steps") {
			at := rapid.Int64Range(0, size+10).Draw(rt, "at")
			_, err := r.Seek(at, io.SeekStart)
			require.NoError(rt, err)
			n := rapid.Int64Range(0, 2*piece).Draw(rt, "n")
			got, err := io.ReadAll(io.LimitReader(r, n))
			require.NoError(rt, err)
			require.True(rt, bytes.Equal(want[min(at, size):min(at+n, size)], got))
		}
	})
}

func TestDamageShows(t *testing.T) {
	t.Parallel()
	size := 2*piece + 100
	for what, damage := range map[string]func(b []byte) []byte{
		"one bit":            func(b []byte) []byte { b[head+piece+tag+5] ^= 1; return b },
		"cut in a piece":     func(b []byte) []byte { return b[:len(b)-50] },
		"cut between pieces": func(b []byte) []byte { return b[:head+2*(piece+tag)] },
		"pieces swapped": func(b []byte) []byte {
			one, two := b[head:head+piece+tag], b[head+piece+tag:head+2*(piece+tag)]
			return append(append(append(bytes.Clone(b[:head]), two...), one...), b[head+2*(piece+tag):]...)
		},
		"a piece left out": func(b []byte) []byte { return append(bytes.Clone(b[:head]), b[head+piece+tag:]...) },
		"a piece twice": func(b []byte) []byte {
			return append(append(bytes.Clone(b[:head+piece+tag]), b[head:head+piece+tag]...), b[head+2*(piece+tag):]...)
		},
		"empty": func([]byte) []byte { return nil },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s, root := fresh(t)
			key, n, err := s.Put(t.Context(), name, bytes.NewReader(value(size)))
			require.NoError(t, err)
			path := filepath.Join(root, "01", name)
			stored, err := os.ReadFile(path)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, damage(stored), 0o600))
			r, err := s.Open(t.Context(), name, key, n)
			require.NoError(t, err)
			defer r.Close()
			_, err = io.ReadAll(r)
			require.ErrorIs(t, err, desk.Internal)
		})
	}
}

func TestOnlyItsOwnKeyNameAndSize(t *testing.T) {
	t.Parallel()
	s, root := fresh(t)
	key, n, err := s.Put(t.Context(), name, strings.NewReader("secret"))
	require.NoError(t, err)
	other := strings.Replace(name, "1", "2", 1)
	otherKey, _, err := s.Put(t.Context(), other, strings.NewReader("SECRET"))
	require.NoError(t, err)
	read := func(name string, key blob.Key, size int64) error {
		r, err := s.Open(t.Context(), name, key, size)
		require.NoError(t, err)
		defer r.Close()
		_, err = io.ReadAll(r)
		return err
	}
	require.NoError(t, read(name, key, n))
	require.ErrorIs(t, read(name, otherKey, n), desk.Internal)
	require.ErrorIs(t, read(name, key, n+1), desk.Internal)
	require.ErrorIs(t, read(name, key, n-1), desk.Internal)
	require.ErrorIs(t, read(name, key, 0), desk.Internal)
	// The bytes under another name do not open with their key either.
	stored, err := os.ReadFile(filepath.Join(root, "01", name))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(root, "02", other), stored, 0o600))
	require.ErrorIs(t, read(other, key, n), desk.Internal)

	_, err = s.Open(t.Context(), name, key[:5], n)
	require.ErrorIs(t, err, desk.Internal)
	require.NoError(t, s.Delete(t.Context(), name))
	require.ErrorIs(t, read(name, key, n), desk.NotFound)
	list, _, err := s.List(t.Context(), "", 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
}
