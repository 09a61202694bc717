package desk_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

// For whatever conversation: who reaches further sees at least as much, nobody
// sees a colleague's conversation outside their teams but with the reach all,
// and everybody sees their own and what nobody has.
func TestSightProperties(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		agents := []desk.AgentID{"", "agt_me", "agt_other"}
		teams := []desk.TeamID{"", "tem_mine", "tem_other"}
		assignee, team := rapid.SampledFrom(agents).Draw(t, "assignee"), rapid.SampledFrom(teams).Draw(t, "team")
		mine := []desk.TeamID{"tem_mine"}
		sees := func(r desk.Reach) bool {
			return desk.Sight{Reach: r, Agent: "agt_me", Teams: mine}.Sees(assignee, team)
		}
		if sees(desk.ReachOwn) && !sees(desk.ReachTeam) || sees(desk.ReachTeam) && !sees(desk.ReachAll) || !sees(desk.ReachAll) {
			t.Fatal("a wider reach shows less")
		}
		if sees(desk.ReachOwn) != (assignee == "agt_me" || assignee == "" && team == "") {
			t.Fatal("own is one's own and what nobody has")
		}
		if sees(desk.ReachTeam) != (sees(desk.ReachOwn) || slices.Contains(mine, team)) {
			t.Fatal("team adds one's teams'")
		}
		if (desk.Sight{}).Sees(assignee, team) || (desk.Sight{Reach: "more", Agent: "agt_me"}).Sees(assignee, team) {
			t.Fatal("the zero value and nonsense see nothing")
		}
	})
	require.True(t, desk.ReachOwn.Within(desk.ReachTeam))
	require.False(t, desk.ReachAll.Within(desk.ReachTeam))
	require.False(t, desk.Reach("").Within(desk.ReachAll))
	require.False(t, desk.ReachOwn.Within(""))
}
