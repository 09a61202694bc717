package nlu

import "math"

// Margins appends how far a text lies on the side of each intent, in the order
// of Intents, for those who weigh it together with something else. A text that
// says nothing lies on no side: -Inf.
func (m *Model) Margins(text string, into []float64) []float64 {
	f := extract(tokenize(text))
	if len(f) == 0 {
		for range m.names {
			into = append(into, math.Inf(-1))
		}
		return into
	}
	return append(into, m.read(f).margin...)
}
