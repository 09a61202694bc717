package conversation_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/store"
)

func botTimer(t *testing.T, h *house, account desk.AccountID, id desk.ConversationID) (store.Timer, bool) {
	t.Helper()
	timer, err := h.Store.Timer(t.Context(), conversation.BotTimerRef(account, id))
	if err != nil {
		require.ErrorIs(t, err, desk.NotFound)
	}
	return timer, err == nil
}

// What the customer writes to the bot is answered or ends with people: a timer
// is there from the commit of the message to that of the answer.
func TestTheBotsTurnIsOneCommit(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		c.inbox.Settings.BotFirst = true
		a := c.says("u1", "k1", "洗衣机什么时候到")
		timer, set := botTimer(t, h, c.id, a.ConversationID)
		require.True(t, set)
		require.Equal(t, a.At.Add(conversation.BotPatience), timer.Due)

		turn := conversation.Turn{
			Account: c.id, Conversation: a.ConversationID, Key: "turn-1", Read: 1,
			Says: []desk.Content{{
				Parts: desk.TextContent("明天送到。").Parts, Sources: []desk.Source{{Title: "配送时间", URL: "https://shop.example/a"}}, DecisionID: "dec_1",
			}},
		}
		stale := turn
		stale.Read = 0
		_, _, err := h.TakeTurn(t.Context(), stale)
		require.ErrorIs(t, err, conversation.ErrOvertaken)
		after, repeated, err := h.TakeTurn(t.Context(), turn)
		require.NoError(t, err)
		require.False(t, repeated)
		require.Equal(t, desk.Pending, after.Status)
		require.True(t, after.WaitingSince.IsZero())
		_, set = botTimer(t, h, c.id, a.ConversationID)
		require.False(t, set)
		_, repeated, err = h.TakeTurn(t.Context(), turn)
		require.NoError(t, err)
		require.True(t, repeated, "answered once, however often it is tried")
		messages, _, err := h.Messages(t.Context(), c.id, a.ConversationID, store.MessageRange{})
		require.NoError(t, err)
		require.Len(t, messages, 2)
		require.Equal(t, desk.ByBot, messages[1].Author.Kind)
		require.Equal(t, "dec_1", messages[1].Content.DecisionID)
		require.Equal(t, turn.Says[0].Sources, messages[1].Content.Sources)
	})
}

func TestTheBotHandsOver(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		c.inbox.Settings.BotFirst = true
		a := c.says("u1", "k1", "转人工")
		after, _, err := h.TakeTurn(t.Context(), conversation.Turn{
			Account: c.id, Conversation: a.ConversationID, Key: "turn", Read: 1, Note: desk.TextContent("客户要人工"), Says: []desk.Content{desk.TextContent("正在为您转接")},
			HandOver: true, Team: c.team, Escalate: &desk.ConversationEscalated{Reason: "mood", Score: 2},
		})
		require.NoError(t, err)
		require.Equal(t, desk.Open, after.Status)
		require.Equal(t, c.team, after.TeamID)
		require.Equal(t, a.At, after.WaitingSince, "the customer waits for a person, whatever the bot has said")
		_, set := botTimer(t, h, c.id, a.ConversationID)
		require.False(t, set)
		_, _, err = h.TakeTurn(t.Context(), conversation.Turn{Account: c.id, Conversation: a.ConversationID, Key: "late", Read: 9})
		require.ErrorIs(t, err, conversation.ErrNotBots)

		back, err := h.GiveToBot(t.Context(), conversation.Order{Actor: c.agents[0], Key: "b", ConversationID: a.ConversationID})
		require.NoError(t, err)
		require.Equal(t, desk.Pending, back.Status)
		require.Empty(t, back.TeamID)
		c.says("u1", "k2", "还在吗")
		_, set = botTimer(t, h, c.id, a.ConversationID)
		require.True(t, set)
		taken, err := h.Claim(t.Context(), conversation.Order{Actor: c.agents[0], Key: "c", ConversationID: a.ConversationID})
		require.NoError(t, err)
		require.Equal(t, desk.Open, taken.Status)
		_, set = botTimer(t, h, c.id, a.ConversationID)
		require.False(t, set, "a person has it")
	})
}

// A draft waits for a person until a time, and the timer knows it.
func TestADraftHasATime(t *testing.T) {
	t.Parallel()
	onBoth(t, func(t *testing.T, h *house) {
		c := h.company()
		c.inbox.Settings.BotFirst = true
		a := c.says("u1", "k1", "洗衣机能上门吗")
		until := a.At.Add(time.Minute)
		_, _, err := h.TakeTurn(t.Context(), conversation.Turn{
			Account: c.id, Conversation: a.ConversationID, Key: "turn", Read: 1, Until: until,
			Facts: []desk.Fact{desk.BotDrafted{DecisionID: "dec_1", State: desk.DraftWaiting, Until: until}},
		})
		require.NoError(t, err)
		timer, set := botTimer(t, h, c.id, a.ConversationID)
		require.True(t, set)
		require.Equal(t, until, timer.Due)
	})
}
