package sentiment

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The constants of the published method.
const (
	boost        = 0.293 // of a degree adverb
	capsBoost    = 0.733 // of a word in capitals among others
	turn         = -0.74 // what negation makes of a word
	exclamation  = 0.292 // of each "!", up to four
	question     = 0.18  // of each "?", of two or three
	manyQuestion = 0.96
	alpha        = 15 // of the normalisation: about the largest sum expected
)

// english weighs English by the VADER method.
type english struct {
	words map[string]float64
	emoji map[rune]string // what a picture is called
}

// term is a word or an emoticon of a text.
type term struct {
	text, lower string
	valence     float64
	known       bool
	caps        bool
}

// compound is the mood of a text, -1 to 1.
func (e english) compound(s string) float64 {
	s = e.spell(s)
	terms, shouting := e.terms(s)
	moods := make([]float64, len(terms))
	but := -1
	for i, t := range terms {
		if but < 0 && t.lower == "but" {
			but = i
		}
		_, adverb := boosters[t.lower]
		if !t.known || adverb || t.lower == "kind" && i+1 < len(terms) && terms[i+1].lower == "of" {
			continue
		}
		moods[i] = e.mood(terms, i, shouting)
	}
	sum := 0.0
	for i, m := range moods {
		switch {
		case but < 0 || i == but:
		case i < but:
			m *= 0.5
		default:
			m *= 1.5
		}
		sum += m
	}
	switch emphasis := emphasisOf(s); {
	case sum > 0:
		sum += emphasis
	case sum < 0:
		sum -= emphasis
	}
	return squash(sum, alpha)
}

func squash(sum, alpha float64) float64 { return sum / math.Sqrt(sum*sum+alpha) }

// spell writes out what pictures show.
func (e english) spell(s string) string {
	picture := false
	for _, r := range s {
		if r >= utf8.RuneSelf && e.emoji[r] != "" {
			picture = true
			break
		}
	}
	if !picture {
		return s
	}
	var b strings.Builder
	space := true
	for _, r := range s {
		name, ok := "", false
		if r >= utf8.RuneSelf {
			name, ok = e.emoji[r]
		}
		if !ok {
			b.WriteRune(r)
			space = r == ' '
			continue
		}
		if !space {
			b.WriteByte(' ')
		}
		b.WriteString(name)
		space = false
	}
	return b.String()
}

// terms cuts a text at spaces and takes punctuation off words, but not off
// emoticons. shouting is whether some words are in capitals and some are not.
func (e english) terms(s string) (out []term, shouting bool) {
	caps := 0
	fields := strings.Fields(s)
	out = make([]term, 0, len(fields))
	for _, f := range fields {
		if w := strings.Trim(f, "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"); utf8.RuneCountInString(w) > 2 {
			f = w
		}
		t := term{text: f, lower: strings.ToLower(f)}
		t.valence, t.known = e.words[t.lower]
		if t.caps = capitals(f); t.caps {
			caps++
		}
		out = append(out, t)
	}
	return out, caps > 0 && caps < len(out)
}

// capitals reports whether a word has capital letters and no small ones.
func capitals(w string) bool {
	upper := false
	for _, r := range w {
		if unicode.IsLower(r) {
			return false
		}
		upper = upper || unicode.IsUpper(r)
	}
	return upper
}

// mood is the strength of a rated word between its neighbours.
func (e english) mood(terms []term, i int, shouting bool) float64 {
	t := terms[i]
	v := t.valence
	before := func(n int) string {
		if i < n {
			return ""
		}
		return terms[i-n].lower
	}
	if t.lower == "no" && i+1 < len(terms) && terms[i+1].known {
		v = 0 // it negates what follows
	}
	if before(1) == "no" || before(2) == "no" || before(3) == "no" && (before(1) == "or" || before(1) == "nor") {
		v = t.valence * turn
	}
	if t.caps && shouting {
		v += math.Copysign(capsBoost, signed(v))
	}
	for n := 1; n <= 3 && n <= i; n++ {
		if terms[i-n].known {
			continue
		}
		v += degree(terms[i-n], v, shouting) * [...]float64{0, 1, 0.95, 0.9}[n]
		v = negate(v, n, before)
		if n == 3 {
			v = idioms(terms, i, v)
		}
	}
	if before(1) == "least" && before(2) != "at" && before(2) != "very" && !terms[i-1].known {
		v *= turn
	}
	return v
}

// signed makes nothing count as below zero, as the method does.
func signed(v float64) float64 {
	if v > 0 {
		return 1
	}
	return -1
}

// degree is what an adverb adds to a word.
func degree(t term, v float64, shouting bool) float64 {
	d, ok := boosters[t.lower]
	if !ok {
		return 0
	}
	if v < 0 {
		d = -d
	}
	if t.caps && shouting {
		d += math.Copysign(capsBoost, signed(v))
	}
	return d
}

// negate looks at the n-th word before.
func negate(v float64, n int, before func(int) string) float64 {
	intense := func(w string) bool { return w == "so" || w == "this" }
	switch {
	case n == 2 && before(2) == "never" && intense(before(1)):
		return v * 1.25
	case n == 3 && (before(3) == "never" && intense(before(2)) || intense(before(1))):
		return v * 1.25
	case n > 1 && before(n) == "without" && (before(1) == "doubt" || n == 3 && before(2) == "doubt"):
		return v
	case negations[before(n)] || strings.Contains(before(n), "n't"):
		return v * turn
	}
	return v
}

// idioms gives phrases their own strength, and adverbs of two words theirs.
func idioms(terms []term, i int, v float64) float64 {
	phrase := func(from, to int) string {
		if to == from+1 {
			return terms[from].lower + " " + terms[to].lower
		}
		return terms[from].lower + " " + terms[from+1].lower + " " + terms[to].lower
	}
	for _, p := range [][2]int{{i - 1, i}, {i - 2, i}, {i - 2, i - 1}, {i - 3, i - 1}, {i - 3, i - 2}} {
		if strength, ok := phrases[phrase(p[0], p[1])]; ok {
			v = strength
			break
		}
	}
	for to := i + 1; to <= i+2 && to < len(terms); to++ {
		if strength, ok := phrases[phrase(i, to)]; ok {
			v = strength
		}
	}
	for _, p := range [][2]int{{i - 3, i - 1}, {i - 3, i - 2}, {i - 2, i - 1}} {
		v += boosters[phrase(p[0], p[1])]
	}
	return v
}

// emphasisOf is what exclamation and question marks add.
func emphasisOf(s string) float64 {
	sum := float64(min(strings.Count(s, "!"), 4)) * exclamation
	switch n := strings.Count(s, "?"); {
	case n > 3:
		sum += manyQuestion
	case n > 1:
		sum += float64(n) * question
	}
	return sum
}
