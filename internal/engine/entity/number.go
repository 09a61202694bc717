package entity

import (
	"math"
	"regexp"
	"strconv"
	"strings"
)

const zhDigits = `零〇一二三四五六七八九十百千万亿两兩萬億`

var (
	arabic  = regexp.MustCompile(`[-+]?\d+(?:,\d{3})*(?:\.\d+)?\s?(?:[万萬亿億千百](?:\d{1,4}[千百]?)?|k\b|w\b|%)?`)
	chinese = regexp.MustCompile(`负?[` + zhDigits + `]+(?:点[零〇一二三四五六七八九]+)?|半`)
	english = regexp.MustCompile(`\b(?:(?:a|an|zero|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|and|dozen)\b[\s-]*)+`)

	// notNumbers are words that only look like a number.
	notNumbers = []string{
		"一下", "一些", "一样", "一直", "一定", "一起", "一般", "一共", "一会", "一旦", "一边", "一切", "一点", "一向", "一律", "一面", "一致", "一概",
		"万一", "十分", "千万", "统一", "唯一", "万分", "五金", "三星", "百货", "千里", "百度", "半天", "一半天", "万能", "百分", "星期", "周一", "周二", "周三", "周四", "周五", "周六",
	}
	zhDigit = map[rune]float64{'零': 0, '〇': 0, '一': 1, '二': 2, '两': 2, '兩': 2, '三': 3, '四': 4, '五': 5, '六': 6, '七': 7, '八': 8, '九': 9}
	zhUnit  = map[rune]float64{'十': 10, '百': 100, '千': 1000, '万': 1e4, '萬': 1e4, '亿': 1e8, '億': 1e8}
	enWord  = map[string]float64{
		"zero": 0, "a": 1, "an": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
		"eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16, "seventeen": 17, "eighteen": 18, "nineteen": 19,
		"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "half": 0.5, "dozen": 12,
	}
)

// numbers finds numbers in digits, Chinese numerals and English words.
func numbers(in *input, whole bool) (out []Match) {
	add := func(at []int, v, score float64) {
		if whole && v != math.Trunc(v) || math.IsInf(v, 0) || math.Abs(v) > 1e15 {
			return
		}
		out = append(out, in.match(at[0], at[1], v, score))
	}
	for _, at := range arabic.FindAllStringIndex(in.norm, maxMatches) {
		if v, ok := parseArabic(in.norm[at[0]:at[1]]); ok {
			add(trimmed(in.norm, at), v, 1)
		}
	}
	for _, at := range chinese.FindAllStringIndex(in.norm, maxMatches) {
		if looksOnly(in.norm, at) {
			continue
		}
		if v, ok := parseChinese(in.norm[at[0]:at[1]]); ok {
			add(at, v, 0.9)
		}
	}
	for _, at := range english.FindAllStringIndex(in.norm, maxMatches) {
		at = trimmed(in.norm, at)
		if v, ok := parseEnglish(in.norm[at[0]:at[1]]); ok {
			add(at, v, 0.9)
		}
	}
	return out
}

func trimmed(s string, at []int) []int {
	part := s[at[0]:at[1]]
	start := at[0] + len(part) - len(strings.TrimLeft(part, " -\t\n"))
	if part[0] == '-' {
		start = at[0]
	}
	return []int{start, at[0] + len(strings.TrimRight(part, " -\t\n"))}
}

// looksOnly reports whether the numeral is part of a word that is no number.
func looksOnly(s string, at []int) bool {
	if at[1]-at[0] > len("百分") {
		return false
	}
	around := s[max(0, at[0]-len("字")):min(len(s), at[1]+len("字"))]
	for _, w := range notNumbers {
		if found := strings.Contains(around, w); found {
			return true
		}
	}
	return false
}

func parseArabic(s string) (float64, bool) {
	s = strings.ReplaceAll(strings.TrimSpace(s), ",", "")
	end := strings.LastIndexAny(s, "0123456789")
	if end < 0 {
		return 0, false
	}
	for i, r := range s { // 3万5, 2.5万, 3千
		unit, ok := zhUnit[r]
		if !ok {
			continue
		}
		head, err := strconv.ParseFloat(strings.TrimSpace(s[:i]), 64)
		if err != nil {
			return 0, false
		}
		rest := s[i+len(string(r)):]
		if rest == "" {
			return round(head * unit), true
		}
		last := []rune(rest)
		scale := 1.0
		if u, ok := zhUnit[last[len(last)-1]]; ok {
			scale, rest = u, strings.TrimSuffix(rest, string(last[len(last)-1]))
		} else if len(rest) == 1 { // 3万5 is 35,000
			scale = unit / 10
		}
		tail, err := strconv.ParseFloat(rest, 64)
		return round(head*unit + tail*scale), err == nil
	}
	scale := 1.0
	switch s[len(s)-1] {
	case 'k':
		scale = 1e3
	case 'w':
		scale = 1e4
	case '%':
		scale = 0.01
	}
	v, err := strconv.ParseFloat(strings.TrimSpace(s[:end+1]), 64)
	return round(v * scale), err == nil
}

func round(v float64) float64 {
	if math.Abs(v) > 1e12 {
		return v
	}
	return math.Round(v*1e6) / 1e6
}

// parseChinese reads 三千五百二十, 一万二, 二〇二六, 十二, 两百零五, 三点五, 半.
func parseChinese(s string) (float64, bool) {
	if s == "半" {
		return 0.5, true
	}
	s, negative := strings.CutPrefix(s, "负")
	s, fraction, hasFraction := strings.Cut(s, "点")
	v, ok := parseChineseWhole([]rune(s))
	if hasFraction {
		scale := 0.1
		for _, r := range fraction {
			v += zhDigit[r] * scale
			scale /= 10
		}
		v = round(v)
	}
	if negative {
		v = -v
	}
	return v, ok
}

func parseChineseWhole(rs []rune) (float64, bool) {
	if len(rs) == 0 || len(rs) > 24 {
		return 0, false
	}
	digits := true
	for _, r := range rs {
		if _, ok := zhDigit[r]; !ok {
			digits = false
		}
	}
	if digits { // 二〇二六, 五
		v := 0.0
		for _, r := range rs {
			v = v*10 + zhDigit[r]
		}
		return v, true
	}
	var total, section, number float64
	pending, lastUnit := false, 1.0
	for _, r := range rs {
		if d, ok := zhDigit[r]; ok {
			number, pending = d, true
			if d == 0 {
				lastUnit = 1
			}
			continue
		}
		unit, ok := zhUnit[r]
		switch {
		case !ok:
			return 0, false
		case unit >= 1e4:
			total = (total + section + number) * unit
			if unit == 1e4 && total >= 1e12 {
				return 0, false
			}
			section = 0
		case !pending && unit == 10:
			section += 10
		default:
			section += number * unit
		}
		number, pending, lastUnit = 0, false, unit
	}
	if pending && lastUnit >= 100 { // 三百五 is 350, 一万二 is 12,000
		number *= lastUnit / 10
	}
	return total + section + number, true
}

func parseEnglish(s string) (float64, bool) {
	var total, current float64
	some := false
	words := strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '-' || r == '\n' || r == '\t' })
	if len(words) == 1 && (words[0] == "a" || words[0] == "an" || words[0] == "and") {
		return 0, false
	}
	for _, w := range words {
		v, ok := enWord[w]
		switch {
		case w == "and":
			continue
		case w == "hundred":
			current = max(current, 1) * 100
		case w == "thousand", w == "million":
			scale := 1e3
			if w == "million" {
				scale = 1e6
			}
			total, current = total+max(current, 1)*scale, 0
		case w == "dozen":
			current = max(current, 1) * 12
		case w == "half" && current == 1:
			current = 0.5
		case ok && current != 0 && (v >= 10 || math.Mod(current, 10) != 0) && math.Mod(current, 100) != 0:
			return 0, false // "two three" are two numbers
		case ok:
			current += v
		}
		some = some || ok || w == "hundred" || w == "thousand" || w == "million"
	}
	return total + current, some
}
