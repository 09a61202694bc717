package bot_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
)

// pupil remembers its lessons.
type pupil struct{ lessons []bot.Lesson }

func (p *pupil) Learn(_ context.Context, _ desk.AccountID, _ desk.AgentID, l bot.Lesson) (string, error) {
	p.lessons = append(p.lessons, l)
	return "faq_new", nil
}

// Who takes over finds why, what was said, and what may be answered, in whole.
func TestTheNoteCarriesReplies(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "师傅什么时候来？")
	h.answers(t, a.ConversationID, 1) // it asks back
	h.says(t, "u", "转人工")
	h.opened(t, a.ConversationID)
	var note desk.Message
	for _, m := range h.all(t, a.ConversationID) {
		if m.Visibility == desk.Note {
			note = m
		}
	}
	require.Contains(t, note.Content.PlainText(), "客户要求人工")
	var replies []string
	for _, p := range note.Content.Parts[1:] {
		require.Equal(t, desk.ButtonsPart, p.Type)
		replies = append(replies, p.Buttons[0].Label+"："+p.Text)
	}
	require.Equal(t, []string{"上门安装：师傅会联系您上门安装。", "多久送到：一般两天送到。"}, replies)
}

// A conversation that is given back while the customer waits is the bot's turn
// at once: the customer need not ask again.
func TestGivenBackTheBotAnswersWhatWaits(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	a := h.says(t, "u", "转人工")
	h.opened(t, a.ConversationID)
	h.says(t, "u", "多久能送到？")
	before := h.state(t, a.ConversationID)
	require.False(t, before.WaitingSince.IsZero())
	_, err := h.GiveToBot(t.Context(), conversation.Order{Actor: h.agent(t), ConversationID: a.ConversationID, Key: "give"})
	require.NoError(t, err)
	h.run(t, h.timers.Run)
	require.Eventually(t, func() bool {
		for _, m := range h.all(t, a.ConversationID) {
			if m.Author.Kind == desk.ByBot && m.Content.PlainText() == "一般两天送到。" {
				return true
			}
		}
		return false
	}, patience, 5*time.Millisecond)
	require.Equal(t, desk.Pending, h.state(t, a.ConversationID).Status)
}

func TestAReplyBecomesKnowledge(t *testing.T) {
	t.Parallel()
	p := &pupil{}
	h := open(t, options{learner: p})
	a := h.says(t, "u", "可以开专票吗")
	h.opened(t, a.ConversationID)
	said, err := h.Reply(t.Context(), conversation.ReplyCommand{Actor: h.agent(t), ConversationID: a.ConversationID, Key: "r", Content: desk.TextContent("可以，请提供税号。")})
	require.NoError(t, err)
	id, err := h.bot.Teach(t.Context(), h.id, "agt_1", a.ConversationID, said.ID, " 可以开专票吗 ", "可以，请提供税号。")
	require.NoError(t, err)
	require.Equal(t, "faq_new", id)
	require.Equal(t, bot.Lesson{Question: "可以开专票吗", Answer: "可以，请提供税号。", Locale: desk.Chinese, Key: "teach:" + string(said.ID)}, p.lessons[0])
	_, err = h.bot.Teach(t.Context(), h.id, "agt_1", "cnv_other", said.ID, "问", "答")
	require.ErrorIs(t, err, desk.NotFound)
	_, err = h.bot.Teach(t.Context(), h.id, "agt_1", a.ConversationID, a.MessageID, "问", "答")
	require.ErrorIs(t, err, desk.NotFound, "a customer's words are no answer")
	_, err = h.bot.Teach(t.Context(), h.id, "agt_1", a.ConversationID, said.ID, "问", "  ")
	require.ErrorIs(t, err, desk.Invalid)
}

// agent is a colleague.
func (h *house) agent(t *testing.T) conversation.Actor {
	t.Helper()
	all, err := h.Store.Agents(t.Context(), h.id)
	require.NoError(t, err)
	return conversation.Actor{Account: h.id, Agent: all[0].ID, Sight: desk.SeesAll()}
}

// Who begins to write has no less time than nobody had.
func TestAClaimDoesNotShortenTheWait(t *testing.T) {
	t.Parallel()
	h := open(t, options{})
	set, err := h.bot.Settings(t.Context(), h.id)
	require.NoError(t, err)
	set.ReviewSeconds = 3600
	_, err = h.bot.SetSettings(t.Context(), h.id, "agt_1", set, "")
	require.NoError(t, err)
	h.says(t, "u", "能上门安装吗？")
	var drafts []bot.Decision
	require.Eventually(t, func() bool { drafts, _ = h.bot.Drafts(t.Context(), h.id); return len(drafts) == 1 }, patience, 2*time.Millisecond)
	claimed, err := h.bot.ClaimDraft(t.Context(), h.id, h.agent(t).Agent, drafts[0].ID)
	require.NoError(t, err)
	require.False(t, claimed.DraftUntil.Before(drafts[0].DraftUntil))
}
