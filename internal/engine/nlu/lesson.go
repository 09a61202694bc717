package nlu

import (
	"math"
	"slices"
)

// How a network is trained, found on the sets of docs/evaluation.md.
const (
	lessonBatch   = 32
	lessonRate    = 0.002 // falls to 0 in a straight line
	lessonWarm    = 20    // the first twentieth begins slower
	dropHidden    = 0.5   // filters that are not listened to (Srivastava et al., 2014)
	dropPoint     = 0.1   // numbers of a point
	dropToken     = 0.1   // tokens of a text
	dropName      = 0.1   // words known by their pieces only, so that unknown words can be
	smoothing     = 0.05  // of the truth is spread over all intents (Szegedy et al., 2016)
	leastPieceUse = 2     // a piece is of at least so many spellings
)

// school is what the lessons of an ensemble have in common: the kinds of
// tokens of the examples, and the rows they are the sum of.
type school struct {
	pieces  map[feature]int32
	kinds   []shape
	texts   [][]int32 // numbers of kinds; those of the outside stand last
	label   []int     // -1: none of the intents
	classes int
	inside  int // how many texts mean one of the intents
}

// outsidePart is how many of the texts from outside a pass hears for each
// example.
const outsidePart = 0.1

// lessons is how many texts a pass over a fold hears.
func lessons(f fold) int {
	return len(f.learn) + min(len(f.outside), int(outsidePart*float64(len(f.learn))))
}

// pass draws the texts of a pass in the order in which they are heard.
func (l *lesson) pass() []int {
	left := l.each - l.inside // of the outside
	return slices.DeleteFunc(shuffled(len(l.texts), &l.rng), func(i int) bool {
		if i >= l.inside {
			left--
		}
		return i >= l.inside && left < 0
	})
}

func newSchool(s *set, f fold) *school {
	sc := &school{pieces: make(map[feature]int32), classes: len(s.names)}
	numbers := make(map[feature]int32)
	var kinds []spelled
	uses := make(map[feature]int)
	var order []feature // in the order met, so that training repeats exactly
	use := func(h hash, n int) {
		if uses[feature(h)] == 0 {
			order = append(order, feature(h))
		}
		uses[feature(h)] += n
	}
	hear := func(tokens []token, label int) {
		text := make([]int32, 0, len(tokens)+ends)
		for _, k := range spell(tokens) {
			id, ok := numbers[k.key()]
			if !ok {
				id = int32(len(kinds)) //nolint:gosec // bounded by the examples' bound
				numbers[k.key()] = id
				kinds = append(kinds, k)
				use(k.own, leastPieceUse)
			}
			for _, p := range k.pieces {
				use(p, 1)
			}
			text = append(text, id)
		}
		sc.texts, sc.label = append(sc.texts, text), append(sc.label, label)
	}
	for _, i := range f.learn {
		hear(s.tokens[i], s.label[i])
	}
	sc.inside = len(sc.texts)
	for _, i := range f.outside {
		hear(s.outside[i].tokens, -1)
	}
	for _, f := range order {
		if uses[f] >= leastPieceUse {
			sc.pieces[f] = int32(len(sc.pieces)) //nolint:gosec // as above
		}
	}
	for _, k := range kinds {
		sc.kinds = append(sc.kinds, shapeOf(k, sc.pieces))
	}
	return sc
}

// weights are numbers to be learned.
type weights struct {
	at, gradient, mean, square []float32
}

func newWeights(n int, reach float64, rng *draw) weights {
	w := weights{make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)}
	if reach > 0 {
		for i := range w.at {
			w.at[i] = float32((2*rng.unit() - 1) * reach)
		}
	}
	return w
}

func (w weights) part(from, to int) weights {
	return weights{w.at[from:to], w.gradient[from:to], w.mean[from:to], w.square[from:to]}
}

// lesson is a network being trained.
type lesson struct {
	*school
	rng                              draw
	done, total                      int // batches
	each                             int // texts of a pass
	embed, filter, offset, out, bias weights
	touched                          []int32 // rows of embed with a gradient
	isTouched                        []bool
	batch                            batch
}

// batch is what is known of the examples at hand.
type batch struct {
	place              []int32 // of a kind among those used, from 1
	used               []int32
	named              []bool // whether a kind's own row counts
	points, pull, mask []float32
	seen               []float32
	texts              [][]int32 // places of kinds among those used, -1 where dropped
	best, act, scores  []float32
	at                 []int32
	windows            [][]float32
}

func (sc *school) lesson(seed uint64, passes, each int) *lesson {
	l := &lesson{school: sc, rng: draw(seed), total: passes * batches(each), each: each}
	l.embed = newWeights(len(sc.pieces)*netDim, 0.3, &l.rng)
	l.filter = newWeights(netWide*netDim, math.Sqrt(6/float64(3*netDim+netFilters)), &l.rng)
	l.offset = newWeights(netHidden, 0, nil)
	l.out = newWeights(netHidden*sc.classes, math.Sqrt(6/float64(netHidden+sc.classes)), &l.rng)
	l.bias = newWeights(sc.classes, 0, nil)
	l.isTouched = make([]bool, len(sc.pieces))
	l.batch = batch{
		place: make([]int32, len(sc.kinds)), best: make([]float32, netHidden), act: make([]float32, netHidden),
		at: make([]int32, netHidden), scores: make([]float32, sc.classes),
	}
	return l
}

func batches(examples int) int { return (examples + lessonBatch - 1) / lessonBatch }

// run trains to the end; tick is called before each batch.
func (l *lesson) run(tick func() error) error {
	for l.done < l.total {
		order := l.pass()
		for from := 0; from < len(order); from += lessonBatch {
			if err := tick(); err != nil {
				return err
			}
			l.step(order[from:min(from+lessonBatch, len(order))])
		}
	}
	return nil
}

// network is what was learned, packed.
func (l *lesson) network() *network {
	n := &network{
		embed: pack(l.embed.at, netDim), filter: pack(l.filter.at, netDim), out: pack(l.out.at, l.classes),
		offset: l.offset.at, bias: l.bias.at,
	}
	n.filters, n.outs = n.filter.numbers(), n.out.numbers()
	return n
}

// step learns from some examples.
func (l *lesson) step(rows []int) {
	b := &l.batch
	l.open(rows)
	used := len(b.used)
	b.seen = grown(b.seen, (used+1)*netWide)
	multiply(b.seen[:used*netWide], b.points[:used*netDim], l.filter.at, netDim)
	clear(b.seen[used*netWide : (used+1)*netWide])
	for i, text := range b.texts {
		b.windows = b.windows[:0]
		for _, k := range text {
			if k < 0 {
				k = int32(used) //nolint:gosec // a batch is small
			}
			b.windows = append(b.windows, b.seen[int(k)*netWide:(int(k)+1)*netWide])
		}
		strongest(b.windows, b.best, b.at)
		l.judge(l.label[rows[i]], 1/float32(len(rows)))
		l.blame(text)
	}
	l.close()
	l.done++
	rate := lessonRate * (1 - float64(l.done-1)/float64(l.total))
	if warm := l.total / lessonWarm; l.done < warm {
		rate *= float64(l.done) / float64(warm)
	}
	rate *= math.Sqrt(1-math.Pow(adamSquare, float64(l.done))) / (1 - math.Pow(adamMean, float64(l.done)))
	for _, w := range []weights{l.filter, l.offset, l.out, l.bias} {
		w.move(float32(rate))
	}
	for _, r := range l.touched {
		l.embed.part(int(r)*netDim, (int(r)+1)*netDim).move(float32(rate))
		l.isTouched[r] = false
	}
	l.touched = l.touched[:0]
}

// open finds the kinds of tokens that the examples have, and their points.
func (l *lesson) open(rows []int) {
	b := &l.batch
	b.used, b.texts = b.used[:0], b.texts[:0]
	for _, r := range rows {
		text := l.texts[r]
		kept := make([]int32, len(text))
		for j, k := range text {
			if inside := j > 0 && j < len(text)-1; inside && l.rng.unit() < dropToken {
				kept[j] = -1
				continue
			}
			if b.place[k] == 0 {
				b.used = append(b.used, k)
				b.place[k] = int32(len(b.used)) //nolint:gosec // a batch is small
			}
			kept[j] = b.place[k] - 1
		}
		b.texts = append(b.texts, kept)
	}
	n := len(b.used) * netDim
	b.points, b.pull, b.mask, b.named = grown(b.points, n), grown(b.pull, n), grown(b.mask, n), grown(b.named, len(b.used))
	clear(b.pull)
	for i, k := range b.used {
		b.place[k] = 0
		s := l.kinds[k]
		p, mask := b.points[i*netDim:(i+1)*netDim], b.mask[i*netDim:(i+1)*netDim]
		clear(p)
		if b.named[i] = s.own >= 0 && (len(s.pieces) == 0 || l.rng.unit() >= dropName); b.named[i] {
			addScaled(p, l.row(s.own), 1)
		}
		for _, r := range s.pieces {
			addScaled(p, l.row(r), share(len(s.pieces)))
		}
		for d := range mask {
			mask[d] = 0
			if l.rng.unit() >= dropPoint {
				mask[d] = 1 / (1 - dropPoint)
			}
			p[d] *= mask[d]
		}
	}
}

func (l *lesson) row(r int32) []float32 { return l.embed.at[int(r)*netDim : (int(r)+1)*netDim] }

// judge turns the strongest answers into scores, and the scores into how they
// should change.
func (l *lesson) judge(truth int, weight float32) {
	b := &l.batch
	copy(b.scores, l.bias.at)
	for j, x := range b.best {
		b.act[j] = 0
		if x += l.offset.at[j]; x > 0 && l.rng.unit() >= dropHidden {
			b.act[j] = x / (1 - dropHidden)
			addScaled(b.scores, l.out.at[j*l.classes:(j+1)*l.classes], b.act[j])
		}
	}
	sum := logSum(b.scores)
	for c, x := range b.scores {
		p := float32(math.Exp(float64(x) - sum))
		b.scores[c] = (p - smoothing/float32(l.classes)) * weight
	}
	if truth < 0 { // a stranger: as likely one as the other
		for c := range b.scores {
			b.scores[c] -= (1 - smoothing) / float32(l.classes) * weight
		}
		return
	}
	b.scores[truth] -= (1 - smoothing) * weight
}

// blame passes the scores' changes on to what made them.
func (l *lesson) blame(text []int32) {
	b := &l.batch
	addScaled(l.bias.gradient, b.scores, 1)
	for j, x := range b.act {
		if x == 0 {
			continue
		}
		from, to := j*l.classes, (j+1)*l.classes
		g := dot(l.out.at[from:to], b.scores) / (1 - dropHidden)
		addScaled(l.out.gradient[from:to], b.scores, x)
		l.offset.gradient[j] += g
		w := j / netFilters
		first := w*(w+1)/2*netFilters + j%netFilters
		for k := 0; k <= w && int(b.at[j])+k < len(text); k++ {
			if p := int(text[int(b.at[j])+k]); p >= 0 {
				f := (first + k*netFilters) * netDim
				addScaled(l.filter.gradient[f:f+netDim], b.points[p*netDim:(p+1)*netDim], g)
				addScaled(b.pull[p*netDim:(p+1)*netDim], l.filter.at[f:f+netDim], g)
			}
		}
	}
}

// close passes what pulls at points on to their rows.
func (l *lesson) close() {
	b := &l.batch
	for i, k := range b.used {
		s := l.kinds[k]
		pull := b.pull[i*netDim : (i+1)*netDim]
		for d, m := range b.mask[i*netDim : (i+1)*netDim] {
			pull[d] *= m
		}
		if b.named[i] {
			l.touch(s.own, pull, 1)
		}
		for _, r := range s.pieces {
			l.touch(r, pull, share(len(s.pieces)))
		}
	}
}

func (l *lesson) touch(r int32, pull []float32, scale float32) {
	if !l.isTouched[r] {
		l.isTouched[r] = true
		l.touched = append(l.touched, r)
	}
	addScaled(l.embed.gradient[int(r)*netDim:(int(r)+1)*netDim], pull, scale)
}

func grown[T any](s []T, n int) []T {
	if cap(s) < n {
		return make([]T, n, n+n/4)
	}
	return s[:n]
}
