package routing_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/routing"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

func agent(id string, change ...func(*routing.Agent)) routing.Agent {
	a := routing.Agent{ID: desk.AgentID(id), Taking: true, Capacity: 4, IdleSince: noon.Add(-time.Hour)}
	for _, c := range change {
		c(&a)
	}
	return a
}

func load(n int) func(*routing.Agent) { return func(a *routing.Agent) { a.Load = n } }

func work(id string, change ...func(*routing.Work)) routing.Work {
	w := routing.Work{ID: desk.ConversationID(id), Weight: 1, WaitingSince: noon.Add(-time.Minute)}
	for _, c := range change {
		c(&w)
	}
	return w
}

func TestChoose(t *testing.T) {
	t.Parallel()
	after := func(n int) func(*routing.Agent) { return func(a *routing.Agent) { a.Load, a.Capacity = n, n+1 } }
	skilled := func(level int) func(*routing.Agent) {
		return func(a *routing.Agent) { a.Skills = map[string]int{"after_sales": level} }
	}
	needs := func(w *routing.Work) { w.Needs = []routing.Need{{Skill: "after_sales", Level: 3}} }
	for name, c := range map[string]struct {
		work   routing.Work
		agents []routing.Agent
		want   desk.AgentID
		why    routing.Why
		lack   routing.Lack
	}{
		"the least loaded": {work("w"), []routing.Agent{agent("a", load(2)), agent("b", load(1)), agent("c", load(3))}, "b", routing.LeastLoaded, routing.Lack{}},
		"load is a part of the capacity": {
			work("w"),
			[]routing.Agent{agent("a", load(2)), agent("b", load(3), func(a *routing.Agent) { a.Capacity = 10 })},
			"b", routing.LeastLoaded,
			routing.Lack{},
		},
		"of equals the longest idle": {
			work("w"),
			[]routing.Agent{agent("a"), agent("b", func(a *routing.Agent) { a.IdleSince = noon.Add(-2 * time.Hour) })},
			"b", routing.LongestIdle,
			routing.Lack{},
		},
		"the last agent although busier": {
			work("w", func(w *routing.Work) { w.Preferred = "b" }),
			[]routing.Agent{agent("a"), agent("b", load(3))},
			"b", routing.LastAgent,
			routing.Lack{},
		},
		"the last agent is full": {
			work("w", func(w *routing.Work) { w.Preferred = "b" }),
			[]routing.Agent{agent("a"), agent("b", load(4))},
			"a", routing.OnlyOne,
			routing.Lack{},
		},
		"a level above the needed does": {work("w", needs), []routing.Agent{agent("a", skilled(2)), agent("b", skilled(5), load(3))}, "b", routing.OnlyOne, routing.Lack{}},
		"nobody, and why": {
			work("w", needs, func(w *routing.Work) {
				w.Team, w.Language, w.Weight, w.Declined = "t", desk.English, 2, []desk.AgentID{"had"}
			}),
			[]routing.Agent{
				agent("other team", skilled(3)),
				agent("unskilled", func(a *routing.Agent) { a.Teams = []desk.TeamID{"t"} }),
				agent("mute", skilled(3), func(a *routing.Agent) { a.Teams, a.Languages = []desk.TeamID{"t"}, []desk.Locale{desk.Chinese} }),
				agent("had", skilled(3), func(a *routing.Agent) { a.Teams = []desk.TeamID{"t"} }),
				agent("away", skilled(3), func(a *routing.Agent) { a.Teams, a.Taking = []desk.TeamID{"t"}, false }),
				agent("full", skilled(3), after(1), func(a *routing.Agent) { a.Teams = []desk.TeamID{"t"} }),
			},
			"", "",
			routing.Lack{Team: 1, Skill: 1, Language: 1, Declined: 1, Away: 1, Full: 1},
		},
		"nobody at all": {work("w"), nil, "", "", routing.Lack{}},
	} {
		d, lack, ok := routing.Choose(c.work, c.agents, noon)
		require.Equal(t, c.want != "", ok, name)
		require.Equal(t, c.want, d.Agent, name)
		require.Equal(t, c.why, d.Reason.Why, name)
		require.Equal(t, c.lack, lack, name)
		if ok {
			require.EqualValues(t, 60, d.Reason.WaitedSeconds)
		}
	}
	require.True(t, routing.Lack{Skill: 3}.Hopeless())
	require.False(t, routing.Lack{Full: 1}.Hopeless())
}

func TestMatchServesTheUrgentFirst(t *testing.T) {
	t.Parallel()
	p := routing.Usual
	queue := []routing.Work{
		work("late"),
		work("early", func(w *routing.Work) { w.WaitingSince = noon.Add(-3 * time.Minute) }),
		work("vip", func(w *routing.Work) { w.Boost = p.Boost(1, false, 0) }),
		work("angry", func(w *routing.Work) { w.Boost = p.Boost(0, true, 0) }),
		work("impossible", func(w *routing.Work) { w.Team, w.Boost = "nobody's", p.Longest() }),
	}
	before := slices.Clone(queue)
	got := routing.Match(queue, []routing.Agent{agent("a", load(1))}, noon)
	require.Equal(t, before, queue)
	var order []desk.ConversationID
	for _, d := range got {
		order = append(order, d.Work)
	}
	require.Equal(t, []desk.ConversationID{"angry", "vip", "early"}, order)
	require.Equal(t, []int{1, 2, 3}, []int{got[0].Reason.Load, got[1].Reason.Load, got[2].Reason.Load})
	require.Equal(t, 3, routing.Position(queue, queue[1]))
	require.Equal(t, 1, routing.Position(queue, queue[4]), "alone in its team")
	require.Zero(t, routing.Position(queue, work("gone")))
}

func draw(t *rapid.T) ([]routing.Work, []routing.Agent) {
	teams, skills := []desk.TeamID{"", "t1", "t2"}, []string{"sales", "tech"}
	queue := make([]routing.Work, rapid.IntRange(0, 25).Draw(t, "waiting"))
	agents := make([]routing.Agent, rapid.IntRange(0, 8).Draw(t, "agents"))
	for i := range agents {
		a := agent(fmt.Sprintf("a%d", i))
		a.Teams = rapid.SliceOfN(rapid.SampledFrom(teams[1:]), 0, 2).Draw(t, "teams")
		a.Skills = map[string]int{rapid.SampledFrom(skills).Draw(t, "skill"): rapid.IntRange(1, 5).Draw(t, "level")}
		a.Taking = rapid.Bool().Draw(t, "taking")
		a.Capacity, a.Load = rapid.IntRange(0, 6).Draw(t, "capacity"), rapid.IntRange(0, 7).Draw(t, "load")
		a.IdleSince = noon.Add(-time.Duration(rapid.IntRange(0, 3).Draw(t, "idle")) * time.Minute)
		if rapid.Bool().Draw(t, "speaks") {
			a.Languages = []desk.Locale{desk.Chinese}
		}
		agents[i] = a
	}
	for i := range queue {
		w := work(fmt.Sprintf("w%d", i))
		w.Team = rapid.SampledFrom(teams).Draw(t, "team")
		w.Weight = rapid.IntRange(1, 3).Draw(t, "weight")
		w.Boost = routing.Usual.Boost(rapid.IntRange(0, 9).Draw(t, "tier"), rapid.Bool().Draw(t, "escalated"), rapid.IntRange(0, 9).Draw(t, "returned"))
		w.WaitingSince = noon.Add(-time.Duration(rapid.IntRange(0, 90).Draw(t, "waited")) * time.Minute)
		w.Language = rapid.SampledFrom([]desk.Locale{"", desk.Chinese, desk.English}).Draw(t, "language")
		if rapid.Bool().Draw(t, "needy") {
			w.Needs = []routing.Need{{Skill: rapid.SampledFrom(skills).Draw(t, "need"), Level: rapid.IntRange(0, 5).Draw(t, "at")}}
		}
		if len(agents) > 0 {
			w.Preferred = rapid.SampledFrom(agents).Draw(t, "preferred").ID
			if rapid.Bool().Draw(t, "declined") {
				w.Declined = []desk.AgentID{rapid.SampledFrom(agents).Draw(t, "by").ID}
			}
		}
		queue[i] = w
	}
	return queue, agents
}

func TestMatchKeepsItsPromises(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		queue, agents := draw(t)
		decisions := routing.Match(queue, agents, noon)
		works, staff := map[desk.ConversationID]routing.Work{}, map[desk.AgentID]routing.Agent{}
		for _, w := range queue {
			works[w.ID] = w
		}
		for _, a := range agents {
			staff[a.ID] = a
		}
		given := map[desk.ConversationID]bool{}
		for _, d := range decisions {
			w, a := works[d.Work], staff[d.Agent]
			require.False(t, given[w.ID], "given twice")
			given[w.ID] = true
			require.True(t, a.Taking)
			require.True(t, w.Team == "" || slices.Contains(a.Teams, w.Team), "team")
			require.True(t, w.Language == "" || len(a.Languages) == 0 || slices.Contains(a.Languages, w.Language), "language")
			require.NotContains(t, w.Declined, a.ID)
			for _, n := range w.Needs {
				require.GreaterOrEqual(t, a.Skills[n.Skill], max(n.Level, 1), "skill")
			}
			a.Load += w.Weight
			staff[a.ID] = a
		}
		for id, a := range staff {
			i := slices.IndexFunc(agents, func(b routing.Agent) bool { return b.ID == id })
			require.True(t, a.Load == agents[i].Load || a.Load <= a.Capacity, "capacity")
		}
		// Whoever is left could not be served with what is left.
		var left []routing.Agent
		for _, a := range staff {
			left = append(left, a)
		}
		for _, w := range queue {
			if !given[w.ID] {
				_, _, ok := routing.Choose(w, left, noon)
				require.False(t, ok, "%s waits although somebody is free", w.ID)
			}
		}
		// The order of the arguments is of no account.
		slices.Reverse(queue)
		slices.Reverse(agents)
		require.Equal(t, decisions, routing.Match(queue, agents, noon))
	})
}

// One slot, a more important customer every minute for ever: the ordinary one
// is served once it has waited as long as importance can be worth.
func TestNobodyStarves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p := routing.Policy{
			VIP:       time.Duration(rapid.IntRange(0, 600).Draw(t, "vip")) * time.Second,
			Escalated: time.Duration(rapid.IntRange(0, 1800).Draw(t, "escalated")) * time.Second,
			Returned:  time.Duration(rapid.IntRange(0, 300).Draw(t, "returned")) * time.Second,
			Unhurried: time.Duration(rapid.IntRange(0, 3600).Draw(t, "unhurried")) * time.Second,
		}
		// Who left a message comes last of all, and comes.
		modest := work("modest", func(w *routing.Work) { w.WaitingSince, w.Boost = noon, -p.Unhurried })
		queue, now := []routing.Work{modest}, noon
		for minute := 0; ; minute++ {
			require.LessOrEqual(t, now.Sub(noon), p.Longest()+2*time.Minute, "still waiting")
			queue = append(queue, work(fmt.Sprintf("grand%d", minute), func(w *routing.Work) {
				w.WaitingSince, w.Boost = now, p.Boost(rapid.IntRange(0, 9).Draw(t, "tier"), rapid.Bool().Draw(t, "angry"), 9)
			}))
			d := routing.Match(queue, []routing.Agent{agent("a", load(3))}, now)
			require.Len(t, d, 1)
			if d[0].Work == modest.ID {
				return
			}
			queue = slices.DeleteFunc(queue, func(w routing.Work) bool { return w.ID == d[0].Work })
			now = now.Add(time.Minute)
		}
	})
}

func TestEstimate(t *testing.T) {
	t.Parallel()
	var p routing.Pace
	_, ok := routing.Estimate(1, 4, 0, p)
	require.False(t, ok, "nothing measured")
	for range 10 {
		p = p.Observe(4 * time.Minute)
	}
	p = p.Observe(0)
	require.InDelta(t, 240, p.Mean, 1e-9)
	w, ok := routing.Estimate(3, 4, 0, p)
	require.True(t, ok)
	require.Equal(t, 3*time.Minute, w.Mean)
	// The gamma distribution of shape 3 has its 20th and 80th percentile at 1.535 and 4.279.
	require.InDelta(t, 1.535*60, w.Low.Seconds(), 2)
	require.InDelta(t, 4.279*60, w.High.Seconds(), 2)
	w, ok = routing.Estimate(2, 4, 2, p)
	require.True(t, ok)
	require.Zero(t, w, "somebody is free")
	_, ok = routing.Estimate(2, 0, 0, p)
	require.False(t, ok, "nobody works")

	slow := p.Observe(100 * time.Hour)
	require.Less(t, slow.Mean, 1000.0, "what was forgotten to be closed does not drown the rest")
	for range 500 {
		p = p.Observe(time.Minute)
	}
	require.InDelta(t, 60, p.Mean, 1, "the newest count most")
}

func BenchmarkChoose(b *testing.B) {
	var agents []routing.Agent
	for i := range 200 {
		agents = append(agents, agent(fmt.Sprintf("a%03d", i), load(i%4), func(a *routing.Agent) {
			a.Teams, a.Skills = []desk.TeamID{"t1", "t2"}, map[string]int{"sales": i%5 + 1}
		}))
	}
	w := work("w", func(w *routing.Work) { w.Team, w.Needs = "t2", []routing.Need{{Skill: "sales", Level: 3}} })
	for b.Loop() {
		routing.Choose(w, agents, noon)
	}
}
