package entity

import (
	"regexp"
	"strings"
	"unicode"
)

var (
	mailAddress = regexp.MustCompile(`[a-z0-9][a-z0-9._%+'-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}`)
	phoneLike   = regexp.MustCompile(`(?:\+|00)?\(?\d[\d\s().-]{4,22}\d`)
	mobileCN    = regexp.MustCompile(`^(?:\+?86|0086)?1[3-9]\d{9}$`)
	landlineCN  = regexp.MustCompile(`^0\d{9,11}$`)
	serviceCN   = regexp.MustCompile(`^[48]00\d{7}$`)
	abroad      = regexp.MustCompile(`^(?:\+|00)[1-9]\d{6,14}$`)
	american    = regexp.MustCompile(`^1?[2-9]\d{2}[2-9]\d{6}$`)
	token       = regexp.MustCompile(`[a-z0-9]+(?:[-_][a-z0-9]+)*`)
	dateLike    = regexp.MustCompile(`^(?:19|20)\d\d(?:[-_/.]?(?:0?[1-9]|1[0-2])[-_/.]?(?:0?[1-9]|[12]\d|3[01]))?$`)
	orderWord   = regexp.MustCompile(`(?:订单号?|单号|编号|order(?:\s*(?:no|number|id))?|#|no\.?)[\s是为:：.#]*$`)
	moneyAfter  = regexp.MustCompile(`^\s*(块钱|块|元钱|元|圆|人民币|rmb|cny|yuan|刀|美元|美金|usd|dollars?|bucks|欧元|eur|euros?|英镑|gbp|pounds?|日元|jpy|港币|港元|hkd)`)
	moneyBefore = regexp.MustCompile(`(¥|\$|€|£|rmb|cny|usd|eur|gbp|hk\$|人民币|hkd)\s*$`)
	smallCoin   = regexp.MustCompile(`^(?:块|元)([0-9一二三四五六七八九])(?:毛|角)?`)
)

var currencies = map[string]string{
	"块钱": "CNY", "块": "CNY", "元钱": "CNY", "元": "CNY", "圆": "CNY", "人民币": "CNY", "rmb": "CNY", "cny": "CNY", "yuan": "CNY", "¥": "CNY",
	"刀": "USD", "美元": "USD", "美金": "USD", "usd": "USD", "$": "USD", "dollar": "USD", "dollars": "USD", "bucks": "USD",
	"欧元": "EUR", "eur": "EUR", "euro": "EUR", "euros": "EUR", "€": "EUR", "英镑": "GBP", "gbp": "GBP", "pound": "GBP", "pounds": "GBP", "£": "GBP",
	"日元": "JPY", "jpy": "JPY", "港币": "HKD", "港元": "HKD", "hkd": "HKD", "hk$": "HKD",
}

// carriers know their parcels' numbers (the carriers' public formats).
var carriers = []struct {
	name string
	re   *regexp.Regexp
}{
	{"sf", regexp.MustCompile(`^sf\d{12,15}$`)},
	{"jd", regexp.MustCompile(`^jd[a-z0-9]{10,18}$`)},
	{"yto", regexp.MustCompile(`^yt\d{13,18}$`)},
	{"jt", regexp.MustCompile(`^jt\d{13,15}$`)},
	{"deppon", regexp.MustCompile(`^dpk\d{12,15}$`)},
	{"zto", regexp.MustCompile(`^7[0-9]{11,14}$`)},
	{"yunda", regexp.MustCompile(`^4[36]\d{11,14}$`)},
	{"ups", regexp.MustCompile(`^1z[0-9a-z]{16}$`)},
	{"post", regexp.MustCompile(`^[a-z]{2}\d{9}[a-z]{2}$`)},
	{"", regexp.MustCompile(`^[a-z]{0,4}\d{10,22}$`)},
}

func emails(in *input) (out []Match) {
	for _, at := range mailAddress.FindAllStringIndex(in.norm, maxMatches) {
		out = append(out, in.match(at[0], at[1], in.norm[at[0]:at[1]], 1))
	}
	return out
}

func phones(in *input) (out []Match) {
	for _, at := range phoneLike.FindAllStringIndex(in.norm, maxMatches) {
		if inWord(in.norm, at) {
			continue
		}
		part := in.norm[at[0]:at[1]]
		digits := strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) || r == '+' {
				return r
			}
			return -1
		}, part)
		var score float64
		switch {
		case mobileCN.MatchString(digits):
			score, digits = 1, digits[len(digits)-11:]
		case abroad.MatchString(digits):
			score = 0.9
			if rest, ok := strings.CutPrefix(digits, "00"); ok {
				digits = "+" + rest
			}
		case landlineCN.MatchString(digits), serviceCN.MatchString(digits):
			score = 0.9
		case american.MatchString(digits):
			score = 0.8
		default:
			continue
		}
		out = append(out, in.match(at[0], at[1], digits, score))
	}
	return out
}

// inWord reports whether the match continues as a longer token of letters or digits.
func inWord(s string, at []int) bool {
	return at[0] > 0 && alnum(s[at[0]-1]) || at[1] < len(s) && alnum(s[at[1]])
}

func alnum(c byte) bool { return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' }

// orders finds what looks like an order number: a token of 5 to 32 letters and
// digits, most of them digits. What looks like a mobile number or a date counts
// less, what stands behind "order number" more.
func orders(in *input) (out []Match) {
	mails := mailAddress.FindAllStringIndex(in.norm, maxMatches)
	for _, at := range token.FindAllStringIndex(in.norm, 4*maxMatches) {
		part := in.norm[at[0]:at[1]]
		digits := strings.Count(strings.Map(func(r rune) rune {
			if unicode.IsDigit(r) {
				return '0'
			}
			return 'x'
		}, part), "0")
		announced := orderWord.MatchString(in.norm[:at[0]])
		least := 5
		if announced {
			least = 3
		}
		if len(part) > 32 || len(part) < least || digits < least-1 || digits*2 < len(part) || within(mails, at) {
			continue
		}
		score := 0.8
		switch {
		case announced:
			score = 1
		case mobileCN.MatchString(part):
			score = 0.4
		case dateLike.MatchString(part):
			score = 0.3
		case digits < len(part) && digits >= 6, digits >= 10:
			score = 0.9
		case digits == len(part) && digits < 6:
			score = 0.5
		}
		out = append(out, in.match(at[0], at[1], strings.ToUpper(part), score))
	}
	return out
}

func within(spans [][]int, at []int) bool {
	for _, s := range spans {
		if at[0] < s[1] && s[0] < at[1] {
			return true
		}
	}
	return false
}

func parcels(in *input) (out []Match) {
	for _, at := range token.FindAllStringIndex(in.norm, 4*maxMatches) {
		part := strings.ReplaceAll(in.norm[at[0]:at[1]], "-", "")
		for _, c := range carriers {
			if !c.re.MatchString(part) {
				continue
			}
			score := 0.9
			if c.name == "" {
				score = 0.7
			}
			if mobileCN.MatchString(part) {
				score = 0.3
			}
			m := in.match(at[0], at[1], strings.ToUpper(part), score)
			m.Unit = c.name
			out = append(out, m)
			break
		}
	}
	return out
}

// money finds amounts: numbers with a currency before or behind; a bare number
// counts less.
func money(in *input) (out []Match) {
	for _, m := range numbers(in, false) {
		v, _ := m.Value.(float64)
		start, end := in.back(m.Start, m.End)
		if v < 0 || start < 0 {
			continue
		}
		if at := smallCoin.FindStringSubmatchIndex(in.norm[end:]); at != nil { // 三块五
			if d, ok := parseNumeral(in.norm[end+at[2] : end+at[3]]); ok {
				x := in.match(start, end+at[1], round(v+d/10), 1)
				x.Unit = "CNY"
				out = append(out, x)
				continue
			}
		}
		if at := moneyAfter.FindStringSubmatchIndex(in.norm[end:]); at != nil {
			x := in.match(start, end+at[1], v, 1)
			x.Unit = currencies[in.norm[end+at[2]:end+at[3]]]
			out = append(out, x)
			continue
		}
		if at := moneyBefore.FindStringSubmatchIndex(in.norm[:start]); at != nil {
			x := in.match(at[0], end, v, 1)
			x.Unit = currencies[in.norm[at[2]:at[3]]]
			out = append(out, x)
			continue
		}
		m.Score *= 0.5
		out = append(out, m)
	}
	return out
}

func parseNumeral(s string) (float64, bool) {
	if v, ok := parseArabic(s); ok {
		return v, true
	}
	return parseChinese(s)
}

// back finds the bytes of the normal form that came from written[start:end]; -1 if none.
func (in *input) back(start, end int) (int, int) {
	a, b := -1, -1
	for i := range in.from {
		if a < 0 && int(in.from[i]) >= start {
			a = i
		}
		if int(in.to[i]) <= end {
			b = i + 1
		}
	}
	if a < 0 || b < a {
		return -1, -1
	}
	return a, b
}

func patterns(s *Spec, in *input) (out []Match) {
	for _, at := range s.re.FindAllStringSubmatchIndex(in.written, maxMatches) {
		if len(at) >= 4 && at[2] >= 0 {
			at = at[2:4]
		}
		if at[0] < at[1] {
			out = append(out, Match{Value: in.written[at[0]:at[1]], Start: at[0], End: at[1], Score: 1})
		}
	}
	return out
}
