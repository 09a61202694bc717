package sentiment

import (
	"bytes"
	"compress/gzip"
	_ "embed" // lexicons and corpus
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"yingda.dev/internal/desk"
)

// The words of VADER's lexicon with their mean ratings, MIT; see lexicon/NOTICE.
//
//go:embed lexicon/vader.tsv.gz
var vaderWords []byte

// What pictures that stand for a feeling are called (Unicode); see lexicon/NOTICE.
//
//go:embed lexicon/emoji.tsv
var emojiNames string

//go:embed lexicon/chinese.tsv
var chineseWords string

//go:embed corpus/zh.tsv
var chineseCorpus string

//go:embed corpus/en.tsv
var englishCorpus string

const maxLexicon = 4 << 20

// pairs calls f with each line's two parts; a line that begins with "# " is a remark.
func pairs(file string, f func(left, right string) error) error {
	for line := range strings.Lines(file) {
		line = strings.TrimRight(line, "\r\n")
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		left, right, ok := strings.Cut(line, "\t")
		if !ok || left == "" || right == "" {
			return desk.E(desk.Internal, "read lexicon", "a line is two parts with a tab between")
		}
		if err := f(left, right); err != nil {
			return err
		}
	}
	return nil
}

func newEnglish() (english, error) {
	e := english{words: make(map[string]float64, 8000), emoji: make(map[rune]string, 256)}
	z, err := gzip.NewReader(bytes.NewReader(vaderWords))
	if err != nil {
		return e, err
	}
	all, err := io.ReadAll(io.LimitReader(z, maxLexicon))
	if err != nil {
		return e, err
	}
	err = pairs(string(all), func(word, strength string) error {
		v, err := strconv.ParseFloat(strength, 64)
		e.words[word] = v
		return err
	})
	if err != nil {
		return e, err
	}
	return e, pairs(emojiNames, func(picture, name string) error {
		r, _ := utf8.DecodeRuneInString(picture)
		e.emoji[r] = name
		return nil
	})
}

// example is a line of the corpus.
type example struct {
	text  string
	label Label
}

func corpus() (out []example, err error) {
	err = pairs(chineseCorpus+englishCorpus, func(label, text string) error {
		n, err := strconv.ParseInt(label, 10, 8)
		out = append(out, example{text, Label(n)})
		return err
	})
	return out, err
}
