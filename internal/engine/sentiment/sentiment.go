package sentiment

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// Label is the mood in one word.
type Label int8

// The labels.
const (
	Negative Label = -1
	Neutral  Label = 0
	Positive Label = 1
)

// String is "negative", "neutral" or "positive".
func (l Label) String() string {
	switch {
	case l < 0:
		return "negative"
	case l > 0:
		return "positive"
	}
	return "neutral"
}

// Reading is what a message sounds like.
type Reading struct {
	// Score is 0 for furious, 5 for matter-of-fact, 10 for delighted.
	Score float64
	// Label is the likeliest mood, Confidence its chance.
	Label      Label
	Confidence float64
	// Negative, Neutral and Positive are the chances of the labels; they add up to 1.
	Negative, Neutral, Positive float64
}

// Judge reads moods. Make one with New and share it.
type Judge struct {
	english english
	chinese chinese
	model   *model
}

// New reads the lexicons and learns the model from the corpus, which takes
// some tens of milliseconds.
func New() (*Judge, error) {
	const op = "read sentiment lexicons"
	j := &Judge{}
	var err error
	if j.english, err = newEnglish(); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	if j.chinese, err = newChinese(); err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	examples, err := corpus()
	if err != nil {
		return nil, desk.Wrap(desk.Internal, op, err)
	}
	j.learn(examples)
	return j, nil
}

func (j *Judge) learn(examples []example) {
	observed := make([]observation, len(examples))
	labels := make([]Label, len(examples))
	for i, e := range examples {
		observed[i], labels[i] = j.observe(e.text), e.label
	}
	j.model = train(observed, labels)
}

// How the score is made of the chances and of how strong the words are: words
// without strength leave a message closer to the middle. Who asks with a sigh
// why it takes so long is no angry customer yet, so strength counts more than
// in proportion.
const (
	calmShare   = 0.25
	strongShare = 0.75
	strongPower = 1.25
)

// Read tells the mood of a message.
func (j *Judge) Read(text string) Reading {
	o := j.observe(text)
	if o.empty {
		return Reading{Score: 5, Confidence: 1, Neutral: 1}
	}
	p := j.model.chances(o)
	r := Reading{Negative: p[0], Neutral: p[1], Positive: p[2]}
	r.Confidence = r.Neutral
	if r.Negative > r.Confidence {
		r.Label, r.Confidence = Negative, r.Negative
	}
	if r.Positive > r.Confidence {
		r.Label, r.Confidence = Positive, r.Positive
	}
	strength := calmShare + strongShare*math.Pow(min(math.Abs(o.chinese.compound+o.english), 1), strongPower)
	r.Score = min(max(5+5*(r.Positive-r.Negative)*strength, 0), 10)
	return r
}

// Compound is the VADER compound of an English text, -1 to 1, with four digits.
func (j *Judge) Compound(text string) float64 {
	return math.Round(j.english.compound(text)*1e4) / 1e4
}

// The parts of a long text that count, in characters: what people want stands
// at the beginning, and how they feel often at the end.
const (
	headRunes = 300
	tailRunes = 100
)

// excerpt bounds a text to its head and its tail.
func excerpt(s string) string {
	if len(s) <= headRunes+tailRunes {
		return s
	}
	head := 0
	for n := 0; n < headRunes && head < len(s); n++ {
		_, size := utf8.DecodeRuneInString(s[head:])
		head += size
	}
	tail := len(s)
	for n := 0; n < tailRunes && tail > head; n++ {
		_, size := utf8.DecodeLastRuneInString(s[head:tail])
		tail -= size
	}
	if tail == head {
		return s
	}
	return s[:head] + " " + s[tail:]
}

// apart takes the English words out of a mixed text, so that they stand alone:
// Chinese becomes spaces, and so do letters that are sizes and models (L码).
// Without Latin letters there is nothing to weigh.
func apart(s string) (out string, latin bool) {
	han := false
	for _, r := range s {
		if unicode.Is(unicode.Han, r) {
			han = true
		} else if unicode.IsLetter(r) {
			latin = true
		}
	}
	if !latin || !han {
		return s, latin
	}
	var b strings.Builder
	for f := range strings.FieldsFuncSeq(s, func(r rune) bool { return unicode.IsSpace(r) || unicode.Is(unicode.Han, r) }) {
		if letters := strings.TrimFunc(f, func(r rune) bool { return !unicode.IsLetter(r) }); len(letters) == 1 || len(letters) == 2 {
			continue
		}
		b.WriteString(f)
		b.WriteByte(' ')
	}
	return b.String(), true
}
