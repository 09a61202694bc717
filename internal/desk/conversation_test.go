package desk_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"yingda.dev/internal/desk"
)

var start = time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)

const (
	accountA desk.AccountID = "acc_a"
	contactA desk.ContactID = "con_a"
	inboxA   desk.InboxID   = "inb_a"
	inboxB   desk.InboxID   = "inb_b"
)

// machine drives one conversation through random commands beside a much
// simpler model of what must be true.
type machine struct {
	now time.Time
	c   desk.Conversation

	messages   int64
	customer   bool // the newest public word, system notices aside, is the customer's and nobody resolved since
	agentWrote bool
}

// apply checks what must hold between any two states, then takes the new one.
func (m *machine) apply(t *rapid.T, tr desk.Transition) {
	before, after := m.c, tr.Conversation
	if len(tr.Facts) == 0 {
		require.Equal(t, before, after, "no facts, no change")
		return
	}
	require.Equal(t, before.Version+1, after.Version, "one change, one version")
	require.Equal(t, m.now, after.UpdatedAt)
	require.GreaterOrEqual(t, after.ContactReadSeq, before.ContactReadSeq)
	require.GreaterOrEqual(t, after.AgentReadSeq, before.AgentReadSeq)
	require.False(t, after.LastMessageAt.Before(before.LastMessageAt))

	status, agent, team := before.Status, before.AssigneeID, before.TeamID
	for _, f := range tr.Facts {
		switch f := f.(type) {
		case desk.StatusChanged:
			require.Equal(t, status, f.From, "facts chain from state to state")
			status = f.To
			require.Equal(t, f.To == desk.Snoozed, !f.Until.IsZero())
		case desk.ConversationAssigned:
			require.Equal(t, agent, f.PreviousAgentID)
			require.Equal(t, team, f.PreviousTeamID)
			agent, team = f.AgentID, f.TeamID
		case desk.MessagesRead:
			require.LessOrEqual(t, f.Seq, after.Seq)
		default:
			mf, ok := desk.MessageOf(f)
			require.True(t, ok, "unexpected fact %s", f.Kind())
			require.Equal(t, after.Seq, mf.Seq)
		}
	}
	require.Equal(t, after.Status, status, "the facts lead to the state")
	require.Equal(t, after.AssigneeID, agent)
	require.Equal(t, after.TeamID, team)
	m.c = after
}

func (m *machine) add(t *rapid.T, author desk.Author, v desk.Visibility, inbox desk.InboxID) {
	m.messages++
	outgoing := rapid.SampledFrom([]desk.DeliveryStatus{desk.Queued, desk.Sent}).Draw(t, "outgoing")
	before := m.c
	tr, stored := m.c.Add(desk.StoredMessage{
		MessageHead: desk.MessageHead{ID: "msg_x", InboxID: inbox, Author: author, Visibility: v}, Body: desk.Sealed("b"),
	}, desk.Sealed("p"), outgoing, m.now)
	m.apply(t, tr)
	require.Equal(t, m.messages, stored.Seq)
	require.Equal(t, m.now, stored.At)
	require.Equal(t, m.c.ID, stored.ConversationID)
	require.Equal(t, m.c.AccountID, stored.AccountID)
	switch {
	case v == desk.Note:
		require.Equal(t, desk.Received, stored.Status)
		require.Equal(t, before.Status, m.c.Status)
		require.Equal(t, before.LastMessageAt, m.c.LastMessageAt)
	case author.Kind == desk.ByVisitor:
		m.customer = true
		require.Equal(t, inbox, m.c.InboxID, "replies go where the customer wrote last")
		require.NotContains(t, []desk.Status{desk.Snoozed, desk.Resolved}, m.c.Status)
		require.Equal(t, m.c.Seq, m.c.ContactReadSeq)
	case author.Kind == desk.ByAgent:
		m.customer, m.agentWrote = false, true
		require.Equal(t, desk.Open, m.c.Status)
		require.NotEmpty(t, m.c.AssigneeID)
		require.Equal(t, m.c.Seq, m.c.AgentReadSeq)
		require.Equal(t, outgoing, stored.Status)
	case author.Kind == desk.ByBot:
		m.customer = false
		require.Equal(t, before.Status, m.c.Status, "the bot takes nothing over")
	default:
		require.Equal(t, before.Status, m.c.Status)
	}
}

func (m *machine) check(t *rapid.T) {
	c := m.c
	require.Equal(t, c.Status == desk.Resolved, !c.ResolvedAt.IsZero(), "ResolvedAt iff resolved")
	require.Equal(t, c.Status == desk.Snoozed, !c.SnoozedUntil.IsZero(), "SnoozedUntil iff snoozed")
	require.Equal(t, m.customer, !c.WaitingSince.IsZero(), "WaitingSince iff the customer waits")
	require.Equal(t, m.messages, c.Seq)
	require.LessOrEqual(t, c.ContactReadSeq, c.Seq)
	require.LessOrEqual(t, c.AgentReadSeq, c.Seq)
	require.Equal(t, c.Seq-c.AgentReadSeq, c.Unread())
	if c.AssigneeID != "" {
		require.NotEqual(t, desk.Pending, c.Status, "a person's conversation is not with the bot")
	}
	state := c.State()
	require.Equal(t, c.Status, state.Status)
	require.Equal(t, c.Version, state.Version)
}

func TestConversationHoldsItsInvariants(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		m := &machine{now: start}
		botFirst := rapid.Bool().Draw(t, "bot first")
		opened := desk.OpenConversation("cnv_a", accountA, contactA, inboxA, "", botFirst, m.now)
		m.c = opened.Conversation
		require.Equal(t, botFirst, m.c.Status == desk.Pending)
		require.Equal(t, []desk.Fact{desk.ConversationOpened{InboxID: inboxA, Status: m.c.Status}}, opened.Facts)
		agents := rapid.SampledFrom([]desk.AgentID{"", "agt_1", "agt_2"})
		teams := rapid.SampledFrom([]desk.TeamID{"", "tem_1"})
		person := rapid.SampledFrom([]desk.AgentID{"agt_1", "agt_2"})
		take := func(tr desk.Transition, err error) error {
			if err == nil {
				m.apply(t, tr)
			}
			return err
		}
		tick := func() {
			m.now = m.now.Add(time.Duration(rapid.Int64Range(0, int64(48*time.Hour)).Draw(t, "pass")))
		}
		t.Repeat(map[string]func(*rapid.T){
			"": func(t *rapid.T) { m.check(t) },
			"visitor writes": func(t *rapid.T) {
				tick()
				m.add(t, desk.Author{Kind: desk.ByVisitor, ID: string(contactA)}, desk.Public, rapid.SampledFrom([]desk.InboxID{inboxA, inboxB}).Draw(t, "inbox"))
			},
			"agent replies": func(t *rapid.T) {
				tick()
				m.add(t, desk.Author{Kind: desk.ByAgent, ID: string(person.Draw(t, "agent"))}, desk.Public, m.c.InboxID)
			},
			"bot answers": func(t *rapid.T) {
				tick()
				m.add(t, desk.Author{Kind: desk.ByBot}, desk.Public, m.c.InboxID)
			},
			"system notice": func(t *rapid.T) { tick(); m.add(t, desk.Author{Kind: desk.BySystem}, desk.Public, m.c.InboxID) },
			"note": func(t *rapid.T) {
				tick()
				m.add(t, desk.Author{Kind: desk.ByAgent, ID: "agt_1"}, desk.Note, m.c.InboxID)
			},
			"assign": func(t *rapid.T) {
				tick()
				resolved := m.c.Status == desk.Resolved
				agent, team := agents.Draw(t, "agent"), teams.Draw(t, "team")
				err := take(m.c.Assign(agent, team, m.now))
				require.Equal(t, resolved, err != nil)
				if err == nil {
					require.Equal(t, agent, m.c.AssigneeID)
					require.Equal(t, team, m.c.TeamID)
				}
			},
			"claim": func(t *rapid.T) {
				tick()
				agent, holder, resolved := person.Draw(t, "agent"), m.c.AssigneeID, m.c.Status == desk.Resolved
				err := take(m.c.Claim(agent, m.now))
				if resolved || (holder != "" && holder != agent) {
					require.ErrorIs(t, err, desk.Conflict)
					require.Equal(t, holder, m.c.AssigneeID)
					return
				}
				require.NoError(t, err)
				require.Equal(t, agent, m.c.AssigneeID)
			},
			"resolve": func(t *rapid.T) {
				tick()
				require.NoError(t, take(m.c.Resolve(m.now)))
				require.Equal(t, desk.Resolved, m.c.Status)
				m.customer = false
			},
			"reopen": func(t *rapid.T) {
				tick()
				require.NoError(t, take(m.c.Reopen(m.now)))
				require.Equal(t, desk.Open, m.c.Status)
			},
			"hand over": func(t *rapid.T) {
				tick()
				before := m.c
				m.apply(t, m.c.HandOver(teams.Draw(t, "team"), time.Time{}, m.now))
				if before.Status != desk.Pending {
					require.Equal(t, before, m.c, "only the bot hands over")
					return
				}
				require.Equal(t, desk.Open, m.c.Status)
				m.customer = true // whatever the bot has said: the customer waits for a person
			},
			"give to bot": func(t *rapid.T) {
				tick()
				m.apply(t, m.c.GiveToBot(m.now))
				require.Equal(t, desk.Pending, m.c.Status)
				require.Empty(t, m.c.AssigneeID)
			},
			"snooze": func(t *rapid.T) {
				tick()
				until := m.now.Add(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(400*24*time.Hour)).Draw(t, "until")))
				ok := until.After(m.now) && until.Sub(m.now) <= desk.MaxSnooze && m.c.Status != desk.Resolved
				require.Equal(t, ok, take(m.c.Snooze(until, m.now)) == nil)
			},
			"wake": func(t *rapid.T) {
				tick()
				due := m.c.Status == desk.Snoozed && !m.c.SnoozedUntil.After(m.now)
				before := m.c.Status
				m.apply(t, m.c.Wake(m.now))
				if due {
					require.Equal(t, desk.Open, m.c.Status)
				} else {
					require.Equal(t, before, m.c.Status)
				}
			},
			"read": func(t *rapid.T) {
				tick()
				by := desk.Author{Kind: rapid.SampledFrom([]desk.AuthorKind{desk.ByVisitor, desk.ByAgent}).Draw(t, "side")}
				seq := rapid.Int64Range(-3, m.c.Seq+5).Draw(t, "seq")
				m.apply(t, m.c.MarkRead(by, seq, m.now))
				side := m.c.AgentReadSeq
				if by.Kind == desk.ByVisitor {
					side = m.c.ContactReadSeq
				}
				require.GreaterOrEqual(t, side, min(seq, m.c.Seq))
			},
		})
	})
}

func TestRepeatedCommandsChangeNothing(t *testing.T) {
	t.Parallel()
	opened := desk.OpenConversation("cnv_a", accountA, contactA, inboxA, "", false, start).Conversation
	until := start.Add(time.Hour)
	commands := map[string]func(desk.Conversation) (desk.Transition, error){
		"assign":  func(c desk.Conversation) (desk.Transition, error) { return c.Assign("agt_1", "tem_1", start) },
		"claim":   func(c desk.Conversation) (desk.Transition, error) { return c.Claim("agt_1", start) },
		"resolve": func(c desk.Conversation) (desk.Transition, error) { return c.Resolve(start) },
		"reopen":  func(c desk.Conversation) (desk.Transition, error) { return c.Reopen(start) },
		"snooze":  func(c desk.Conversation) (desk.Transition, error) { return c.Snooze(until, start) },
	}
	for name, command := range commands {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			first, err := command(opened)
			require.NoError(t, err)
			again, err := command(first.Conversation)
			require.NoError(t, err)
			require.Empty(t, again.Facts)
			require.Equal(t, first.Conversation, again.Conversation)
		})
	}
}

func TestLiveEndsWithTheReopenWindow(t *testing.T) {
	t.Parallel()
	c := desk.OpenConversation("cnv_a", accountA, contactA, inboxA, "", false, start).Conversation
	require.True(t, c.Live(start.Add(1000*time.Hour)), "an open conversation lives on")
	done, err := c.Resolve(start)
	require.NoError(t, err)
	require.True(t, done.Conversation.Live(start.Add(desk.ReopenWindow-time.Microsecond)))
	require.False(t, done.Conversation.Live(start.Add(desk.ReopenWindow)))
}

func TestExpectVersion(t *testing.T) {
	t.Parallel()
	c := desk.Conversation{Version: 7}
	require.NoError(t, c.ExpectVersion(0))
	require.NoError(t, c.ExpectVersion(7))
	require.ErrorIs(t, c.ExpectVersion(6), desk.Conflict)
}

func TestDeliveryStatusOnlyMovesUp(t *testing.T) {
	t.Parallel()
	all := []desk.DeliveryStatus{desk.Received, desk.Queued, desk.Sending, desk.Failed, desk.Accepted, desk.Sent, desk.Delivered, desk.Read, "unheard of"}
	receipts := rapid.SliceOfN(rapid.SampledFrom(all), 0, 12)
	fold := func(s desk.DeliveryStatus, heard []desk.DeliveryStatus) desk.DeliveryStatus {
		for _, h := range heard {
			s, _ = s.Advance(h)
		}
		return s
	}
	rapid.Check(t, func(t *rapid.T) {
		heard := receipts.Draw(t, "heard")
		end := fold(desk.Queued, heard)
		shuffled := rapid.Permutation(heard).Draw(t, "shuffled")
		require.Equal(t, end, fold(desk.Queued, shuffled), "the order of receipts does not matter")
		require.Equal(t, end, fold(end, heard), "repeats change nothing")
		for _, h := range heard {
			_, changed := end.Advance(h)
			require.False(t, changed)
		}
		require.Equal(t, desk.Received, fold(desk.Received, heard), "incoming messages have no receipts")
	})
	for _, proof := range []desk.DeliveryStatus{desk.Accepted, desk.Sent, desk.Delivered, desk.Read} {
		got, changed := desk.Failed.Advance(proof)
		require.True(t, changed)
		require.Equal(t, proof, got, "a receipt overrules a failure")
		_, changed = proof.Advance(desk.Failed)
		require.False(t, changed, "and a failure does not overrule a receipt")
	}
}
