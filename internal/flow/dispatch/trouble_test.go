package dispatch_test

import (
	"context"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// change changes people and tells it, as the workspace does.
func (c *company) change(t *testing.T, do func(context.Context, *store.Tx) error) {
	t.Helper()
	require.NoError(t, c.last().store.Write(t.Context(), c.ID, func(ctx context.Context, tx *store.Tx) error {
		if err := do(ctx, tx); err != nil {
			return err
		}
		return tx.Emit(desk.Event{AccountID: c.ID, Actor: desk.Author{Kind: desk.BySystem}, Fact: desk.StaffingChanged{What: "people"}})
	}))
}

// last is the newest node.
func (c *company) last() *node { return c.nodes[len(c.nodes)-1] }

// facts are what was told of the account.
func (c *company) facts(t *testing.T) (out []desk.Fact) {
	t.Helper()
	events, err := c.last().store.AccountEvents(t.Context(), c.ID, 0, 1000)
	require.NoError(t, err)
	for _, e := range events {
		out = append(out, e.Fact)
	}
	return out
}

func (c *company) alerts(t *testing.T, want ...desk.AlertRule) {
	t.Helper()
	require.Eventually(t, func() bool {
		all, err := c.last().queue.Alerts(t.Context(), c.ID)
		require.NoError(t, err)
		var got []desk.AlertRule
		for _, a := range all {
			got = append(got, a.Rule)
		}
		return len(got) == len(want) && subset(want, got)
	}, 20*time.Second, 10*time.Millisecond, "alerts %v", want)
}

// Where agents claim by hand, supervisors are told all the same, at the moment
// a rule is broken: nobody nudges the queue here, it knows when it is due.
func TestAlertsWhereAgentsClaim(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 2, dispatch.AgentWork{Capacity: 5})
		if len(h.nodes) > 1 { // each would begin to be calm anew, as often as time jumps
			h.nodes[0].stop()
			h.nodes = h.nodes[1:]
			h.Clock.Advance(time.Second)
		}
		q := c.last().queue
		rules := dispatch.QueueRules{Alerts: &dispatch.AlertRules{LongestWaitSeconds: 60, Waiting: 1, AtRisk: 1, Nobody: true}}
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, rules, ""))
		a := c.write(t, "a", "有人吗")
		c.alerts(t, desk.AlertNobody)
		c.arrive(h.nodes[0], c.agents...)
		c.presence(t, c.agents[0], desk.Online)
		c.presence(t, c.agents[1], desk.Online)
		h.Clock.Advance(31 * time.Second) // calm
		c.alerts(t)
		h.Clock.Advance(31 * time.Second)
		c.alerts(t, desk.AlertLongestWait)
		b := c.write(t, "b", "有人吗")
		c.alerts(t, desk.AlertLongestWait, desk.AlertWaiting)
		h.Clock.Advance(59 * time.Second)
		c.alerts(t, desk.AlertLongestWait, desk.AlertWaiting, desk.AlertAtRisk)
		require.Empty(t, c.now(t, a).AssigneeID, "nothing is handed out")
		for i, id := range []desk.ConversationID{a, b} {
			_, err := h.nodes[0].talks.Claim(t.Context(), conversation.Order{
				Actor: conversation.Actor{Account: c.ID, Agent: c.agents[i], Sight: desk.SeesAll()}, Key: string(id), ConversationID: id,
			})
			require.NoError(t, err)
		}
		require.Eventually(t, func() bool {
			h.Clock.Advance(time.Second)
			all, err := q.Alerts(t.Context(), c.ID)
			require.NoError(t, err)
			return len(all) == 0
		}, 20*time.Second, 100*time.Millisecond)
		rang := map[desk.AlertRule]int{}
		for _, f := range c.facts(t) {
			if alert, ok := f.(desk.QueueAlert); ok && alert.On {
				rang[alert.Rule]++
			}
			require.NotEqual(t, desk.RoutedByQueue, reasonOf(f))
		}
		require.Equal(t, map[desk.AlertRule]int{desk.AlertNobody: 1, desk.AlertLongestWait: 1, desk.AlertWaiting: 1, desk.AlertAtRisk: 1}, rang)

		// From automatic to by hand and back: what waited meanwhile is known.
		d := c.write(t, "d", "有人吗")
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, dispatch.QueueRules{Automatic: true}, ""))
		c.gets(t, d)
		none := dispatch.QueueRules{Alerts: &dispatch.AlertRules{}}
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, none, ""))
		e := c.write(t, "e", "有人吗")
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, dispatch.QueueRules{Automatic: true}, ""))
		c.gets(t, e)
	})
}

func reasonOf(f desk.Fact) desk.AssignReason {
	a, _ := f.(desk.ConversationAssigned)
	return a.Reason
}

// Who is removed gets nothing more, and whoever waits for them gets somebody
// else; what waits for a team that is deleted is anybody's.
func TestRemovedPeopleAndTeams(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 2, dispatch.AgentWork{Capacity: 5})
		q := h.nodes[0].queue
		c.arrive(h.nodes[0], c.agents[0])
		waits, answered := c.write(t, "a", "在吗"), c.write(t, "b", "在吗")
		require.Equal(t, c.agents[0], c.gets(t, waits))
		require.Equal(t, c.agents[0], c.gets(t, answered))
		_, err := h.nodes[0].talks.Reply(t.Context(), conversation.ReplyCommand{
			Actor: conversation.Actor{Account: c.ID, Agent: c.agents[0], Sight: desk.SeesAll()}, ConversationID: answered, Content: desk.TextContent("在"),
		})
		require.NoError(t, err)
		since := c.now(t, waits).WaitingSince

		c.change(t, func(ctx context.Context, tx *store.Tx) error {
			gone := c.Agent
			gone.ID, gone.EmailHash, gone.Disabled = c.agents[0], string(c.agents[0]), true
			return tx.PutAgent(ctx, gone)
		})
		c.becomes(t, waits, "taken from who was removed", func(v desk.Conversation) bool { return v.AssigneeID == "" })
		require.Equal(t, c.agents[0], c.now(t, answered).AssigneeID, "nobody waits there: it stays in the history of who answered")
		c.arrive(h.nodes[0], c.agents[1])
		v := c.becomes(t, waits, "given to the other", func(v desk.Conversation) bool { return v.AssigneeID == c.agents[1] })
		require.Equal(t, since, v.WaitingSince)
		require.Equal(t, answered, c.write(t, "b", "还有一个问题"))
		c.becomes(t, answered, "given to the other", func(v desk.Conversation) bool { return v.AssigneeID == c.agents[1] })

		empty := desk.Team{ID: h.IDs.Team(), AccountID: c.ID, Name: "夜班"}
		c.change(t, func(ctx context.Context, tx *store.Tx) error { return tx.PutTeam(ctx, empty) })
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, dispatch.QueueRules{
			Automatic: true, Inboxes: map[desk.InboxID]dispatch.InboxRule{c.Inbox.ID: {Team: empty.ID}},
		}, ""))
		stuck := c.write(t, "c", "有人吗")
		require.Eventually(t, func() bool {
			list, err := q.Queue(t.Context(), c.ID)
			require.NoError(t, err)
			return len(list) == 1 && list[0].Team == empty.ID
		}, 20*time.Second, 5*time.Millisecond)
		c.change(t, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteTeam(ctx, c.ID, empty.ID) })
		require.Equal(t, c.agents[1], c.gets(t, stuck), "anybody's rather than nobody's")
	})
}

// The clock is put forward by a day and back by more: nobody is taken for gone,
// and whoever comes is handed out.
func TestTheClockIsPut(t *testing.T) {
	t.Parallel()
	h := open(t, onSQLite)
	c := h.company(t, 1, dispatch.AgentWork{Capacity: 5})
	c.arrive(h.nodes[0], c.agents[0])
	first := c.write(t, "a", "在吗")
	c.gets(t, first)
	for i, put := range []time.Duration{24 * time.Hour, -30 * time.Hour, time.Hour} {
		h.Clock.Advance(put)
		require.Equal(t, c.agents[0], c.gets(t, c.write(t, string(rune('b'+i)), "在吗")))
	}
	c.nudge(t)
	require.Equal(t, c.agents[0], c.now(t, first).AssigneeID)
	for _, f := range c.facts(t) {
		if p, ok := f.(desk.PresenceChanged); ok {
			require.Equal(t, desk.Online, p.Status)
		}
	}
}

// An agent does not answer, and meanwhile every node is started again: the time
// to answer runs on, and the next one gets the conversation.
func TestTheTimeToAnswerSurvivesARestart(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 2, dispatch.AgentWork{Capacity: 5})
		c.arrive(h.nodes[0], c.agents[0])
		id := c.write(t, "a", "在吗")
		require.Equal(t, c.agents[0], c.gets(t, id))
		for _, n := range h.nodes {
			n.stop()
		}
		again := h.start(t, h.Store, "node-again")
		h.nodes = append(h.nodes, again)
		runner, err := timer.New(timer.Deps{
			Store: h.Store, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Log: quiet(), Metrics: prometheus.NewRegistry(),
			Handlers: map[string]timer.Handler{conversation.AnswerTimer: again.talks.FireAnswer},
		}, timer.Config{Fallback: 10 * time.Millisecond})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
		done := make(chan error, 1)
		go func() { done <- runner.Run(ctx) }()
		t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
		c.arrive(again, c.agents...)
		c.presence(t, c.agents[1], desk.Online)
		require.Equal(t, c.agents[0], c.now(t, id).AssigneeID, "there is time left")
		h.Clock.Advance(3 * time.Minute)
		c.becomes(t, id, "given to the other", func(v desk.Conversation) bool { return v.AssigneeID == c.agents[1] })
	})
}

// What visitors are told of the time comes from how long others took, and
// changes when somebody before them is served.
func TestEstimatesAreMeasuredAndKeptUp(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 1, dispatch.AgentWork{Capacity: 1})
		q := h.nodes[0].queue
		c.arrive(h.nodes[0], c.agents[0])
		serve := func(id desk.ConversationID, took time.Duration) {
			t.Helper()
			require.Equal(t, c.agents[0], c.gets(t, id))
			h.Clock.Advance(took)
			_, err := h.nodes[0].talks.Resolve(t.Context(), conversation.Order{
				Actor: conversation.Actor{Account: c.ID, Agent: c.agents[0], Sight: desk.SeesAll()}, ConversationID: id,
			})
			require.NoError(t, err)
		}
		first := c.write(t, "a", "你好")
		c.gets(t, first)
		waiting := c.write(t, "b", "你好")
		place, err := q.PlaceOf(t.Context(), c.ID, waiting)
		require.NoError(t, err)
		require.Zero(t, place.High, "nothing is promised before anything was measured")
		serve(first, 4*time.Minute)
		serve(waiting, 4*time.Minute)
		for i := range 8 {
			serve(c.write(t, string(rune('c'+i)), "你好"), 4*time.Minute)
		}
		measured := func() bool {
			paces, err := c.Store().QueuePaces(t.Context(), c.ID)
			require.NoError(t, err)
			return len(paces) > 0
		}
		require.Eventually(t, measured, 20*time.Second, 10*time.Millisecond)
		told := h.signals(t)
		busy := c.write(t, "x", "你好")
		c.gets(t, busy)
		c.write(t, "y", "你好")
		last := c.write(t, "z", "你好")
		require.Eventually(t, func() bool {
			place, err = q.PlaceOf(t.Context(), c.ID, last)
			require.NoError(t, err)
			return place.Position == 2 && place.High > 0
		}, 20*time.Second, 10*time.Millisecond)
		require.LessOrEqual(t, place.Low, place.High)
		require.Greater(t, place.High, 2*time.Minute)
		h.Clock.Advance(2 * time.Minute) // rules and paces are read again
		c.nudge(t)
		hears := func(position int) (at desk.ConversationID, high time.Duration) {
			t.Helper()
			for {
				select {
				case s := <-told:
					if s.ConversationID == last && s.Queue.Position == position && s.Queue.High > 0 {
						return s.ConversationID, s.Queue.High
					}
				case <-time.After(20 * time.Second):
					require.FailNow(t, "the visitor is not told", "position %d", position)
				}
			}
		}
		_, two := hears(2)
		serve(busy, time.Minute)
		_, one := hears(1)
		require.Less(t, one, two, "one place less is less to wait")
	})
}

// Customers of a VIP team come before others of the same agent, but not before
// those who have waited much longer.
func TestVIPTeamsComeFirst(t *testing.T) {
	t.Parallel()
	h := open(t, onSQLite)
	c := h.company(t, 1, dispatch.AgentWork{Capacity: 1})
	q := h.nodes[0].queue
	vip := desk.Team{ID: h.IDs.Team(), AccountID: c.ID, Name: "VIP", Members: c.agents}
	c.change(t, func(ctx context.Context, tx *store.Tx) error { return tx.PutTeam(ctx, vip) })
	for _, bad := range []int{-1, 5} {
		require.ErrorIs(t, q.SetTeamWork(t.Context(), c.ID, vip.ID, dispatch.TeamWork{Priority: bad}, ""), desk.Invalid)
	}
	require.NoError(t, q.SetTeamWork(t.Context(), c.ID, vip.ID, dispatch.TeamWork{Priority: 2}, ""))
	patient := c.write(t, "patient", "你好")
	h.Clock.Advance(11 * time.Minute)
	usual := c.write(t, "usual", "你好")
	h.Clock.Advance(time.Minute)
	rich := c.write(t, "rich", "你好")
	_, err := h.nodes[0].talks.Assign(t.Context(), conversation.Order{
		Actor: conversation.Actor{Account: c.ID, Agent: c.agents[0], Sight: desk.SeesAll()}, ConversationID: rich,
	}, "", vip.ID)
	require.NoError(t, err)
	list, err := q.Queue(t.Context(), c.ID)
	require.NoError(t, err)
	var order []desk.ConversationID
	for _, e := range list {
		order = append(order, e.Conversation.ID)
	}
	require.Equal(t, []desk.ConversationID{patient, rich, usual}, order)
}
