package demo

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"yingda.dev/internal/desk"
)

//go:embed zh en
var files embed.FS

// Line is a text with what it is: an intent, a mood, a kind.
type Line struct{ Label, Text string }

// Intent is what customers want, with what the bot does then.
type Intent struct {
	Name, Title, TitleEN, Topic string
	// Examples are ways of saying it, ExamplesEN in English.
	Examples, ExamplesEN []string
	// Actions are in the operators' form, a JSON list.
	Actions json.RawMessage
	// AnswerEN is the English text of the first message, if there is one.
	AnswerEN string
}

// FAQ is a question with its answer.
type FAQ struct {
	ID       string   `yaml:"id"`
	Category string   `yaml:"category"`
	Topic    string   `yaml:"topic"`
	Question string   `yaml:"question"`
	Ways     []string `yaml:"ways"`
	// Answer is Markdown.
	Answer  string   `yaml:"answer"`
	Card    *Card    `yaml:"card"`
	Buttons []Button `yaml:"buttons"`
	Source  Source   `yaml:"source"`
}

// Card is a picture of a product with its name and price.
type Card struct {
	Title    string `yaml:"title"`
	Subtitle string `yaml:"subtitle"`
	Price    string `yaml:"price"`
	// URL is a path of this installation.
	URL string `yaml:"url"`
}

// Button offers something to say next.
type Button struct {
	Label string `yaml:"label"`
	Value string `yaml:"value"`
}

// Source is where an answer comes from.
type Source struct {
	Title string `yaml:"title"`
	URL   string `yaml:"url"`
}

// Content is the answer as a message.
func (f FAQ) Content() desk.Content {
	c := desk.TextContent(strings.TrimSpace(f.Answer))
	if f.Card != nil {
		c.Parts = append(c.Parts, desk.Part{Type: desk.CardPart, Card: &desk.Card{
			Title: f.Card.Title, Subtitle: f.Card.Subtitle, Price: f.Card.Price, URL: f.Card.URL,
		}})
	}
	if len(f.Buttons) > 0 {
		p := desk.Part{Type: desk.ButtonsPart}
		for _, b := range f.Buttons {
			p.Buttons = append(p.Buttons, desk.Button{Label: b.Label, Value: b.Value})
		}
		c.Parts = append(c.Parts, p)
	}
	return c
}

// Article is a longer text in Markdown.
type Article struct{ Name, Title, Body string }

// Intents are those of the shop, in the order of the file.
func Intents() ([]Intent, error) {
	var rows []struct {
		Name    string           `yaml:"name"`
		Title   string           `yaml:"title"`
		TitleEN string           `yaml:"title_en"`
		Topic   string           `yaml:"topic"`
		Actions []map[string]any `yaml:"actions"`
	}
	if err := read("zh/intents.yaml", &rows); err != nil {
		return nil, err
	}
	chinese, err := byIntent(desk.Chinese)
	if err != nil {
		return nil, err
	}
	english, err := byIntent(desk.English)
	if err != nil {
		return nil, err
	}
	out := make([]Intent, len(rows))
	for i, r := range rows {
		answer := ""
		for _, a := range r.Actions {
			if text, ok := a["text_en"].(string); ok {
				answer = text
				delete(a, "text_en")
			}
		}
		actions, err := json.Marshal(r.Actions)
		if err != nil {
			return nil, fmt.Errorf("actions of %s: %w", r.Name, err)
		}
		out[i] = Intent{Name: r.Name, Title: r.Title, TitleEN: r.TitleEN, Topic: r.Topic, Examples: chinese[r.Name], ExamplesEN: english[r.Name], Actions: actions, AnswerEN: answer}
		delete(chinese, r.Name)
		delete(english, r.Name)
	}
	for _, left := range []map[string][]string{chinese, english} {
		for name := range left {
			return nil, fmt.Errorf("examples of %q, which is no intent", name)
		}
	}
	return out, nil
}

func byIntent(l desk.Locale) (map[string][]string, error) {
	lines, err := Examples(l)
	out := make(map[string][]string)
	for _, line := range lines {
		out[line.Label] = append(out[line.Label], line.Text)
	}
	return out, err
}

// Examples are the ways of saying what customers want, by intent.
func Examples(l desk.Locale) ([]Line, error) { return lines(l, "intents.tsv") }

// Moods are chat lines by mood: "-1", "0" or "1".
func Moods(l desk.Locale) ([]Line, error) { return lines(l, "sentiment.tsv") }

// Outside are lines that must not be answered from knowledge, by kind:
// outside, chitchat, dialect or fragment.
func Outside(l desk.Locale) ([]Line, error) { return lines(l, "outside.tsv") }

// FAQs are the questions that the shop answers.
func FAQs(l desk.Locale) ([]FAQ, error) {
	var out []FAQ
	return out, read(path.Join(folder(l), "faqs.yaml"), &out)
}

// Articles are sorted by name.
func Articles(l desk.Locale) ([]Article, error) {
	var out []Article
	err := each(path.Join(folder(l), "articles"), ".md", func(name string, text []byte) error {
		title, body, _ := strings.Cut(string(text), "\n")
		title, ok := strings.CutPrefix(title, "# ")
		if !ok {
			return fmt.Errorf("article %s: the first line is no title", name)
		}
		out = append(out, Article{Name: name, Title: title, Body: strings.TrimSpace(body)})
		return nil
	})
	return out, err
}

// Flows are the sources of the flows by name.
func Flows(l desk.Locale) (map[string]string, error) {
	out := make(map[string]string)
	return out, each(path.Join(folder(l), "flows"), ".yaml", func(name string, text []byte) error {
		out[name] = string(text)
		return nil
	})
}

func folder(l desk.Locale) string {
	if l == desk.English {
		return "en"
	}
	return "zh"
}

// each calls do with the files of a folder that end in ext; no folder is none.
func each(dir, ext string, do func(name string, text []byte) error) error {
	entries, err := files.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		name, ok := strings.CutSuffix(e.Name(), ext)
		if !ok {
			continue
		}
		text, err := files.ReadFile(path.Join(dir, e.Name()))
		if err != nil {
			return err
		}
		if err := do(name, text); err != nil {
			return err
		}
	}
	return nil
}

// read reads a YAML file without unknown fields.
func read(name string, into any) error {
	source, err := files.ReadFile(name)
	if err != nil {
		return err
	}
	d := yaml.NewDecoder(bytes.NewReader(source))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

func lines(l desk.Locale, file string) ([]Line, error) {
	name := path.Join(folder(l), file)
	source, err := files.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var out []Line
	seen := make(map[string]bool)
	for row := range strings.Lines(string(source)) {
		row = strings.TrimRight(row, "\n")
		if strings.HasPrefix(row, "# ") {
			continue
		}
		label, text, ok := strings.Cut(row, "\t")
		if !ok || label == "" || strings.TrimSpace(text) == "" || seen[text] {
			return nil, fmt.Errorf("%s: %q is no line of its own", name, row)
		}
		seen[text] = true
		out = append(out, Line{Label: label, Text: text})
	}
	return slices.Clip(out), nil
}
