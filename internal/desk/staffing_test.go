package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
)

func TestPresenceSettles(t *testing.T) {
	t.Parallel()
	before := time.Date(2026, 11, 21, 8, 0, 0, 0, time.UTC)
	now := before.Add(time.Hour)
	for name, c := range map[string]struct {
		was         desk.Presence
		connections int
		idle        bool
		status      desk.PresenceStatus
		reason      string
		since       time.Time
	}{
		"connects":                   {desk.Presence{Status: desk.Offline, Reason: desk.PresenceDisconnected}, 1, false, desk.Online, "", now},
		"goes idle":                  {desk.Presence{Status: desk.Online}, 2, true, desk.OnBreak, desk.PresenceIdle, now},
		"comes back":                 {desk.Presence{Status: desk.OnBreak, Reason: desk.PresenceIdle}, 2, false, desk.Online, "", now},
		"drops off":                  {desk.Presence{Status: desk.Online}, 0, false, desk.Offline, desk.PresenceDisconnected, now},
		"a choice wins over idle":    {desk.Presence{Choice: desk.Online, Status: desk.Online}, 1, true, desk.Online, "", before},
		"a choice outlives a cut":    {desk.Presence{Choice: desk.OnBreak, Status: desk.Offline, Reason: desk.PresenceDisconnected}, 1, false, desk.OnBreak, "", now},
		"nobody chooses to be there": {desk.Presence{Choice: desk.Online, Status: desk.Online}, 0, false, desk.Offline, desk.PresenceDisconnected, now},
		"a break has its reason":     {desk.Presence{Choice: desk.OnBreak, Reason: "lunch", Status: desk.Online}, 1, false, desk.OnBreak, "lunch", now},
	} {
		c.was.Since = before
		got, changed := c.was.Settle(c.connections, c.idle, now)
		require.Equal(t, c.status, got.Status, name)
		require.Equal(t, c.reason, got.Reason, name)
		require.Equal(t, c.since, got.Since, name)
		require.Equal(t, got != c.was, changed, name)
		again, changed := got.Settle(c.connections, c.idle, now.Add(time.Hour))
		require.False(t, changed, name)
		require.Equal(t, got, again, name)
		require.Equal(t, got.Status == desk.Online, got.Taking())
	}
}
