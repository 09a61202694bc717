package knowledge

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Piece is a part of an article that answers by itself.
type Piece struct {
	// Heading is the headings above it, the outermost first, with " › " between.
	Heading string
	// Start and End are where the piece is in the article, in bytes.
	Start, End int
}

// The usual size of a piece and how much of it the next one repeats, in characters.
const (
	PieceRunes   = 400
	OverlapRunes = 60
)

// Chunk cuts an article into pieces of at most PieceRunes characters: at its
// headings (Markdown) always, then between paragraphs and sentences, and
// within a sentence only if that alone is too long. A piece that goes on under
// the same heading begins with the last sentences of the one before, as far as
// OverlapRunes reach. Nothing but white space is left out.
func Chunk(article string) []Piece {
	var out []Piece
	var open []sentence // of the piece being filled
	size, fresh := 0, 0 // characters in open, and how many of its sentences are in no piece yet
	emit := func() {
		if fresh > 0 {
			out = append(out, Piece{open[0].heading, open[0].start, open[len(open)-1].end})
		}
		fresh = 0
	}
	for _, s := range sentences(article) {
		switch {
		case len(open) > 0 && (s.opens || s.heading != open[0].heading):
			emit()
			open, size = nil, 0
		case size+s.runes > PieceRunes:
			emit()
			open, size = overlap(open, min(OverlapRunes, PieceRunes-s.runes))
		}
		open, size, fresh = append(open, s), size+s.runes, fresh+1
	}
	emit()
	return out
}

// overlap is the end of a piece that the next one repeats.
func overlap(of []sentence, most int) (tail []sentence, size int) {
	from := len(of)
	for from > 1 && size+of[from-1].runes <= most {
		from--
		size += of[from].runes
	}
	return append(tail, of[from:]...), size
}

// sentence is what is not cut, with the white space after it.
type sentence struct {
	heading           string
	start, end, runes int
	opens             bool // a heading
}

// sentences cuts an article, line by line.
func sentences(article string) (out []sentence) {
	var path []string // of headings, by level
	heading := ""
	fenced := false
	at := 0
	for line := range strings.Lines(article) {
		trimmed := strings.TrimSpace(line)
		if strings.HasPrefix(trimmed, "```") {
			fenced = !fenced
		}
		level, title := headingOf(trimmed)
		if level > 0 && !fenced {
			for len(path) < level {
				path = append(path, "")
			}
			path = append(path[:level-1], title)
			heading = joinHeadings(path)
		}
		first := true
		for from := 0; from < len(line); {
			n, runes := nextSentence(line[from:])
			if blank := strings.TrimSpace(line[from:from+n]) == ""; !blank {
				out = append(out, sentence{heading, at + from, at + from + n, runes, first && level > 0 && !fenced})
				first = false
			}
			from += n
		}
		at += len(line)
	}
	return out
}

func headingOf(line string) (level int, title string) {
	rest := strings.TrimLeft(line, "#")
	level = len(line) - len(rest)
	title = strings.TrimSpace(strings.TrimRight(rest, "# "))
	if level == 0 || level > 6 || title == "" || !strings.HasPrefix(rest, " ") {
		return 0, ""
	}
	return level, cutRunes(title, PieceRunes/4)
}

func cutRunes(s string, n int) string {
	for i := range s {
		if n == 0 {
			return s[:i]
		}
		n--
	}
	return s
}

func joinHeadings(path []string) string {
	var b strings.Builder
	for _, p := range path {
		if p == "" {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(" › ")
		}
		b.WriteString(p)
	}
	return b.String()
}

// nextSentence is the length of the first sentence in bytes and characters, at
// most PieceRunes characters.
func nextSentence(s string) (n, runes int) {
	ended := false
	for i, r := range s {
		stop := strings.ContainsRune("。！？；…!?", r)
		if r == '.' || r == ';' {
			next, _ := utf8.DecodeRuneInString(s[i+1:])
			stop = unicode.IsSpace(next)
		}
		if ended && !stop && !unicode.IsSpace(r) && !strings.ContainsRune("”’」』）)\"", r) || runes == PieceRunes {
			return i, runes
		}
		ended = ended || stop
		runes++
	}
	return len(s), runes
}
