package nlu

import (
	"math"
	"math/bits"
)

// draw is a small deterministic source of randomness (SplitMix64), so that a
// training repeats exactly from its seed.
type draw uint64

func (d *draw) next() uint64 {
	*d += 0x9e3779b97f4a7c15
	z := uint64(*d)
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// below draws 0 ≤ i < n.
func (d *draw) below(n int) int {
	hi, _ := bits.Mul64(d.next(), uint64(n)) //nolint:gosec // n is a length
	return int(hi)                           //nolint:gosec // below n
}

// unit draws 0 ≤ x < 1.
func (d *draw) unit() float64 { return float64(d.next()>>11) / (1 << 53) }

// The training of a line between one class and the rest: L2-regularised,
// squared hinge loss, dual coordinate descent with shrinking (Hsieh et al.,
// ICML 2008).
const (
	svmRounds    = 60
	svmTolerance = 0.1
)

// separate finds weights w (with a bias as the last one) that are above 0 for
// the rows marked true. cost is the price of an error, the marked rows' times
// boost.
func separate(rows []vector, is []bool, width int, cost, boost float64, seed uint64) []float32 {
	w := make([]float64, width+1)
	n := len(rows)
	alpha := make([]float64, n)
	diagonal := make([]float64, n) // of the dual: |x|² + 1 for the bias + 1/(2C)
	order := make([]int32, n)
	half := [2]float64{0.5 / cost, 0.5 / (cost * boost)}
	for i, r := range rows {
		order[i] = int32(i)
		sum := 1.0
		for _, x := range r.w {
			sum += float64(x) * float64(x)
		}
		diagonal[i] = sum + half[side(is[i])]
	}
	rng := draw(seed)
	active := n
	upper := math.Inf(1) // of the gradient in the round before: what lies above it is at rest
	for range svmRounds {
		most, least := math.Inf(-1), math.Inf(1)
		for i := range active {
			j := i + rng.below(active-i)
			order[i], order[j] = order[j], order[i]
		}
		for s := 0; s < active; s++ {
			i := order[s]
			r := rows[i]
			dot := w[width]
			for k, at := range r.at {
				dot += w[at] * float64(r.w[k])
			}
			y := -1.0
			if is[i] {
				y = 1
			}
			g := y*dot - 1 + alpha[i]*half[side(is[i])]
			projected := g
			if alpha[i] == 0 {
				if g > upper { // far on the right side: leave it out for now
					active--
					order[s], order[active] = order[active], order[s]
					s--
					continue
				}
				projected = min(g, 0)
			}
			most, least = max(most, projected), min(least, projected)
			if math.Abs(projected) < 1e-12 {
				continue
			}
			old := alpha[i]
			alpha[i] = max(old-g/diagonal[i], 0)
			d := (alpha[i] - old) * y
			if d == 0 {
				continue
			}
			w[width] += d
			for k, at := range r.at {
				w[at] += d * float64(r.w[k])
			}
		}
		if most-least <= svmTolerance {
			if active == n {
				break
			}
			active = n // look at all once more
			upper = math.Inf(1)
			continue
		}
		upper = most
		if upper <= 0 {
			upper = math.Inf(1)
		}
	}
	out := make([]float32, width+1)
	for i, x := range w {
		out[i] = float32(x)
	}
	return out
}

func side(positive bool) int {
	if positive {
		return 1
	}
	return 0
}
