package bot

import (
	"context"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Used counts what agents did with suggestions.
func (s *Service) Used(ctx context.Context, account desk.AccountID, agent desk.AgentID, c store.Copilot) error {
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error { return tx.CountCopilot(ctx, account, agent, c) })
}

// Correct makes knowledge of an agent's correction of an answer.
func (s *Service) Correct(ctx context.Context, account desk.AccountID, by desk.AgentID, id, question, answer string) (string, error) {
	const op = "correct answer"
	d, err := s.Decision(ctx, account, id)
	if err != nil {
		return "", err
	}
	if question = strings.TrimSpace(question); question == "" {
		question = d.Question
	}
	if d.Corrected != "" {
		return "", desk.E(desk.Conflict, op, "a colleague has corrected this answer already")
	}
	made, err := s.learn(ctx, op, account, by, Lesson{Question: question, Answer: answer, Locale: d.Locale, Topic: d.Topic, Key: "correct:" + id})
	if err != nil {
		return "", err
	}
	return made, s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.CheckBotDecision(ctx, account, id, -1, by); err != nil {
			return err
		}
		return tx.CorrectBotDecision(ctx, account, id, made)
	})
}

// Teach makes knowledge of what a colleague answered. The same message again is
// the same knowledge. NotFound if it is not a colleague's answer in this conversation.
func (s *Service) Teach(ctx context.Context, account desk.AccountID, by desk.AgentID, id desk.ConversationID, message desk.MessageID, question, answer string) (string, error) {
	const op = "learn from reply"
	m, err := s.deps.Talks.Message(ctx, account, message)
	if err != nil {
		return "", err
	}
	if m.ConversationID != id || m.Author.Kind != desk.ByAgent || m.Visibility != desk.Public || !m.Content.RecalledAt.IsZero() {
		return "", desk.E(desk.NotFound, op, "there is no such reply")
	}
	locale := localeOf(question)
	if locale == "" {
		locale = s.deps.Book.localeOf(ctx, account)
	}
	return s.learn(ctx, op, account, by, Lesson{Question: strings.TrimSpace(question), Answer: answer, Locale: locale, Key: "teach:" + string(message)})
}

func (s *Service) learn(ctx context.Context, op string, account desk.AccountID, by desk.AgentID, l Lesson) (string, error) {
	if s.deps.Learner == nil {
		return "", desk.E(desk.Unsupported, op, "there is no knowledge here")
	}
	l.Answer = strings.TrimSpace(l.Answer)
	switch {
	case l.Question == "":
		return "", desk.InvalidField(op, "question", "the question is missing")
	case l.Answer == "":
		return "", desk.InvalidField(op, "answer", "the right answer is missing")
	case utf8.RuneCountInString(l.Question) > maxQuestion || utf8.RuneCountInString(l.Answer) > desk.MaxTextRunes:
		return "", desk.InvalidField(op, "answer", "the question or the answer is too long")
	}
	return s.deps.Learner.Learn(ctx, account, by, l)
}

// Check keeps what a colleague found about an automatic answer.
func (s *Service) Check(ctx context.Context, account desk.AccountID, by desk.AgentID, id string, right bool) error {
	checked := -1
	if right {
		checked = 1
	}
	return s.deps.Store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		return tx.CheckBotDecision(ctx, account, id, checked, by)
	})
}
