package workspace

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

// shelf is a cache with a clock that is moved by hand and a count of loads.
type shelf struct {
	*cache[string, int]
	mu    sync.Mutex
	now   time.Time
	loads int
}

func newShelf(size int) *shelf {
	s := &shelf{now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	s.cache = newCache[string, int](s, 10*time.Second, size)
	return s
}

func (s *shelf) Now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.now
}

func (s *shelf) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now = s.now.Add(d)
}

// ask loads n+1 at the n-th load.
func (s *shelf) ask(t *testing.T, key string) int {
	t.Helper()
	v, err := s.get(key, func() (int, error) {
		s.loads++
		return s.loads, nil
	})
	require.NoError(t, err)
	return v
}

func TestCacheRefreshesOnceAndExpires(t *testing.T) {
	t.Parallel()
	s := newShelf(10)
	require.Equal(t, 1, s.ask(t, "a"))
	s.pass(4 * time.Second)
	require.Equal(t, 1, s.ask(t, "a"), "kept")
	s.pass(2 * time.Second)
	// One caller loads; those who come meanwhile get the old value.
	v, err := s.get("a", func() (int, error) {
		require.Equal(t, 1, s.ask(t, "a"))
		require.Equal(t, 1, s.loads)
		return 7, nil
	})
	require.NoError(t, err)
	require.Equal(t, 7, v)
	s.pass(11 * time.Second)
	require.Equal(t, 2, s.ask(t, "a"), "never older than the time to live")
}

func TestCacheOutlivesAShortFailure(t *testing.T) {
	t.Parallel()
	s := newShelf(10)
	away := func() (int, error) { return 0, desk.E(desk.Unavailable, "load", "") }
	_, err := s.get("a", away)
	require.ErrorIs(t, err, desk.Unavailable)
	require.Equal(t, 1, s.ask(t, "a"))
	s.pass(6 * time.Second)
	v, err := s.get("a", away)
	require.NoError(t, err)
	require.Equal(t, 1, v)
	s.pass(time.Second)
	_, err = s.get("b", func() (int, error) { return 0, desk.E(desk.NotFound, "load", "") })
	require.ErrorIs(t, err, desk.NotFound)
	s.pass(4 * time.Second)
	_, err = s.get("a", away)
	require.ErrorIs(t, err, desk.Unavailable, "but not for ever")
}

func TestCacheIsBoundedAndForgets(t *testing.T) {
	t.Parallel()
	s := newShelf(3)
	for _, key := range []string{"a", "b", "c", "d", "e"} {
		s.ask(t, key)
	}
	require.LessOrEqual(t, len(s.entries), 3)
	s.put("x", 42)
	require.Equal(t, 42, s.ask(t, "x"))
	s.drop("x")
	require.NotEqual(t, 42, s.ask(t, "x"))
	s.forget(func(string, int) bool { return true })
	require.Empty(t, s.entries)
	// What was loaded before a change is not kept after it.
	_, err := s.get("y", func() (int, error) {
		s.drop("y")
		return 1, nil
	})
	require.NoError(t, err)
	require.NotContains(t, s.entries, "y")
}
