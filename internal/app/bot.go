package app

import (
	"context"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/conversation"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/timer"
)

// buildBot builds the bot in service, behind everything that it uses.
func (a *App) buildBot() (err error) {
	a.bot, err = bot.New(bot.Deps{
		Store: a.store, Keys: a.keys, IDs: a.ids, Clock: a.clock, After: timer.Wall, Bus: a.bus, Book: a.botBook,
		Talks: botTalks{a.conversations}, Queue: a.queue, Offices: a.workspace,
		Knowledge: botKnowledge{a.library},
		Learner:   botKnowledge{a.library},
		Mind:      botMind{a.training},
		Flows:     botFlows{a.scenarios, a.training, a.library, a.profiles, a.workspace, a.botBook, a.clock},
		Log:       a.log.With("area", "bot"), Metrics: a.metrics,
	}, bot.Config{})
	return err
}

// botTalks joins the bot and the one writer of conversations.
type botTalks struct{ *conversation.Service }

// TakeTurn commits what the bot does.
func (t botTalks) TakeTurn(ctx context.Context, v bot.Turn) (desk.Conversation, bool, error) {
	return t.Service.TakeTurn(ctx, conversation.Turn(v))
}

// botKnowledge joins the bot and the library.
type botKnowledge struct{ library *library.Service }

// Find answers a question from memory.
func (k botKnowledge) Find(ctx context.Context, account desk.AccountID, a bot.Ask) (bot.Found, error) {
	found, err := k.library.Find(ctx, account, library.Ask{
		Text: a.Text, Locale: string(a.Locale), Channel: a.Channel, Limit: a.Limit, Plain: a.Effort >= bot.PlainSearch,
	})
	if err != nil {
		return bot.Found{}, err
	}
	out := bot.Found{Version: found.Version, Confidence: found.Confidence, Hits: make([]bot.Hit, len(found.Hits))}
	for i, h := range found.Hits {
		out.Hits[i] = bot.Hit{ID: h.ID, Kind: h.Kind, Title: h.Title, Topic: h.Topic, P: h.P, Answer: h.Answer, Source: h.Source}
	}
	return out, nil
}

// Learn makes an FAQ of a lesson.
func (k botKnowledge) Learn(ctx context.Context, account desk.AccountID, by desk.AgentID, l bot.Lesson) (string, error) {
	title := strings.Join(strings.Fields(l.Question), " ")
	if utf8.RuneCountInString(title) > 200 {
		title = string([]rune(title)[:200])
	}
	item, err := k.library.Save(ctx, desk.By{Account: account, Agent: by, Key: l.Key}, library.Item{Kind: library.FAQ, Body: library.Body{
		Title: title, Topic: l.Topic, Enabled: true, Origin: "review",
		Answers: []library.Answer{{Locale: string(l.Locale), Content: desk.TextContent(l.Answer)}},
	}})
	return item.ID, err
}

// botMind joins the bot and what intents were trained to be.
type botMind struct{ training *training.Service }

// Understand says what a text wants, from memory.
func (m botMind) Understand(ctx context.Context, account desk.AccountID, text string, effort bot.Effort) (bot.Meaning, error) {
	current, err := m.training.Current(ctx, account)
	if err != nil || current.Model == nil {
		return bot.Meaning{}, err
	}
	const guesses = 4
	var v nlu.Verdict
	if effort >= bot.NoNetwork {
		v = current.Model.ClassifyFast(text, guesses)
	} else {
		v = current.Model.Classify(text, guesses)
	}
	out := bot.Meaning{Version: current.Version, Confidence: v.Confidence}
	for i, g := range v.Guesses {
		in, ok := current.Find(g.Intent)
		if !ok {
			if i == 0 {
				out.Confidence = 0 // it means something that is not to be acted on
			}
			continue
		}
		out.Intents = append(out.Intents, bot.Intent{Name: in.Name, Title: in.Title, Topic: in.Topic, P: g.P, Actions: in.Actions})
	}
	return out, nil
}
