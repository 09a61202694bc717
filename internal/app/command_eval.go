package app

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"yingda.dev/internal/app/grade"
	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
	"yingda.dev/internal/flow/training"
	"yingda.dev/internal/platform/text"
)

type evalCommand struct {
	Intent    evalIntent    `cmd:"" help:"Train intents on one file and judge them on another, with exactly the shipped settings."`
	Sentiment evalSentiment `cmd:"" help:"Judge the mood of texts, with exactly the shipped settings."`
	FAQ       evalFAQ       `cmd:"" name:"faq" help:"Index one file of ways of asking and judge by another, with exactly the shipped settings."`
}

type evalIntent struct {
	Train string `required:"" type:"existingfile" help:"Examples to learn from: intent, tab, text. Lines of the intent oos mean none."`
	Test  string `required:"" type:"existingfile" help:"Examples to judge by, in the same form."`
	OOS   string `name:"oos" type:"existingfile" help:"Texts that mean none of the intents: anything, tab, text."`
	JSON  bool   `help:"Print one line of JSON."`
}

// outsideIntent marks examples that mean no intent, as CLINC150 does.
const outsideIntent = "oos"

// intentFigures is the JSON line of `yingda eval intent`.
type intentFigures struct {
	Accuracy       float64  `json:"accuracy"`
	MacroF1        float64  `json:"macro_f1"`
	ECE            float64  `json:"ece"`
	CoverageAt90   float64  `json:"coverage_at_90"`
	PrecisionAt90  float64  `json:"precision_at_90"`
	CoverageAt70   float64  `json:"coverage_at_70"`
	PrecisionAt70  float64  `json:"precision_at_70"`
	OOSRecallAt70  *float64 `json:"oos_recall_at_70"`
	AUROCOfOOS     *float64 `json:"auroc_oos"`
	TrainSeconds   float64  `json:"train_seconds"`
	P50Millis      float64  `json:"p50_ms"`
	P99Millis      float64  `json:"p99_ms"`
	ModelBytes     int      `json:"model_bytes"`
	examples, test int
}

// Run trains, judges and prints.
func (e evalIntent) Run(r *run) error {
	learn, err := readExamples(e.Train)
	if err != nil {
		return err
	}
	test, err := readExamples(e.Test)
	if err != nil {
		return err
	}
	var outside []nlu.Example
	if e.OOS != "" {
		if outside, err = readExamples(e.OOS); err != nil {
			return err
		}
	}
	figures, err := judgeIntents(systemClock(), learn, test, outside)
	if err != nil {
		return err
	}
	if e.JSON {
		return json.NewEncoder(r.process.Out).Encode(figures)
	}
	r.printf("%d examples learned in %.1f s, %d judged: %.1f %% right\n", figures.examples, figures.TrainSeconds, figures.test, 100*figures.Accuracy)
	r.printf("above 0.9: %.1f %% of them, %.1f %% right; above 0.7: %.1f %%, %.1f %% right\n",
		100*figures.CoverageAt90, 100*figures.PrecisionAt90, 100*figures.CoverageAt70, 100*figures.PrecisionAt70)
	if figures.OOSRecallAt70 != nil {
		r.printf("of the strangers %.1f %% stay below 0.7\n", 100**figures.OOSRecallAt70)
	}
	r.printf("calibration error %.3f; an answer takes %.2f ms (p50), %.2f ms (p99); the model has %d kB\n",
		figures.ECE, figures.P50Millis, figures.P99Millis, figures.ModelBytes/1000)
	return nil
}

func judgeIntents(clock desk.Clock, learn, test, outside []nlu.Example) (intentFigures, error) {
	var examples []nlu.Example
	var o nlu.Options
	taught := make(map[string]bool)
	for _, e := range learn {
		if e.Intent == outsideIntent {
			o.Outside = append(o.Outside, e.Text)
		} else {
			examples = append(examples, e)
			taught[text.Normalize(e.Text)] = true
		}
	}
	o.Own = len(o.Outside)
	for _, t := range training.OutsideTexts() { // as every account's training has them
		if !taught[text.Normalize(t)] {
			o.Outside = append(o.Outside, t)
		}
	}
	began := clock.Now()
	m, _, err := nlu.Train(examples, o, nil)
	if err != nil {
		return intentFigures{}, err
	}
	f := intentFigures{
		TrainSeconds: clock.Now().Sub(began).Seconds(), ModelBytes: len(m.AppendBinary(nil)), examples: len(examples), test: len(test),
	}
	var answers []grade.Answer
	var times []time.Duration
	var inside, strangers []float64
	ask := func(question string) grade.Answer {
		at := clock.Now()
		v := m.Classify(question, 1)
		times = append(times, clock.Now().Sub(at))
		a := grade.Answer{Confidence: v.Confidence}
		if len(v.Guesses) > 0 {
			a.Got = v.Guesses[0].Intent
		}
		return a
	}
	for _, e := range test {
		a := ask(e.Text)
		a.Want = e.Intent
		if e.Intent == outsideIntent {
			strangers = append(strangers, a.Confidence)
			continue
		}
		answers, inside = append(answers, a), append(inside, a.Confidence)
	}
	for _, e := range outside {
		strangers = append(strangers, ask(e.Text).Confidence)
	}
	f.Accuracy, f.MacroF1, f.ECE = grade.Accuracy(answers), grade.MacroF1(answers), grade.ECE(answers)
	f.CoverageAt90, f.PrecisionAt90 = grade.At(answers, 0.9)
	f.CoverageAt70, f.PrecisionAt70 = grade.At(answers, 0.7)
	if len(strangers) > 0 {
		recall, auroc := grade.Below(strangers, 0.7), grade.AUROC(inside, strangers)
		f.OOSRecallAt70, f.AUROCOfOOS = &recall, &auroc
	}
	f.P50Millis, f.P99Millis = grade.Percentile(times, 0.5).Seconds()*1000, grade.Percentile(times, 0.99).Seconds()*1000
	return f, nil
}

// readExamples reads label, tab, text from each line.
func readExamples(path string) (out []nlu.Example, err error) {
	const op = "read examples"
	f, err := os.Open(path)
	if err != nil {
		return nil, &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the file cannot be read", Err: err}
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		label, text, ok := strings.Cut(strings.TrimSuffix(lines.Text(), "\r"), "\t")
		if !ok || label == "" {
			if strings.TrimSpace(lines.Text()) == "" {
				continue
			}
			return nil, desk.E(desk.Invalid, op, fmt.Sprintf("%s, line %d: a line is a label, a tab and a text", path, n))
		}
		out = append(out, nlu.Example{Intent: label, Text: text})
	}
	return out, desk.Wrap(desk.Invalid, op, lines.Err())
}
