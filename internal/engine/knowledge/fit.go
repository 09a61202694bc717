package knowledge

import "math"

// choice is one of several that was right: how each looks, which it was, and
// how much it counts. A yes or no is a choice between something and nothing.
type choice struct {
	looks  [][]float64
	right  int
	weight float64
}

// learn finds weights under which what was right is likeliest (a conditional
// logit by Newton's method, each step halved until it does not hurt), held
// near begin by a penalty.
func learn(choices []choice, begin []float64, penalty float64) []float64 {
	w := append([]float64(nil), begin...)
	loss := lossOf(choices, w, begin, penalty)
	for range 60 {
		gradient, hessian := slope(choices, w, begin, penalty)
		step, ok := solve(hessian, gradient)
		if !ok {
			break
		}
		better := false
		for scale := 1.0; scale > 1e-4; scale /= 2 {
			next := make([]float64, len(w))
			for i := range w {
				next[i] = w[i] - scale*step[i]
			}
			if l := lossOf(choices, next, begin, penalty); l < loss {
				better = loss-l > 1e-7*math.Abs(loss)
				w, loss = next, l
				break
			}
		}
		if !better {
			break
		}
	}
	return w
}

// chances are the probabilities of all that can be chosen.
func chances(looks [][]float64, w, into []float64) []float64 {
	into = into[:0]
	most := math.Inf(-1)
	for _, f := range looks {
		z := dot(f, w)
		most = max(most, z)
		into = append(into, z)
	}
	sum := 0.0
	for i, z := range into {
		into[i] = math.Exp(z - most)
		sum += into[i]
	}
	for i := range into {
		into[i] /= sum
	}
	return into
}

func dot(a, b []float64) (sum float64) {
	for i, x := range a {
		sum += x * b[i]
	}
	return sum
}

func lossOf(choices []choice, w, begin []float64, penalty float64) (sum float64) {
	for i := range w {
		sum += penalty / 2 * (w[i] - begin[i]) * (w[i] - begin[i])
	}
	var p []float64
	for _, c := range choices {
		p = chances(c.looks, w, p)
		sum -= c.weight * math.Log(max(p[c.right], 1e-12))
	}
	return sum
}

func slope(choices []choice, w, begin []float64, penalty float64) (gradient []float64, hessian [][]float64) {
	n := len(w)
	gradient, hessian = make([]float64, n), make([][]float64, n)
	for i := range n {
		gradient[i] = penalty * (w[i] - begin[i])
		hessian[i] = make([]float64, n)
		hessian[i][i] = penalty
	}
	var p []float64
	mean := make([]float64, n)
	for _, c := range choices {
		p = chances(c.looks, w, p)
		clear(mean)
		for a, f := range c.looks {
			for i, x := range f {
				mean[i] += p[a] * x
			}
		}
		for i := range n {
			gradient[i] += c.weight * (mean[i] - c.looks[c.right][i])
		}
		for a, f := range c.looks {
			for i := range n {
				d := c.weight * p[a] * (f[i] - mean[i])
				for j := range i + 1 {
					hessian[i][j] += d * (f[j] - mean[j])
				}
			}
		}
	}
	return gradient, hessian
}

// solve finds x of a·x = b for a symmetric positive a of which the lower half
// is given (Cholesky).
func solve(a [][]float64, b []float64) (x []float64, ok bool) {
	n := len(b)
	x = make([]float64, n)
	for i := range n {
		for j := range i + 1 {
			sum := a[i][j]
			for k := range j {
				sum -= a[i][k] * a[j][k]
			}
			if i != j {
				a[i][j] = sum / a[j][j]
				continue
			}
			if sum <= 0 || math.IsNaN(sum) {
				return x, false
			}
			a[i][i] = math.Sqrt(sum)
		}
	}
	for i := range n {
		x[i] = (b[i] - dot(a[i][:i], x)) / a[i][i]
	}
	for i := n - 1; i >= 0; i-- {
		for k := i + 1; k < n; k++ {
			x[i] -= a[k][i] * x[k]
		}
		x[i] /= a[i][i]
	}
	return x, true
}
