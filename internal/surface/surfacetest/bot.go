package surfacetest

import (
	"context"
	"log/slog"

	"github.com/stretchr/testify/require"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/dispatch"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/timer"
	"yingda.dev/internal/surface/rest"
)

// botTalks joins the bot and conversations as the program does.
type botTalks struct{ *conversation.Service }

func (t botTalks) TakeTurn(ctx context.Context, v bot.Turn) (desk.Conversation, bool, error) {
	return t.Service.TakeTurn(ctx, conversation.Turn(v))
}

// thisMachine is where nothing is ever wrong.
type thisMachine struct{}

// Machine tells that all is well.
func (thisMachine) Machine(context.Context) rest.Machine {
	return rest.Machine{Version: "test", Database: "sqlite", Writable: true, DiskFree: 1 << 40, DiskTotal: 1 << 41}
}

// attended is the queue of a company whose people are there, whether or not a
// test has opened sockets for them.
type attended struct{ *dispatch.Service }

func (attended) Attended(context.Context, desk.AccountID) (bool, error) { return true, nil }

func (h *House) buildBot(keys *seal.Keyring, log *slog.Logger) {
	var err error
	h.Shelf.library = h.Library
	h.Bot, err = bot.New(bot.Deps{
		Store: h.Store, Keys: keys, IDs: h.IDs, Clock: h.Clock, After: timer.Wall, Bus: h.Bus, Book: h.BotBook,
		Talks: botTalks{h.Conversations}, Queue: attended{h.Queue}, Offices: h.Workspace, Knowledge: h.Shelf, Learner: h.Shelf, Log: log, Metrics: h.Metrics,
	}, bot.Config{})
	require.NoError(h, err)
}

// Shelf is what the bot knows: what a test has put there, or else the
// company's own knowledge.
type Shelf struct {
	// Answer, if set, is asked for each question.
	Answer  func(text string) bot.Found
	library *library.Service
}

// Learn implements bot.Learner.
func (s *Shelf) Learn(context.Context, desk.AccountID, desk.AgentID, bot.Lesson) (string, error) {
	return "faq_learned", nil
}

// Find implements bot.Knowledge.
func (s *Shelf) Find(ctx context.Context, account desk.AccountID, a bot.Ask) (bot.Found, error) {
	if s.Answer != nil {
		return s.Answer(a.Text), nil
	}
	found, err := s.library.Find(ctx, account, library.Ask{Text: a.Text, Locale: string(a.Locale), Channel: a.Channel, Limit: a.Limit})
	if err != nil {
		return bot.Found{}, err
	}
	out := bot.Found{Version: found.Version, Confidence: found.Confidence, Hits: make([]bot.Hit, len(found.Hits))}
	for i, h := range found.Hits {
		out.Hits[i] = bot.Hit{ID: h.ID, Kind: h.Kind, Title: h.Title, Topic: h.Topic, P: h.P, Answer: h.Answer, Source: h.Source}
	}
	return out, nil
}
