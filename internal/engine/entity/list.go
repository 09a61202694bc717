package entity

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// word is one way of saying a member of a list.
type word struct {
	item  int
	runes []rune
}

var (
	ordinal = regexp.MustCompile(`^(?:选|要|我选|我要|就|option|number|no\.?|the)?\s*(?:第\s*)?([0-9]{1,2}|[一二两三四五六七八九十]{1,3}|first|second|third|fourth|fifth|last|最后一)\s*(?:个|项|条|号|种|one|option|\.|、)?\s*(?:吧|了|的)?$`)
	ranks   = map[string]int{"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5}
	yes     = words(`是 是的 对 对的 好 好的 好啊 好呀 可以 行 行的 嗯 嗯嗯 恩 确认 确定 没错 没问题 要 要的 需要 当然 同意 有 是啊 对啊 好吧 可以的 中 得 ok okay yes y yep yeah yup sure correct right confirm confirmed please 没毛病 成 妥 要得 ok的 对对 对对对 是是是 好好好 submitted 已申请 申请过 申请了 申请过了`)
	no      = words(`不 不是 不是的 不对 否 不用 不用了 不要 不要了 不需要 不行 不可以 没 没有 没有呢 还没 还没有 算了 取消 不了 别 先不 先不了 暂时不 不确认 不同意 错了 不好 没申请 没申请过 no n nope nah not wrong cancel never 冇 莫 不中`)
)

func words(s string) map[string]bool {
	out := make(map[string]bool)
	for w := range strings.FieldsSeq(s) {
		out[w] = true
	}
	return out
}

// members finds members of the list: their words in the text, their place
// ("the second one"), and, for want of better, what is nearly written so.
func members(s *Spec, in *input) (out []Match) {
	rs := []rune(in.norm)
	at := offsets(rs)
	best := make(map[int]Match)
	keep := func(item, start, end int, score float64) {
		m := in.match(at[start], at[end], s.Items[item].Key(), score)
		if old, ok := best[item]; !ok || m.Score > old.Score {
			best[item] = m
		}
	}
	taken := make([]bool, len(rs))
	for _, w := range s.words { // longest first, so that 换货 is not found in 不换货
		if i := index(rs, w.runes); i >= 0 && !taken[i] && bounded(rs, i, i+len(w.runes)) {
			for j := i; j < i+len(w.runes); j++ {
				taken[j] = true
			}
			keep(w.item, i, i+len(w.runes), 0.9+0.1*float64(len(w.runes))/float64(max(len(rs), 1)))
		}
	}
	if len(best) == 0 {
		if i := place(strings.TrimSpace(in.norm), len(s.Items)); i >= 0 {
			keep(i, 0, len(rs), 0.9)
		}
	}
	if len(best) == 0 {
		for _, w := range s.words {
			if start, end, distance := nearest(rs, w.runes); distance <= allowed(len(w.runes)) {
				keep(w.item, start, end, 0.8-0.1*float64(distance))
			}
		}
	}
	for i := range s.Items {
		if m, ok := best[i]; ok {
			out = append(out, m)
		}
	}
	return out
}

// place reads "第二个", "2", "the last one"; -1 if the text is none of the n.
func place(norm string, n int) int {
	m := ordinal.FindStringSubmatch(norm)
	if m == nil {
		return -1
	}
	i, ok := ranks[m[1]]
	if m[1] == "last" || m[1] == "最后一" {
		i, ok = n, true
	}
	if !ok {
		v, _ := parseNumeral(m[1])
		i = int(v)
	}
	if i < 1 || i > n {
		return -1
	}
	return i - 1
}

func offsets(rs []rune) []int {
	out := make([]int, len(rs)+1)
	for i, r := range rs {
		out[i+1] = out[i] + utf8.RuneLen(r)
	}
	return out
}

// bounded refuses a Latin word inside a longer one.
func bounded(rs []rune, start, end int) bool {
	latin := func(r rune) bool { return r < 0x250 && (unicode.IsLetter(r) || unicode.IsDigit(r)) }
	return (start <= 0 || !latin(rs[start]) || !latin(rs[start-1])) && (end >= len(rs) || !latin(rs[end-1]) || !latin(rs[end]))
}

func index(rs, w []rune) int {
	for i := 0; i+len(w) <= len(rs); i++ {
		if equal(rs[i:i+len(w)], w) {
			return i
		}
	}
	return -1
}

func equal(a, b []rune) bool {
	for i := range a {
		if a[i] != b[i] {
			return false
		}
	}
	return true
}

// allowed is how many mistakes a word of n characters may hold.
func allowed(n int) int {
	switch {
	case n < 3:
		return 0
	case n < 7:
		return 1
	default:
		return 2
	}
}

// nearest finds the run of rs with the least edit distance to w (Sellers'
// algorithm; insertions, deletions, substitutions, neighbours exchanged). Work is bounded by the
// first 200 characters and words of 40.
func nearest(rs, w []rune) (start, end, distance int) {
	if len(w) > 40 || len(rs) == 0 {
		return 0, 0, len(w)
	}
	rs = rs[:min(len(rs), 200)]
	type cell struct{ cost, start int }
	prev, cur, older := make([]cell, len(w)+1), make([]cell, len(w)+1), make([]cell, len(w)+1)
	for j := range prev {
		prev[j] = cell{j, 0}
	}
	distance = len(w) + 1
	for i := 1; i <= len(rs); i++ {
		cur[0] = cell{0, i}
		for j := 1; j <= len(w); j++ {
			miss := 1
			if rs[i-1] == w[j-1] {
				miss = 0
			}
			best := cell{prev[j-1].cost + miss, prev[j-1].start}
			if j == 1 {
				best.start = i - 1
			}
			if c := prev[j].cost + 1; c < best.cost {
				best = cell{c, prev[j].start}
			}
			if c := cur[j-1].cost + 1; c < best.cost {
				best = cell{c, cur[j-1].start}
			}
			if i > 1 && j > 1 && rs[i-1] == w[j-2] && rs[i-2] == w[j-1] && older[j-2].cost+1 < best.cost {
				best = cell{older[j-2].cost + 1, older[j-2].start}
				if j == 2 {
					best.start = i - 2
				}
			}
			cur[j] = best
		}
		if cur[len(w)].cost < distance {
			start, end, distance = cur[len(w)].start, i, cur[len(w)].cost
		}
		older, prev, cur = prev, cur, older
	}
	return min(start, end), end, distance
}

// yesNo reads short answers; a longer text is neither.
func yesNo(in *input) []Match {
	norm := strings.Join(strings.FieldsFunc(in.norm, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsPunct(r) || unicode.IsSymbol(r) }), " ")
	packed := strings.TrimRight(strings.ReplaceAll(norm, " ", ""), "了呢的吧啊呀哦噢哈嘛滴啦诶")
	whole := func(v bool, score float64) []Match { return []Match{in.match(0, len(in.norm), v, score)} }
	switch {
	case no[norm] || no[packed]:
		return whole(false, 1)
	case yes[norm] || yes[packed]:
		return whole(true, 1)
	case utf8.RuneCountInString(norm) > 24:
		return nil
	}
	fields := strings.Fields(norm)
	switch first := fields[:min(1, len(fields))]; {
	case len(first) == 0:
		return nil
	case no[first[0]]:
		return whole(false, 0.8)
	case yes[first[0]]:
		return whole(true, 0.8)
	}
	if utf8.RuneCountInString(packed) <= 8 {
		for _, w := range []string{"没问题", "没错", "不错"} {
			if strings.HasPrefix(packed, w) {
				return whole(true, 0.8)
			}
		}
		for _, w := range []string{"不", "没", "还没", "别", "算了", "取消", "先不", "暂时不"} {
			if strings.HasPrefix(packed, w) {
				return whole(false, 0.7)
			}
		}
		for _, w := range []string{"是", "对", "好", "可以", "行", "嗯", "确认", "确定", "要", "同意", "已经", "ok"} {
			if strings.HasPrefix(packed, w) && !strings.HasSuffix(packed, "吗") && !strings.Contains(packed, "不") {
				return whole(true, 0.7)
			}
		}
	}
	return nil
}
