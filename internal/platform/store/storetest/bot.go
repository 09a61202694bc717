package storetest

import (
	"context"
	"errors"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// decision adds a decision with a draft that waits, and a session, by a command.
func (n *Tenant) decision(id desk.ConversationID) store.BotDecision {
	n.Helper()
	d := store.BotDecision{
		ID: n.IDs.Other("dec"), AccountID: n.ID, ConversationID: id, InboxID: n.Inbox.ID, ReadSeq: 1, At: n.Clock.Now(),
		Kind: "review", Topic: "shipping", Hit: "faq_1", Confidence: 0.75, Locale: desk.Chinese, Detail: "{}",
		Body: desk.Sealed("sealed"), Draft: desk.DraftWaiting, DraftUntil: n.Clock.Now().Add(time.Minute),
	}
	s := store.BotSession{AccountID: n.ID, ConversationID: id, ReadSeq: 1, State: desk.Sealed("state"), UpdatedAt: n.Clock.Now()}
	n.Do(store.Command{
		Account: n.ID, Target: store.Target{Conversation: id},
		Decide: func(store.Situation) (store.Effects, error) {
			return store.Effects{Extras: []store.Extra{store.AddBotDecision(d), store.KeepBotSession(s)}}, nil
		},
	})
	return d
}

func (n *Tenant) extra(id desk.ConversationID, x ...store.Extra) {
	n.Helper()
	n.Do(store.Command{
		Account: n.ID, Target: store.Target{Conversation: id},
		Decide: func(store.Situation) (store.Effects, error) { return store.Effects{Extras: x}, nil },
	})
}

func botRows(n *Tenant) {
	id := n.Do(n.Receive("ada", "k", []byte("x"))).Conversation.ID
	_, err := n.Store.BotSession(n.Ctx, n.ID, id)
	n.kind(desk.NotFound, err)
	first, second := n.decision(id), n.decision(id)
	got, err := n.Store.BotDecision(n.Ctx, n.ID, first.ID)
	require.NoError(n, err)
	require.Equal(n, first, got)
	session, err := n.Store.BotSession(n.Ctx, n.ID, id)
	require.NoError(n, err)
	require.Equal(n, desk.Sealed("state"), session.State)
	list := func(f store.BotFilter, before string) (ids []string) {
		rows, err := n.Store.BotDecisions(n.Ctx, n.ID, f, before, 0)
		require.NoError(n, err)
		for _, d := range rows {
			ids = append(ids, d.ID)
		}
		return ids
	}
	require.Equal(n, []string{second.ID, first.ID}, list(store.BotFilter{}, ""))
	require.Equal(n, []string{first.ID}, list(store.BotFilter{Topic: "shipping"}, second.ID))
	require.Equal(n, []string{second.ID, first.ID}, list(store.BotFilter{Kind: "review"}, ""))
	require.Empty(n, list(store.BotFilter{Kind: "answer"}, ""))

	claim := func(agent desk.AgentID) error {
		return n.Store.Write(n.Ctx, n.ID, func(ctx context.Context, tx *store.Tx) error {
			return tx.ClaimBotDraft(ctx, n.ID, first.ID, agent, n.Clock.Now().Add(time.Hour))
		})
	}
	require.NoError(n, claim("agt_1"))
	require.NoError(n, claim("agt_1"))
	n.kind(desk.Conflict, claim("agt_2"))
	n.extra(id, store.FinishBotDraft(first, desk.DraftSent, "agt_1", "msg_1"), store.ThumbBotDecision(first, -1, desk.Outdated))
	n.kind(desk.Conflict, claim("agt_1"))
	drafts, err := n.Store.BotDrafts(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, []store.BotDecision{second}, drafts)
	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.CheckBotDecision(ctx, n.ID, first.ID, 1, "agt_2"), tx.CorrectBotDecision(ctx, n.ID, first.ID, "faq_9"),
			tx.ResealBotDecision(ctx, n.ID, first.ID, desk.Sealed("new")), tx.OvertakeBotDrafts(ctx, n.ID, id),
			tx.SettleBotDecisions(ctx, n.ID, id, "resolved"),
		)
	})
	n.extra(id, store.SettleBotDecisions(n.ID, id, "too late"), store.OvertakeBotDrafts(n.ID, id))
	want := first
	want.Draft, want.DraftAgent, want.DraftUntil, want.MessageID = desk.DraftSent, "agt_1", n.Clock.Now().Add(time.Hour), "msg_1"
	want.Thumb, want.ThumbReason, want.Checked, want.CheckedBy, want.Corrected = -1, desk.Outdated, 1, "agt_2", "faq_9"
	want.Body, want.Outcome = desk.Sealed("new"), "resolved"
	of, err := n.Store.BotDecisionsOf(n.Ctx, n.ID, id)
	require.NoError(n, err)
	require.Len(n, of, 2)
	require.Equal(n, desk.DraftOvertaken, of[0].Draft)
	of[1].DraftUntil = want.DraftUntil
	require.Equal(n, want, of[1])
	figures, err := n.Store.BotFigures(n.Ctx, n.ID, first.ID, 0)
	require.NoError(n, err)
	require.Equal(n, []store.BotFigure{{
		ID: second.ID, Kind: "review", Topic: "shipping", Hit: "faq_1", Outcome: "resolved", Confidence: 0.75, Draft: desk.DraftOvertaken,
	}}, figures)

	n.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(
			tx.CountCopilot(ctx, n.ID, "agt_1", store.Copilot{Shown: 3, Inserted: 1}), tx.CountCopilot(ctx, n.ID, "agt_1", store.Copilot{Shown: 3, Ignored: 1}),
			tx.PutBotSettings(ctx, store.BotSettings{AccountID: n.ID, Settings: "{}", Version: 1}),
			tx.PutBotSettings(ctx, store.BotSettings{AccountID: n.ID, Settings: `{"enabled":false}`, Version: 2}),
		)
	})
	sum, err := n.Store.Copilot(n.Ctx, n.ID, n.Clock.Now().Add(-time.Hour))
	require.NoError(n, err)
	require.Equal(n, store.Copilot{Shown: 6, Inserted: 1, Ignored: 1}, sum)
	settings, err := n.Store.BotSettings(n.Ctx, n.ID)
	require.NoError(n, err)
	require.Equal(n, int64(2), settings.Version)
}

func botReads(n *Tenant, v *victim, empty, missing func(any, error)) map[string]func() {
	id := v.in.Conversation.ID
	d := v.decision(id)
	v.Write(func(ctx context.Context, tx *store.Tx) error {
		return errors.Join(tx.PutBotSettings(ctx, store.BotSettings{AccountID: v.ID, Settings: "{}"}), tx.CountCopilot(ctx, v.ID, v.Agent.ID, store.Copilot{Shown: 1}))
	})
	ctx, s, me := n.Ctx, n.Store, n.ID
	return map[string]func(){
		"BotSettings":    func() { missing(s.BotSettings(ctx, me)) },
		"BotSession":     func() { missing(s.BotSession(ctx, me, id)) },
		"BotSessionPage": func() { empty(s.BotSessionPage(ctx, me, "", 0)) },
		"BotDecision":    func() { missing(s.BotDecision(ctx, me, d.ID)) },
		"BotDecisions": func() {
			empty(s.BotDecisions(ctx, me, store.BotFilter{}, "", 0))
			empty(s.BotDecisions(ctx, me, store.BotFilter{Topic: d.Topic}, "", 0))
			empty(s.BotDecisions(ctx, me, store.BotFilter{Kind: d.Kind}, "", 0))
		},
		"BotDecisionPage": func() { empty(s.BotDecisionPage(ctx, me, "", 0)) },
		"BotDecisionsOf":  func() { empty(s.BotDecisionsOf(ctx, me, id)) },
		"BotDrafts":       func() { empty(s.BotDrafts(ctx, me)) },
		"BotFigures":      func() { empty(s.BotFigures(ctx, me, "", 0)) },
		"Copilot": func() {
			sum, err := s.Copilot(ctx, me, time.Time{})
			require.NoError(n, err)
			require.Zero(n, sum)
		},
	}
}

func botWrites(v *victim, denied func(unit) func(), both func(unitOf) func()) map[string]func() {
	id := v.in.Conversation.ID
	d := v.decision(id)
	return map[string]func(){
		"PutBotSettings": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutBotSettings(ctx, store.BotSettings{AccountID: v.ID})
		}),
		"PutBotSession": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.PutBotSession(ctx, store.BotSession{AccountID: v.ID, ConversationID: id})
		}),
		"SettleBotDecisions": denied(func(ctx context.Context, tx *store.Tx) error { return tx.SettleBotDecisions(ctx, v.ID, id, "x") }),
		"OvertakeBotDrafts":  denied(func(ctx context.Context, tx *store.Tx) error { return tx.OvertakeBotDrafts(ctx, v.ID, id) }),
		"ClaimBotDraft": func() {
			denied(func(ctx context.Context, tx *store.Tx) error {
				return tx.ClaimBotDraft(ctx, v.ID, d.ID, "agt_x", tx.Now())
			})()
		},
		"CheckBotDecision": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.CheckBotDecision(ctx, a, d.ID, 1, "agt_x")
		}),
		"CorrectBotDecision": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.CorrectBotDecision(ctx, a, d.ID, "faq_x")
		}),
		"ResealBotDecision": both(func(ctx context.Context, tx *store.Tx, a desk.AccountID) error {
			return tx.ResealBotDecision(ctx, a, d.ID, desk.Sealed("x"))
		}),
		"CountCopilot": denied(func(ctx context.Context, tx *store.Tx) error {
			return tx.CountCopilot(ctx, v.ID, v.Agent.ID, store.Copilot{Shown: 1})
		}),
	}
}
