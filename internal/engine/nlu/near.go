package nlu

import (
	"cmp"
	"slices"
)

// neighbours finds the examples that resemble an intent, so that with
// thousands of intents each is told from its neighbours instead of from all.
type neighbours struct {
	rows  []vector
	where [][]int32 // the rows of each feature
	score []float32
	each  int
	place []int32 // of a feature among the few in use, from 1
}

func newNeighbours(rows []vector, width, each int) *neighbours {
	n := &neighbours{rows: rows, where: make([][]int32, width), score: make([]float32, len(rows)), each: each, place: make([]int32, width)}
	for i, r := range rows {
		for _, at := range r.at {
			n.where[at] = append(n.where[at], int32(i))
		}
	}
	return n
}

// tellingFeatures and commonRows bound a search: the heaviest features of a
// centre, but none that is everywhere.
const (
	tellingFeatures = 60
	commonRows      = 4_000
)

// choose returns an intent's rows, those of others that are nearest to its
// centre, and some drawn at random; and which are its own.
func (n *neighbours) choose(centre map[int32]float32, own []int32, seed uint64) (rows []vector, is []bool) {
	keys := sortedKeys(centre)
	slices.SortStableFunc(keys, func(a, b int32) int { return cmp.Compare(centre[b], centre[a]) })
	var met []int32
	used := 0
	for _, at := range keys {
		if used == tellingFeatures {
			break
		}
		if len(n.where[at]) > commonRows {
			continue
		}
		used++
		for _, i := range n.where[at] {
			if n.score[i] == 0 {
				met = append(met, i)
			}
			n.score[i] += centre[at]
		}
	}
	mine := make(map[int32]bool, len(own))
	for _, i := range own {
		mine[i] = true
		rows, is = append(rows, n.rows[i]), append(is, true)
	}
	slices.SortFunc(met, func(a, b int32) int { return cmp.Or(cmp.Compare(n.score[b], n.score[a]), cmp.Compare(a, b)) })
	taken := 0
	for _, i := range met {
		if !mine[i] && taken < n.each {
			rows, is = append(rows, n.rows[i]), append(is, false)
			taken++
		}
	}
	for _, i := range met {
		n.score[i] = 0
	}
	rng := draw(seed ^ 0x5eed)
	for range min(n.each/farPart, len(n.rows)) {
		if i := int32(rng.below(len(n.rows))); !mine[i] { //nolint:gosec // an index
			rows, is = append(rows, n.rows[i]), append(is, false)
		}
	}
	return rows, is
}

// compact numbers the features of some rows anew, so that a line over few of
// them costs as little as it should. features are the old numbers by the new.
func (n *neighbours) compact(rows []vector) (out []vector, features []int32) {
	out = make([]vector, len(rows))
	for i, r := range rows {
		out[i] = vector{at: make([]int32, len(r.at)), w: r.w}
		for k, at := range r.at {
			if n.place[at] == 0 {
				features = append(features, at)
				n.place[at] = int32(len(features)) //nolint:gosec // at most as many as there are features
			}
			out[i].at[k] = n.place[at] - 1
		}
	}
	for _, at := range features {
		n.place[at] = 0
	}
	return out, features
}
