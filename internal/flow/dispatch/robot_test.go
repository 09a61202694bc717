package dispatch_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/platform/robot"
	"yingda.dev/internal/platform/store"
)

// A robot's address and secret are sealed and never shown; what is not said of
// them stays. What fails is tried again a few times and then given up.
func TestRobots(t *testing.T) {
	t.Parallel()
	h := open(t, onSQLite)
	c := h.company(t, 1, dispatch.AgentWork{Capacity: 1})
	q := h.nodes[0].queue
	said := h.nodes[0].robots
	r := dispatch.Robot{Account: c.ID, Name: " 主管群 ", Kind: robot.DingTalk, URL: "https://oapi.dingtalk.example/send?access_token=geheim", Secret: "SEC1", Enabled: true}
	first, err := q.SaveRobot(t.Context(), "key-1", r)
	require.NoError(t, err)
	require.Equal(t, "主管群", first.Name)
	require.Equal(t, "oapi.dingtalk.example", first.Host)
	require.True(t, first.Signed)
	require.Empty(t, first.URL+first.Secret)
	again, err := q.SaveRobot(t.Context(), "key-1", r)
	require.NoError(t, err)
	require.Equal(t, first.ID, again.ID, "the key again adds nothing")
	all, err := q.Robots(t.Context(), c.ID)
	require.NoError(t, err)
	require.Len(t, all, 1)
	row, err := c.Store().Robot(t.Context(), c.ID, first.ID)
	require.NoError(t, err)
	require.NotContains(t, string(row.Secret)+row.Settings, "geheim")

	changed := dispatch.Robot{ID: first.ID, Account: c.ID, Name: "夜班群", Kind: robot.DingTalk, Enabled: true, Rules: []desk.AlertRule{desk.AlertEscalated}}
	_, err = q.SaveRobot(t.Context(), "", changed)
	require.NoError(t, err)
	_, err = q.TestRobot(t.Context(), c.ID, first.ID)
	require.NoError(t, err)
	require.Contains(t, said.said(), "https://oapi.dingtalk.example/send?access_token=geheim SEC1 【应答】测试消息：客户等待过久等情况会通知到本群。")
	for _, bad := range []dispatch.Robot{
		{Account: c.ID, Name: "x", Kind: robot.WeCom},
		{Account: c.ID, Name: "", Kind: robot.WeCom, URL: "https://a.example"},
		{Account: c.ID, Name: "x", Kind: "slack", URL: "https://a.example"},
		{Account: c.ID, Name: "x", Kind: robot.WeCom, URL: "http://a.example"},
		{Account: c.ID, Name: "x", Kind: robot.WeCom, URL: "https://a.example", Rules: []desk.AlertRule{"mood"}},
	} {
		_, err := q.SaveRobot(t.Context(), "", bad)
		require.ErrorIs(t, err, desk.Invalid)
	}

	// An escalation makes it speak, through a timer that survives restarts.
	id := c.write(t, "angry", "太差了")
	_, err = q.Escalate(t.Context(), c.ID, id, desk.Author{Kind: desk.ByBot}, "anger", 1.5, "esc-1")
	require.NoError(t, err)
	timer := c.timer(t, dispatch.RobotTimer)
	said.fail(desk.E(desk.Unavailable, "say", "the robot cannot be reached"))
	for tries := range 5 {
		require.NoError(t, q.FireRobot(t.Context(), timer))
		left, err := c.Store().Timer(t.Context(), timer.TimerRef)
		if tries == 4 {
			require.Equal(t, timer.Due, left.Due, "given up: the runner deletes it")
			break
		}
		require.NoError(t, err)
		require.True(t, left.Due.After(timer.Due))
		timer = left
	}
	all, err = q.Robots(t.Context(), c.ID)
	require.NoError(t, err)
	require.Equal(t, "the robot cannot be reached", all[0].Error)
	said.fail(nil)
	require.NoError(t, q.FireRobot(t.Context(), timer))
	require.Contains(t, said.said(), "【应答】有一个会话被升级。")
	all, err = q.Robots(t.Context(), c.ID)
	require.NoError(t, err)
	require.Empty(t, all[0].Error)
	require.NoError(t, q.DeleteRobot(t.Context(), c.ID, first.ID))
	require.NoError(t, q.FireRobot(t.Context(), timer), "deleted meanwhile")
}

// timer is the account's timer of a kind, once there is one.
func (c *company) timer(t *testing.T, kind string) (found store.Timer) {
	t.Helper()
	require.Eventually(t, func() bool {
		all, err := c.Store().DueTimers(t.Context(), "look-"+kind+c.house.IDs.Other("x"), c.house.Clock.Now().Add(100*24*time.Hour), 1000)
		require.NoError(t, err)
		for _, tm := range all {
			if tm.Kind == kind && tm.AccountID == c.ID {
				found = tm
			}
		}
		return found.Kind != ""
	}, 20*time.Second, 5*time.Millisecond)
	return found
}

// Alerts begin once, end after a while of calm, survive a change of the node
// that hands out, and are told to agents and robots.
func TestAlerts(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 1, dispatch.AgentWork{Capacity: 2})
		q := h.nodes[0].queue
		rules := dispatch.QueueRules{Automatic: true, Alerts: &dispatch.AlertRules{LongestWaitSeconds: 60, Waiting: 1, Nobody: true}}
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, rules, ""))
		_, err := q.SaveRobot(t.Context(), "", dispatch.Robot{Account: c.ID, Name: "群", Kind: robot.WeCom, URL: "https://qyapi.example/x", Enabled: true, Rules: []desk.AlertRule{desk.AlertNobody}})
		require.NoError(t, err)
		on := func(want ...desk.AlertRule) {
			t.Helper()
			require.Eventually(t, func() bool {
				c.nudge(t)
				all, err := q.Alerts(t.Context(), c.ID)
				require.NoError(t, err)
				var got []desk.AlertRule
				for _, a := range all {
					got = append(got, a.Rule)
				}
				return len(got) == len(want) && subset(want, got)
			}, 20*time.Second, 10*time.Millisecond, want)
		}
		c.write(t, "a", "有人吗")
		on(desk.AlertNobody)
		require.Contains(t, c.timer(t, dispatch.RobotTimer).Data, "1 位客户正在等待")
		c.write(t, "b", "有人吗")
		on(desk.AlertNobody, desk.AlertWaiting)
		h.Clock.Advance(61 * time.Second)
		on(desk.AlertNobody, desk.AlertWaiting, desk.AlertLongestWait)
		if len(h.nodes) > 1 { // the other one goes on, and rings nothing twice
			h.nodes[0].stop()
			q = h.nodes[1].queue
			h.Clock.Advance(time.Second)
		}
		c.arrive(h.nodes[len(h.nodes)-1], c.agents...)
		require.Eventually(t, func() bool {
			h.Clock.Advance(10 * time.Second)
			c.nudge(t)
			all, err := q.Alerts(t.Context(), c.ID)
			require.NoError(t, err)
			return len(all) == 0
		}, 20*time.Second, 10*time.Millisecond)
		events, err := h.nodes[len(h.nodes)-1].store.AccountEvents(t.Context(), c.ID, 0, 1000)
		require.NoError(t, err)
		times := map[string]int{}
		for _, e := range events {
			if f, ok := e.Fact.(desk.QueueAlert); ok {
				key := string(f.Rule) + " off"
				if f.On {
					key = string(f.Rule) + " on"
				}
				times[key]++
			}
		}
		require.Equal(t, map[string]int{
			"nobody on": 1, "waiting on": 1, "longest_wait on": 1, "nobody off": 1, "waiting off": 1, "longest_wait off": 1,
		}, times)
	})
}

func subset(want, got []desk.AlertRule) bool {
	for _, w := range want {
		found := false
		for _, g := range got {
			found = found || g == w
		}
		if !found {
			return false
		}
	}
	return true
}

// nudge makes whoever hands out look: the test's clock stands still.
func (c *company) nudge(t *testing.T) {
	t.Helper()
	require.NoError(t, c.Store().Write(t.Context(), c.ID, func(_ context.Context, tx *store.Tx) error {
		return tx.Emit(desk.Event{AccountID: c.ID, Actor: desk.Author{Kind: desk.BySystem}, Fact: desk.StaffingChanged{What: "nothing"}})
	}))
}
