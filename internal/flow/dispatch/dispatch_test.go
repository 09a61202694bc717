package dispatch_test

import (
	"cmp"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/sla"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/dispatch"
)

// Who waits gets somebody as soon as there is somebody, the reason is kept, and
// capacities hold however many arrive at once on two nodes.
func TestWaitingCustomersGetAgents(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 3, dispatch.AgentWork{Capacity: 4})
		early := c.write(t, "early", "有人吗")
		require.Empty(t, c.now(t, early).AssigneeID)
		c.arrive(h.nodes[0], c.agents[0])
		require.Equal(t, c.agents[0], c.gets(t, early), "the first who comes gets who waits")

		c.arrive(h.nodes[len(h.nodes)-1], c.agents[1:]...)
		ids := make([]desk.ConversationID, 20)
		var wg sync.WaitGroup
		for i := range ids {
			wg.Go(func() { ids[i] = c.write(t, fmt.Sprint("customer", i), "你好") })
		}
		wg.Wait()
		load := map[desk.AgentID]int{c.agents[0]: 1}
		require.Eventually(t, func() bool {
			load = map[desk.AgentID]int{c.agents[0]: 1}
			for _, id := range ids {
				load[c.now(t, id).AssigneeID]++
			}
			return load[""] == 9
		}, 20*time.Second, 10*time.Millisecond)
		for _, a := range c.agents {
			require.Equal(t, 4, load[a], "everybody is full, nobody more than that")
		}
		// One place becomes free: the longest waiting one gets it.
		var done desk.ConversationID
		oldest := desk.Conversation{}
		for _, id := range ids {
			v := c.now(t, id)
			if v.AssigneeID == c.agents[1] {
				done = id
			}
			first := cmp.Or(v.WaitingSince.Compare(oldest.WaitingSince), cmp.Compare(v.ID, oldest.ID)) < 0
			if v.AssigneeID == "" && (oldest.ID == "" || first) {
				oldest = v
			}
		}
		_, err := h.nodes[0].talks.Resolve(t.Context(), conversation.Order{Actor: conversation.Actor{Account: c.ID, Agent: c.agents[1], Sight: desk.SeesAll()}, ConversationID: done})
		require.NoError(t, err)
		require.Equal(t, c.agents[1], c.gets(t, oldest.ID))
		events, err := c.Store().AccountEvents(t.Context(), c.ID, 0, 1000)
		require.NoError(t, err)
		times := map[desk.ConversationID]int{}
		for _, e := range events {
			if f, ok := e.Fact.(desk.ConversationAssigned); ok {
				times[e.ConversationID]++
				require.Equal(t, desk.RoutedByQueue, f.Reason)
				require.Contains(t, string(f.Detail), `"why"`)
			}
		}
		for id, n := range times {
			require.Equal(t, 1, n, "%s was given out more than once", id)
		}
		require.Eventually(t, func() bool {
			history, err := c.Store().QueueHistory(t.Context(), c.ID, time.Time{}, h.Clock.Now(), 100)
			require.NoError(t, err)
			return len(history) == len(times)
		}, 10*time.Second, 10*time.Millisecond)
	})
}

// What goes wrong with an agent: declines, does not answer, drops off, ends
// the shift. The wait is kept, somebody else gets it.
func TestWhatIsNotAnsweredGoesOn(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 3, dispatch.AgentWork{Capacity: 5})
		q := h.nodes[0].queue
		c.arrive(h.nodes[0], c.agents[:2]...)
		id := c.write(t, "a", "在吗")
		first := c.gets(t, id)
		since := c.now(t, id).WaitingSince
		other := c.agents[0]
		if first == other {
			other = c.agents[1]
		}
		_, err := q.Decline(t.Context(), c.ID, first, id, "key-1")
		require.NoError(t, err)
		v := c.becomes(t, id, "given to the other", func(v desk.Conversation) bool { return v.AssigneeID == other })
		require.Equal(t, since, v.WaitingSince, "the wait is kept")
		_, err = q.Decline(t.Context(), c.ID, first, id, "key-1")
		require.NoError(t, err)
		require.Equal(t, other, c.now(t, id).AssigneeID, "a repeat changes nothing")

		// The other does not answer in time: both had it, so it waits until a third comes.
		timers, err := c.Store().DueTimers(t.Context(), "test", h.Clock.Now().Add(time.Hour), 10)
		require.NoError(t, err)
		fired := 0
		for _, tm := range timers {
			if tm.Kind == conversation.AnswerTimer {
				fired++
				require.NoError(t, h.nodes[0].talks.FireAnswer(t.Context(), tm))
			}
		}
		require.Equal(t, 1, fired)
		c.becomes(t, id, "released", func(v desk.Conversation) bool { return v.AssigneeID == "" })
		c.arrive(h.nodes[0], c.agents[2])
		require.Equal(t, c.agents[2], c.gets(t, id))

		// The third answers, loses the connection, and the customer writes again.
		_, err = h.nodes[0].talks.Reply(t.Context(), conversation.ReplyCommand{
			Actor: conversation.Actor{Account: c.ID, Agent: c.agents[2], Sight: desk.SeesAll()}, ConversationID: id, Content: desk.TextContent("您好"),
		})
		require.NoError(t, err)
		q.Leave(c.ID, c.agents[2])
		h.Clock.Advance(time.Minute)
		q.Idle(c.ID, c.agents[2], false) // wakes the one who looks
		c.presence(t, c.agents[2], desk.Offline)
		require.Equal(t, c.agents[2], c.now(t, id).AssigneeID, "nobody waits: it stays")
		next := c.write(t, "a", "还在吗")
		require.Equal(t, id, next)
		c.becomes(t, id, "taken from who is gone", func(v desk.Conversation) bool { return v.AssigneeID != c.agents[2] })

		// Who ends the shift gives everything back and gets nothing new.
		_, err = q.SetPresence(t.Context(), c.ID, c.agents[0], desk.Offline, "")
		require.NoError(t, err)
		two := c.write(t, "b", "你好")
		require.Equal(t, c.agents[1], c.gets(t, two))
		n, err := q.EndShift(t.Context(), c.ID, c.agents[1])
		require.NoError(t, err)
		require.GreaterOrEqual(t, n, 1)
		c.becomes(t, two, "given back", func(v desk.Conversation) bool { return v.AssigneeID == "" })
	})
}

func (c *company) presence(t *testing.T, agent desk.AgentID, want desk.PresenceStatus) {
	t.Helper()
	require.Eventually(t, func() bool {
		p, err := c.Store().Presence(t.Context(), c.ID, agent)
		require.NoError(t, err)
		return p.Status == want
	}, 20*time.Second, 5*time.Millisecond)
}

// Skills and teams are kept to, an escalation goes to the senior team at once.
func TestSkillsTeamsAndEscalation(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 3, dispatch.AgentWork{Capacity: 5})
		q := h.nodes[0].queue
		skill, err := q.SaveSkill(t.Context(), desk.Skill{AccountID: c.ID, Name: "售后"}, "")
		require.NoError(t, err)
		_, err = q.SaveSkill(t.Context(), desk.Skill{AccountID: c.ID, Name: " 售后 "}, "")
		require.ErrorIs(t, err, desk.Conflict)
		renamed, err := q.SaveSkill(t.Context(), desk.Skill{ID: skill.ID, AccountID: c.ID, Name: "售后服务"}, skill.Revision())
		require.NoError(t, err)
		_, err = q.SaveSkill(t.Context(), desk.Skill{ID: skill.ID, AccountID: c.ID, Name: "售后服务"}, skill.Revision())
		require.NoError(t, err, "a repeat")
		_, err = q.SaveSkill(t.Context(), desk.Skill{ID: skill.ID, AccountID: c.ID, Name: "维修"}, skill.Revision())
		require.ErrorIs(t, err, desk.Conflict, "a colleague has given it another name")
		require.NotEqual(t, skill.Revision(), renamed.Revision())
		require.NoError(t, q.SetAgentWork(t.Context(), c.ID, c.agents[1], dispatch.AgentWork{Capacity: 5, Skills: map[desk.SkillID]int{skill.ID: 3}}, ""))
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, dispatch.QueueRules{
			Automatic: true, Inboxes: map[desk.InboxID]dispatch.InboxRule{c.Inbox.ID: {Needs: []dispatch.Need{{Skill: skill.ID, Level: 2}}}},
		}, ""))
		c.arrive(h.nodes[0], c.agents[0], c.agents[1])
		id := c.write(t, "a", "我要退货")
		require.Equal(t, c.agents[1], c.gets(t, id))

		senior := desk.Team{ID: h.IDs.Team(), AccountID: c.ID, Name: "VIP", Members: []desk.AgentID{c.agents[2]}}
		c.addTeam(t, senior)
		require.NoError(t, q.SetTeamWork(t.Context(), c.ID, senior.ID, dispatch.TeamWork{Senior: true}, ""))
		c.arrive(h.nodes[0], c.agents[2])
		bot := desk.Author{Kind: desk.ByBot}
		_, err = q.Escalate(t.Context(), c.ID, id, bot, "angry", 1.5, "k")
		require.NoError(t, err)
		v := c.becomes(t, id, "with the senior team", func(v desk.Conversation) bool { return v.AssigneeID == c.agents[2] })
		require.Equal(t, senior.ID, v.TeamID)
		version := v.Version
		_, err = q.Escalate(t.Context(), c.ID, id, bot, "angry", 1.5, "k")
		require.NoError(t, err)
		require.Equal(t, version, c.now(t, id).Version, "the same key again changes nothing")
		_, err = q.Escalate(t.Context(), c.ID, id, bot, "", 1.5, "k2")
		require.ErrorIs(t, err, desk.Invalid)

		require.ErrorIs(t, q.SetAgentWork(t.Context(), c.ID, c.agents[0], dispatch.AgentWork{Skills: map[desk.SkillID]int{"skl_none": 1}}, ""), desk.Invalid)
		require.ErrorIs(t, q.SetAgentWork(t.Context(), c.ID, "agt_nobody", dispatch.AgentWork{}, ""), desk.NotFound)
		require.ErrorIs(t, q.SetTeamWork(t.Context(), c.ID, "tem_none", dispatch.TeamWork{}, ""), desk.NotFound)
		require.ErrorIs(t, q.SetTeamWork(t.Context(), c.ID, senior.ID, dispatch.TeamWork{Zone: "Mars/Olympus"}, ""), desk.Invalid)
	})
}

// Nobody there: the visitor is told once, with the time somebody will be, and
// stands in the queue.
func TestNobodyThere(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 1, dispatch.AgentWork{Capacity: 1})
		q := h.nodes[0].queue
		// The clock of the tests stands on Wednesday, 4 March 2026, 13:06 in Shanghai.
		require.NoError(t, q.SetTeamWork(t.Context(), c.ID, c.Team.ID, dispatch.TeamWork{
			Zone: "Asia/Shanghai", Hours: sla.Plan{Week: [7][]sla.Period{time.Thursday: {{From: 9 * 60, To: 18 * 60}}}},
		}, ""))
		require.NoError(t, q.SetQueueRules(t.Context(), c.ID, dispatch.QueueRules{
			Automatic: true, Inboxes: map[desk.InboxID]dispatch.InboxRule{c.Inbox.ID: {Team: c.Team.ID}},
		}, ""))
		told := h.signals(t)
		a := c.write(t, "a", "有人吗")
		notice := func() (texts []string) {
			messages, _, err := h.nodes[0].talks.Messages(t.Context(), c.ID, a, rangeAll)
			require.NoError(t, err)
			for _, m := range messages {
				if m.Author.Kind == desk.BySystem {
					texts = append(texts, m.Content.PlainText())
				}
			}
			return texts
		}
		require.Eventually(t, func() bool { return len(notice()) == 1 }, 20*time.Second, 5*time.Millisecond)
		require.Contains(t, notice()[0], "3月5日 09:00")
		require.False(t, c.now(t, a).WaitingSince.IsZero(), "a notice is no answer")
		b := c.write(t, "b", "你好")
		places := map[desk.ConversationID]int{}
		for len(places) < 2 || places[b] != 2 {
			s := <-told
			require.True(t, s.Queue.Nobody)
			places[s.ConversationID] = s.Queue.Position
		}
		require.Equal(t, 1, places[a])
		c.write(t, "a", "还没人吗")
		require.Len(t, notice(), 1, "once a wait")
		list, err := q.Queue(t.Context(), c.ID)
		require.NoError(t, err)
		require.Len(t, list, 2)
		require.Equal(t, a, list[0].Conversation.ID)
		require.Equal(t, 1, list[0].Lack.Away)
		place, err := q.PlaceOf(t.Context(), c.ID, b)
		require.NoError(t, err)
		require.Equal(t, 2, place.Position)
		require.True(t, place.Nobody)
		c.arrive(h.nodes[0], c.agents[0])
		require.Equal(t, c.agents[0], c.gets(t, a))
		s := <-told
		for s.ConversationID != b || s.Queue.Position != 1 || s.Queue.Nobody {
			s = <-told
		}
	})
}

// The node that hands out is killed: the other one takes over and nothing is
// given out twice.
func TestAnotherNodeTakesOver(t *testing.T) {
	t.Parallel()
	h := open(t, onPostgres)
	c := h.company(t, 2, dispatch.AgentWork{Capacity: 100})
	c.arrive(h.nodes[0], c.agents[0])
	c.arrive(h.nodes[1], c.agents[1])
	var ids []desk.ConversationID
	for i := range 10 {
		ids = append(ids, c.write(t, fmt.Sprint("before", i), "你好"))
	}
	for _, id := range ids {
		c.gets(t, id)
	}
	h.nodes[0].stop()
	for i := range 10 {
		ids = append(ids, c.write(t, fmt.Sprint("after", i), "你好"))
	}
	h.Clock.Advance(2 * time.Second) // the lease ends
	for _, id := range ids {
		c.gets(t, id)
	}
	events, err := h.nodes[1].store.AccountEvents(t.Context(), c.ID, 0, 1000)
	require.NoError(t, err)
	given := map[desk.ConversationID]int{}
	for _, e := range events {
		if f, ok := e.Fact.(desk.ConversationAssigned); ok && f.PreviousAgentID == "" {
			given[e.ConversationID]++
		}
	}
	for id, n := range given {
		require.Equal(t, 1, n, id)
	}
	require.Len(t, given, 20)
	// The dead node's agent is not there any more, once its life is over.
	h.Clock.Advance(2 * time.Hour)
	c.presence(t, c.agents[0], desk.Offline)
}

// Fifty claims at once on one conversation: one winner, the others are told.
func TestFiftyClaims(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company(t, 50, dispatch.AgentWork{Capacity: 5})
		id := c.write(t, "a", "你好")
		var wg sync.WaitGroup
		errs := make([]error, len(c.agents))
		for i, a := range c.agents {
			wg.Go(func() {
				n := h.nodes[i%len(h.nodes)]
				_, errs[i] = n.talks.Claim(t.Context(), conversation.Order{Actor: conversation.Actor{Account: c.ID, Agent: a, Sight: desk.SeesAll()}, Key: "claim-key", ConversationID: id})
			})
		}
		wg.Wait()
		won := 0
		for i, err := range errs {
			if err == nil {
				won++
				require.Equal(t, c.agents[i], c.now(t, id).AssigneeID)
				continue
			}
			require.ErrorIs(t, err, desk.Conflict)
		}
		require.Equal(t, 1, won)
	})
}
