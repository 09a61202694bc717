package training

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/dialogue"
	"yingda.dev/internal/platform/seal"
	"yingda.dev/internal/platform/text"
)

// Intent is something that visitors may want.
type Intent struct {
	// ID is "int_…".
	ID string
	// Name is unique in the account; those of built-in intents begin with @.
	Name  string
	Title string
	// Topic is what thresholds and teams go by; may be empty.
	Topic    string
	Examples []string
	// Actions is a JSON list of what to do; empty means nothing.
	Actions json.RawMessage
	Enabled bool
	Builtin bool
	// Version counts the changes; 0 is a built-in intent as it was shipped.
	Version   int64
	UpdatedAt time.Time
}

// The bounds of an account's intents.
const (
	MaxIntents        = 5_000
	MaxExamples       = 5_000 // of an intent
	MaxExampleRunes   = 500
	maxAccountLetters = 20_000_000 // of all examples together: what a training can hold in memory
	maxActions        = 64 << 10
)

// content is what is sealed of an intent.
type content struct {
	Title    string          `json:"title"`
	Examples []string        `json:"examples,omitempty"`
	Actions  json.RawMessage `json:"actions,omitempty"`
}

// IntentPlace is where an intent is sealed for.
func IntentPlace(id string) seal.Place {
	return seal.Place{Owner: id, Table: "intent", Row: id, Column: "content"}
}

// ModelPlace is where what is secret of a model is sealed for.
func ModelPlace(id string) seal.Place {
	return seal.Place{Owner: id, Table: "intent_model", Row: id, Column: "secret"}
}

var intentName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,59}$`)

// cleanName brings a name into its form. An empty one is made of the title:
// of its letters, or of their pinyin initials.
func cleanName(op, name, title string) (string, error) {
	name = strings.ToLower(strings.TrimSpace(name))
	if name == "" {
		name = nameOf(title)
	}
	if !intentName.MatchString(name) {
		return "", desk.InvalidField(op, "name", "a name begins with a letter from a to z and has at most 60 of a-z, 0-9 and _")
	}
	return name, nil
}

// nameOf makes a name of a title; "" if nothing in it can stand in a name.
func nameOf(title string) string {
	plain := func(s string) string {
		s = strings.Map(func(r rune) rune {
			switch {
			case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
				return r
			case r == ' ' || r == '-' || r == '_':
				return '_'
			}
			return -1
		}, strings.ToLower(s))
		s = strings.TrimLeft(s, "0123456789_")
		return strings.TrimRight(s[:min(len(s), 60)], "_")
	}
	if strings.ContainsFunc(title, func(r rune) bool { return r > unicode.MaxASCII }) {
		return plain(text.Initials(title))
	}
	return plain(text.Normalize(title))
}

// clean checks an intent and brings it into form. What it says twice is said once.
func clean(op string, i *Intent) (err error) {
	i.Title = strings.TrimSpace(i.Title)
	if !i.Builtin {
		if i.Name, err = cleanName(op, i.Name, i.Title); err != nil {
			return err
		}
	}
	if i.Title == "" {
		i.Title = i.Name
	}
	if utf8.RuneCountInString(i.Title) > 100 || strings.ContainsFunc(i.Title, unicode.IsControl) {
		return desk.InvalidField(op, "title", "a title is one line of at most 100 characters")
	}
	i.Topic = strings.TrimSpace(i.Topic)
	if utf8.RuneCountInString(i.Topic) > 60 || strings.ContainsFunc(i.Topic, unicode.IsControl) {
		return desk.InvalidField(op, "topic", "a topic is one line of at most 60 characters")
	}
	seen := make(map[string]bool, len(i.Examples))
	kept := make([]string, 0, len(i.Examples))
	for n, e := range i.Examples {
		e, why := cleanExample(e)
		if why != "" {
			return desk.InvalidField(op, "examples", fmt.Sprintf("example %d: %s", n+1, why))
		}
		if key := text.Normalize(e); !seen[key] {
			seen[key] = true
			kept = append(kept, e)
		}
	}
	if len(kept) > MaxExamples {
		return desk.InvalidField(op, "examples", "an intent has at most 5,000 examples")
	}
	i.Examples = kept
	if len(i.Actions) == 0 || string(i.Actions) == "null" {
		i.Actions = json.RawMessage("[]")
	}
	if len(i.Actions) > maxActions {
		return desk.InvalidField(op, "actions", "the actions are longer than 64 kB")
	}
	if i.Name == Outside && string(i.Actions) != "[]" {
		return desk.InvalidField(op, "actions", "what means none of the intents has no actions")
	}
	if problems := CheckActions(i.Actions, i.Name); len(problems) > 0 {
		return desk.InvalidField(op, "actions", problems[0])
	}
	return nil
}

// cleanExample brings an example into form; why says what is wrong with it.
func cleanExample(e string) (clean, why string) {
	e = strings.Join(strings.Fields(e), " ")
	switch {
	case e == "":
		return "", "it is empty"
	case !utf8.ValidString(e):
		return "", "it is not UTF-8 text"
	case utf8.RuneCountInString(e) > MaxExampleRunes:
		return "", "it is longer than 500 characters"
	case strings.ContainsFunc(e, unicode.IsControl):
		return "", "it holds control characters"
	}
	return e, ""
}

// CheckActions says what is wrong with actions; nothing for an empty list.
func CheckActions(raw json.RawMessage, name string) []string {
	var list []json.RawMessage
	if err := json.Unmarshal(raw, &list); err != nil {
		return []string{"actions are a JSON list of objects, each with a type"}
	}
	if len(list) == 0 {
		return nil
	}
	_, problems := dialogue.Actions(raw, name)
	var out []string
	for _, p := range problems {
		if !p.Warning {
			out = append(out, strings.TrimPrefix(p.Path+": "+p.Message("en"), ": "))
		}
	}
	return out
}
