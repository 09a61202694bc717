package surfacetest

import (
	"context"
	"log/slog"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/timer"
)

// botTalks joins the bot and conversations as the program does.
type botTalks struct{ *conversation.Service }

func (t botTalks) TakeTurn(ctx context.Context, v bot.Turn) (desk.Conversation, bool, error) {
	return t.Service.TakeTurn(ctx, conversation.Turn(v))
}

func (h *House) buildBot(keys *seal.Keyring, log *slog.Logger) {
	var err error
	h.Bot, err = bot.New(bot.Deps{
		Store: h.Store, Keys: keys, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Bus: h.Bus, Book: h.BotBook,
		Talks: botTalks{h.Conversations}, Queue: h.Queue, Offices: h.Workspace, Knowledge: h.Shelf, Learner: h.Shelf, Log: log, Metrics: h.Metrics,
	}, bot.Config{})
	require.NoError(h, err)
}

// Shelf is the knowledge of all companies: it answers what a test has put there.
type Shelf struct {
	// Answer is asked for each question; nil knows nothing.
	Answer func(text string) bot.Found
}

// Learn implements bot.Learner.
func (s *Shelf) Learn(context.Context, desk.AccountID, desk.AgentID, bot.Lesson) (string, error) {
	return "faq_learned", nil
}

// Find implements bot.Knowledge.
func (s *Shelf) Find(_ context.Context, _ desk.AccountID, a bot.Ask) (bot.Found, error) {
	if s.Answer == nil {
		return bot.Found{}, nil
	}
	return s.Answer(a.Text), nil
}
