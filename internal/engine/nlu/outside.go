package nlu

// The bounds within which a text from outside counts as one of the account's
// own matters: it is as near to an example as a paraphrase, and next to nothing
// in it is new. commonExamples are as many as are looked at.
const (
	paraphrase     = 0.6
	nothingNew     = 0.2
	commonExamples = 20_000
)

// warn makes texts from outside ready. A line of their own says how far a text
// lies on their side, and networks learn to be undecided about them (Hendrycks
// et al., ICLR 2019, on outlier exposure). Of texts that come from elsewhere, one
// that resembles an example is no stranger here.
func (s *set) warn(outside []string, own int) {
	var near *nearest
	for n, t := range outside {
		tokens := tokenize(t)
		x := said{extract(tokens), tokens, n < own}
		if len(x.features) == 0 {
			continue
		}
		if !x.own && near == nil {
			near = s.nearest()
		}
		if x.own || !near.resembles(x.features) {
			s.outside = append(s.outside, x)
		}
	}
}

// nearest finds how near the nearest example is.
type nearest struct {
	vocabulary *vocabulary
	rows       [][]int32 // of each feature
	weights    [][]float32
	score      []float32
}

func (s *set) nearest() *nearest {
	step := 1 + len(s.texts)/commonExamples
	var texts [][]counted
	for i := 0; i < len(s.texts); i += step {
		texts = append(texts, s.texts[i])
	}
	v := learn(texts, func(int) bool { return true })
	n := &nearest{v, make([][]int32, len(v.idf)), make([][]float32, len(v.idf)), make([]float32, len(texts))}
	for i, t := range texts {
		x, _ := v.vectorize(t)
		for k, at := range x.at {
			n.rows[at] = append(n.rows[at], int32(i))
			n.weights[at] = append(n.weights[at], x.w[k])
		}
	}
	return n
}

func (n *nearest) resembles(f []counted) bool {
	x, unknown := n.vocabulary.vectorize(f)
	if unknown.weight > nothingNew {
		return false
	}
	clear(n.score)
	for k, at := range x.at {
		for j, i := range n.rows[at] {
			if n.score[i] += x.w[k] * n.weights[at][j]; n.score[i] > paraphrase {
				return true
			}
		}
	}
	return false
}
