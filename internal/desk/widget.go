package desk

import (
	"fmt"
	"regexp"
	"slices"
)

// WidgetSettings are what an administrator may change on the chat window. They
// are public: every visitor's browser reads them. The zero value is a good
// window; texts that are missing are the window's own.
type WidgetSettings struct {
	// Position is "right" or "left"; empty is right.
	Position string `json:"position,omitempty" enum:",right,left"`
	// OffsetX and OffsetY move the launcher away from its corner, in CSS pixels,
	// 0 to 200; 0 is the window's own distance.
	OffsetX int `json:"offset_x,omitempty" minimum:"0" maximum:"200"`
	OffsetY int `json:"offset_y,omitempty" minimum:"0" maximum:"200"`
	// Theme is "auto" (as the visitor's system), "light" or "dark"; empty is auto.
	Theme string `json:"theme,omitempty" enum:",auto,light,dark"`
	// Languages are those the visitor may choose from, the first being the one
	// for visitors who speak none of them. Empty means all the product speaks.
	Languages []Locale `json:"languages,omitempty"`
	// Texts replace the window's own, by language.
	Texts map[Locale]WidgetTexts `json:"texts,omitempty"`
	// Prechat asks for something before the first message.
	Prechat PrechatForm `json:"prechat,omitzero"`
	// QuickReplies are offered before the first message, by language.
	QuickReplies map[Locale][]string `json:"quick_replies,omitempty"`
	// Sound, Rating, Transcript, Uploads and Voice switch parts off; missing means on.
	Sound      *bool `json:"sound,omitempty"`
	Rating     *bool `json:"rating,omitempty"`
	Transcript *bool `json:"transcript,omitempty"`
	Uploads    *bool `json:"uploads,omitempty"`
	Voice      *bool `json:"voice,omitempty"`
	// Consent asks the visitor before anything about their visit is recorded.
	Consent bool `json:"consent,omitempty"`
}

// WidgetTexts are the chat window's texts in one language; empty ones are its own.
type WidgetTexts struct {
	Title       string `json:"title,omitempty"`
	Subtitle    string `json:"subtitle,omitempty"`
	Greeting    string `json:"greeting,omitempty"`
	Offline     string `json:"offline,omitempty"`
	Launcher    string `json:"launcher,omitempty"`
	Placeholder string `json:"placeholder,omitempty"`
}

// PrechatForm is what is asked before the first message.
type PrechatForm struct {
	Enabled bool              `json:"enabled,omitempty"`
	Title   map[Locale]string `json:"title,omitempty"`
	Fields  []PrechatField    `json:"fields,omitempty"`
}

// PrechatField is one question. The names "name", "email" and "phone" go to
// the contact's profile, others to its attributes.
type PrechatField struct {
	FormField
	// Labels replace Label, by language.
	Labels map[Locale]string `json:"labels,omitempty"`
}

// IsOn reads a switch whose absence means on.
func IsOn(b *bool) bool { return b == nil || *b }

// Limits of the chat window's settings.
const (
	maxWidgetOffset  = 200
	maxPrechatFields = 10
	maxQuickReplies  = 8
)

var prechatName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,31}$`)

// Validate returns an Invalid error that names the first setting at fault.
func (w WidgetSettings) Validate() error {
	const op = "check widget settings"
	wrong := func(field, msg string) error { return InvalidField(op, "widget."+field, msg) }
	switch {
	case !slices.Contains([]string{"", "right", "left"}, w.Position):
		return wrong("position", "the position is right or left")
	case w.OffsetX < 0 || w.OffsetX > maxWidgetOffset:
		return wrong("offset_x", fmt.Sprintf("an offset is 0 to %d pixels", maxWidgetOffset))
	case w.OffsetY < 0 || w.OffsetY > maxWidgetOffset:
		return wrong("offset_y", fmt.Sprintf("an offset is 0 to %d pixels", maxWidgetOffset))
	case !slices.Contains([]string{"", "auto", "light", "dark"}, w.Theme):
		return wrong("theme", "the theme is auto, light or dark")
	}
	seen := make(map[Locale]bool)
	for _, l := range w.Languages {
		if !l.known() || seen[l] {
			return wrong("languages", "a language is zh-CN or en, each once")
		}
		seen[l] = true
	}
	for l, t := range w.Texts {
		if !l.known() {
			return wrong("texts", "a language is zh-CN or en")
		}
		if field, msg := t.problem(); msg != "" {
			return wrong("texts."+string(l)+"."+field, msg)
		}
	}
	for l, replies := range w.QuickReplies {
		if msg := quickRepliesProblem(l, replies); msg != "" {
			return wrong("quick_replies", msg)
		}
	}
	if field, msg := w.Prechat.problem(); msg != "" {
		return wrong("prechat."+field, msg)
	}
	return nil
}

func (l Locale) known() bool { return l == Chinese || l == English }

func (t WidgetTexts) problem() (field, msg string) {
	for _, c := range []struct {
		field, text string
		limit       int
	}{
		{"title", t.Title, 60},
		{"subtitle", t.Subtitle, 200},
		{"greeting", t.Greeting, 1000},
		{"offline", t.Offline, 500},
		{"launcher", t.Launcher, 30},
		{"placeholder", t.Placeholder, 60},
	} {
		if msg := textProblem(c.text, c.limit, false); msg != "" {
			return c.field, msg
		}
	}
	return "", ""
}

func quickRepliesProblem(l Locale, replies []string) string {
	if !l.known() {
		return "a language is zh-CN or en"
	}
	if len(replies) > maxQuickReplies {
		return fmt.Sprintf("at most %d quick replies", maxQuickReplies)
	}
	for _, r := range replies {
		if msg := textProblem(r, 80, true); msg != "" {
			return msg
		}
	}
	return ""
}

func (p PrechatForm) problem() (field, msg string) {
	if msg := labelsProblem(p.Title, 100); msg != "" {
		return "title", msg
	}
	if len(p.Fields) > maxPrechatFields {
		return "fields", fmt.Sprintf("at most %d fields", maxPrechatFields)
	}
	if p.Enabled && len(p.Fields) == 0 {
		return "fields", "a form that is switched on asks for something"
	}
	seen := make(map[string]bool)
	for i, f := range p.Fields {
		at := fmt.Sprintf("fields[%d]", i)
		switch {
		case !prechatName.MatchString(f.Name):
			return at + ".name", "a name is a lower-case letter and then letters, digits and underscores, 32 at most"
		case seen[f.Name]:
			return at + ".name", "two fields have the same name"
		case (f.Kind == "select") != (len(f.Options) > 0):
			return at + ".options", "a choice has options, and only a choice"
		}
		seen[f.Name] = true
		if msg := firstProblem(f.problem(), labelsProblem(f.Labels, maxLabel)); msg != "" {
			return at, msg
		}
	}
	return "", ""
}

func labelsProblem(labels map[Locale]string, limit int) string {
	for l, text := range labels {
		if !l.known() {
			return "a language is zh-CN or en"
		}
		if msg := textProblem(text, limit, false); msg != "" {
			return msg
		}
	}
	return ""
}
