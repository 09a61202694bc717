package knowledge

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"slices"

	"yingda.dev/internal/desk"
	"yingda.dev/internal/engine/nlu"
)

// magic begins every stored index; its last character is the format's version.
const magic = "yingda.faq.4"

// AppendBinary appends the stored form of the index: little endian, without
// anything that depends on the machine.
func (x *Index) AppendBinary(b []byte) []byte {
	b = append(b, magic...)
	u32 := func(n int) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) } //nolint:gosec // bounded by Train
	f64 := func(v float64) { b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v)) }
	str := func(s string) {
		u32(len(s))
		b = append(b, s...)
	}
	for _, w := range []weights{x.full, x.plain} {
		for _, v := range slices.Concat(w.rank, w.gate, w.home, []float64{w.bar}) {
			f64(v)
		}
	}
	u32(len(x.groups))
	for _, g := range x.groups {
		u32(len(g))
		for _, word := range g {
			str(word)
		}
	}
	u32(len(x.names))
	for e, name := range x.names {
		str(name)
		u32(int(x.from[e+1] - x.from[e]))
		for _, slot := range x.slots[x.from[e]:x.from[e+1]] {
			u32(int(slot))
		}
	}
	u32(len(x.ids))
	for t, id := range x.ids {
		b = binary.LittleEndian.AppendUint64(b, id)
		u32(int(math.Float32bits(x.kind[t])))
		u32(x.many(int32(t)))
		for j := x.start[t]; j < x.start[t+1]; j++ {
			u32(int(x.way[j]))
			b = append(b, x.often[j])
		}
	}
	if x.model == nil {
		return append(b, 0)
	}
	return x.model.AppendBinary(append(b, 1))
}

var errIndex = errors.New("the stored index is damaged")

// reader takes numbers from the front of a stored index; after the first that
// is not there everything is 0 and err is set.
type reader struct {
	data []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.data) {
		if r.err == nil {
			r.err = io.ErrUnexpectedEOF
		}
		return make([]byte, min(max(n, 0), 8))
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) fail(bad bool) {
	if bad && r.err == nil {
		r.err = errIndex
	}
}

func (r *reader) u32() int { return int(binary.LittleEndian.Uint32(r.take(4))) }

func (r *reader) f64() float64 {
	v := math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
	r.fail(math.IsNaN(v) || math.Abs(v) > 1e6)
	return v
}

func (r *reader) weights() weights {
	w := usual()
	w.rank, w.gate = make([]float64, lookCount), make([]float64, signCount)
	for _, list := range [][]float64{w.rank, w.gate, w.home} {
		for i := range list {
			list[i] = r.f64()
		}
	}
	w.bar = r.f64()
	return w
}

// count reads how many things of at least size bytes follow.
func (r *reader) count(most, size int) int {
	n := r.u32()
	r.fail(n > most || n > len(r.data)/size)
	if r.err != nil {
		return 0
	}
	return n
}

// Read makes the index of its stored form. Anything else is Invalid.
func Read(data []byte) (*Index, error) {
	const op = "read knowledge index"
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, desk.E(desk.Invalid, op, "this is not an index of this version; train it again")
	}
	r := &reader{data: rest}
	x := &Index{terms: make(map[term]int32), from: []int32{0}, start: []int32{0}}
	x.full, x.plain = r.weights(), r.weights()
	for range r.count(MaxSynonyms, 4) {
		var g []string
		for range r.count(MaxSynonyms, 4) {
			g = append(g, string(r.take(r.count(4*maxSynonymRunes*16, 1))))
		}
		x.groups = append(x.groups, g)
	}
	x.readEntries(r)
	x.readTerms(r)
	if kind := r.take(1)[0]; kind == 1 && r.err == nil {
		x.model, r.err = nlu.Read(r.data)
	} else {
		r.fail(kind != 0 || len(r.data) > 0)
	}
	if r.err == nil {
		x.synonyms, r.err = newSynonyms(x.groups)
	}
	if r.err != nil {
		return nil, &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the stored index is damaged; train it again", Err: r.err}
	}
	x.finish()
	return x, nil
}

func (x *Index) readEntries(r *reader) {
	seen := make(map[string]bool)
	n := r.count(MaxEntries, 12)
	r.fail(n == 0)
	for range n {
		name := string(r.take(r.count(maxIDBytes, 1)))
		r.fail(name == "" || seen[name])
		seen[name] = true
		ways := r.count(MaxWays-len(x.slots), 4)
		r.fail(ways == 0)
		for range ways {
			slot := r.u32()
			r.fail(slot > math.MaxInt32)
			x.slots = append(x.slots, int32(slot)) //nolint:gosec // just checked
		}
		x.names, x.from = append(x.names, name), append(x.from, int32(len(x.slots))) //nolint:gosec // bounded
		if r.err != nil {
			return
		}
	}
}

func (x *Index) readTerms(r *reader) {
	for t := range r.count(maxPieces, 21) {
		id := binary.LittleEndian.Uint64(r.take(8))
		kind := math.Float32frombits(uint32(r.u32())) //nolint:gosec // the bits
		x.terms[id] = int32(t)
		r.fail(len(x.terms) != t+1 || !(kind > 0 && kind <= 1))
		x.ids, x.kind = append(x.ids, id), append(x.kind, kind)
		before := -1
		n := r.count(min(len(x.slots), maxPieces-len(x.way)), 5)
		r.fail(n == 0)
		for range n {
			w, often := r.u32(), r.take(1)[0]
			r.fail(w <= before || w >= len(x.slots) || often == 0)
			before = w
			x.way, x.often = append(x.way, int32(w)), append(x.often, often) //nolint:gosec // just checked
		}
		x.start = append(x.start, int32(len(x.way))) //nolint:gosec // bounded
		if r.err != nil {
			return
		}
	}
}
