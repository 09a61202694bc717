package storetest

import (
	"context"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

func staffing(n *Tenant) {
	other := n.Env.Tenant()
	after, tech := desk.Skill{ID: "skl_1", AccountID: n.ID, Name: "售后"}, desk.Skill{ID: "skl_2", AccountID: n.ID, Name: "技术"}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		after.CreatedAt, tech.CreatedAt = tx.Now(), tx.Now()
		require.NoError(n, tx.InsertSkill(ctx, after, "b"))
		require.NoError(n, tx.InsertSkill(ctx, tech, "a"))
		require.NoError(n, tx.PutAgentWork(ctx, n.ID, n.Agent.ID, `{"capacity":1}`))
		require.NoError(n, tx.PutAgentWork(ctx, n.ID, n.Agent.ID, `{"capacity":2}`))
		return tx.PutTeamWork(ctx, n.ID, "", `{}`)
	})
	skills, err := n.Store.Skills(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []desk.SkillID{tech.ID, after.ID}, []desk.SkillID{skills[0].ID, skills[1].ID})
	err = n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.InsertSkill(ctx, desk.Skill{ID: "skl_3", AccountID: n.ID, Name: "x", CreatedAt: tx.Now()}, "a")
	})
	require.ErrorIs(n, err, desk.Conflict)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.RenameSkill(ctx, after, "c") })
	err = other.Store.Write(n.Ctx, other.ID, func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSkill(ctx, other.ID, after.ID) })
	require.ErrorIs(n, err, desk.NotFound)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteSkill(ctx, n.ID, after.ID) })
	set, err := n.Store.Staffing(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, store.Staffing{
		Agents: map[desk.AgentID]string{n.Agent.ID: `{"capacity":2}`}, Teams: map[desk.TeamID]string{"": `{}`},
	}, set)
	set, err = n.Store.Staffing(n.Ctx, other.ID)
	require.NoError(n, err)
	require.Empty(n, set.Agents)
}

// presence runs alone: nodes and lost connections are the installation's.
func presence(n *Tenant) {
	p, err := n.Store.Presence(n.Ctx, n.ID, n.Agent.ID)
	require.NoError(n, err)
	require.Equal(n, desk.Offline, p.Status, "who never came")
	links := func() (out []store.PresenceLink) {
		n.Write(func(ctx context.Context, tx *store.Tx) (err error) {
			out, err = tx.PresenceLinks(ctx, n.ID, n.Agent.ID)
			return err
		})
		return out
	}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		l := store.PresenceLink{AccountID: n.ID, AgentID: n.Agent.ID, Node: "node-a", Expires: tx.Now().Add(time.Minute)}
		require.NoError(n, tx.PutPresenceLink(ctx, l))
		l.Node, l.Idle = "node-b", true
		require.NoError(n, tx.PutPresenceLink(ctx, l))
		p.Status, p.Choice, p.Reason, p.Since = desk.OnBreak, desk.OnBreak, "午餐", tx.Now()
		return tx.PutPresence(ctx, p)
	})
	require.Len(n, links(), 2)
	all, err := n.Store.Presences(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []desk.Presence{p}, all)
	n.Clock.Advance(50 * time.Second)
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		kept, err := tx.RenewPresenceLinks(ctx, "node-a", tx.Now().Add(time.Minute))
		require.Equal(n, int64(1), kept)
		return err
	}))
	n.Clock.Advance(20 * time.Second)
	require.Equal(n, "node-a", links()[0].Node)
	require.Len(n, links(), 1)
	require.NoError(n, n.Store.Write(n.Ctx, "", func(ctx context.Context, tx *store.Tx) error {
		lost, err := tx.ExpiredPresenceLinks(ctx, tx.Now(), 10)
		require.Len(n, lost, 1)
		require.Equal(n, "node-b", lost[0].Node)
		return err
	}))
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		_, err := tx.ExpiredPresenceLinks(ctx, tx.Now(), 10)
		require.ErrorIs(n, err, desk.Denied, "only the installation looks at all accounts")
		return tx.DeletePresenceLink(ctx, n.ID, n.Agent.ID, "node-a")
	})
	require.Empty(n, links())
}

func queue(n *Tenant) {
	out, err := n.Store.Do(n.Ctx, n.Receive("waiting", "k", []byte("body")))
	require.NoError(n, err)
	id := out.Conversation.ID
	e, err := n.Store.QueueEntry(n.Ctx, n.ID, id)
	require.NoError(n, err)
	require.Equal(n, store.QueueEntry{AccountID: n.ID, ConversationID: id}, e)
	e.Escalated, e.Returned, e.Declined, e.Choice = true, 2, []desk.AgentID{n.Agent.ID}, desk.WaitCallback
	entered := out.Conversation.WaitingSince
	left := store.QueueLeft{AccountID: n.ID, ConversationID: id, TeamID: n.Team.ID, AgentID: n.Agent.ID, Outcome: store.QueueAssigned, Entered: entered, Left: entered.Add(time.Minute), Detail: "{}"}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		require.NoError(n, tx.PutQueueEntry(ctx, e))
		require.NoError(n, tx.AddQueueLeft(ctx, left))
		require.NoError(n, tx.AddQueueLeft(ctx, left), "again is nothing")
		later := left
		later.Outcome, later.Left = store.QueueClosed, left.Left.Add(time.Minute)
		require.NoError(n, tx.AddQueueLeft(ctx, later))
		require.NoError(n, tx.PutQueuePace(ctx, n.ID, n.Team.ID, `{"seen":1}`))
		return tx.PutQueuePace(ctx, n.ID, n.Team.ID, `{"seen":2}`)
	})
	entries, err := n.Store.QueueEntries(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, map[desk.ConversationID]store.QueueEntry{id: e}, entries)
	last, ok, err := n.Store.LastQueueLeft(n.Ctx, n.ID, id)
	require.NoError(n, err)
	require.True(n, ok)
	require.Equal(n, store.QueueClosed, last.Outcome)
	history, err := n.Store.QueueHistory(n.Ctx, n.ID, entered, left.Left.Add(time.Second), 10)
	require.NoError(n, err)
	require.Equal(n, []store.QueueLeft{left}, history)
	paces, err := n.Store.QueuePaces(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, map[desk.TeamID]string{n.Team.ID: `{"seen":2}`}, paces)
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteQueueEntry(ctx, n.ID, id) })
	entries, err = n.Store.QueueEntries(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Empty(n, entries)
	load, err := n.Store.OpenLoad(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Zero(n, load[n.Agent.ID], "nobody has it")
	_, ok, err = n.Store.LastQueueLeft(n.Ctx, n.Env.Tenant().ID, id)
	require.NoError(n, err)
	require.False(n, ok, "another account's")
}

func callbacks(n *Tenant) {
	out, err := n.Store.Do(n.Ctx, n.Receive("waiting", "k", []byte("body")))
	require.NoError(n, err)
	c := store.Callback{
		ID: n.IDs.Other("cbk"), AccountID: n.ID, ConversationID: out.Conversation.ID, ContactID: out.Conversation.ContactID,
		Details: desk.Sealed("sealed number"), State: desk.CallbackOpen, From: n.Clock.Now(), To: n.Clock.Now().Add(time.Hour), CreatedAt: n.Clock.Now(),
	}
	second := c
	second.ID = n.IDs.Other("cbk")
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		require.NoError(n, tx.InsertCallback(ctx, c))
		return tx.InsertCallback(ctx, second)
	})
	same := func(want, got store.Callback) {
		require.Equal(n, want.Details, got.Details)
		require.Equal(n, want.State, got.State)
		require.Equal(n, desk.Micros(want.To), desk.Micros(got.To))
		require.Equal(n, want.DoneBy, got.DoneBy)
	}
	got, err := n.Store.Callback(n.Ctx, n.ID, c.ID)
	require.NoError(n, err)
	same(c, got)
	open, err := n.Store.Callbacks(n.Ctx, n.ID, desk.CallbackOpen, "", 1)
	require.NoError(n, err)
	require.Equal(n, second.ID, open[0].ID, "the newest first")
	open, err = n.Store.Callbacks(n.Ctx, n.ID, desk.CallbackOpen, second.ID, 10)
	require.NoError(n, err)
	require.Len(n, open, 1)
	c.State, c.DoneAt, c.DoneBy, c.Details = desk.CallbackDone, n.Clock.Now(), n.Agent.ID, desk.Sealed("sealed anew")
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.UpdateCallback(ctx, c) })
	of, err := n.Store.CallbacksOf(n.Ctx, n.ID, c.ConversationID)
	require.NoError(n, err)
	require.Len(n, of, 2)
	same(c, of[1])
	page, err := n.Store.CallbackPage(n.Ctx, n.ID, c.ID, 10)
	require.NoError(n, err)
	require.Equal(n, second.ID, page[0].ID)
	err = n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
		return tx.UpdateCallback(ctx, store.Callback{ID: "cbk_none", AccountID: n.ID})
	})
	require.ErrorIs(n, err, desk.NotFound)
}

func alerts(n *Tenant) {
	a := store.QueueAlert{AccountID: n.ID, Rule: desk.AlertWaiting, Value: 21, Since: n.Clock.Now()}
	r := store.Robot{ID: n.IDs.Other("rbt"), AccountID: n.ID, Settings: `{"name":"x"}`, Secret: desk.Sealed("sealed"), CreatedAt: n.Clock.Now()}
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		require.NoError(n, tx.PutQueueAlert(ctx, a))
		worse := a
		worse.Value = 99
		require.NoError(n, tx.PutQueueAlert(ctx, worse), "one that is on stays as it was")
		require.NoError(n, tx.PutRobot(ctx, r))
		r.Error, r.SentAt = "refused", tx.Now()
		return tx.PutRobot(ctx, r)
	})
	all, err := n.Store.QueueAlerts(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Len(n, all, 1)
	require.EqualValues(n, 21, all[0].Value)
	robots, err := n.Store.Robots(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Len(n, robots, 1)
	one, err := n.Store.Robot(n.Ctx, n.ID, r.ID)
	require.NoError(n, err)
	require.Equal(n, robots[0], one)
	require.Equal(n, "refused", one.Error)
	require.Equal(n, r.Secret, one.Secret)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		on, err := tx.DeleteQueueAlert(ctx, n.ID, desk.AlertWaiting)
		require.NoError(n, err)
		require.True(n, on)
		on, err = tx.DeleteQueueAlert(ctx, n.ID, desk.AlertWaiting)
		require.NoError(n, err)
		require.False(n, on)
		require.NoError(n, tx.DeleteRobot(ctx, n.ID, r.ID))
		require.ErrorIs(n, tx.DeleteRobot(ctx, n.ID, r.ID), desk.NotFound)
		return nil
	})
	_, err = n.Store.Robot(n.Ctx, n.ID, r.ID)
	require.ErrorIs(n, err, desk.NotFound)
	talk, err := n.Store.Do(n.Ctx, n.Receive("waited", "k", []byte("body")))
	require.NoError(n, err)
	entered := n.Clock.Now()
	left := store.QueueLeft{AccountID: n.ID, ConversationID: talk.Conversation.ID, Outcome: store.QueueAbandoned, Entered: entered, Left: entered.Add(time.Minute)}
	n.Write(func(ctx context.Context, tx *store.Tx) error { return tx.AddQueueLeft(ctx, left) })
	tally, err := n.Store.QueueOutcomes(n.Ctx, n.ID, left.Entered)
	require.NoError(n, err)
	require.Equal(n, map[store.QueueOutcome]store.QueueTally{store.QueueAbandoned: {Count: 1, Waited: time.Minute}}, tally)
}

// queueReads are the checks of isolation of what can be read of the queue.
func queueReads(n *Tenant, v *victim, empty func(any, error)) map[string]func() {
	id := v.in.Conversation.ID
	v.Write(func(ctx context.Context, tx *store.Tx) error {
		for _, err := range []error{
			tx.InsertSkill(ctx, desk.Skill{ID: "skl_theirs", AccountID: v.ID, Name: "theirs", CreatedAt: tx.Now()}, "theirs"),
			tx.PutAgentWork(ctx, v.ID, v.Agent.ID, "{}"), tx.PutTeamWork(ctx, v.ID, v.Team.ID, "{}"), tx.PutQueuePace(ctx, v.ID, "", "{}"),
			tx.PutPresence(ctx, desk.Presence{AccountID: v.ID, AgentID: v.Agent.ID, Status: desk.Online}),
			tx.PutQueueEntry(ctx, store.QueueEntry{AccountID: v.ID, ConversationID: id, Escalated: true}),
			tx.AddQueueLeft(ctx, store.QueueLeft{AccountID: v.ID, ConversationID: id, Left: tx.Now()}),
			tx.InsertCallback(ctx, store.Callback{ID: "cbk_theirs", AccountID: v.ID, ConversationID: id, State: desk.CallbackOpen}),
			tx.PutQueueAlert(ctx, store.QueueAlert{AccountID: v.ID, Rule: desk.AlertWaiting}),
			tx.PutRobot(ctx, store.Robot{ID: "rbt_theirs", AccountID: v.ID, Settings: "{}"}),
		} {
			if err != nil {
				return err
			}
		}
		return nil
	})
	ctx, s, me := n.Ctx, n.Store, n.ID
	return map[string]func(){
		"Skills":        func() { empty(s.Skills(ctx, me)) },
		"Callbacks":     func() { empty(s.Callbacks(ctx, me, desk.CallbackOpen, "", 10)) },
		"CallbacksOf":   func() { empty(s.CallbacksOf(ctx, me, id)) },
		"CallbackPage":  func() { empty(s.CallbackPage(ctx, me, "", 10)) },
		"QueueAlerts":   func() { empty(s.QueueAlerts(ctx, me)) },
		"QueueOutcomes": func() { empty(s.QueueOutcomes(ctx, me, time.Time{})) },
		"Robots":        func() { empty(s.Robots(ctx, me)) },
		"Callback": func() {
			_, err := s.Callback(ctx, me, "cbk_theirs")
			require.ErrorIs(n, err, desk.NotFound)
		},
		"Robot": func() {
			_, err := s.Robot(ctx, me, "rbt_theirs")
			require.ErrorIs(n, err, desk.NotFound)
		},
		"Staffing": func() {
			set, err := s.Staffing(ctx, me)
			require.NoError(n, err)
			require.Empty(n, set.Agents)
			require.Empty(n, set.Teams)
		},
		"Presences": func() { empty(s.Presences(ctx, me)) },
		"Presence": func() {
			p, err := s.Presence(ctx, me, v.Agent.ID)
			require.NoError(n, err)
			require.Equal(n, desk.Offline, p.Status)
		},
		"QueueEntries": func() { empty(s.QueueEntries(ctx, me)) },
		"QueueEntry": func() {
			e, err := s.QueueEntry(ctx, me, id)
			require.NoError(n, err)
			require.False(n, e.Escalated)
		},
		"LastQueueLeft": func() {
			_, ok, err := s.LastQueueLeft(ctx, me, id)
			require.NoError(n, err)
			require.False(n, ok)
		},
		"QueueHistory": func() { empty(s.QueueHistory(ctx, me, time.Time{}, n.Clock.Now().Add(time.Hour), 10)) },
		"QueuePaces":   func() { empty(s.QueuePaces(ctx, me)) },
		"OpenLoad": func() {
			load, err := s.OpenLoad(ctx, me)
			require.NoError(n, err)
			require.NotContains(n, load, v.Agent.ID)
		},
	}
}

// queueWrites are the same for a transaction's methods.
func queueWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	id := v.in.Conversation.ID
	skill := desk.Skill{ID: "skl_kept", AccountID: v.ID, Name: "kept", CreatedAt: v.Clock.Now()}
	v.Write(func(ctx context.Context, tx *store.Tx) error { return tx.InsertSkill(ctx, skill, "kept") })
	return map[string]func(){
		"InsertSkill": denied(func(ctx context.Context, tx *store.Tx) error { return tx.InsertSkill(ctx, skill, "k") }),
		"RenameSkill": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			k := skill
			k.AccountID = a
			return tx.RenameSkill(ctx, k, "k")
		}),
		"DeleteSkill": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.DeleteSkill(ctx, a, skill.ID)
		}),
		"PutAgentWork": denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutAgentWork(ctx, v.ID, v.Agent.ID, "{}") }),
		"PutTeamWork":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutTeamWork(ctx, v.ID, v.Team.ID, "{}") }),
		"PutPresence": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutPresence(ctx, desk.Presence{AccountID: v.ID})
		}),
		"PresenceLinks": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.PresenceLinks(ctx, v.ID, v.Agent.ID)
			return err
		}),
		"ExpiredPresenceLinks": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.ExpiredPresenceLinks(ctx, tx.Now(), 1)
			return err
		}),
		"InsertCallback": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.InsertCallback(ctx, store.Callback{AccountID: v.ID})
		}),
		"UpdateCallback": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.UpdateCallback(ctx, store.Callback{ID: "cbk_theirs", AccountID: v.ID})
		}),
		"PutQueueAlert": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutQueueAlert(ctx, store.QueueAlert{AccountID: v.ID})
		}),
		"DeleteQueueAlert": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.DeleteQueueAlert(ctx, v.ID, desk.AlertWaiting)
			return err
		}),
		"PutRobot": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutRobot(ctx, store.Robot{ID: "rbt_theirs", AccountID: v.ID})
		}),
		"DeleteRobot": denied(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteRobot(ctx, v.ID, "rbt_theirs") }),
		"RenewPresenceLinks": denied(func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.RenewPresenceLinks(ctx, "node", tx.Now())
			return err
		}),
		"PutPresenceLink": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutPresenceLink(ctx, store.PresenceLink{AccountID: v.ID})
		}),
		"DeletePresenceLink": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.DeletePresenceLink(ctx, v.ID, v.Agent.ID, "node")
		}),
		"PutQueueEntry": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutQueueEntry(ctx, store.QueueEntry{AccountID: v.ID})
		}),
		"DeleteQueueEntry": denied(func(ctx context.Context, tx *store.Tx) error { return tx.DeleteQueueEntry(ctx, v.ID, id) }),
		"AddQueueLeft": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.AddQueueLeft(ctx, store.QueueLeft{AccountID: v.ID})
		}),
		"PutQueuePace": denied(func(ctx context.Context, tx *store.Tx) error { return tx.PutQueuePace(ctx, v.ID, "", "{}") }),
	}
}
