package library

import (
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/text"
)

// The kinds of items.
const (
	FAQ     = "faq"
	Article = "article"
)

// The bounds of knowledge.
const (
	MaxItems        = 20_000
	maxTitle        = 300
	maxWays         = 300
	maxWay          = 500
	maxAnswers      = 20
	MaxArticleRunes = 200_000
)

// Item is something the bot knows: an FAQ or an article.
type Item struct {
	ID string
	// Kind is FAQ or Article.
	Kind string
	// Category is a Category's id; may be empty.
	Category string
	// Version is the one that the item has, or for a change the one it is made on.
	Version   int64
	CreatedAt time.Time
	UpdatedAt time.Time
	Body
}

// Body is what is sealed of an item.
type Body struct {
	// Title is an FAQ's question or an article's title.
	Title string `json:"title"`
	// Ways are other ways of asking the question (FAQ).
	Ways []string `json:"ways,omitempty"`
	// Answers of an FAQ, at most one for each channel and language.
	Answers []Answer `json:"answers,omitempty"`
	// Text is an article's, in Markdown.
	Text string `json:"text,omitempty"`
	// Locale is an article's language; empty means every.
	Locale string `json:"locale,omitempty"`
	// Source is where it comes from, shown below an answer.
	Source desk.Source `json:"source,omitzero"`
	// Topic is what thresholds and figures are kept by; may be empty.
	Topic string `json:"topic,omitempty"`
	// ValidFrom and ValidUntil bound when it answers; zero means without bound.
	ValidFrom  time.Time `json:"valid_from,omitzero"`
	ValidUntil time.Time `json:"valid_until,omitzero"`
	Enabled    bool      `json:"enabled"`
	// Origin says where it came from: desk, import, review or demo.
	Origin    string       `json:"origin,omitempty"`
	UpdatedBy desk.AgentID `json:"updated_by,omitempty"`
}

// Answer is what an FAQ is answered with.
type Answer struct {
	// Channel is where it is for ("webchat"); empty means everywhere.
	Channel string `json:"channel,omitempty"`
	// Locale is the language it is in ("zh-CN", "en"); empty means any.
	Locale  string       `json:"locale,omitempty"`
	Content desk.Content `json:"content"`
}

// ItemPlace is where an item is sealed for, VersionPlace one of its versions,
// PartPlace a part of an index.
func ItemPlace(id string) seal.Place {
	return seal.Place{Owner: id, Table: "knowledge_item", Row: id, Column: "content"}
}

// VersionPlace is where a version of an item is sealed for.
func VersionPlace(id string, version int64) seal.Place {
	return seal.Place{Owner: id, Table: "knowledge_version", Row: fmt.Sprintf("%s:%d", id, version), Column: "content"}
}

// PartPlace is where a part of an index is sealed for.
func PartPlace(index string, part int) seal.Place {
	return seal.Place{Owner: index, Table: "knowledge_part", Row: fmt.Sprintf("%s:%d", index, part), Column: "body"}
}

var (
	channelName = regexp.MustCompile(`^[a-z0-9_]{0,32}$`)
	localeName  = regexp.MustCompile(`^([a-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$`)
)

// check brings an item into form.
func (it *Item) check() error {
	const op = "save knowledge"
	var err error
	if it.Title, err = line(op, "title", it.Title, maxTitle); err != nil {
		return err
	}
	if it.Title == "" {
		return desk.InvalidField(op, "title", "a question or title is needed")
	}
	if it.Topic, err = line(op, "topic", it.Topic, 60); err != nil {
		return err
	}
	if it.Source.Title, err = line(op, "source", it.Source.Title, 200); err != nil {
		return err
	}
	it.Source.URL = strings.TrimSpace(it.Source.URL)
	if u := it.Source.URL; u != "" {
		p, err := url.Parse(u)
		local := err == nil && p.Scheme == "" && p.Host == "" && strings.HasPrefix(u, "/") && !strings.ContainsRune(u, '\\')
		if err != nil || !local && (p.Scheme != "https" && p.Scheme != "http" || p.Host == "") || len(u) > 2048 {
			return desk.InvalidField(op, "source", "the source's address begins with https://")
		}
		if it.Source.Title == "" {
			it.Source.Title = p.Host
		}
	}
	if !it.ValidFrom.IsZero() && !it.ValidUntil.IsZero() && !it.ValidUntil.After(it.ValidFrom) {
		return desk.InvalidField(op, "valid_until", "the end of validity lies before its beginning")
	}
	if !localeName.MatchString(it.Locale) || len(it.Locale) > 35 {
		return desk.InvalidField(op, "locale", "a language looks like zh-CN or en")
	}
	switch it.Kind {
	case FAQ:
		it.Text, it.Locale = "", ""
		if err := it.checkWays(op); err != nil {
			return err
		}
		return it.checkAnswers(op)
	case Article:
		it.Ways, it.Answers = nil, nil
		if strings.TrimSpace(it.Text) == "" || !utf8.ValidString(it.Text) || strings.ContainsRune(it.Text, 0) {
			return desk.InvalidField(op, "text", "an article needs a text")
		}
		if utf8.RuneCountInString(it.Text) > MaxArticleRunes {
			return desk.InvalidField(op, "text", "an article is at most 200,000 characters; cut it in two")
		}
		return nil
	}
	return desk.InvalidField(op, "kind", "an entry is an faq or an article")
}

// checkWays drops ways that only repeat another.
func (it *Item) checkWays(op string) error {
	seen := map[string]bool{text.Normalize(it.Title): true}
	ways := make([]string, 0, len(it.Ways))
	for i, w := range it.Ways {
		w, err := line(op, fmt.Sprintf("ways[%d]", i), w, maxWay)
		if err != nil {
			return err
		}
		if n := text.Normalize(w); w != "" && !seen[n] {
			seen[n] = true
			ways = append(ways, w)
		}
	}
	if len(ways) > maxWays {
		return desk.InvalidField(op, "ways", "an FAQ has at most 300 ways of asking")
	}
	it.Ways = ways
	return nil
}

func (it *Item) checkAnswers(op string) error {
	if len(it.Answers) == 0 || len(it.Answers) > maxAnswers {
		return desk.InvalidField(op, "answers", "an FAQ has one to 20 answers")
	}
	type key struct{ channel, locale string }
	seen := make(map[key]bool)
	for i, a := range it.Answers {
		field := fmt.Sprintf("answers[%d]", i)
		if !channelName.MatchString(a.Channel) || !localeName.MatchString(a.Locale) || len(a.Locale) > 35 {
			return desk.InvalidField(op, field, "there is no such channel or language")
		}
		k := key{a.Channel, a.Locale}
		if seen[k] {
			return desk.InvalidField(op, field, "there are two answers for one channel and language")
		}
		seen[k] = true
		if a.Content.ReplyTo != "" || len(a.Content.Mentions) > 0 || !a.Content.RecalledAt.IsZero() {
			return desk.InvalidField(op, field, "an answer is parts only")
		}
		if err := a.Content.Validate(); err != nil {
			return &desk.Error{Kind: desk.Invalid, Op: op, Field: field, Msg: messageOf(err), Err: err}
		}
	}
	return nil
}

func messageOf(err error) string {
	var e *desk.Error
	if ok := asError(err, &e); ok {
		return e.Msg
	}
	return "the answer is not valid"
}

// line checks something on one line, without what nobody can see.
func line(op, field, s string, most int) (string, error) {
	s = strings.TrimSpace(s)
	switch {
	case !utf8.ValidString(s) || strings.ContainsFunc(s, unicode.IsControl):
		return "", desk.InvalidField(op, field, "this is one line of text")
	case utf8.RuneCountInString(s) > most:
		return "", desk.InvalidField(op, field, fmt.Sprintf("this is longer than %d characters", most))
	}
	return s, nil
}

// files are the uploaded files of all answers.
func (b Body) files() (out []desk.AttachmentID) {
	for _, a := range b.Answers {
		out = append(out, a.Content.Attachments()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Live tells whether it may answer at the time.
func (b Body) Live(now time.Time) bool {
	return b.Enabled && !now.Before(b.ValidFrom) && (b.ValidUntil.IsZero() || now.Before(b.ValidUntil))
}

// answer is the FAQ's best for the channel and language; empty ones ask for any.
func (b Body) answer(channel, locale string) (desk.Content, bool) {
	best, most := -1, -1
	for i, a := range b.Answers {
		score := 0
		switch {
		case a.Channel == channel:
			score += 8
		case a.Channel == "":
			score += 4
		case channel != "":
			continue
		}
		switch {
		case a.Locale == locale:
			score += 3
		case a.Locale == "":
			score++
		case locale != "" && language(a.Locale) == language(locale):
			score += 2
		case locale != "":
			continue
		}
		if score > most {
			best, most = i, score
		}
	}
	if best < 0 {
		return desk.Content{}, false
	}
	return b.Answers[best].Content, true
}

func language(locale string) string {
	l, _, _ := strings.Cut(locale, "-")
	return l
}
