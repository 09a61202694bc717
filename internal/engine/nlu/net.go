package nlu

import (
	"math"
	"sync/atomic"
)

// A network reads a text as a row of tokens. Each token is a point (the sum of
// a row for the token itself and rows for its pieces), filters look at windows
// of one to four tokens, the strongest answer of each filter counts, and one
// layer makes scores of intents of them: the convolutional network of Kim
// (EMNLP 2014) over subwords (Bojanowski et al., TACL 2017), trained from
// nothing but the examples.
//
// A filter over several tokens is a sum of one dot product for each place in
// its window, so it is enough to know the dot products of each kind of token
// with all places of all filters: in training they are computed once for a
// batch, and a model keeps those it has met.
type network struct {
	embed  table     // a row for each piece
	filter table     // a row for each place of each filter: netWide rows
	out    table     // a row for each filter: netHidden rows
	offset []float32 // of filters
	bias   []float32 // of intents
	// filters and outs are filter and out as numbers.
	filters, outs []float32
}

// The shape of a network, found on the sets of docs/evaluation.md.
const (
	netDim     = 64 // numbers of a point
	netFilters = 64 // of each width
	netWidths  = 4
	netHidden  = netWidths * netFilters
	netWide    = netWidths * (netWidths + 1) / 2 * netFilters // places of all filters
	netTokens  = 56                                           // a longer text is read up to here
	ends       = 2
)

// ensemble is some networks trained from different seeds, whose scores are
// averaged (Hansen and Salamon, 1990), over one index of pieces.
type ensemble struct {
	pieces map[feature]int32
	nets   []*network
	met    [metKinds]atomic.Pointer[metKind]
}

// metKind is what all filters of all networks say of a kind of token.
type metKind struct {
	key  feature
	seen []float32
}

// metKinds is how many are kept; one that is met later takes the place of
// another. What is kept depends on what was asked, what is answered does not.
const metKinds = 2048

// spelled is how a token is written: its own name and its pieces, subwords of a
// word or the pair of a character and the one before it.
type spelled struct {
	own    hash
	pieces []hash
}

// key names the spelling.
func (s spelled) key() feature {
	h := s.own
	for _, p := range s.pieces {
		h = (h ^ p) * 1099511628211
		h ^= h >> 29
	}
	return feature(h)
}

// spell lists the tokens of a text, its ends included.
func spell(tokens []token) []spelled {
	tokens = tokens[:min(len(tokens), netTokens)]
	out := make([]spelled, 0, len(tokens)+ends)
	out = append(out, spelled{own: newHash.text("\x01")})
	before := ""
	for _, t := range tokens {
		s := spelled{own: newHash.text(t.text)}
		switch {
		case t.kind == word:
			subwordsOf(t.text, func(h hash) { s.pieces = append(s.pieces, h) })
		case t.kind == glyph && before != "":
			s.pieces = []hash{newHash.text(before).text(t.text).byte(byte(bigrams))}
		}
		before = ""
		if t.kind == glyph {
			before = t.text
		}
		out = append(out, s)
	}
	return append(out, spelled{own: newHash.text("\x03")})
}

// shape is the rows a kind of token is the sum of.
type shape struct {
	own    int32 // -1: a token that training has not seen
	pieces []int32
}

func shapeOf(s spelled, rows map[feature]int32) shape {
	out := shape{own: -1}
	if r, ok := rows[feature(s.own)]; ok {
		out.own = r
	}
	for _, p := range s.pieces {
		if r, ok := rows[feature(p)]; ok {
			out.pieces = append(out.pieces, r)
		}
	}
	return out
}

// share is how much each of n pieces counts.
func share(n int) float32 { return float32(1 / math.Sqrt(float64(n))) }

// scores fills out with the mean score of each intent and returns the mean
// energy: the logarithm of the sum of their exponentials, high for what
// resembles any of the examples (Liu et al., NeurIPS 2020).
func (e *ensemble) scores(tokens []token, out []float32) (energy float64) {
	kinds := spell(tokens)
	all := make([][]float32, len(kinds))
	for i, k := range kinds {
		all[i] = e.meet(k)
	}
	seen := make([][]float32, len(kinds))
	best, at := make([]float32, netHidden), make([]int32, netHidden)
	one := make([]float32, len(out))
	clear(out)
	for n, net := range e.nets {
		for i := range all {
			seen[i] = all[i][n*netWide : (n+1)*netWide]
		}
		strongest(seen, best, at)
		copy(one, net.bias)
		for j, x := range best {
			if x += net.offset[j]; x > 0 {
				addScaled(one, net.outs[j*len(one):(j+1)*len(one)], x)
			}
		}
		addScaled(out, one, 1/float32(len(e.nets)))
		energy += logSum(one) / float64(len(e.nets))
	}
	return energy
}

// meet gives what the filters say of a kind of token.
func (e *ensemble) meet(s spelled) []float32 {
	key := s.key()
	place := &e.met[key%metKinds]
	if m := place.Load(); m != nil && m.key == key {
		return m.seen
	}
	m := &metKind{key, make([]float32, len(e.nets)*netWide)}
	shape := shapeOf(s, e.pieces)
	var point [netDim]float32
	for n, net := range e.nets {
		clear(point[:])
		if shape.own >= 0 {
			net.embed.add(point[:], int(shape.own), 1)
		}
		for _, p := range shape.pieces {
			net.embed.add(point[:], int(p), share(len(shape.pieces)))
		}
		multiply(m.seen[n*netWide:(n+1)*netWide], point[:], net.filters, netDim)
	}
	place.Store(m)
	return m.seen
}

// strongest finds for each filter its strongest answer in a text and where it
// begins. seen are the dot products of each token with all places of filters.
func strongest(seen [][]float32, best []float32, at []int32) {
	for i := range best {
		best[i] = float32(math.Inf(-1))
	}
	const n = netFilters
	for w := range netWidths {
		first := w * (w + 1) / 2 * n
		b, a := best[w*n:(w+1)*n], at[w*n:(w+1)*n]
		for t := range seen {
			// At the end of a text windows are cut short.
			p := seen[t][first : first+n]
			switch min(w, len(seen)-t-1) {
			case 0:
				pool1(b, a, int32(t), p)
			case 1:
				pool2(b, a, int32(t), p, seen[t+1][first+n:first+2*n])
			case 2:
				pool3(b, a, int32(t), p, seen[t+1][first+n:first+2*n], seen[t+2][first+2*n:first+3*n])
			default:
				pool4(b, a, int32(t), p, seen[t+1][first+n:first+2*n], seen[t+2][first+2*n:first+3*n], seen[t+3][first+3*n:first+4*n])
			}
		}
	}
}

func pool1(best []float32, at []int32, t int32, p []float32) {
	best, at = best[:len(p)], at[:len(p)]
	for f, x := range p {
		if x > best[f] {
			best[f], at[f] = x, t
		}
	}
}

func pool2(best []float32, at []int32, t int32, p, q []float32) {
	best, at, q = best[:len(p)], at[:len(p)], q[:len(p)]
	for f, x := range p {
		if x += q[f]; x > best[f] {
			best[f], at[f] = x, t
		}
	}
}

func pool3(best []float32, at []int32, t int32, p, q, r []float32) {
	best, at, q, r = best[:len(p)], at[:len(p)], q[:len(p)], r[:len(p)]
	for f, x := range p {
		if x += q[f] + r[f]; x > best[f] {
			best[f], at[f] = x, t
		}
	}
}

func pool4(best []float32, at []int32, t int32, p, q, r, s []float32) {
	best, at, q, r, s = best[:len(p)], at[:len(p)], q[:len(p)], r[:len(p)], s[:len(p)]
	for f, x := range p {
		if x += q[f] + r[f] + s[f]; x > best[f] {
			best[f], at[f] = x, t
		}
	}
}

// logSum is the logarithm of the sum of exponentials.
func logSum(s []float32) float64 {
	most := s[0]
	for _, x := range s {
		most = max(most, x)
	}
	sum := 0.0
	for _, x := range s {
		sum += math.Exp(float64(x - most))
	}
	return float64(most) + math.Log(sum)
}

// table is rows of numbers, each in 127ths of its largest: a quarter of the
// room, and too fine a grid to be seen in the answers.
type table struct {
	width int
	scale []float32
	at    []int8
}

func pack(w []float32, width int) table {
	t := table{width, make([]float32, len(w)/width), make([]int8, len(w))}
	for r := range t.scale {
		row := w[r*width : (r+1)*width]
		var most float32
		for _, x := range row {
			most = max(most, x, -x)
		}
		if most == 0 {
			continue
		}
		t.scale[r] = most / 127
		for i, x := range row {
			t.at[r*width+i] = int8(math.Round(float64(x / most * 127)))
		}
	}
	return t
}

// add adds s times a row.
func (t table) add(into []float32, row int, s float32) {
	s *= t.scale[row]
	at := t.at[row*t.width : (row+1)*t.width]
	into = into[:len(at)]
	for i, x := range at {
		into[i] += float32(s * float32(x))
	}
}

func (t table) numbers() []float32 {
	out := make([]float32, len(t.at))
	for r := range t.scale {
		t.add(out[r*t.width:(r+1)*t.width], r, 1)
	}
	return out
}
