package desk

import (
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"
)

// Limits on what one message may hold. They are part of the protocol.
const (
	MaxParts     = 20
	MaxTextRunes = 10_000
	maxLabel     = 200
	maxButtons   = 20
	maxFields    = 30
	maxOptions   = 100
	maxURL       = 2_048
)

// Validate checks the content against the protocol's limits and returns an
// Invalid error that names the first part at fault.
func (c Content) Validate() error {
	if len(c.Parts) == 0 {
		return InvalidField("check content", "parts", "a message needs at least one part")
	}
	if len(c.Parts) > MaxParts {
		return InvalidField("check content", "parts", fmt.Sprintf("a message has at most %d parts", MaxParts))
	}
	for i, p := range c.Parts {
		if msg := p.problem(); msg != "" {
			return InvalidField("check content", fmt.Sprintf("parts[%d]", i), msg)
		}
	}
	if msg := sourcesProblem(c.Sources); msg != "" {
		return InvalidField("check content", "sources", msg)
	}
	return nil
}

// problem says what is wrong with the part in words for a person; empty means fine.
func (p Part) problem() string {
	if p.foreign() {
		return "a part holds only what its type names"
	}
	switch p.Type {
	case TextPart:
		return textProblem(p.Text, MaxTextRunes, true)
	case ImagePart, AudioPart, VideoPart, FilePart:
		if p.Media == nil {
			return "media is missing"
		}
		return p.Media.problem()
	case LocationPart:
		if p.Location == nil {
			return "location is missing"
		}
		return p.Location.problem()
	case CardPart:
		if p.Card == nil {
			return "card is missing"
		}
		return p.Card.problem()
	case ButtonsPart:
		if msg := textProblem(p.Text, MaxTextRunes, false); msg != "" {
			return msg
		}
		if len(p.Buttons) == 0 {
			return "buttons are missing"
		}
		return buttonsProblem(p.Buttons)
	case FormPart:
		if p.Form == nil {
			return "form is missing"
		}
		return p.Form.problem()
	default:
		return "unknown part type"
	}
}

// foreign reports whether a field is set that does not belong to the part's
// type. Nobody checks such a field, so it must not be stored or shown.
func (p Part) foreign() bool {
	rest := p
	switch p.Type {
	case TextPart:
		rest.Text = ""
	case ImagePart, AudioPart, VideoPart, FilePart:
		rest.Media = nil
	case LocationPart:
		rest.Location = nil
	case CardPart:
		rest.Card = nil
	case ButtonsPart: // buttons stand below a text
		rest.Text, rest.Buttons = "", nil
	case FormPart:
		rest.Form = nil
	}
	return rest.Text != "" || rest.Media != nil || rest.Location != nil || rest.Card != nil ||
		len(rest.Buttons) > 0 || rest.Form != nil
}

func (m *Media) problem() string {
	if m.ID != "" && !m.ID.Valid() {
		return "this is not the id of an uploaded file"
	}
	if msg := firstProblem(urlProblem(m.URL, m.ID == ""), urlProblem(m.ThumbnailURL, false)); msg != "" {
		return msg
	}
	if m.Size < 0 || m.Width < 0 || m.Height < 0 || m.DurationMS < 0 {
		return "sizes cannot be negative"
	}
	return firstProblem(textProblem(m.Name, 255, false), textProblem(m.MIME, 127, false))
}

func (l *Location) problem() string {
	// Written so that NaN fails too.
	if !(l.Latitude >= -90 && l.Latitude <= 90) || !(l.Longitude >= -180 && l.Longitude <= 180) {
		return "latitude is -90 to 90 and longitude -180 to 180 degrees"
	}
	return firstProblem(textProblem(l.Name, maxLabel, false), textProblem(l.Address, 2*maxLabel, false))
}

func (c *Card) problem() string {
	return firstProblem(
		textProblem(c.Title, maxLabel, true), textProblem(c.Subtitle, 5*maxLabel, false),
		textProblem(c.Price, maxLabel, false), urlProblem(c.ImageURL, false), urlProblem(c.URL, false),
		buttonsProblem(c.Buttons))
}

func (f *Form) problem() string {
	if len(f.Fields) == 0 || len(f.Fields) > maxFields {
		return fmt.Sprintf("a form has 1 to %d fields", maxFields)
	}
	asked := make(map[string]bool, len(f.Fields))
	for _, field := range f.Fields {
		if msg := field.problem(); msg != "" {
			return msg
		}
		asked[field.Name] = true
	}
	for name, value := range f.Values {
		if !asked[name] {
			return "a form has values only for its fields"
		}
		if msg := textProblem(value, MaxTextRunes, false); msg != "" {
			return msg
		}
	}
	return textProblem(f.Title, maxLabel, false)
}

func (f FormField) problem() string {
	if msg := firstProblem(textProblem(f.Name, 64, true), textProblem(f.Label, maxLabel, true)); msg != "" {
		return msg
	}
	switch f.Kind {
	case "text", "email", "phone", "number", "select", "date", "textarea":
	default:
		return "unknown kind of form field"
	}
	if len(f.Options) > maxOptions {
		return fmt.Sprintf("a form field has at most %d options", maxOptions)
	}
	for _, o := range f.Options {
		if msg := textProblem(o, maxLabel, true); msg != "" {
			return msg
		}
	}
	return ""
}

func buttonsProblem(buttons []Button) string {
	if len(buttons) > maxButtons {
		return fmt.Sprintf("at most %d buttons", maxButtons)
	}
	for _, b := range buttons {
		if msg := firstProblem(textProblem(b.Label, maxLabel, true), textProblem(b.Value, maxLabel, false), urlProblem(b.URL, false)); msg != "" {
			return msg
		}
	}
	return ""
}

func textProblem(s string, maxRunes int, required bool) string {
	switch {
	case !utf8.ValidString(s):
		return "text is not valid UTF-8"
	case strings.ContainsRune(s, 0):
		return "text holds a NUL character"
	case required && strings.TrimSpace(s) == "":
		return "text is empty"
	case utf8.RuneCountInString(s) > maxRunes:
		return fmt.Sprintf("text is longer than %d characters", maxRunes)
	}
	return ""
}

func urlProblem(s string, required bool) string {
	if s == "" {
		if required {
			return "url is missing"
		}
		return ""
	}
	if len(s) > maxURL {
		return "url is too long"
	}
	u, err := url.Parse(s)
	if err != nil {
		return "url cannot be read"
	}
	local := u.Scheme == "" && u.Host == "" && strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//") && !strings.Contains(s, `\`)
	if u.Scheme != "https" && u.Scheme != "http" && !local {
		return "only http and https addresses are allowed"
	}
	return ""
}

func firstProblem(problems ...string) string {
	for _, p := range problems {
		if p != "" {
			return p
		}
	}
	return ""
}
