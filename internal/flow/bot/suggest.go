package bot

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/store"
)

// Welcome is what a visitor is met with before anything is asked.
type Welcome struct {
	// Serves says that a bot answers first.
	Serves         bool
	Name, Greeting string
	// Questions are likely ones.
	Questions []string
}

// mostQuestions is how many likely questions are offered.
const mostQuestions = 4

// Welcome greets a visitor of an inbox: with questions that fit the page they
// look at, and with those that were asked most in the last days.
func (s *Service) Welcome(ctx context.Context, in desk.Inbox, locale desk.Locale, page, title string) (Welcome, error) {
	first, _ := s.deps.Book.Serves(in)
	if !first {
		return Welcome{}, nil
	}
	set, _ := s.deps.Book.of(in.AccountID)
	out := Welcome{
		Serves: true, Name: set.Name, Greeting: set.text(locale, func(t Texts) string { return t.Greeting }, wordsOf(locale).greeting),
	}
	add := func(q string) {
		if q != "" && utf8.RuneCountInString(q) <= 60 && len(out.Questions) < mostQuestions && !slices.Contains(out.Questions, q) {
			out.Questions = append(out.Questions, q)
		}
	}
	if s.deps.Knowledge != nil {
		if about := aboutPage(page, title); about != "" {
			found, err := s.deps.Knowledge.Find(ctx, in.AccountID, Ask{Text: about, Locale: locale, Channel: in.Channel, Limit: 2, Effort: PlainSearch})
			if err != nil {
				return out, err
			}
			for _, h := range found.Hits {
				if h.Kind == "faq" {
					add(h.Title)
				}
			}
		}
	}
	trend, err := s.trend(ctx, in.AccountID)
	for _, q := range trend[locale] {
		add(q)
	}
	return out, err
}

// aboutPage is what a page seems to be about: its title and the words of its path.
func aboutPage(page, title string) string {
	words := strings.TrimSpace(title)
	if u, err := url.Parse(page); err == nil {
		words += " " + strings.TrimSpace(strings.NewReplacer("/", " ", "-", " ", "_", " ", ".html", " ").Replace(u.Path))
	}
	words = strings.TrimSpace(words)
	if utf8.RuneCountInString(words) > 200 {
		words = string([]rune(words)[:200])
	}
	return words
}

// trends are the questions that were answered most, by account. They are few
// and short, and dropped when there are too many accounts.
type trends struct {
	mu  sync.Mutex
	all map[desk.AccountID]trend
}

type trend struct {
	questions map[desk.Locale][]string
	read      time.Time
}

const (
	trendLife    = 10 * time.Minute
	trendDays    = 7
	maxTrends    = 1000
	trendSamples = 400
)

func (s *Service) trend(ctx context.Context, account desk.AccountID) (map[desk.Locale][]string, error) {
	now := s.deps.Clock.Now()
	s.trends.mu.Lock()
	have, ok := s.trends.all[account]
	s.trends.mu.Unlock()
	if ok && now.Sub(have.read) < trendLife {
		return have.questions, nil
	}
	rows, err := s.deps.Store.BotDecisions(ctx, account, store.BotFilter{Kind: string(Answer)}, "", trendSamples)
	if err != nil {
		return nil, err
	}
	counts, first := make(map[string]int), make(map[string]store.BotDecision)
	for _, d := range rows {
		if now.Sub(d.At) > trendDays*24*time.Hour || !strings.HasPrefix(d.Hit, "faq_") || d.Thumb < 0 {
			continue
		}
		counts[d.Hit]++
		if _, ok := first[d.Hit]; !ok {
			first[d.Hit] = d
		}
	}
	hits := make([]string, 0, len(counts))
	for h := range counts {
		hits = append(hits, h)
	}
	slices.SortFunc(hits, func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	fresh := trend{questions: make(map[desk.Locale][]string), read: now}
	for _, h := range hits[:min(len(hits), 2*mostQuestions)] {
		all, err := s.openAll(ctx, account, []store.BotDecision{first[h]})
		if err != nil {
			return nil, err
		}
		fresh.questions[all[0].Locale] = append(fresh.questions[all[0].Locale], all[0].Title)
	}
	s.trends.mu.Lock()
	defer s.trends.mu.Unlock()
	if s.trends.all == nil || len(s.trends.all) >= maxTrends {
		s.trends.all = make(map[desk.AccountID]trend)
	}
	s.trends.all[account] = fresh
	return fresh.questions, nil
}

// Suggestion is a reply that an agent may use.
type Suggestion struct {
	ID, Title, Topic string
	Confidence       float64
	Answer           desk.Content
	Source           desk.Source
}

// mostSuggestions is how many replies are suggested.
const mostSuggestions = 3

// Suggest suggests replies to what a customer has written, or is writing. With
// no text it goes by the newest of the conversation's messages.
func (s *Service) Suggest(ctx context.Context, account desk.AccountID, id desk.ConversationID, text string) ([]Suggestion, error) {
	if s.deps.Knowledge == nil {
		return nil, nil
	}
	if text = strings.TrimSpace(text); text == "" {
		messages, _, err := s.deps.Talks.Messages(ctx, account, id, store.MessageRange{BeforeSeq: 1 << 62, Limit: 20})
		if err != nil {
			return nil, err
		}
		var said []fragment
		for _, m := range messages {
			if m.Author.Kind == desk.ByVisitor {
				said = append(said, fragment{seq: m.Seq, at: m.At, content: m.Content})
			} else if m.Author.Kind == desk.ByAgent && m.Visibility == desk.Public {
				said = nil
			}
		}
		// The newest few: what was long before is another matter.
		text = ask(said[max(0, len(said)-4):]).text
	}
	if text == "" {
		return nil, nil
	}
	found, err := s.deps.Knowledge.Find(ctx, account, Ask{Text: text, Locale: localeOf(text), Limit: mostSuggestions, Effort: s.load.effort()})
	if err != nil {
		return nil, err
	}
	out := make([]Suggestion, 0, len(found.Hits))
	for _, h := range found.Hits[:min(len(found.Hits), mostSuggestions)] {
		out = append(out, Suggestion{
			ID: h.ID, Title: h.Title, Topic: h.Topic, Confidence: found.Confidence * h.P / max(found.Hits[0].P, 1e-9), Answer: h.Answer, Source: h.Source,
		})
	}
	return out, nil
}
