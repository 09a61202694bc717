package sentiment

import (
	"math"
	"math/bits"
	"unicode"
	"unicode/utf8"

	"yingda.dev/internal/platform/text"
)

// observation is what the model sees of a text.
type observation struct {
	empty   bool
	chinese finding
	english float64
	rules   [ruleCount]float32
	pieces  []uint32
	weight  float32 // of each piece
}

const (
	// longPieces is from where on more pieces add nothing: angry chat is long and
	// happy chat short, but a long text is not angry for being long.
	longPieces = 30
	labelCount = 3
	ruleCount  = 10
	buckets    = 1 << 14
)

// observe reads a text by the rules of both languages and cuts it to pieces.
func (j *Judge) observe(s string) observation {
	s = excerpt(s)
	plain := text.Normalize(s)
	o := observation{empty: true}
	for _, r := range plain {
		if !unicode.IsSpace(r) && r != utf8.RuneError && !unicode.IsControl(r) {
			o.empty = false
			break
		}
	}
	if o.empty {
		return o
	}
	o.chinese = j.chinese.weigh(plain)
	if parted, latin := apart(s); latin {
		o.english = j.english.compound(parted)
	}
	o.pieces = piecesOf(plain)
	o.weight = float32(math.Sqrt(float64(min(len(o.pieces), longPieces))) / float64(max(len(o.pieces), 1)))
	c := o.chinese
	o.rules = [ruleCount]float32{
		1, float32(c.compound), float32(c.pleased / (c.pleased + c.displeased + 1)), float32(c.displeased / (c.pleased + c.displeased + 1)), float32(o.english),
		float32(max(o.english, 0)), float32(max(-o.english, 0)), float32(min(c.exclaims, 3)) / 3, float32(min(max(c.asks-1, 0), 3)) / 3, asks(c),
	}
	return o
}

// asks tells one question mark, which is a plain question, from none and from many.
func asks(f finding) float32 {
	if f.asks == 1 {
		return 1
	}
	return 0
}

// piecesOf names a text's characters and words, and pairs and triples of them,
// by numbers of buckets.
func piecesOf(s string) []uint32 {
	out := make([]uint32, 0, 3*len(s)/2)
	two, one := uint64(1), uint64(2) // the pieces before; the text's beginning has names too
	add := func(h uint64) { out = append(out, uint32(h>>32)%buckets) }
	step := func(h uint64, dense bool) {
		add(mix(h))
		add(mix(one*31 + h))
		if dense {
			add(mix((two*31+one)*31 + h))
		}
		two, one = one, h
	}
	word := uint64(0)
	digits := false
	for _, r := range s {
		switch {
		case '0' <= r && r <= '9':
			if !digits {
				step(3, false) // which number it is does not matter
			}
			digits = true
			continue
		case r == '\'' || unicode.IsLetter(r) && !unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana):
			word = mix(word + uint64(r) + 7) //nolint:gosec // a character is not negative
			digits = false
			continue
		}
		digits = false
		if word != 0 {
			step(word, false)
			word = 0
		}
		if !unicode.IsSpace(r) {
			step(uint64(r)+11, true) //nolint:gosec // a character is not negative
		}
	}
	if word != 0 {
		step(word, false)
	}
	step(4, false) // the end
	return out
}

// mix spreads a number over 64 bits (SplitMix64).
func mix(z uint64) uint64 {
	z += 0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

// model is a multinomial regression over rules and pieces.
type model struct {
	rules  [ruleCount][labelCount]float32
	pieces [buckets][labelCount]float32
}

// The training: AdaGrad, in an order that is always the same.
const (
	rounds     = 25
	rate       = 0.25
	decay      = 2e-4 // of the pieces' weights, at each step they are in
	pieceScale = 1.5
	// sharpness makes chances mean what they say on texts the model has not
	// seen; found by cross-validation, which TestUnseen repeats.
	sharpness = 0.9
)

func (m *model) logits(o observation) (z [labelCount]float64) {
	for i, x := range o.rules {
		for l := range z {
			z[l] += float64(x * m.rules[i][l])
		}
	}
	scale := o.weight * pieceScale
	for _, p := range o.pieces {
		for l := range z {
			z[l] += float64(scale * m.pieces[p][l])
		}
	}
	return z
}

func softmax(z [labelCount]float64) (p [labelCount]float64) {
	most := max(z[0], z[1], z[2])
	sum := 0.0
	for l := range z {
		p[l] = math.Exp(z[l] - most)
		sum += p[l]
	}
	for l := range p {
		p[l] /= sum
	}
	return p
}

// chances are those of negative, neutral and positive.
func (m *model) chances(o observation) [labelCount]float64 {
	z := m.logits(o)
	for l := range z {
		z[l] *= sharpness
	}
	return softmax(z)
}

func train(seen []observation, labels []Label) *model {
	m, squares := &model{}, &model{}
	order := make([]int, len(seen))
	for i := range order {
		order[i] = i
	}
	var count [labelCount]float64
	for _, l := range labels {
		count[l+1]++
	}
	draw := uint64(1)
	for range rounds {
		for i := range order {
			draw = mix(draw)
			hi, _ := bits.Mul64(draw, uint64(len(order)-i)) //nolint:gosec // a length
			k := i + int(hi)                                //nolint:gosec // below the length
			order[i], order[k] = order[k], order[i]
		}
		for _, i := range order {
			o := seen[i]
			p := softmax(m.logits(o))
			fair := float64(len(seen)) / labelCount / count[labels[i]+1]
			var g [labelCount]float32
			for l := range p {
				if Label(l-1) == labels[i] {
					p[l]--
				}
				g[l] = float32(p[l] * fair)
			}
			for k, x := range o.rules {
				nudge(&m.rules[k], &squares.rules[k], g, x, 0)
			}
			for _, k := range o.pieces {
				nudge(&m.pieces[k], &squares.pieces[k], g, o.weight*pieceScale, decay)
			}
		}
	}
	return m
}

func nudge(w, square *[labelCount]float32, g [labelCount]float32, x, decay float32) {
	if x == 0 {
		return
	}
	for l := range w {
		d := g[l]*x + decay*w[l]
		square[l] += d * d
		w[l] -= rate * d / float32(math.Sqrt(float64(square[l]))+1e-2)
	}
}
