package bot

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/platform/audit"
	"yingda.dev/internal/platform/store"
)

// Threshold says how sure the bot has to be.
type Threshold struct {
	// AnswerAt is from which confidence on the bot answers by itself, ReviewAt from
	// which on a person looks at its draft.
	AnswerAt float64 `json:"answer_at" minimum:"0" maximum:"1"`
	ReviewAt float64 `json:"review_at" minimum:"0" maximum:"1"`
	// Team gets what is handed over.
	Team desk.TeamID `json:"team_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$"`
	// Person hands over always: the topic is not for a bot.
	Person bool `json:"person,omitempty"`
}

// Topic is what is different about one topic.
type Topic struct {
	// AnswerAt and ReviewAt are as in Threshold. Both 0 follow the account's.
	AnswerAt float64 `json:"answer_at,omitempty" minimum:"0" maximum:"1" doc:"Without it and review_at, the account's count."`
	ReviewAt float64 `json:"review_at,omitempty" minimum:"0" maximum:"1"`
	// Team gets what is handed over; "" is the account's.
	Team desk.TeamID `json:"team_id,omitempty" maxLength:"40" pattern:"^[a-z0-9_]*$" doc:"Gets what is handed over; without it, the account's."`
	// Person hands over always: the topic is not for a bot.
	Person bool `json:"person,omitempty" doc:"A person always answers this topic."`
}

// Texts are what the bot says of its own accord, in one language; empty ones
// are the product's.
type Texts struct {
	Greeting   string `json:"greeting,omitempty" maxLength:"4000"`
	Salutation string `json:"salutation,omitempty" maxLength:"160"`
	HandOver   string `json:"hand_over,omitempty" maxLength:"4000"`
	Fallback   string `json:"fallback,omitempty" maxLength:"4000"`
}

// Settings are the account's. The inbox says which conversations are the bot's.
type Settings struct {
	// Enabled is the main switch: off, and all conversations go to people.
	Enabled bool `json:"enabled"`
	// Name is what customers know the bot by.
	Name string `json:"name,omitempty" maxLength:"120"`
	Threshold
	Topics map[string]Topic `json:"topics,omitempty"`
	// ReviewSeconds is how long a draft waits for a person.
	ReviewSeconds int `json:"review_seconds" minimum:"10" maximum:"3600"`
	// BurstMS is how long after a message the bot waits for the rest of it.
	BurstMS int `json:"burst_ms" minimum:"0" maximum:"10000"`
	// Zone is the IANA time zone that days and times in flows are meant in. Empty
	// is Shanghai for a Chinese company and UTC for others.
	Zone string `json:"zone,omitempty" maxLength:"64" example:"Asia/Shanghai" doc:"The time zone that days and times in flows are meant in."`
	// Sources shows customers what an answer rests on.
	Sources bool `json:"sources"`
	// ReturnAfterAgent gives a conversation that comes back after a person has
	// resolved it to the bot.
	ReturnAfterAgent bool                  `json:"return_after_agent"`
	Texts            map[desk.Locale]Texts `json:"texts,omitempty"`
	// Version counts changes, so that nodes keep the newest.
	Version int64 `json:"-"`
}

// revision names what is set now.
func (s Settings) revision() desk.Revision { return desk.RevisionOf(s) }

// teams are those that something goes to.
func (s Settings) teams() (out []desk.TeamID) {
	for _, t := range s.Topics {
		out = append(out, t.Team)
	}
	return slices.DeleteFunc(append(out, s.Team), func(t desk.TeamID) bool { return t == "" })
}

// Usual are the settings of an account that has set nothing.
func Usual() Settings {
	return Settings{
		Enabled: true, Threshold: Threshold{AnswerAt: 0.9, ReviewAt: 0.7}, ReviewSeconds: 60, BurstMS: 1500,
		Sources: true, ReturnAfterAgent: true,
	}
}

const maxTopics = 200

// Check refuses settings that make no sense.
func (s Settings) Check() error {
	const op = "set up the bot"
	if err := s.Threshold.check(op, ""); err != nil {
		return err
	}
	if len(s.Topics) > maxTopics {
		return desk.InvalidField(op, "topics", "there are at most 200 topics with thresholds of their own")
	}
	for name, t := range s.Topics {
		if name == "" || utf8.RuneCountInString(name) > 64 {
			return desk.InvalidField(op, "topics", "a topic has a name of 1 to 64 characters")
		}
		if err := Threshold(t).check(op, "topics."); err != nil {
			return err
		}
	}
	switch {
	case utf8.RuneCountInString(s.Name) > 30:
		return desk.InvalidField(op, "name", "a name has at most 30 characters")
	case s.ReviewSeconds < 10 || s.ReviewSeconds > 3600:
		return desk.InvalidField(op, "review_seconds", "a draft waits 10 seconds to an hour")
	case s.BurstMS < 0 || s.BurstMS > 10_000:
		return desk.InvalidField(op, "burst_ms", "the bot waits at most 10 seconds for the rest")
	}
	if _, err := time.LoadLocation(s.Zone); err != nil || s.Zone == "Local" {
		return desk.InvalidField(op, "zone", "there is no such time zone")
	}
	for l, t := range s.Texts {
		if l != desk.Chinese && l != desk.English {
			return desk.InvalidField(op, "texts", "a language is zh-CN or en")
		}
		for _, text := range []string{t.Greeting, t.Salutation, t.HandOver, t.Fallback} {
			if utf8.RuneCountInString(text) > 1000 {
				return desk.InvalidField(op, "texts", "a text has at most 1,000 characters")
			}
		}
	}
	return nil
}

func (t Threshold) check(op, field string) error {
	if !(t.AnswerAt >= 0 && t.AnswerAt <= 1) || !(t.ReviewAt >= 0 && t.ReviewAt <= 1) {
		return desk.InvalidField(op, field+"answer_at", "a threshold is between 0 and 1")
	}
	if t.ReviewAt > t.AnswerAt {
		return desk.InvalidField(op, field+"review_at", "what a person looks at begins below what is answered by itself")
	}
	return nil
}

// of is the threshold of a topic.
func (s Settings) of(topic string) Threshold {
	t, ok := s.Topics[topic]
	if !ok {
		return s.Threshold
	}
	out := Threshold(t)
	if t.AnswerAt == 0 && t.ReviewAt == 0 {
		out.AnswerAt, out.ReviewAt = s.AnswerAt, s.ReviewAt
	}
	if out.Team == "" {
		out.Team = s.Team
	}
	return out
}

// Book knows the settings of all accounts, in memory. Before it has read them
// it says that no bot serves anything. Build it with NewBook, then Run it.
type Book struct {
	store *store.Store
	audit *audit.Book
	clock desk.Clock
	log   *slog.Logger

	mu       sync.RWMutex
	loaded   bool
	settings map[desk.AccountID]Settings
	locales  map[desk.AccountID]desk.Locale
}

// NewBook makes an empty one.
func NewBook(s *store.Store, acts *audit.Book, clock desk.Clock, log *slog.Logger) *Book {
	return &Book{store: s, audit: acts, clock: clock, log: log, settings: make(map[desk.AccountID]Settings), locales: make(map[desk.AccountID]desk.Locale)}
}

// Serves tells whether new conversations of an inbox begin with the bot, and
// whether those that a person has resolved come back to it. It does not block.
func (b *Book) Serves(in desk.Inbox) (first, returning bool) {
	if !in.Settings.BotFirst {
		return false, false
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	if !b.loaded {
		return false, false
	}
	s, ok := b.settings[in.AccountID]
	if !ok {
		s = Usual()
	}
	return s.Enabled, s.Enabled && s.ReturnAfterAgent
}

// of is what is known in memory.
func (b *Book) of(account desk.AccountID) (Settings, desk.Locale) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	s, ok := b.settings[account]
	if !ok {
		s = Usual()
	}
	return s, b.locales[account]
}

// Zone is the time zone that days and times in an account's flows are meant in.
func (b *Book) Zone(account desk.AccountID) *time.Location {
	s, l := b.of(account)
	if s.Zone == "" && l != desk.English {
		s.Zone = "Asia/Shanghai"
	}
	zone, err := time.LoadLocation(s.Zone)
	if err != nil {
		return time.UTC // it has gone from the system
	}
	return zone
}

// Get reads the settings that are stored.
func (b *Book) Get(ctx context.Context, account desk.AccountID) (Settings, error) {
	return read(b.store.BotSettings(ctx, account))
}

func read(row store.BotSettings, err error) (Settings, error) {
	s := Usual()
	if errors.Is(err, desk.NotFound) {
		return s, nil
	}
	if err == nil {
		err = desk.Wrap(desk.Internal, "read bot settings", json.Unmarshal([]byte(row.Settings), &s))
	}
	s.Version = row.Version
	return s, err
}

// Set changes the settings; all nodes hear of it. Conflict if they are not what
// the caller has seen. What is set already is set again without a word.
func (b *Book) Set(ctx context.Context, account desk.AccountID, by desk.AgentID, s Settings, seen desk.Revision) (Settings, error) {
	if err := s.Check(); err != nil {
		return Settings{}, err
	}
	pen, err := b.audit.Open(ctx, account)
	if err != nil {
		return Settings{}, err
	}
	err = b.store.Write(ctx, account, func(ctx context.Context, tx *store.Tx) error {
		before, err := read(tx.BotSettings(ctx, account))
		if err != nil {
			return err
		}
		if s.Version = before.Version; s.Version > 0 && s.revision() == before.revision() {
			return nil
		}
		if err := seen.Seen("set up the bot", before.revision()); err != nil {
			return err
		}
		if err := teamsThere(ctx, tx, account, s.teams(), before.teams()); err != nil {
			return err
		}
		s.Version++
		text, err := json.Marshal(s)
		if err != nil {
			return desk.Wrap(desk.Internal, "save bot settings", err)
		}
		if err := tx.PutBotSettings(ctx, store.BotSettings{AccountID: account, Settings: string(text), Version: s.Version}); err != nil {
			return err
		}
		if err := pen.Write(ctx, tx, audit.Act{
			Action: "bot_settings.changed", Target: audit.Target{Kind: "bot", ID: "settings"},
			Details: audit.Changes(
				map[string]any{"enabled": before.Enabled, "answer_at": before.AnswerAt, "review_at": before.ReviewAt, "version": before.Version},
				map[string]any{"enabled": s.Enabled, "answer_at": s.AnswerAt, "review_at": s.ReviewAt, "version": s.Version}),
		}); err != nil {
			return err
		}
		return tx.Emit(desk.Event{
			AccountID: account, Actor: desk.Author{Kind: desk.ByAgent, ID: string(by)}, Fact: desk.BotChanged{What: desk.BotSettings},
		})
	})
	if err == nil {
		b.keep(account, s)
	}
	return s, err
}

// teamsThere refuses teams that there are not. One that was set before stays, so that
// a team's end does not keep anybody from changing something else.
func teamsThere(ctx context.Context, tx *store.Tx, account desk.AccountID, teams, before []desk.TeamID) error {
	if len(teams) == 0 {
		return nil
	}
	there, err := tx.Teams(ctx, account)
	if err != nil {
		return err
	}
	for _, id := range teams {
		if !slices.Contains(before, id) && !slices.ContainsFunc(there, func(t desk.Team) bool { return t.ID == id }) {
			return desk.InvalidField("set up the bot", "team_id", "there is no such team")
		}
	}
	return nil
}

func (b *Book) keep(account desk.AccountID, s Settings) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.settings[account].Version <= s.Version {
		b.settings[account] = s
	}
}

// load reads what is stored of all accounts.
func (b *Book) load(ctx context.Context) error {
	accounts, err := b.store.Accounts(ctx)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		s, err := b.Get(ctx, a.ID)
		if err != nil {
			return err
		}
		b.keep(a.ID, s)
		b.mu.Lock()
		b.locales[a.ID] = a.Locale
		b.mu.Unlock()
	}
	b.mu.Lock()
	b.loaded = true
	b.mu.Unlock()
	return nil
}

// localeOf is the account's language, read once.
func (b *Book) localeOf(ctx context.Context, account desk.AccountID) desk.Locale {
	if _, l := b.of(account); l != "" {
		return l
	}
	a, err := b.store.Account(ctx, account)
	if err != nil {
		return desk.Chinese
	}
	b.mu.Lock()
	b.locales[account] = a.Locale
	b.mu.Unlock()
	return a.Locale
}

// run keeps the book up to date until ctx ends.
func (b *Book) run(ctx context.Context, l lane, wait func(context.Context, time.Duration) bool) error {
	for ctx.Err() == nil {
		head, err := b.store.Head(ctx)
		if err == nil {
			err = b.load(ctx)
		}
		if err == nil {
			err = l.Follow(ctx, head, func(events []desk.Event) {
				for _, e := range events {
					if f, ok := e.Fact.(desk.BotChanged); ok && f.What == desk.BotSettings {
						b.refresh(ctx, e.AccountID)
					}
				}
			})
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // we were told to stop
		}
		if err != nil {
			b.log.WarnContext(ctx, "bot settings not read; trying again", "error", err)
		}
		if !wait(ctx, time.Second) {
			return nil
		}
	}
	return nil
}

func (b *Book) refresh(ctx context.Context, account desk.AccountID) {
	s, err := b.Get(ctx, account)
	if err != nil {
		b.log.WarnContext(ctx, "bot settings not read", "account_id", account, "error", err)
		return
	}
	b.keep(account, s)
}
