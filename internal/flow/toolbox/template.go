package toolbox

import (
	"fmt"
	"regexp"
	"strings"

	"yingda.dev/internal/desk"
)

// Variables that every canned reply may use. Besides them "contact.<name>" is
// an attribute of the contact.
const (
	VariableContactName    = "contact.name"
	VariableAgentName      = "agent.name"
	VariableAccountName    = "account.name"
	VariableConversationID = "conversation.id"
)

// maxFallback is how long the text behind "|" may be, in characters.
const maxFallback = 100

var attribute = regexp.MustCompile(`^contact\.[\p{L}\p{N}_-]{1,64}$`)

// piece is a run of text, or a variable with its fallback.
type piece struct {
	text, name, fallback string
}

// parse cuts "您好，{{contact.name|亲}}" into pieces. Invalid says what is wrong.
func parse(text string) ([]piece, error) {
	const op, field = "read variables", "parts"
	var out []piece
	for text != "" {
		before, rest, found := strings.Cut(text, "{{")
		if before != "" {
			out = append(out, piece{text: before})
		}
		if !found {
			break
		}
		inside, after, closed := strings.Cut(rest, "}}")
		if !closed || strings.Contains(inside, "{{") {
			return nil, desk.InvalidField(op, field, "a variable that begins with {{ does not end with }}")
		}
		name, fallback, _ := strings.Cut(inside, "|")
		p := piece{name: strings.TrimSpace(name), fallback: strings.TrimSpace(fallback)}
		switch {
		case !known(p.name):
			return nil, desk.InvalidField(op, field, fmt.Sprintf("there is no variable {{%.80s}}", p.name))
		case len([]rune(p.fallback)) > maxFallback || strings.ContainsAny(p.fallback, "\n\r"):
			return nil, desk.InvalidField(op, field, "what stands in for a variable is one line of at most 100 characters")
		}
		out = append(out, p)
		text = after
	}
	return out, nil
}

func known(name string) bool {
	switch name {
	case VariableContactName, VariableAgentName, VariableAccountName, VariableConversationID:
		return true
	}
	return attribute.MatchString(name)
}

// Render fills in the variables of a text: the value, or what stands behind
// "|" if there is none. A text that Check would refuse comes back as it is.
func Render(text string, values map[string]string) string {
	pieces, err := parse(text)
	if err != nil {
		return text
	}
	var b strings.Builder
	for _, p := range pieces {
		value := strings.TrimSpace(values[p.name])
		switch {
		case p.name == "":
			b.WriteString(p.text)
		case value != "":
			b.WriteString(value)
		default:
			b.WriteString(p.fallback)
		}
	}
	return b.String()
}

// Check refuses parts with a variable that cannot be filled in.
func Check(parts []desk.Part) error {
	for _, p := range parts {
		if _, err := parse(p.Text); err != nil {
			return err
		}
	}
	return nil
}
