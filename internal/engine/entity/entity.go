package entity

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"yingda.dev/internal/platform/text"
)

// The bounds of what is looked at.
const (
	// MaxText is how many bytes of a text are searched.
	MaxText = 4096
	// MaxItems is how many members a list has at most.
	MaxItems = 500
	// MaxWords is how many ways of saying one member has at most.
	MaxWords = 50
	// MaxPattern is how long a pattern is at most, in bytes.
	MaxPattern = 300
	// maxMatches is how many matches a call returns at most.
	maxMatches = 20
)

// Kind names what is looked for.
type Kind string

// The kinds of values.
const (
	// Text takes everything that was written, trimmed.
	Text Kind = "text"
	// Number is a decimal number, a float64.
	Number Kind = "number"
	// Integer is a whole number, a float64 without fraction.
	Integer Kind = "integer"
	// Date is a day, "2006-01-02".
	Date Kind = "date"
	// Time is a time of day, "15:04".
	Time Kind = "time"
	// DateTime is both, RFC 3339; a missing day is the next on which the time comes.
	DateTime Kind = "datetime"
	// Money is an amount, a float64; Unit is its ISO 4217 currency or empty.
	Money Kind = "money"
	// Phone is a phone number without separators, "+" kept.
	Phone Kind = "phone"
	// Email is an address in lower case.
	Email Kind = "email"
	// Order is an order number in upper case.
	Order Kind = "order"
	// Tracking is a parcel's number in upper case; Unit is its carrier or empty.
	Tracking Kind = "tracking"
	// List is the value of a member of Spec.Items.
	List Kind = "list"
	// Pattern is what Spec.Pattern matches, its first group if it has one.
	Pattern Kind = "pattern"
	// YesNo is a bool.
	YesNo Kind = "yes_no"
)

// Kinds lists every kind.
func Kinds() []Kind {
	return []Kind{Text, Number, Integer, Date, Time, DateTime, Money, Phone, Email, Order, Tracking, List, Pattern, YesNo}
}

// Item is a member of a list.
type Item struct {
	// Value is what is kept; empty means Label.
	Value string
	// Label is what is shown and found.
	Label string
	// Words are other ways of saying it.
	Words []string
}

// Key is the item's value.
func (i Item) Key() string {
	if i.Value != "" {
		return i.Value
	}
	return i.Label
}

// Spec says what to look for.
type Spec struct {
	Kind  Kind
	Items []Item
	// Pattern is RE2, matched against the text as it was written, without regard to case.
	Pattern string

	re    *regexp.Regexp
	words []word // of Items, longest first
}

// Match is a value that was found.
type Match struct {
	Kind Kind
	// Value is a string, float64 or bool.
	Value any
	// Unit is a currency or a carrier.
	Unit string
	// Start and End are the bytes of the text that it was read from.
	Start, End int
	Text       string
	// Score tells how sure this is, 0 to 1.
	Score float64
}

// CompileError says what is wrong with a Spec, as a key that texts exist for.
type CompileError struct {
	// Key is one of kind, items, words, pattern.
	Key    string
	Detail string
}

// Error is for logs.
func (e *CompileError) Error() string { return "entity: " + e.Key + ": " + e.Detail }

// Compile checks a Spec and makes it ready.
func Compile(s Spec) (*Spec, error) {
	switch {
	case !slices.Contains(Kinds(), s.Kind):
		return nil, &CompileError{"kind", string(s.Kind)}
	case s.Kind == List && (len(s.Items) == 0 || len(s.Items) > MaxItems):
		return nil, &CompileError{"items", ""}
	case len(s.Pattern) > MaxPattern || s.Kind == Pattern && s.Pattern == "":
		return nil, &CompileError{"pattern", ""}
	}
	if s.Pattern != "" {
		re, err := regexp.Compile("(?i)" + s.Pattern)
		if err != nil {
			return nil, &CompileError{"pattern", strings.TrimPrefix(err.Error(), "error parsing regexp: ")}
		}
		s.re = re
	}
	for n, item := range s.Items {
		if len(item.Words) > MaxWords || item.Key() == "" || utf8.RuneCountInString(item.Key()) > 200 {
			return nil, &CompileError{"words", item.Label}
		}
		for _, w := range append([]string{item.Label, item.Value}, item.Words...) {
			if w = strings.TrimSpace(text.Normalize(w)); w != "" {
				s.words = append(s.words, word{n, []rune(w)})
			}
		}
	}
	slices.SortStableFunc(s.words, func(a, b word) int { return cmp.Compare(len(b.runes), len(a.runes)) })
	return &s, nil
}

// Find returns what of the kind occurs in the text, the best first, then in
// order of occurrence. Relative dates are counted from now, in its zone.
func Find(s *Spec, written string, now time.Time) []Match {
	in := read(written)
	if strings.TrimSpace(in.norm) == "" {
		return nil
	}
	var found []Match
	switch s.Kind {
	case Text:
		trimmed := strings.TrimSpace(in.written)
		at := strings.Index(in.written, trimmed)
		found = []Match{{Value: trimmed, Start: at, End: at + len(trimmed), Score: 0.5}}
	case Number, Integer:
		found = numbers(in, s.Kind == Integer)
	case Date, Time, DateTime:
		found = moments(in, s.Kind, now)
	case Money:
		found = money(in)
	case Phone:
		found = phones(in)
	case Email:
		found = emails(in)
	case Order:
		found = orders(in)
	case Tracking:
		found = parcels(in)
	case List:
		found = members(s, in)
	case Pattern:
		found = patterns(s, in)
	case YesNo:
		found = yesNo(in)
	}
	if s.re != nil && s.Kind != Pattern { // a pattern narrows any other kind
		found = slices.DeleteFunc(found, func(m Match) bool {
			v, ok := m.Value.(string)
			return ok && !whole(s.re, v)
		})
	}
	return in.finish(found, s.Kind)
}

// whole reports whether the pattern matches all of v.
func whole(re *regexp.Regexp, v string) bool {
	at := re.FindStringIndex(v)
	return at != nil && at[0] == 0 && at[1] == len(v)
}

// input is a text, its normal form, and where each byte of that came from.
type input struct {
	written, norm string
	from, to      []int32 // by byte of norm
}

func read(written string) *input {
	if len(written) > MaxText {
		n := MaxText
		for n > 0 && !utf8.RuneStart(written[n]) {
			n--
		}
		written = written[:n]
	}
	in := &input{written: written}
	var b strings.Builder
	for _, p := range text.Spots(written) {
		n := b.Len()
		b.WriteRune(p.R)
		for range b.Len() - n {
			in.from, in.to = append(in.from, int32(p.Start)), append(in.to, int32(p.End)) //nolint:gosec // below MaxText
		}
	}
	in.norm = b.String()
	return in
}

// match makes a Match of norm[start:end].
func (in *input) match(start, end int, value any, score float64) Match {
	if start >= end || end > len(in.from) {
		return Match{Value: value, Score: score}
	}
	return Match{Value: value, Score: score, Start: int(in.from[start]), End: int(in.to[end-1])}
}

// finish sorts, removes overlaps (the better stays, then the longer) and fills in.
func (in *input) finish(found []Match, kind Kind) []Match {
	slices.SortStableFunc(found, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(b.End-b.Start, a.End-a.Start), cmp.Compare(a.Start, b.Start))
	})
	out := found[:0:0]
	for _, m := range found {
		if len(out) == maxMatches {
			break
		}
		overlaps := kind != List && slices.ContainsFunc(out, func(o Match) bool { return m.Start < o.End && o.Start < m.End })
		if overlaps || m.Start > m.End || m.End > len(in.written) {
			continue
		}
		m.Kind, m.Text = kind, in.written[m.Start:m.End]
		out = append(out, m)
	}
	slices.SortStableFunc(out, func(a, b Match) int {
		return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.Start, b.Start))
	})
	return out
}
