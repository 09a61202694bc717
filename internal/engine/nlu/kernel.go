package nlu

import "math"

// The kernels below are the inner loops of the network: plain Go, unrolled by
// hand so that the processor has independent sums to work on. Each product is
// rounded before it is added (the explicit float32), so that no machine fuses
// the two and a training gives the same bytes everywhere.

// multiply fills out[i·n+j] with the dot product of row i of a and row j of b;
// both have rows of width numbers, a multiple of 4 is fastest.
func multiply(out, a, b []float32, width int) {
	rows, n := len(a)/width, len(b)/width
	i := 0
	for ; i+2 <= rows; i += 2 {
		x, y := a[i*width:(i+1)*width], a[(i+1)*width:(i+2)*width]
		o, p := out[i*n:(i+1)*n], out[(i+1)*n:(i+2)*n]
		j := 0
		for ; j+4 <= n; j += 4 {
			o[j], o[j+1], o[j+2], o[j+3], p[j], p[j+1], p[j+2], p[j+3] = tile(x, y, b[j*width:(j+4)*width])
		}
		for ; j < n; j++ {
			o[j], p[j] = dot(x, b[j*width:(j+1)*width]), dot(y, b[j*width:(j+1)*width])
		}
	}
	if i < rows {
		x, o := a[i*width:(i+1)*width], out[i*n:(i+1)*n]
		for j := range o {
			o[j] = dot(x, b[j*width:(j+1)*width])
		}
	}
}

// tile is eight dot products at once: two rows with four.
func tile(x, y, b []float32) (s0, s1, s2, s3, t0, t1, t2, t3 float32) {
	n := len(x)
	y = y[:n]
	b0, b1, b2, b3 := b[:n], b[n:2*n], b[2*n:3*n], b[3*n:4*n]
	b0, b1, b2, b3 = b0[:n], b1[:n], b2[:n], b3[:n]
	for k, v := range x {
		w := y[k]
		c0, c1, c2, c3 := b0[k], b1[k], b2[k], b3[k]
		s0 += float32(v * c0)
		s1 += float32(v * c1)
		s2 += float32(v * c2)
		s3 += float32(v * c3)
		t0 += float32(w * c0)
		t1 += float32(w * c1)
		t2 += float32(w * c2)
		t3 += float32(w * c3)
	}
	return s0, s1, s2, s3, t0, t1, t2, t3
}

func dot(x, y []float32) float32 {
	y = y[:len(x)]
	var a, b, c, d float32
	k := 0
	for ; k+4 <= len(x); k += 4 {
		a += float32(x[k] * y[k])
		b += float32(x[k+1] * y[k+1])
		c += float32(x[k+2] * y[k+2])
		d += float32(x[k+3] * y[k+3])
	}
	for ; k < len(x); k++ {
		a += float32(x[k] * y[k])
	}
	return (a + b) + (c + d)
}

// addScaled adds s times x to y.
func addScaled(y, x []float32, s float32) {
	y = y[:len(x)]
	k := 0
	for ; k+4 <= len(x); k += 4 {
		y[k] += float32(s * x[k])
		y[k+1] += float32(s * x[k+1])
		y[k+2] += float32(s * x[k+2])
		y[k+3] += float32(s * x[k+3])
	}
	for ; k < len(x); k++ {
		y[k] += float32(s * x[k])
	}
}

// The optimiser is Adam (Kingma and Ba, 2015).
const (
	adamMean   = 0.9
	adamSquare = 0.999
)

// move changes weights against their gradient and clears it. rate has the
// correction for the first steps in it already.
func (w weights) move(rate float32) {
	at, gradient, mean, square := w.at, w.gradient[:len(w.at)], w.mean[:len(w.at)], w.square[:len(w.at)]
	for i, g := range gradient {
		mean[i] += float32((1 - adamMean) * (g - mean[i]))
		square[i] += float32((1 - adamSquare) * (float32(g*g) - square[i]))
		at[i] -= float32(rate*mean[i]) / (float32(math.Sqrt(float64(square[i]))) + 1e-7)
		gradient[i] = 0
	}
}
