package app

import (
	"context"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/platform/timer"
)

// buildBot builds the bot in service, behind everything that it uses.
func (a *App) buildBot() (err error) {
	a.bot, err = bot.New(bot.Deps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Clock: a.clock, After: timer.Wall, Bus: a.bus, Book: a.botBook,
		Talks: botTalks{a.conversations}, Queue: a.queue, Offices: a.workspace,
		Log: a.log.With("area", "bot"), Metrics: a.metrics,
	}, bot.Config{})
	return err
}

// botTalks joins the bot and the one writer of conversations.
type botTalks struct{ *conversation.Service }

// TakeTurn commits what the bot does.
func (t botTalks) TakeTurn(ctx context.Context, v bot.Turn) (desk.Conversation, bool, error) {
	return t.Service.TakeTurn(ctx, conversation.Turn(v))
}
