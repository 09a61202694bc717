package library

import (
	"context"
	"slices"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/knowledge"
)

// Ask is a question.
type Ask struct {
	Text string
	// Locale and Channel are where it is asked; empty asks for any.
	Locale, Channel string
	// Limit is how many hits are wanted; 0 means 3.
	Limit int
	// Plain leaves the classifier out, for when there is more to do than time.
	Plain bool
}

// Found is what the knowledge says to a question.
type Found struct {
	// Version is the training that answered; empty if there is none.
	Version string
	// Confidence is the chance that the first hit answers the question.
	Confidence float64
	// Hits are the likeliest items, the likeliest first.
	Hits []Hit
}

// Hit is an item that may answer a question.
type Hit struct {
	ID string
	// Kind is FAQ or Article.
	Kind string
	// Title is the FAQ's question, or the article's title and the headings above
	// the passage.
	Title string
	Topic string
	// Way is the way of asking that is nearest, or the passage of an article.
	Way string
	// P is how likely it is, taking for granted that one of the hits is right.
	P float64
	// Answer is what to say: the FAQ's answer, or the passage.
	Answer desk.Content
	Source desk.Source
	// Spans are what question and Way have in common, in bytes of Way.
	Spans []knowledge.Span
}

// Find answers a question from memory. Only the first question of an account
// on this node waits until its knowledge is loaded. An account without
// knowledge finds nothing.
func (s *Service) Find(ctx context.Context, account desk.AccountID, a Ask) (Found, error) {
	c, err := s.current(ctx, account)
	if err != nil {
		return Found{}, err
	}
	return c.find(a, s.deps.Clock.Now()), nil
}

func (c *contents) find(a Ask, at time.Time) Found {
	f := Found{Version: c.version, Hits: []Hit{}}
	if c.index == nil || strings.TrimSpace(a.Text) == "" {
		return f
	}
	if a.Limit <= 0 {
		a.Limit = 3
	}
	answer := c.index.Ask(knowledge.Query{
		Text: a.Text, Limit: 4 * a.Limit, Plain: a.Plain,
		Keep: func(id string) bool {
			e, piece, ok := c.entry(id)
			if !ok || !e.Live(at) {
				return false
			}
			if e.Kind == Article {
				return piece < len(e.pieces) && (e.Locale == "" || a.Locale == "" || language(e.Locale) == language(a.Locale))
			}
			_, ok = e.answer(a.Channel, a.Locale)
			return ok
		},
	})
	f.Confidence = answer.Confidence
	for _, k := range answer.Candidates {
		e, piece, _ := c.entry(k.ID)
		if len(f.Hits) == a.Limit {
			break
		}
		if slices.ContainsFunc(f.Hits, func(h Hit) bool { return h.ID == e.ID }) {
			continue // another passage of the same article
		}
		h := Hit{ID: e.ID, Kind: e.Kind, Title: e.Title, Topic: e.Topic, P: k.P, Source: e.Source}
		if e.Kind == Article {
			p := e.pieces[piece]
			if p.heading != "" && p.heading != e.Title {
				h.Title = e.Title + " › " + p.heading
			}
			h.Way, h.Answer = p.text, desk.TextContent(p.text)
			if h.Source == (desk.Source{}) {
				h.Source = desk.Source{Title: e.Title}
			}
		} else {
			h.Way = e.Title
			if k.Way > 0 && k.Way <= len(e.Ways) {
				h.Way = e.Ways[k.Way-1]
			}
			h.Answer, _ = e.answer(a.Channel, a.Locale)
		}
		h.Spans = c.index.Highlight(h.Way, a.Text)
		f.Hits = append(f.Hits, h)
	}
	if len(f.Hits) == 0 {
		f.Confidence = 0
	}
	return f
}
