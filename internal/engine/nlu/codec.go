package nlu

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"

	"yingda.dev/internal/desk"
)

// magic begins every stored model; its last character is the format's version.
const magic = "yingda.nlu.3"

// The bounds of a stored model; what is beyond cannot have come from Train.
const (
	maxNameBytes = 1 << 10
	maxFeatures  = 20_000_000
	maxEntries   = 400_000_000
)

// AppendBinary appends the stored form of the model: little endian, without
// anything that depends on the machine.
func (m *Model) AppendBinary(b []byte) []byte {
	b = append(b, magic...)
	u32 := func(n int) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) } //nolint:gosec // bounded above
	f32 := func(x float32) { b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x)) }
	f64 := func(x float64) { b = binary.LittleEndian.AppendUint64(b, math.Float64bits(x)) }
	f64(m.temperature)
	for _, w := range m.gate.weights {
		f64(w)
	}
	u32(len(m.names))
	for c, name := range m.names {
		u32(len(name))
		b = append(b, name...)
		f32(m.scale[c])
		f32(m.bias[c])
		f32(m.reach[c])
		if m.trained[c] {
			b = append(b, 1)
		} else {
			b = append(b, 0)
		}
	}
	u32(len(m.vocabulary.idf))
	ids := make([]feature, len(m.vocabulary.idf))
	for id, at := range m.vocabulary.index {
		ids[at] = id
	}
	for at, id := range ids {
		b = binary.LittleEndian.AppendUint64(b, id)
		f32(m.vocabulary.idf[at])
		b = append(b, byte(m.vocabulary.group[at]))
		u32(int(m.start[at+1] - m.start[at]))
		for j := m.start[at]; j < m.start[at+1]; j++ {
			b = binary.LittleEndian.AppendUint16(b, m.intent[j])
			b = append(b, byte(m.weight[j]), byte(m.centre[j])) //nolint:gosec // the bits are what is kept
		}
	}
	u32(len(m.outer.weight))
	f32(m.outer.scale)
	f32(m.outer.bias)
	for _, w := range m.outer.weight {
		b = append(b, byte(w)) //nolint:gosec // the bits are what is kept
	}
	f64(m.known.sure)
	u32(len(m.known.at))
	for _, name := range m.known.names() {
		hit := m.known.at[name]
		b = binary.LittleEndian.AppendUint64(b, name)
		b = binary.LittleEndian.AppendUint16(b, hit.intent)
		b = append(b, hit.share)
	}
	if m.mixed == nil {
		return append(b, 0)
	}
	return m.mixed.append(append(b, 1))
}

var errModel = errors.New("the stored model is damaged")

// reader takes numbers from the front of a stored model; after the first that
// is not there everything is 0 and err is set.
type reader struct {
	data []byte
	err  error
}

func (r *reader) take(n int) []byte {
	if r.err != nil || n < 0 || n > len(r.data) {
		r.err = errors.Join(r.err, io.ErrUnexpectedEOF)
		return make([]byte, min(max(n, 0), 8))
	}
	out := r.data[:n]
	r.data = r.data[n:]
	return out
}

func (r *reader) u32() int { return int(binary.LittleEndian.Uint32(r.take(4))) }

func (r *reader) f32() float32 {
	return finite32(r, math.Float32frombits(binary.LittleEndian.Uint32(r.take(4))))
}

func finite32(r *reader, x float32) float32 {
	if math.IsNaN(float64(x)) || math.IsInf(float64(x), 0) {
		r.err = errModel
	}
	return x
}

func (r *reader) f64() float64 {
	x := math.Float64frombits(binary.LittleEndian.Uint64(r.take(8)))
	if math.IsNaN(x) || math.IsInf(x, 0) {
		r.err = errModel
	}
	return x
}

// count reads how many things of at least size bytes follow.
func (r *reader) count(most, size int) int {
	n := r.u32()
	if r.err == nil && (n > most || n*size > len(r.data)) {
		r.err = errModel
	}
	if r.err != nil {
		return 0
	}
	return n
}

// Read makes the model of its stored form. Anything else is Invalid.
func Read(data []byte) (*Model, error) {
	const op = "read intent model"
	rest, ok := bytes.CutPrefix(data, []byte(magic))
	if !ok {
		return nil, desk.E(desk.Invalid, op, "this is not a model of this version; train it again")
	}
	r := &reader{data: rest}
	m := &Model{temperature: r.f64(), vocabulary: &vocabulary{}}
	for i := range m.gate.weights {
		m.gate.weights[i] = r.f64()
	}
	m.readIntents(r)
	m.readFeatures(r)
	m.readOuter(r)
	m.readKnown(r)
	if r.take(1)[0] == 1 {
		m.mixed = readMix(r, len(m.names))
	}
	if r.err == nil && len(r.data) > 0 {
		r.err = errModel
	}
	if r.err != nil {
		return nil, &desk.Error{Kind: desk.Invalid, Op: op, Msg: "the stored model is damaged; train it again", Err: r.err}
	}
	return m, nil
}

func (m *Model) readIntents(r *reader) {
	n := r.count(MaxIntents, 17)
	for range n {
		name := r.take(r.count(maxNameBytes, 1))
		m.names = append(m.names, string(name))
		m.scale, m.bias, m.reach = append(m.scale, r.f32()), append(m.bias, r.f32()), append(m.reach, r.f32())
		m.trained = append(m.trained, r.take(1)[0] == 1)
	}
	if n == 0 && r.err == nil {
		r.err = errModel
	}
}

func (m *Model) readOuter(r *reader) {
	n := r.count(len(m.vocabulary.idf), 1)
	m.outer.scale, m.outer.bias = r.f32(), r.f32()
	if r.err == nil && n != 0 && n != len(m.vocabulary.idf) {
		r.err = errModel
	}
	if r.err != nil {
		return
	}
	m.outer.weight = make([]int8, n)
	for i, w := range r.take(n) {
		m.outer.weight[i] = int8(w) //nolint:gosec // the bits are what is kept
	}
}

func (m *Model) readKnown(r *reader) {
	m.known.sure = r.f64()
	n := r.count(maxFeatures, 11)
	m.known.at = make(map[feature]meant, n)
	for range n {
		name := binary.LittleEndian.Uint64(r.take(8))
		e := r.take(3)
		hit := meant{binary.LittleEndian.Uint16(e), e[2]}
		if r.err == nil && (int(hit.intent) >= len(m.names) && hit.intent != nobody || hit.share == 0) {
			r.err = errModel
		}
		if r.err != nil {
			return
		}
		m.known.at[name] = hit
	}
	if r.err == nil && (len(m.known.at) != n || m.known.sure < 0 || m.known.sure > 1) {
		r.err = errModel
	}
}

func (m *Model) readFeatures(r *reader) {
	n := r.count(maxFeatures, 17)
	v := m.vocabulary
	v.index = make(map[feature]int32, n)
	v.idf, v.group = make([]float32, 0, n), make([]group, 0, n)
	m.start = make([]int32, 1, n+1)
	for at := range n {
		id := binary.LittleEndian.Uint64(r.take(8))
		v.add(id, r.f32(), group(r.take(1)[0]))
		if v.group[at] >= groups || len(v.index) != at+1 {
			r.err = errModel
		}
		for range r.count(min(len(m.names), maxEntries-len(m.intent)), 4) {
			e := r.take(4)
			c := binary.LittleEndian.Uint16(e)
			if int(c) >= len(m.names) {
				r.err = errModel
			}
			m.intent, m.weight, m.centre = append(m.intent, c), append(m.weight, int8(e[2])), append(m.centre, int8(e[3])) //nolint:gosec // bits
		}
		m.start = append(m.start, int32(len(m.intent))) //nolint:gosec // below maxEntries
		if r.err != nil {
			return
		}
	}
}
