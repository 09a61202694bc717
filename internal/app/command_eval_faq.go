package app

import (
	"encoding/json"
	"time"

	"yingda.dev/internal/app/grade"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/knowledge"
	"yingda.dev/internal/engine/nlu"
)

type evalFAQ struct {
	Index string `required:"" type:"existingfile" help:"What is known: FAQ id, tab, a way of asking."`
	Query string `required:"" type:"existingfile" help:"Questions to judge by: id of the right FAQ, tab, question."`
	None  string `type:"existingfile" help:"Questions without an answer: anything, tab, question."`
	JSON  bool   `help:"Print one line of JSON."`
}

// faqFigures is the JSON line of `yingda eval faq`.
type faqFigures struct {
	Top1            float64  `json:"top1"`
	Top3            float64  `json:"top3"`
	CoverageAt90    float64  `json:"coverage_at_90"`
	PrecisionAt90   float64  `json:"precision_at_90"`
	FalseAnswerRate *float64 `json:"false_answer_rate_none"`
	ECE             float64  `json:"ece"`
	P99Millis       float64  `json:"p99_ms"`
	faqs, ways      int
	trainSeconds    float64
	asked           int
}

// Run trains, judges and prints.
func (e evalFAQ) Run(r *run) error {
	index, err := readExamples(e.Index)
	if err != nil {
		return err
	}
	queries, err := readExamples(e.Query)
	if err != nil {
		return err
	}
	var none []nlu.Example
	if e.None != "" {
		if none, err = readExamples(e.None); err != nil {
			return err
		}
	}
	f, err := judgeFAQs(systemClock(), index, queries, none)
	if err != nil {
		return err
	}
	if e.JSON {
		return json.NewEncoder(r.process.Out).Encode(f)
	}
	r.printf("%d FAQs with %d ways of asking learned in %.1f s, %d questions asked: %.1f %% found, %.1f %% among the first three\n",
		f.faqs, f.ways, f.trainSeconds, f.asked, 100*f.Top1, 100*f.Top3)
	r.printf("above 0.9: %.1f %% of them, %.1f %% right\n", 100*f.CoverageAt90, 100*f.PrecisionAt90)
	if f.FalseAnswerRate != nil {
		r.printf("of the questions without an answer %.1f %% get one\n", 100**f.FalseAnswerRate)
	}
	r.printf("calibration error %.3f; an answer takes %.2f ms (p99)\n", f.ECE, f.P99Millis)
	return nil
}

func judgeFAQs(clock desk.Clock, index, queries, none []nlu.Example) (faqFigures, error) {
	at := make(map[string]int)
	var entries []knowledge.Entry
	for _, e := range index {
		i, ok := at[e.Intent]
		if !ok {
			i = len(entries)
			at[e.Intent] = i
			entries = append(entries, knowledge.Entry{ID: e.Intent})
		}
		entries[i].Ways = append(entries[i].Ways, e.Text)
	}
	began := clock.Now()
	x, report, err := knowledge.Train(entries, knowledge.Options{}, nil)
	if err != nil {
		return faqFigures{}, err
	}
	f := faqFigures{faqs: report.Entries, ways: report.Ways, asked: len(queries), trainSeconds: clock.Now().Sub(began).Seconds()}
	var times []time.Duration
	ask := func(question string) knowledge.Answer {
		began := clock.Now()
		a := x.Search(question, 3)
		times = append(times, clock.Now().Sub(began))
		return a
	}
	var answers []grade.Answer
	third := 0
	for _, q := range queries {
		found := ask(q.Text)
		a := grade.Answer{Want: q.Intent, Confidence: found.Confidence}
		for i, c := range found.Candidates {
			if i == 0 {
				a.Got = c.ID
			}
			if c.ID == q.Intent {
				third++
			}
		}
		answers = append(answers, a)
	}
	f.Top1, f.ECE = grade.Accuracy(answers), grade.ECE(answers)
	f.CoverageAt90, f.PrecisionAt90 = grade.At(answers, 0.9)
	f.Top3 = float64(third) / float64(max(len(queries), 1))
	if len(none) > 0 {
		var confidences []float64
		for _, q := range none {
			confidences = append(confidences, ask(q.Text).Confidence)
		}
		rate := 1 - grade.Below(confidences, 0.9)
		f.FalseAnswerRate = &rate
	}
	f.P99Millis = grade.Percentile(times, 0.99).Seconds() * 1000
	return f, nil
}
