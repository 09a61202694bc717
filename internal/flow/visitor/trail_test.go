package visitor

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func page(n int, at time.Time) desk.PageVisit {
	return desk.PageVisit{Kind: desk.VisitPage, URL: fmt.Sprintf("https://shop.example/%d", n), At: at}
}

func TestTrailsAreTakenOnce(t *testing.T) {
	t.Parallel()
	trails := newTrails(10)
	trails.add("ada", []desk.PageVisit{page(1, noon)}, noon)
	trails.add("ada", []desk.PageVisit{page(2, noon.Add(time.Minute))}, noon.Add(time.Minute))
	require.Empty(t, trails.take("bob", noon))
	require.Equal(t, []desk.PageVisit{page(1, noon), page(2, noon.Add(time.Minute))}, trails.take("ada", noon.Add(2*time.Minute)))
	require.Empty(t, trails.take("ada", noon.Add(2*time.Minute)))
	require.Zero(t, trails.len())
}

func TestTrailsEndAfterHalfAnHour(t *testing.T) {
	t.Parallel()
	trails := newTrails(10)
	trails.add("ada", []desk.PageVisit{page(1, noon)}, noon)
	later := noon.Add(20 * time.Minute)
	trails.add("ada", []desk.PageVisit{page(2, later)}, later)
	require.Equal(t, []desk.PageVisit{page(2, later)}, trails.take("ada", noon.Add(strangerFor)), "the first is too old")
	trails.add("ada", []desk.PageVisit{page(3, noon)}, noon)
	trails.add("bob", nil, noon.Add(strangerFor))
	require.Equal(t, 1, trails.len(), "who was quiet for so long is forgotten when others come")
}

// Whatever comes, no more is kept than the bounds say, and of each the newest.
func TestTrailsAreBounded(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		trails, now, n := newTrails(3), noon, 0
		last := map[string]desk.PageVisit{}
		for range rapid.IntRange(1, 100).Draw(t, "steps") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "seconds")) * time.Second)
			key := rapid.SampledFrom([]string{"a", "b", "c", "d", "e"}).Draw(t, "key")
			var visits []desk.PageVisit
			for range rapid.IntRange(1, 40).Draw(t, "pages") {
				n++
				visits = append(visits, page(n, now))
			}
			trails.add(key, visits, now)
			last[key] = visits[len(visits)-1]
			require.LessOrEqual(t, trails.len(), 3)
			require.Len(t, trails.byKey, trails.len())
		}
		for key, newest := range last {
			kept := trails.take(key, now)
			require.LessOrEqual(t, len(kept), maxTrail)
			if len(kept) > 0 {
				require.Equal(t, newest, kept[len(kept)-1])
			}
		}
		require.Zero(t, trails.len())
	})
}
