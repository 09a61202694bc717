package nlu

import (
	"encoding/binary"
	"math"
)

// maxNets is how many networks a stored model may have.
const maxNets = 8

// append appends the stored form of a mix: the weights, the pieces in the order
// of their rows, the networks.
func (x *mix) append(b []byte) []byte {
	u32 := func(n int) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) } //nolint:gosec // bounded by the examples' bound
	f32 := func(s []float32) {
		for _, x := range s {
			b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
		}
	}
	for _, w := range append([]float64{x.byLines, x.byNets}, x.gate.weights[:]...) {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(w))
	}
	u32(len(x.pieces))
	ids := make([]feature, len(x.pieces))
	for id, at := range x.pieces {
		ids[at] = id
	}
	for _, id := range ids {
		b = binary.LittleEndian.AppendUint64(b, id)
	}
	u32(len(x.nets))
	for _, n := range x.nets {
		for _, t := range []table{n.embed, n.filter, n.out} {
			f32(t.scale)
			for _, x := range t.at {
				b = append(b, byte(x)) //nolint:gosec // the bits are what is kept
			}
		}
		f32(n.offset)
		f32(n.bias)
	}
	return b
}

func readMix(r *reader, intents int) *mix {
	x := &mix{byLines: r.f64(), byNets: r.f64(), ensemble: &ensemble{}}
	for i := range x.gate.weights {
		x.gate.weights[i] = r.f64()
	}
	pieces := r.count(maxFeatures, 8+4+netDim)
	x.pieces = make(map[feature]int32, pieces)
	for at := range pieces {
		x.pieces[binary.LittleEndian.Uint64(r.take(8))] = int32(at)
	}
	if len(x.pieces) != pieces {
		r.err = errModel
	}
	nets := r.count(maxNets, (pieces+netWide)*(4+netDim)+netHidden*(8+intents)+4*intents)
	if nets == 0 && r.err == nil {
		r.err = errModel
	}
	for range nets {
		n := &network{
			embed: r.table(pieces, netDim), filter: r.table(netWide, netDim), out: r.table(netHidden, intents),
			offset: r.f32s(netHidden), bias: r.f32s(intents),
		}
		n.filters, n.outs = n.filter.numbers(), n.out.numbers()
		x.nets = append(x.nets, n)
	}
	return x
}

func (r *reader) f32s(n int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = r.f32()
	}
	return out
}

func (r *reader) table(rows, width int) table {
	t := table{width, r.f32s(rows), make([]int8, rows*width)}
	if r.err != nil {
		return t
	}
	for i, x := range r.take(len(t.at)) {
		t.at[i] = int8(x) //nolint:gosec // the bits are what is kept
	}
	return t
}
