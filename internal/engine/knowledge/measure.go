package knowledge

// usualWays is how many ways the mean of all entries counts for when an
// entry's own nearness is worked out.
const usualWays = 3

// closest bounds how many ways of an entry are compared with each other.
const closest = 40

// measure finds what finding all of a way is worth, and how near the ways of
// each entry are to each other: a question that is much farther from an entry
// than its own ways are asks for something else.
func (x *Index) measure() {
	x.mass = make([]float32, len(x.owner))
	lists := make([][]posting, len(x.owner))
	for t := range x.ids {
		for j := x.start[t]; j < x.start[t+1]; j++ {
			w := x.way[j]
			x.mass[w] += x.worth[j].bm25
			lists[w] = append(lists[w], posting{int32(t), x.worth[j].cosine})
		}
	}
	x.typical = make([]float32, len(x.names))
	var total, many float32
	for e := range x.names {
		own := lists[x.from[e]:x.from[e+1]]
		own = own[:min(len(own), closest)]
		if len(own) < 2 {
			continue
		}
		for i, a := range own {
			best := float32(0)
			for j, b := range own {
				if i != j {
					best = max(best, product(a, b))
				}
			}
			x.typical[e] += best / float32(len(own))
		}
		total, many = total+x.typical[e], many+1
	}
	mean := total / max(many, 1)
	for e := range x.typical {
		ways := float32(x.from[e+1] - x.from[e])
		if ways < 2 {
			ways = 0
		}
		x.typical[e] = (x.typical[e]*ways + mean*usualWays) / (ways + usualWays)
	}
}

// posting is a term of a way and its part of the way's vector.
type posting struct {
	term   int32
	weight float32
}

// product multiplies two vectors whose terms ascend.
func product(a, b []posting) (sum float32) {
	for len(a) > 0 && len(b) > 0 {
		switch {
		case a[0].term < b[0].term:
			a = a[1:]
		case a[0].term > b[0].term:
			b = b[1:]
		default:
			sum += a[0].weight * b[0].weight
			a, b = a[1:], b[1:]
		}
	}
	return sum
}
