package blobtest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/blob"
)

// Open makes a driver on a fresh, empty place.
type Open func(t *testing.T) blob.Driver

// Run holds a driver to every promise of blob.Driver.
func Run(t *testing.T, open Open) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, blob.Driver){
		"keeps what it is given": keeps, "reads any part": parts, "names": names, "never replaces": neverReplaces,
		"leaves nothing half": leavesNothing, "deletes": deletes, "lists": lists, "cleans": cleans, "one of many wins": oneWins,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

// Name makes a name such as our ids are.
func Name(i int) string { return fmt.Sprintf("att_%022d", i) }

func put(t *testing.T, d blob.Driver, name string, value []byte) {
	t.Helper()
	n, err := d.Put(t.Context(), name, bytes.NewReader(value))
	require.NoError(t, err)
	require.EqualValues(t, len(value), n)
}

func get(t *testing.T, d blob.Driver, name string, offset, length int64) []byte {
	t.Helper()
	r, err := d.Open(t.Context(), name, offset, length)
	require.NoError(t, err)
	value, err := io.ReadAll(r)
	require.NoError(t, err)
	require.NoError(t, r.Close())
	return value
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}

func keeps(t *testing.T, d blob.Driver) {
	for i, size := range []int{0, 1, 4096, 3<<20 + 7} {
		value := random(size)
		put(t, d, Name(i), value)
		require.Equal(t, value, append([]byte{}, get(t, d, Name(i), 0, -1)...))
	}
	_, err := d.Open(t.Context(), Name(99), 0, -1)
	require.ErrorIs(t, err, desk.NotFound)
}

func parts(t *testing.T, d blob.Driver) {
	value := random(200_000)
	put(t, d, Name(1), value)
	for _, p := range [][2]int64{{0, 1}, {1, 100_000}, {199_999, 1}, {150_000, 80_000}, {200_000, 5}, {300_000, 5}, {7, 0}, {100_000, -1}} {
		end := int64(len(value))
		if p[1] >= 0 {
			end = min(end, p[0]+p[1])
		}
		want := value[min(p[0], end):end]
		require.True(t, bytes.Equal(want, get(t, d, Name(1), p[0], p[1])), "%v", p)
	}
	_, err := d.Open(t.Context(), Name(1), -1, 5)
	require.ErrorIs(t, err, desk.Invalid)
}

func names(t *testing.T, d blob.Driver) {
	for _, name := range []string{
		"", "short", "../../../../etc/passwd", "att_../../x0000", "att_0000/0000", "ATT_000000", "att_00\x00000", "att_0000 ", `att_0000\x`,
		"att_点点点点", strings.Repeat("a", 65), "........", "unfinished/a",
	} {
		_, err := d.Put(t.Context(), name, strings.NewReader("x"))
		require.ErrorIs(t, err, desk.Invalid, name)
		_, err = d.Open(t.Context(), name, 0, -1)
		require.ErrorIs(t, err, desk.Invalid, name)
		require.ErrorIs(t, d.Delete(t.Context(), name), desk.Invalid, name)
	}
	put(t, d, strings.Repeat("z", 64), []byte("longest"))
	put(t, d, "shortest", nil)
}

func neverReplaces(t *testing.T, d blob.Driver) {
	put(t, d, Name(1), []byte("first"))
	_, err := d.Put(t.Context(), Name(1), strings.NewReader("second"))
	require.ErrorIs(t, err, desk.Conflict)
	require.Equal(t, "first", string(get(t, d, Name(1), 0, -1)))
}

// errBody is what a visitor's broken connection looks like.
var errBody = errors.New("the connection broke")

type broken struct {
	left int
	then func() error
}

func (b *broken) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, b.then()
	}
	n := min(len(p), b.left)
	b.left -= n
	return n, nil
}

func leavesNothing(t *testing.T, d blob.Driver) {
	_, err := d.Put(t.Context(), Name(1), &broken{100_000, func() error { return errBody }})
	require.ErrorIs(t, err, errBody)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = d.Put(ctx, Name(1), &broken{100_000, func() error { cancel(); return nil }})
	require.ErrorIs(t, err, context.Canceled)
	require.ErrorIs(t, err, desk.Unavailable)
	_, err = d.Open(t.Context(), Name(1), 0, -1)
	require.ErrorIs(t, err, desk.NotFound)
	list, next, err := d.List(t.Context(), "", 10)
	require.NoError(t, err)
	require.Empty(t, list)
	require.Empty(t, next)
	put(t, d, Name(1), []byte("now it works"))
}

func deletes(t *testing.T, d blob.Driver) {
	value := random(500_000)
	put(t, d, Name(1), value)
	r, err := d.Open(t.Context(), Name(1), 0, -1)
	require.NoError(t, err)
	require.NoError(t, d.Delete(t.Context(), Name(1)))
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	require.True(t, bytes.Equal(value, got), "who reads it reads on")
	require.NoError(t, r.Close())
	_, err = d.Open(t.Context(), Name(1), 0, -1)
	require.ErrorIs(t, err, desk.NotFound)
	require.NoError(t, d.Delete(t.Context(), Name(1)), "again")
	put(t, d, Name(1), nil)
}

func lists(t *testing.T, d blob.Driver) {
	const many = 60
	want := make([]string, many)
	for i := range many {
		want[i] = Name(i * 7919)
		put(t, d, want[i], random(i))
	}
	for _, limit := range []int{1, 7, many, 1000} {
		var got []string
		for cursor, rounds := "", 0; ; rounds++ {
			require.Less(t, rounds, many+2, "it ends")
			page, next, err := d.List(t.Context(), cursor, limit)
			require.NoError(t, err)
			require.LessOrEqual(t, len(page), limit)
			for _, b := range page {
				got = append(got, b.Name)
				require.WithinDuration(t, time.Now(), b.At, time.Hour)
				require.EqualValues(t, slices.Index(want, b.Name), b.Size)
			}
			if next == "" {
				break
			}
			cursor = next
		}
		require.ElementsMatch(t, want, got, "limit %d", limit)
	}
}

func cleans(t *testing.T, d blob.Driver) {
	put(t, d, Name(1), []byte("whole"))
	inside := false
	_, err := d.Put(t.Context(), Name(2), &broken{10, func() error {
		if !inside {
			inside = true
			require.NoError(t, d.Clean(t.Context(), time.Now().Add(-time.Hour)), "what is being written is left alone")
		}
		return io.EOF
	}})
	require.NoError(t, err)
	require.True(t, inside)
	require.NoError(t, d.Clean(t.Context(), time.Now().Add(time.Hour)))
	require.Equal(t, "whole", string(get(t, d, Name(1), 0, -1)))
	require.Len(t, get(t, d, Name(2), 0, -1), 10)
}

func oneWins(t *testing.T, d blob.Driver) {
	const racers = 16
	var won atomic.Int32
	var winner atomic.Value
	var all sync.WaitGroup
	for i := range racers {
		all.Go(func() {
			value := bytes.Repeat([]byte{byte(i)}, 100_000)
			_, err := d.Put(t.Context(), Name(1), bytes.NewReader(value))
			if err == nil {
				won.Add(1)
				winner.Store(value)
			} else if !errors.Is(err, desk.Conflict) {
				t.Error(err)
			}
		})
	}
	all.Wait()
	require.EqualValues(t, 1, won.Load())
	require.True(t, bytes.Equal(winner.Load().([]byte), get(t, d, Name(1), 0, -1))) //nolint:errcheck // stored above
}
