package rest

import (
	"context"
	"strings"
	"time"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/knowledge"
	"yingda.dev/internal/flow/library"
)

// KnowledgeCategory is a drawer for entries; there are two levels.
type KnowledgeCategory struct {
	ID     string `json:"id" maxLength:"60" doc:"Empty or beginning with new: a new one."`
	Name   string `json:"name" minLength:"1" maxLength:"240"`
	Parent string `json:"parent_id,omitempty" maxLength:"60"`
}

// KnowledgeCategories is the list and its version.
type KnowledgeCategories struct {
	Items   []KnowledgeCategory `json:"items" maxItems:"300"`
	Version int64               `json:"version" minimum:"0" doc:"The version that a change is made on."`
}

func categoriesOut(list []library.Category, version int64, err error) (out[KnowledgeCategories], error) {
	shape := KnowledgeCategories{Items: make([]KnowledgeCategory, len(list)), Version: version}
	for i, k := range list {
		shape.Items[i] = KnowledgeCategory(k)
	}
	return out[KnowledgeCategories]{shape}, err
}

func (s *Server) listCategories(ctx context.Context, c caller, _ *nothing) (out[KnowledgeCategories], error) {
	return categoriesOut(s.deps.Library.Categories(ctx, c.Account))
}

type saveCategoriesInput struct {
	Keyed
	Body KnowledgeCategories
}

func (s *Server) saveCategories(ctx context.Context, c caller, in *saveCategoriesInput) (out[KnowledgeCategories], error) {
	list := make([]library.Category, len(in.Body.Items))
	for i, k := range in.Body.Items {
		list[i] = library.Category(k)
	}
	return categoriesOut(s.deps.Library.SaveCategories(ctx, c.librarian(in.Key), list, in.Body.Version))
}

// Synonyms are groups of words that mean the same, and their version.
type Synonyms struct {
	Groups  [][]string `json:"groups" maxItems:"2000" example:"[[\"退货\",\"退款\",\"不要了\"]]"`
	Version int64      `json:"version" minimum:"0" doc:"The version that a change is made on."`
}

func synonymsOut(groups [][]string, version int64, err error) (out[Synonyms], error) {
	if groups == nil {
		groups = [][]string{}
	}
	return out[Synonyms]{Synonyms{groups, version}}, err
}

func (s *Server) listSynonyms(ctx context.Context, c caller, _ *nothing) (out[Synonyms], error) {
	return synonymsOut(s.deps.Library.Synonyms(ctx, c.Account))
}

type saveSynonymsInput struct {
	Keyed
	Body Synonyms
}

func (s *Server) saveSynonyms(ctx context.Context, c caller, in *saveSynonymsInput) (out[Synonyms], error) {
	return synonymsOut(s.deps.Library.SaveSynonyms(ctx, c.librarian(in.Key), in.Body.Groups, in.Body.Version))
}

type findKnowledgeInput struct {
	Keyed
	Body struct {
		Text    string `json:"text" minLength:"1" maxLength:"8000" example:"不想要了能退吗"`
		Locale  string `json:"locale,omitempty" maxLength:"35"`
		Channel string `json:"channel,omitempty" maxLength:"32"`
		Limit   int    `json:"limit,omitempty" minimum:"0" maximum:"20"`
		Plain   bool   `json:"plain,omitempty" doc:"Find by words alone, as under overload."`
	}
}

// KnowledgeFound is what the knowledge says to a question.
type KnowledgeFound struct {
	Version    string         `json:"version,omitempty" doc:"The training that answered."`
	Confidence float64        `json:"confidence" doc:"The chance that the first hit answers the question."`
	TookMicros int64          `json:"took_us"`
	Hits       []KnowledgeHit `json:"hits"`
}

// KnowledgeHit is an entry that may answer.
type KnowledgeHit struct {
	ID     string           `json:"id"`
	Kind   string           `json:"kind" enum:"faq,article"`
	Title  string           `json:"title"`
	Topic  string           `json:"topic,omitempty"`
	Way    string           `json:"way" doc:"The way of asking that is nearest, or the passage of an article."`
	P      float64          `json:"p" doc:"How likely it is among the hits, if one of them is right."`
	Answer []desk.Part      `json:"answer"`
	Source *KnowledgeSource `json:"source,omitempty"`
	Spans  []KnowledgeSpan  `json:"spans" doc:"What the question and the way have in common."`
}

// KnowledgeSpan is a range of a text, in UTF-16 units, as browsers count.
type KnowledgeSpan struct {
	Start int `json:"start"`
	End   int `json:"end"`
}

func (s *Server) findKnowledge(ctx context.Context, c caller, in *findKnowledgeInput) (out[KnowledgeFound], error) {
	began := s.deps.Clock.Now()
	f, err := s.deps.Library.Find(ctx, c.Account, library.Ask{
		Text: in.Body.Text, Locale: in.Body.Locale, Channel: in.Body.Channel, Limit: in.Body.Limit, Plain: in.Body.Plain,
	})
	shape := KnowledgeFound{
		Version: f.Version, Confidence: f.Confidence, TookMicros: s.deps.Clock.Now().Sub(began).Microseconds(), Hits: make([]KnowledgeHit, len(f.Hits)),
	}
	for i, h := range f.Hits {
		shape.Hits[i] = KnowledgeHit{
			ID: h.ID, Kind: h.Kind, Title: h.Title, Topic: h.Topic, Way: h.Way, P: h.P, Answer: h.Answer.Parts, Spans: spansOf(h.Way, h.Spans),
		}
		if h.Source != (desk.Source{}) {
			source := KnowledgeSource(h.Source)
			shape.Hits[i].Source = &source
		}
	}
	return out[KnowledgeFound]{shape}, err
}

// spansOf counts spans of bytes as browsers do.
func spansOf(text string, spans []knowledge.Span) []KnowledgeSpan {
	out := make([]KnowledgeSpan, len(spans))
	units := func(s string) (n int) {
		for _, r := range s {
			if n++; r > 0xffff {
				n++
			}
		}
		return n
	}
	for i, sp := range spans {
		out[i] = KnowledgeSpan{units(text[:sp.Start]), units(text[:sp.End])}
	}
	return out
}

// KnowledgeTraining is how learning goes.
type KnowledgeTraining struct {
	Waiting   bool              `json:"waiting" doc:"Something was changed that is not learned yet."`
	Running   *TrainingProgress `json:"running,omitempty" doc:"The training on the node that was asked."`
	Trainings []TrainingReport  `json:"trainings" doc:"Those that can serve, the newest first."`
}

// TrainingProgress is where a training is.
type TrainingProgress struct {
	Done  int `json:"done"`
	Total int `json:"total"`
}

// TrainingReport is what a training was worth, judged by ways of asking that
// were kept back from it.
type TrainingReport struct {
	ID             string    `json:"id"`
	At             time.Time `json:"at"`
	Serving        bool      `json:"serving"`
	Pinned         bool      `json:"pinned" doc:"Somebody chose it."`
	Items          int       `json:"items"`
	Ways           int       `json:"ways"`
	Contradictions int       `json:"contradictions" doc:"Ways that stand under more than one entry."`
	Thin           []string  `json:"thin" doc:"FAQs with fewer than three ways of asking, at most 100."`
	Judged         int       `json:"judged" doc:"How many ways were asked; 0 if there was too little to judge by."`
	Top1           float64   `json:"top1"`
	Top3           float64   `json:"top3"`
	CoverageAt90   float64   `json:"coverage_at_90"`
	PrecisionAt90  float64   `json:"precision_at_90"`
	Seconds        float64   `json:"seconds"`
	Bytes          int       `json:"bytes"`
}

func (s *Server) getKnowledgeTraining(ctx context.Context, c caller, _ *nothing) (out[KnowledgeTraining], error) {
	st, err := s.deps.Library.Status(ctx, c.Account)
	shape := KnowledgeTraining{Waiting: st.Waiting, Trainings: make([]TrainingReport, len(st.Trainings))}
	if st.Running != nil {
		shape.Running = &TrainingProgress{st.Running.Done, st.Running.Total}
	}
	for i, t := range st.Trainings {
		shape.Trainings[i] = TrainingReport{
			ID: t.ID, At: t.At, Serving: t.Serving, Pinned: t.Pinned, Items: t.Items, Ways: t.Ways, Contradictions: t.Contradictions,
			Thin: append([]string{}, t.Thin...), Judged: t.Judged, Top1: t.Top1, Top3: t.Top3, CoverageAt90: t.CoverageAt90,
			PrecisionAt90: t.PrecisionAt90, Seconds: t.Seconds, Bytes: t.Bytes,
		}
	}
	return out[KnowledgeTraining]{shape}, err
}

type keyedInput struct{ Keyed }

func (s *Server) trainKnowledge(ctx context.Context, c caller, in *keyedInput) (noContent, error) {
	return noContent{}, s.deps.Library.Retrain(ctx, c.librarian(in.Key))
}

type serveKnowledgeInput struct {
	Keyed
	Body struct {
		ID string `json:"id,omitempty" maxLength:"60" doc:"The training that is to answer; empty is always the newest."`
	}
}

func (s *Server) serveKnowledge(ctx context.Context, c caller, in *serveKnowledgeInput) (noContent, error) {
	return noContent{}, s.deps.Library.Serve(ctx, c.librarian(in.Key), in.Body.ID)
}

type importInput struct {
	Keyed
	Body struct {
		CSV string `json:"csv" minLength:"1" maxLength:"8388608" doc:"A table with a heading row: question and answer, and optionally id, category, ways, topic, source_title, source_url, valid_from, valid_until, enabled. Ways of asking stand in one cell, one a line."`
	}
}

// ImportPreview is what an import would do.
type ImportPreview struct {
	Rows     int             `json:"rows"`
	Created  int             `json:"created"`
	Changed  int             `json:"changed"`
	Problems []ImportProblem `json:"problems" doc:"With any of them nothing can be imported; at most 100."`
	Sample   []KnowledgeBody `json:"sample" doc:"The first 20 rows as they were read."`
}

// ImportProblem is why a row cannot be imported.
type ImportProblem struct {
	Row     int    `json:"row" doc:"As spreadsheets count, the heading row being 1; 0 is the table itself."`
	Column  string `json:"column,omitempty"`
	Code    string `json:"code" doc:"Names what is wrong, for pages in other languages: missing, bad_answer and so on."`
	Message string `json:"message"`
}

func (s *Server) previewImport(ctx context.Context, c caller, in *importInput) (out[ImportPreview], error) {
	drafts, problems, err := s.deps.Library.ReadSheet(ctx, c.Account, []byte(in.Body.CSV))
	shape := ImportPreview{Rows: len(drafts), Problems: make([]ImportProblem, len(problems)), Sample: []KnowledgeBody{}}
	for i, p := range problems {
		shape.Problems[i] = ImportProblem{p.Row, p.Column, p.Code, p.Msg}
	}
	for i, d := range drafts {
		if d.ID == "" {
			shape.Created++
		} else {
			shape.Changed++
		}
		if i < 20 {
			shape.Sample = append(shape.Sample, knowledgeBodyShape(d.Kind, strings.Join(d.Path, " / "), d.Body))
		}
	}
	return out[ImportPreview]{shape}, err
}

// ImportDone is what an import did.
type ImportDone struct {
	Created int `json:"created"`
	Changed int `json:"changed"`
}

func (s *Server) importKnowledge(ctx context.Context, c caller, in *importInput) (out[ImportDone], error) {
	drafts, problems, err := s.deps.Library.ReadSheet(ctx, c.Account, []byte(in.Body.CSV))
	if err != nil {
		return out[ImportDone]{}, err
	}
	if len(problems) > 0 {
		return out[ImportDone]{}, desk.InvalidField("import knowledge", "csv", problems[0].Msg)
	}
	done, err := s.deps.Library.Import(ctx, c.librarian(in.Key), drafts)
	return out[ImportDone]{ImportDone(done)}, err
}

// KnowledgeExport is a table of all FAQs.
type KnowledgeExport struct {
	Name string `json:"name"`
	CSV  string `json:"csv"`
}

func (s *Server) exportKnowledge(ctx context.Context, c caller, _ *nothing) (out[KnowledgeExport], error) {
	var b strings.Builder
	err := s.deps.Library.WriteSheet(ctx, c.Account, &b)
	return out[KnowledgeExport]{KnowledgeExport{Name: "faq-" + s.deps.Clock.Now().Format(time.DateOnly) + ".csv", CSV: b.String()}}, err
}
