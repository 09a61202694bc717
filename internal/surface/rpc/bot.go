package rpc

import (
	"context"
	"encoding/json"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/bot"
	"yingda.dev/internal/wire"
)

type feedbackParams struct {
	MessageID desk.MessageID `json:"message_id"`
	Helpful   *bool          `json:"helpful"`
	Reason    string         `json:"reason"`
}

// feedback notes whether an answer of the bot has helped.
func (s *Server) feedback(ctx context.Context, c session, params json.RawMessage) (any, error) {
	const op = "rate answer"
	var p feedbackParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if _, ok := p.MessageID.Shard(); !ok {
		return nil, desk.InvalidField(op, "message_id", "this is not the id of a message")
	}
	if p.Helpful == nil {
		return nil, desk.InvalidField(op, "helpful", "helpful is true or false")
	}
	contact, err := s.writer(ctx, c, op)
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Bot.Rate(ctx, c.visitor.Account, contact, p.MessageID, bot.Thumb{Helpful: *p.Helpful, Reason: p.Reason})
}

type welcomeParams struct {
	URL   string `json:"url"`
	Title string `json:"title"`
}

type welcomeResult struct {
	// Bot is null where people answer first.
	Bot *welcomeShape `json:"bot"`
}

type welcomeShape struct {
	Name      string   `json:"name,omitempty"`
	Greeting  string   `json:"greeting"`
	Questions []string `json:"questions"`
}

// welcome says who answers first, and what is likely to be asked.
func (s *Server) welcome(ctx context.Context, c session, params json.RawMessage) (any, error) {
	const op = "suggest questions"
	var p welcomeParams
	if err := decode(params, &p); err != nil {
		return nil, err
	}
	if p.URL != "" && !webAddress(p.URL) {
		return nil, desk.InvalidField(op, "url", "the page's address is not http or https, or too long")
	}
	if utf8.RuneCountInString(p.Title) > maxTitle {
		return nil, desk.InvalidField(op, "title", "the page's title is longer than 500 characters")
	}
	w, err := s.deps.Bot.Welcome(ctx, c.inbox, c.visitor.Locale, p.URL, p.Title)
	if err != nil || !w.Serves {
		return welcomeResult{}, err
	}
	shape := &welcomeShape{Name: w.Name, Greeting: w.Greeting, Questions: w.Questions}
	if shape.Questions == nil {
		shape.Questions = []string{}
	}
	return welcomeResult{Bot: shape}, nil
}

// thumbs are what the visitor thought of the answers among the messages; it
// asks only if there are any.
func (s *Server) thumbs(ctx context.Context, messages []desk.Message) (map[desk.MessageID]*wire.Thumb, error) {
	for _, m := range messages {
		if m.Content.DecisionID == "" {
			continue
		}
		thumbs, err := s.deps.Bot.Thumbs(ctx, m.AccountID, m.ConversationID)
		out := make(map[desk.MessageID]*wire.Thumb, len(thumbs))
		for id, t := range thumbs {
			out[id] = &wire.Thumb{Helpful: t.Helpful, Reason: t.Reason}
		}
		return out, err
	}
	return nil, nil
}
