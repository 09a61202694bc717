package app

import (
	"context"
	"errors"
	"strconv"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/flow/library"
	"yingda.dev/internal/flow/review"
	"yingda.dev/internal/platform/store"
	"yingda.dev/internal/platform/timer"
)

// buildReview builds what proposes to learn.
func (a *App) buildReview() (err error) {
	self, err := ownProgram()
	if err != nil {
		return err
	}
	a.documents = documents{self}
	a.review, err = review.New(review.Deps{
		Store: a.store, Keys: a.keys, Audit: a.audit, IDs: a.ids, Clock: a.clock, After: timer.Wall,
		Decisions: judgedByPeople{a.bot}, Shelf: shelf{a.library}, Log: a.log.With("area", "review"), Node: a.node,
	}, review.Config{})
	return err
}

// judgedByPeople tells review what the bot decided.
type judgedByPeople struct{ bot *bot.Service }

// Judged implements what review asks for.
func (j judgedByPeople) Judged(ctx context.Context, account desk.AccountID, since time.Time, limit int) ([]review.Judged, error) {
	var out []review.Judged
	for before := ""; ; {
		page, err := j.bot.Decisions(ctx, account, store.BotFilter{}, before, 0)
		if err != nil || len(page) == 0 {
			return out, err
		}
		for _, d := range page {
			if d.At.Before(since) || len(out) >= limit {
				return out, nil
			}
			before = d.ID
			if v, ok := judgedOf(d); ok {
				out = append(out, v)
			}
		}
	}
}

// judgedOf says what is to be learned of a decision; false if nothing can be:
// flows and small talk have their own pages, a wish for a person is no question.
func judgedOf(d bot.Decision) (review.Judged, bool) {
	out := review.Judged{
		ID: d.ID, At: d.At, Locale: d.Locale, Topic: d.Topic, Question: d.Question, Hit: d.Hit, Why: d.ThumbReason, Corrected: d.Corrected != "",
		Good: d.Thumb > 0 || d.Checked > 0 || d.Draft == desk.DraftSent, Bad: d.Thumb < 0 || d.Checked < 0 || d.Draft == desk.DraftRefused,
	}
	switch bot.Kind(d.Kind) {
	case bot.Answer, bot.Review:
		out.Answered = true
	case bot.AskBack:
	case bot.HandOver:
		if d.Reason != bot.Unknown {
			return out, false
		}
	default:
		return out, false
	}
	return out, d.Question != ""
}

// shelf is the library as review sees it.
type shelf struct{ library *library.Service }

// Find implements what review asks for.
func (s shelf) Find(ctx context.Context, account desk.AccountID, question string, locale desk.Locale) (review.Entry, float64, error) {
	found, err := s.library.Find(ctx, account, library.Ask{Text: question, Locale: string(locale), Limit: 1})
	if err != nil || len(found.Hits) == 0 || found.Hits[0].Kind != library.FAQ {
		return review.Entry{}, 0, err
	}
	return review.Entry{ID: found.Hits[0].ID, Title: found.Hits[0].Title}, found.Confidence, nil
}

// Entry implements what review asks for.
func (s shelf) Entry(ctx context.Context, account desk.AccountID, id string) (review.Entry, error) {
	it, err := s.library.Get(ctx, account, id)
	if err == nil && it.Kind != library.FAQ {
		err = desk.E(desk.NotFound, "find entry", "articles have no ways of asking")
	}
	e := review.Entry{ID: it.ID, Title: it.Title, Ways: it.Ways, Topic: it.Topic}
	for _, a := range it.Answers {
		if text := a.Content.PlainText(); text != "" && e.Answer == "" {
			e.Answer, e.Locale = text, desk.Locale(a.Locale)
		}
	}
	return e, err
}

// Add implements what review asks for.
func (s shelf) Add(ctx context.Context, by desk.By, e review.Entry) (string, error) {
	it, err := s.library.Save(ctx, by, library.Item{Kind: library.FAQ, Body: library.Body{
		Title: e.Title, Ways: e.Ways, Topic: e.Topic, Enabled: true, Origin: "review",
		Answers: []library.Answer{{Content: desk.TextContent(e.Answer)}},
	}})
	return it.ID, err
}

// AddWays implements what review asks for.
func (s shelf) AddWays(ctx context.Context, by desk.By, id string, ways []string) error {
	key := by.Key
	for i, w := range ways {
		by.Key = key + ":" + strconv.Itoa(i)
		if _, err := s.library.AddWay(ctx, by, id, w, "review"); err != nil {
			return err
		}
	}
	return nil
}

// Answer implements what review asks for. It replaces the answer that was
// shown, or adds one if there was none in words; somebody who saves the entry
// at the same moment is read again once.
func (s shelf) Answer(ctx context.Context, by desk.By, id, text string) error {
	by.Key += ":answer"
	for tries := 0; ; tries++ {
		it, err := s.library.Get(ctx, by.Account, id)
		if err != nil {
			return err
		}
		replaced := false
		for i := range it.Answers {
			if !replaced && it.Answers[i].Content.PlainText() != "" {
				it.Answers[i].Content, replaced = desk.TextContent(text), true
			}
		}
		if !replaced {
			it.Answers = append(it.Answers, library.Answer{Content: desk.TextContent(text)})
		}
		if _, err = s.library.Save(ctx, by, it); tries > 0 || !errors.Is(err, desk.Conflict) {
			return err
		}
	}
}
