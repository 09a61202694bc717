package rest

import (
	"context"
	"encoding/json"
	"slices"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/flow/training"
)

func (c caller) school(key string) desk.By {
	return desk.By{Account: c.Account, Agent: c.Agent, Key: key}
}

// IntentLine is an intent in a list.
type IntentLine struct {
	ID        string    `json:"id"`
	Name      string    `json:"name"`
	Title     string    `json:"title"`
	Topic     string    `json:"topic,omitempty"`
	Enabled   bool      `json:"enabled"`
	Builtin   bool      `json:"builtin" doc:"It exists for every company; deleting it restores what was shipped."`
	Version   int64     `json:"version" doc:"Counts the changes; 0 is a built-in intent as it was shipped."`
	Examples  int       `json:"examples"`
	UpdatedAt time.Time `json:"updated_at,omitzero"`
	// Clashes count examples that stand under another intent too.
	Clashes int `json:"clashes"`
	// Judged examples were shown to a model that had not seen them; Right of them it understood.
	Judged   int             `json:"judged"`
	Right    int             `json:"right"`
	Confused []ConfusedCount `json:"confused" doc:"What its examples were taken for, the most frequent first."`
}

// ConfusedCount is how many examples were taken for an intent.
type ConfusedCount struct {
	Name  string `json:"name"`
	Count int    `json:"count"`
}

// Intent is something that visitors may want.
type Intent struct {
	IntentLine
	Texts   []string         `json:"texts" doc:"The examples."`
	Actions []map[string]any `json:"actions" doc:"What to do, in order: message, flow, api_call, handoff."`
	// Doubts are examples that something is wrong with.
	Doubts []Doubt `json:"doubts" doc:"Examples that stand under other intents too, or that the model took for another."`
}

// Doubt is an example that something is wrong with.
type Doubt struct {
	Text string `json:"text"`
	// Kind is clash or miss.
	Kind    string   `json:"kind" enum:"clash,miss"`
	Intents []string `json:"intents"`
	// Confidence is the model's, of a miss.
	Confidence float64 `json:"confidence,omitempty"`
}

// health is what is known of the account's intents.
type health struct {
	scores   map[string]training.IntentScore
	confused map[string][]ConfusedCount
	clashes  []training.Clash
	missed   []training.Miss
}

func (s *Server) health(ctx context.Context, c caller, all []training.Intent, missed bool) (health, error) {
	h := health{scores: make(map[string]training.IntentScore), confused: make(map[string][]ConfusedCount), clashes: training.Clashes(all)}
	o, err := s.deps.Training.Overview(ctx, c.Account)
	if err != nil || o.Serving == nil {
		return h, err
	}
	for _, i := range o.Serving.Report.PerIntent {
		h.scores[i.Name] = i
	}
	for _, p := range o.Serving.Report.Confusions {
		if len(h.confused[p.Intent]) < 5 {
			h.confused[p.Intent] = append(h.confused[p.Intent], ConfusedCount{p.Guess, p.Count})
		}
	}
	if missed {
		m, err := s.deps.Training.Model(ctx, c.Account, o.Serving.ID)
		if err != nil {
			return h, err
		}
		h.missed = m.Missed
	}
	return h, nil
}

func (h health) line(i training.Intent) IntentLine {
	line := IntentLine{
		ID: i.ID, Name: i.Name, Title: i.Title, Topic: i.Topic, Enabled: i.Enabled, Builtin: i.Builtin, Version: i.Version, Examples: len(i.Examples),
		UpdatedAt: i.UpdatedAt, Judged: h.scores[i.Name].Judged, Right: h.scores[i.Name].Right, Confused: h.confused[i.Name],
	}
	if line.Confused == nil {
		line.Confused = []ConfusedCount{}
	}
	for _, c := range h.clashes {
		if slices.Contains(c.Intents, i.Name) {
			line.Clashes++
		}
	}
	return line
}

func (h health) whole(i training.Intent) (Intent, error) {
	out := Intent{IntentLine: h.line(i), Texts: slices.Clone(i.Examples), Doubts: []Doubt{}}
	if out.Texts == nil {
		out.Texts = []string{}
	}
	if err := json.Unmarshal(i.Actions, &out.Actions); err != nil {
		return out, desk.Wrap(desk.Internal, "show intent", err)
	}
	for _, c := range h.clashes {
		if slices.Contains(c.Intents, i.Name) {
			others := slices.DeleteFunc(slices.Clone(c.Intents), func(name string) bool { return name == i.Name })
			out.Doubts = append(out.Doubts, Doubt{Text: c.Text, Kind: "clash", Intents: others})
		}
	}
	for _, m := range h.missed {
		if m.Intent == i.Name && slices.Contains(i.Examples, m.Text) && len(out.Doubts) < 200 {
			out.Doubts = append(out.Doubts, Doubt{Text: m.Text, Kind: "miss", Intents: []string{m.Guess}, Confidence: m.Confidence})
		}
	}
	return out, nil
}

func (s *Server) listIntents(ctx context.Context, c caller, _ *nothing) (out[Items[IntentLine]], error) {
	all, err := s.deps.Training.Intents(ctx, c.Account)
	if err != nil {
		return out[Items[IntentLine]]{}, err
	}
	h, err := s.health(ctx, c, all, false)
	return itemsOf(all, h.line), err
}

func (s *Server) showIntent(ctx context.Context, c caller, i training.Intent) (out[Intent], error) {
	all, err := s.deps.Training.Intents(ctx, c.Account)
	if err != nil {
		return out[Intent]{}, err
	}
	h, err := s.health(ctx, c, all, true)
	if err != nil {
		return out[Intent]{}, err
	}
	shape, err := h.whole(i)
	return out[Intent]{shape}, err
}

func (s *Server) getIntent(ctx context.Context, c caller, in *namedQuery) (out[Intent], error) {
	i, err := s.deps.Training.Intent(ctx, c.Account, in.ID)
	if err != nil {
		return out[Intent]{}, err
	}
	return s.showIntent(ctx, c, i)
}

// intentBody is what is said of an intent.
type intentBody struct {
	Name    string           `json:"name,omitempty" maxLength:"60" example:"order_status" doc:"Unique; a-z, 0-9 and _. Empty: made of the title."`
	Title   string           `json:"title,omitempty" maxLength:"400" example:"查物流" doc:"At most 100 characters."`
	Topic   string           `json:"topic,omitempty" maxLength:"240" doc:"What thresholds and teams go by; at most 60 characters."`
	Enabled bool             `json:"enabled"`
	Texts   []string         `json:"texts,omitempty" maxItems:"10000" doc:"Examples: at most 5,000 of at most 500 characters. What is said twice is kept once."`
	Actions []map[string]any `json:"actions,omitempty" maxItems:"50" example:"[{\"type\":\"message\",\"text\":\"您好\"}]"`
	Version int64            `json:"version,omitempty" minimum:"0" doc:"What was seen. A change is refused (409) if it is another one now."`
}

func (b intentBody) intent(id string) (training.Intent, error) {
	i := training.Intent{ID: id, Name: b.Name, Title: b.Title, Topic: b.Topic, Enabled: b.Enabled, Examples: b.Texts, Version: b.Version}
	if b.Actions == nil {
		return i, nil
	}
	raw, err := json.Marshal(b.Actions)
	i.Actions = raw
	return i, desk.Wrap(desk.Invalid, "read actions", err)
}

type createIntentInput struct {
	Keyed
	Body intentBody
}

func (s *Server) saveIntent(ctx context.Context, c caller, key, id string, b intentBody) (out[Intent], error) {
	i, err := b.intent(id)
	if err == nil {
		i, err = s.deps.Training.SaveIntent(ctx, c.school(key), i)
	}
	if err != nil {
		return out[Intent]{}, err
	}
	return s.showIntent(ctx, c, i)
}

func (s *Server) createIntent(ctx context.Context, c caller, in *createIntentInput) (out[Intent], error) {
	return s.saveIntent(ctx, c, in.Key, "", in.Body)
}

type changeIntentInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body intentBody
}

func (s *Server) changeIntent(ctx context.Context, c caller, in *changeIntentInput) (out[Intent], error) {
	return s.saveIntent(ctx, c, in.Key, in.ID, in.Body)
}

func (s *Server) deleteIntent(ctx context.Context, c caller, in *namedInput) (noContent, error) {
	return noContent{}, s.deps.Training.DeleteIntent(ctx, c.school(in.Key), in.ID)
}

type addExamplesInput struct {
	ID string `path:"id" maxLength:"64"`
	Keyed
	Body struct {
		Texts []string `json:"texts" minItems:"1" maxItems:"5000"`
	}
}

// ExamplesAdded is how many examples were new.
type ExamplesAdded struct {
	Added int `json:"added"`
}

func (s *Server) addIntentExamples(ctx context.Context, c caller, in *addExamplesInput) (out[ExamplesAdded], error) {
	n, err := s.deps.Training.AddExamples(ctx, c.school(in.Key), in.ID, in.Body.Texts)
	return out[ExamplesAdded]{ExamplesAdded{n}}, err
}

type importIntentsInput struct {
	Keyed
	Body struct {
		Text   string `json:"text" minLength:"1" maxLength:"16777216" doc:"Lines of intent and example, separated by tabs or as CSV; a first line of headings is passed over."`
		Look   bool   `json:"look,omitempty" doc:"Only say what it would change."`
		Partly bool   `json:"partly,omitempty" doc:"Keep the good lines although others cannot be taken."`
	}
}

// ImportedIntents is what a sheet holds, or what became of it.
type ImportedIntents struct {
	Rows       int            `json:"rows"`
	Added      int            `json:"added"`
	Duplicates int            `json:"duplicates"`
	Created    []string       `json:"created" doc:"Names of intents that are new."`
	Errors     []SheetError   `json:"errors" doc:"The first 200 lines that cannot be taken."`
	ErrorCount int            `json:"error_count"`
	Clashes    []ExampleClash `json:"clashes" doc:"The first 200 examples that stand under more than one intent."`
	ClashCount int            `json:"clash_count"`
	Done       bool           `json:"done" doc:"It was kept."`
}

// SheetError is a line that cannot be taken.
type SheetError struct {
	Line    int    `json:"line"`
	Reason  string `json:"reason" enum:"columns,intent,text,broken"`
	Message string `json:"message"`
	Text    string `json:"text,omitempty"`
}

// ExampleClash is an example that stands under more than one intent.
type ExampleClash struct {
	Text    string   `json:"text"`
	Intents []string `json:"intents"`
}

func (s *Server) importIntents(ctx context.Context, c caller, in *importIntentsInput) (out[ImportedIntents], error) {
	got, err := s.deps.Training.Import(ctx, c.school(in.Key), []byte(in.Body.Text), in.Body.Look, in.Body.Partly)
	if err != nil {
		return out[ImportedIntents]{}, err
	}
	shape := ImportedIntents{
		Rows: got.Rows, Added: got.Added, Duplicates: got.Duplicates, Created: slices.Concat([]string{}, got.Created), ErrorCount: got.ErrorCount,
		ClashCount: got.ClashCount, Done: got.Done, Errors: []SheetError{}, Clashes: []ExampleClash{},
	}
	for _, e := range got.Errors {
		shape.Errors = append(shape.Errors, SheetError(e))
	}
	for _, e := range got.Clashes {
		shape.Clashes = append(shape.Clashes, ExampleClash(e))
	}
	return out[ImportedIntents]{shape}, nil
}

// IntentSheet is all examples as a sheet.
type IntentSheet struct {
	Text string `json:"text" doc:"Lines of intent, tab, example, with headings."`
}

func (s *Server) exportIntents(ctx context.Context, c caller, _ *nothing) (out[IntentSheet], error) {
	text, err := s.deps.Training.Export(ctx, c.Account)
	return out[IntentSheet]{IntentSheet{text}}, err
}

type tryInput struct {
	Keyed
	Body struct {
		Text string `json:"text" minLength:"1" maxLength:"2000"`
	}
}

// TriedIntents is what the model that serves makes of a text.
type TriedIntents struct {
	Version    string        `json:"version,omitempty" doc:"The model's id; empty for the built-in one."`
	Number     int64         `json:"number"`
	Confidence float64       `json:"confidence" doc:"The chance that the first guess is right, strangers included."`
	Guesses    []IntentGuess `json:"guesses"`
}

// IntentGuess is an intent that a text may mean.
type IntentGuess struct {
	Name  string  `json:"name"`
	Title string  `json:"title"`
	P     float64 `json:"p" doc:"Its part among the intents."`
}

func (s *Server) tryIntents(ctx context.Context, c caller, in *tryInput) (out[TriedIntents], error) {
	got, err := s.deps.Training.Try(ctx, c.Account, in.Body.Text)
	shape := TriedIntents{Version: got.Version, Number: got.Number, Confidence: got.Confidence, Guesses: []IntentGuess{}}
	for _, g := range got.Guesses {
		shape.Guesses = append(shape.Guesses, IntentGuess(g))
	}
	return out[TriedIntents]{shape}, err
}
