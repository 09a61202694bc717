package app

import (
	"encoding/json"
	"slices"
	"time"

	"yingda.dev/internal/app/grade"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/engine/sentiment"
)

type evalSentiment struct {
	Test string `required:"" type:"existingfile" help:"Texts with their mood: label, tab, text. Labels are -1, 0 and 1, or 0 and 1 for negative and positive."`
	JSON bool   `help:"Print one line of JSON."`
}

// sentimentFigures is the JSON line of `yingda eval sentiment`.
type sentimentFigures struct {
	Accuracy  float64 `json:"accuracy"`
	MacroF1   float64 `json:"macro_f1"`
	ECE       float64 `json:"ece"`
	P99Millis float64 `json:"p99_ms"`
	test      int
}

// Run judges and prints.
func (e evalSentiment) Run(r *run) error {
	test, err := readExamples(e.Test)
	if err != nil {
		return err
	}
	figures, err := judgeMoods(systemClock(), test)
	if err != nil {
		return err
	}
	if e.JSON {
		return json.NewEncoder(r.process.Out).Encode(figures)
	}
	r.printf("%d judged: %.1f %% right, macro F1 %.3f, calibration error %.3f; an answer takes %.3f ms (p99)\n",
		figures.test, 100*figures.Accuracy, figures.MacroF1, figures.ECE, figures.P99Millis)
	return nil
}

// judgeMoods tells three moods apart, or two if no line is labelled -1.
func judgeMoods(clock desk.Clock, test []nlu.Example) (sentimentFigures, error) {
	for _, e := range test {
		if e.Intent != "-1" && e.Intent != "0" && e.Intent != "1" {
			return sentimentFigures{}, desk.E(desk.Invalid, "judge moods", "labels are -1, 0 and 1, or 0 and 1")
		}
	}
	three := slices.ContainsFunc(test, func(e nlu.Example) bool { return e.Intent == "-1" })
	judge, err := sentiment.New()
	if err != nil {
		return sentimentFigures{}, err
	}
	answers := make([]grade.Answer, 0, len(test))
	times := make([]time.Duration, 0, len(test))
	for _, e := range test {
		at := clock.Now()
		m := judge.Read(e.Text)
		times = append(times, clock.Now().Sub(at))
		answers = append(answers, moodAnswer(e.Intent, m, three))
	}
	return sentimentFigures{
		Accuracy: grade.Accuracy(answers), MacroF1: grade.MacroF1(answers), ECE: grade.ECE(answers),
		P99Millis: grade.Percentile(times, 0.99).Seconds() * 1000, test: len(test),
	}, nil
}

func moodAnswer(want string, m sentiment.Reading, three bool) grade.Answer {
	if three {
		return grade.Answer{Want: want, Got: map[sentiment.Label]string{-1: "-1", 0: "0", 1: "1"}[m.Label], Confidence: m.Confidence}
	}
	// Of two moods the likelier one, with its part of what is not neutral.
	a := grade.Answer{Want: want, Got: "1", Confidence: m.Positive / (m.Positive + m.Negative)}
	if m.Negative > m.Positive {
		a.Got, a.Confidence = "0", 1-a.Confidence
	}
	return a
}
