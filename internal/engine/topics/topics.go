package topics

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"unicode"

	"yingda.dev/internal/platform/text"
)

const (
	// MaxQuestions bounds a grouping.
	MaxQuestions = 20_000
	// maxRunes of a question count.
	maxRunes = 128
	// maxPostings bounds the questions that are looked at for one sign: the rarer
	// signs of a question find its neighbours without the common ones.
	maxPostings = 2_000
	// usualNear was chosen on real questions (docs/evaluation.md, "Topics"): four
	// of five that stand together ask for the same, two thirds stand somewhere.
	usualNear = 0.42
)

// Options tune a grouping. The zero value is the usual one.
type Options struct {
	// Least is how many questions make a topic. Default: 2.
	Least int
	// Near is the least likeness, above 0 to 1, of a question to the one it joins
	// and of topics that become one. Default: 0.42.
	Near float64
	// Most is how many topics are wanted, the largest first. Default: all.
	Most int
}

// Topic is a number of questions that ask for the same thing.
type Topic struct {
	// Lead is the question that stands for all, by its number.
	Lead int
	// Members are all questions of the topic by their numbers, the leader first,
	// then those near to it, then those of topics that were joined to it.
	Members []int
	// Closeness is how near the members are to their leader on average, above 0 to 1.
	Closeness float64
}

// Group finds the topics of questions, the largest first. Questions that say
// nothing, and those like no other, are in none.
func Group(questions []string, o Options) []Topic {
	if o.Least == 0 {
		o.Least = 2
	}
	if o.Near == 0 {
		o.Near = usualNear
	}
	if len(questions) > MaxQuestions {
		questions = questions[:MaxQuestions]
	}
	g := newGrouping(questions)
	near := make([][]neighbour, len(g.vectors))
	for i := range g.vectors {
		near[i] = g.neighbours(i, o.Near)
	}
	out := g.join(settle(lead(near, g.count), near, g), o.Near)
	out = slices.DeleteFunc(out, func(t Topic) bool { return len(t.Members) < o.Least })
	slices.SortStableFunc(out, func(a, b Topic) int { return cmp.Compare(len(b.Members), len(a.Members)) })
	if o.Most > 0 && len(out) > o.Most {
		out = out[:o.Most]
	}
	return out
}

// weight is one sign of a question.
type weight struct {
	sign int
	by   float64
}

// grouping are the different questions; those that read the same are one.
type grouping struct {
	vectors  [][]weight
	same     [][]int // the numbers of the questions that read so
	count    []int   // how many those are
	postings [][]neighbour
	sum      []float64 // of one look-up, zeroed after it
	touched  []int
}

// neighbour is a question that is like another.
type neighbour struct {
	at   int
	like float64
}

func newGrouping(questions []string) *grouping {
	g := &grouping{}
	signs, seen := map[string]int{}, map[string]int{}
	var found [][]int
	for n, q := range questions {
		q = text.Normalize(q)
		if at, ok := seen[q]; ok {
			g.same[at] = append(g.same[at], n)
			continue
		}
		s := signsOf(q, signs)
		if len(s) == 0 {
			continue
		}
		seen[q] = len(found)
		found = append(found, s)
		g.same = append(g.same, []int{n})
	}
	seenIn := make([]int, len(signs))
	for _, s := range found {
		for _, sign := range s {
			seenIn[sign]++
		}
	}
	g.postings = make([][]neighbour, len(signs))
	g.vectors, g.count, g.sum = make([][]weight, len(found)), make([]int, len(found)), make([]float64, len(found))
	for i, s := range found {
		g.count[i] = len(g.same[i])
		g.vectors[i] = weigh(s, seenIn, len(found))
		for _, w := range g.vectors[i] {
			g.postings[w.sign] = append(g.postings[w.sign], neighbour{i, w.by})
		}
	}
	return g
}

// signsOf are the different characters and pairs of a question, words and their
// neighbours where there are spaces between.
func signsOf(q string, known map[string]int) []int {
	var units []string
	word := ""
	runes := []rune(q)
	for _, r := range runes[:min(len(runes), maxRunes)] {
		switch {
		case unicode.Is(unicode.Han, r) || unicode.Is(unicode.Hiragana, r) || unicode.Is(unicode.Katakana, r) || unicode.Is(unicode.Hangul, r):
			if word != "" {
				units, word = append(units, word), ""
			}
			units = append(units, string(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word += string(r)
		case word != "":
			units, word = append(units, word), ""
		}
	}
	if word != "" {
		units = append(units, word)
	}
	var out []int
	add := func(s string) {
		sign, ok := known[s]
		if !ok {
			sign = len(known)
			known[s] = sign
		}
		out = append(out, sign)
	}
	for i, u := range units {
		add(u)
		if i > 0 {
			add(units[i-1] + " " + u)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// weigh makes a vector of length 1. What half of all questions have tells nothing.
func weigh(signs, seenIn []int, all int) []weight {
	out := make([]weight, 0, len(signs))
	length := 0.0
	for _, s := range signs {
		if all > 10 && seenIn[s] > all/2 {
			continue
		}
		by := math.Log(2 + float64(all)/float64(seenIn[s])) // 2: in a short list the rare does not drown the rest
		out = append(out, weight{s, by})
		length += by * by
	}
	length = math.Sqrt(length)
	for i := range out {
		out[i].by /= length
	}
	return out
}

// neighbours are the questions near this one, itself left out, the nearest first.
func (g *grouping) neighbours(i int, near float64) []neighbour {
	for _, w := range g.vectors[i] {
		list := g.postings[w.sign]
		if len(list) > maxPostings {
			continue
		}
		for _, n := range list {
			if g.sum[n.at] == 0 {
				g.touched = append(g.touched, n.at)
			}
			g.sum[n.at] += w.by * n.like
		}
	}
	var out []neighbour
	for _, at := range g.touched {
		if at != i && g.sum[at] >= near {
			out = append(out, neighbour{at, min(g.sum[at], 1)})
		}
		g.sum[at] = 0
	}
	g.touched = g.touched[:0]
	slices.SortFunc(out, func(a, b neighbour) int {
		return cmp.Or(cmp.Compare(b.like, a.like), cmp.Compare(a.at, b.at))
	})
	return out
}

// lead chooses leaders: the question with the most others around it that
// belong to no topic yet, until all belong to one.
func lead(near [][]neighbour, count []int) []int {
	free := make([]bool, len(near))
	weight := make([]int, len(near))
	order := make([]int, len(near))
	for i := range near {
		free[i], order[i] = true, i
		weight[i] = count[i]
		for _, n := range near[i] {
			weight[i] += count[n.at]
		}
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(weight[b], weight[a]) })
	var leaders []int
	for _, i := range order {
		if !free[i] {
			continue
		}
		leaders = append(leaders, i)
		free[i] = false
		for _, n := range near[i] {
			free[n.at] = false
		}
	}
	return leaders
}

// join puts topics together whose questions are alike on the whole, though no
// single one of them is near to all: each topic becomes the sum of its
// questions, and the largest takes in those near to it.
func (g *grouping) join(topics []Topic, near float64) []Topic {
	at := map[int]int{} // from the first number of a question to its vector
	for i, same := range g.same {
		at[same[0]] = i
	}
	sums := &grouping{postings: make([][]neighbour, len(g.postings)), sum: make([]float64, len(topics))}
	for t, topic := range topics {
		sum := map[int]float64{}
		for _, m := range topic.Members {
			if i, ok := at[m]; ok {
				for _, w := range g.vectors[i] {
					sum[w.sign] += w.by
				}
			}
		}
		vector, length := make([]weight, 0, len(sum)), 0.0
		for _, sign := range slices.Sorted(maps.Keys(sum)) {
			vector = append(vector, weight{sign, sum[sign]})
			length += sum[sign] * sum[sign]
		}
		length = math.Sqrt(length)
		for i := range vector {
			vector[i].by /= length
			sums.postings[vector[i].sign] = append(sums.postings[vector[i].sign], neighbour{t, vector[i].by})
		}
		sums.vectors, sums.count = append(sums.vectors, vector), append(sums.count, len(topic.Members))
	}
	alike := make([][]neighbour, len(topics))
	for t := range topics {
		alike[t] = sums.neighbours(t, near)
	}
	leaders := lead(alike, sums.count)
	into := make([]int, len(topics))
	for i := range into {
		into[i] = -1
	}
	for n, l := range leaders {
		into[l] = n
	}
	out := make([]Topic, len(leaders))
	for n, l := range leaders {
		out[n] = topics[l]
	}
	for t := range topics {
		if into[t] >= 0 {
			continue
		}
		for _, n := range alike[t] {
			if k := into[n.at]; k >= 0 {
				a, b := &out[k], topics[t]
				whole := float64(len(a.Members) + len(b.Members))
				a.Closeness = (a.Closeness*float64(len(a.Members)) + b.Closeness*n.like*float64(len(b.Members))) / whole
				a.Members = append(a.Members, b.Members...)
				break
			}
		}
	}
	return out
}

// settle gives each question to the leader it is nearest to.
func settle(leaders []int, near [][]neighbour, g *grouping) []Topic {
	at := make([]int, len(near)) // number of the topic + 1
	for t, l := range leaders {
		at[l] = t + 1
	}
	members := make([][]neighbour, len(leaders))
	for i := range near {
		if at[i] > 0 {
			continue
		}
		for _, n := range near[i] { // the nearest first
			if t := at[n.at]; t > 0 && leaders[t-1] == n.at {
				members[t-1] = append(members[t-1], neighbour{i, n.like})
				break
			}
		}
	}
	out := make([]Topic, len(leaders))
	for t, l := range leaders {
		slices.SortStableFunc(members[t], func(a, b neighbour) int { return cmp.Compare(b.like, a.like) })
		out[t] = Topic{Lead: g.same[l][0], Members: slices.Clone(g.same[l]), Closeness: float64(len(g.same[l]))}
		for _, m := range members[t] {
			out[t].Members = append(out[t].Members, g.same[m.at]...)
			out[t].Closeness += m.like * float64(len(g.same[m.at]))
		}
		out[t].Closeness /= float64(len(out[t].Members))
	}
	return out
}
