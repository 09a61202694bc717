package entity

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// zhN is a small number in digits or Chinese numerals.
const zhN = `(\d{1,4}|[零〇一二两兩三四五六七八九十百]{1,5}|半)`

// day is a way of writing a day; read gets the groups and today's midnight.
type day struct {
	re    *regexp.Regexp
	score float64
	read  func(g []string, today time.Time) (time.Time, bool)
}

// clock is a way of writing a time of day; read returns minutes after midnight.
type clock struct {
	re   *regexp.Regexp
	read func(g []string) (minutes int, ok bool)
}

const (
	months   = `jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?`
	weekdays = `monday|tuesday|wednesday|thursday|friday|saturday|sunday|mon|tues?|wed|thu(?:rs?)?|fri|sat|sun`
	enN      = `(\d{1,4}|a|an|one|two|three|four|five|six|seven|eight|nine|ten|twelve|half an|a couple of)`
)

var days = []day{
	{regexp.MustCompile(`((?:19|20)\d\d)\s*[年/.-]\s*(\d{1,2})\s*[月/.-]\s*(\d{1,2})(?:\s*[日号號])?`), 1, func(g []string, t time.Time) (time.Time, bool) {
		return civil(number(g[1]), number(g[2]), number(g[3]), t)
	}},
	{regexp.MustCompile(`([二][零〇一二三四五六七八九]{3}|\d{2})年` + zhN + `月` + zhN + `[日号號]`), 1, func(g []string, t time.Time) (time.Time, bool) {
		y := number(g[1])
		if y < 100 {
			y += 2000
		}
		return civil(y, number(g[2]), number(g[3]), t)
	}},
	{regexp.MustCompile(`(明年|今年|去年)?` + zhN + `月` + zhN + `[日号號]?`), 1, func(g []string, t time.Time) (time.Time, bool) {
		if g[1] != "" {
			return civil(t.Year()+map[string]int{"明年": 1, "去年": -1}[g[1]], number(g[2]), number(g[3]), t)
		}
		return nearestYear(number(g[2]), number(g[3]), t)
	}},
	{regexp.MustCompile(`(大前天|前天|昨天|昨日|昨晚|今天|今日|今晚|今早|今儿|今兒|明天|明日|明晚|明早|明儿|明兒|后天|後天|大后天|大後天)`), 1, func(g []string, t time.Time) (time.Time, bool) {
		return t.AddDate(0, 0, relative[string([]rune(g[1])[:len([]rune(g[1]))-1])]), true
	}},
	{regexp.MustCompile(zhN + `\s*个?(天|日|周|星期|礼拜|月|年)\s*(以后|之后|以後|之後|后|後|内|以内|之内|以前|之前|前)`), 0.95, func(g []string, t time.Time) (time.Time, bool) {
		n := number(g[1])
		if strings.HasSuffix(g[3], "前") {
			n = -n
		}
		return shift(t, n, g[2]), n > -4000 && n < 4000
	}},
	{regexp.MustCompile(`(上上|上|这|這|本|下下|下)?个?(?:周|週|星期|礼拜|禮拜)([一二三四五六日天末1-7])`), 1, func(g []string, t time.Time) (time.Time, bool) {
		return weekday(g[1], zhWeekday[g[2]], t), true
	}},
	{regexp.MustCompile(`(上|这|這|本|下)个?月(?:` + zhN + `[日号號]|(底|初))`), 1, func(g []string, t time.Time) (time.Time, bool) {
		first := time.Date(t.Year(), t.Month()+time.Month(map[string]int{"上": -1, "下": 1}[g[1]]), 1, 0, 0, 0, 0, t.Location())
		switch g[3] {
		case "底":
			return first.AddDate(0, 1, -1), true
		case "初":
			return first, true
		}
		return civil(first.Year(), int(first.Month()), number(g[2]), t)
	}},
	{regexp.MustCompile(`(月底|月末)`), 0.9, func(_ []string, t time.Time) (time.Time, bool) {
		return time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, t.Location()), true
	}},
	{regexp.MustCompile(zhN + `[号號日]`), 0.8, func(g []string, t time.Time) (time.Time, bool) {
		d, ok := civil(t.Year(), int(t.Month()), number(g[1]), t)
		if ok && d.Before(t) {
			first := time.Date(t.Year(), t.Month()+1, 1, 0, 0, 0, 0, t.Location())
			d, ok = civil(first.Year(), int(first.Month()), number(g[1]), t)
		}
		return d, ok
	}},
	{regexp.MustCompile(`\b(the day after tomorrow|day after tomorrow|the day before yesterday|tomorrow|tmrw|tmr|today|tonight|yesterday)\b`), 1, func(g []string, t time.Time) (time.Time, bool) {
		n := map[string]int{"tomorrow": 1, "tmrw": 1, "tmr": 1, "yesterday": -1, "the day before yesterday": -2}[g[1]]
		if strings.HasSuffix(g[1], "day after tomorrow") {
			n = 2
		}
		return t.AddDate(0, 0, n), true
	}},
	{regexp.MustCompile(`\b(?:in ` + enN + ` (day|week|month|year)s?|` + enN + ` (day|week|month|year)s? (ago|later|from now|from today))\b`), 0.95, func(g []string, t time.Time) (time.Time, bool) {
		n, unit := number(g[1]+g[3]), g[2]+g[4]
		if g[5] == "ago" {
			n = -n
		}
		return shift(t, n, unit), n > -4000 && n < 4000
	}},
	{regexp.MustCompile(`\b(?:(next|this|last|on|coming) )?(` + weekdays + `)\b`), 0.95, func(g []string, t time.Time) (time.Time, bool) {
		return weekday(map[string]string{"next": "下", "this": "这", "last": "上"}[g[1]], enWeekday[g[2][:3]], t), true
	}},
	{regexp.MustCompile(`\b(` + months + `)\.? (\d{1,2})(?:st|nd|rd|th)?(?:,? ((?:19|20)\d\d))?\b`), 1, func(g []string, t time.Time) (time.Time, bool) {
		return monthDay(g[1], g[2], g[3], t)
	}},
	{regexp.MustCompile(`\b(\d{1,2})(?:st|nd|rd|th)?(?: of)? (` + months + `)\.?(?:,? ((?:19|20)\d\d))?\b`), 1, func(g []string, t time.Time) (time.Time, bool) {
		return monthDay(g[2], g[1], g[3], t)
	}},
	{regexp.MustCompile(`\b(\d{1,2})/(\d{1,2})(?:/((?:19|20)?\d\d))?\b`), 0.8, func(g []string, t time.Time) (time.Time, bool) {
		m, d, y := number(g[1]), number(g[2]), number(g[3])
		if m > 12 {
			m, d = d, m
		}
		if g[3] == "" {
			return nearestYear(m, d, t)
		}
		if y < 100 {
			y += 2000
		}
		return civil(y, m, d, t)
	}},
}

var (
	relative  = map[string]int{"大前": -3, "前": -2, "昨": -1, "明": 1, "后": 2, "後": 2, "大后": 3, "大後": 3}
	zhWeekday = map[string]int{"一": 0, "二": 1, "三": 2, "四": 3, "五": 4, "六": 5, "日": 6, "天": 6, "末": 5, "1": 0, "2": 1, "3": 2, "4": 3, "5": 4, "6": 5, "7": 6}
	enWeekday = map[string]int{"mon": 0, "tue": 1, "wed": 2, "thu": 3, "fri": 4, "sat": 5, "sun": 6}
	enMonth   = map[string]int{"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
)

const partOfDay = `(凌晨|清晨|早上|早晨|上午|中午|下午|傍晚|晚上|夜里|半夜|早|晚)?`

var clocks = []clock{
	{regexp.MustCompile(partOfDay + `\s*(\d{1,2}):(\d{2})(?::\d{2})?\s*(am|pm|a\.m\.|p\.m\.)?`), func(g []string) (int, bool) {
		return ofDay(g[1]+g[4], number(g[2]), number(g[3]))
	}},
	{regexp.MustCompile(partOfDay + `\s*(\d{1,2}|[零〇一二两兩三四五六七八九十]{1,3})\s*[点點时時](?:钟|鐘|整)?(?:(半)|(一刻|三刻)|` + zhN + `分?)?`), func(g []string) (int, bool) {
		m := number(g[5])
		switch {
		case g[3] != "":
			m = 30
		case g[4] == "一刻":
			m = 15
		case g[4] == "三刻":
			m = 45
		}
		return ofDay(g[1], number(g[2]), m)
	}},
	{regexp.MustCompile(`\b(\d{1,2})\s?(am|pm|a\.m\.|p\.m\.)`), func(g []string) (int, bool) { return ofDay(g[2], number(g[1]), 0) }},
	{regexp.MustCompile(`\b(?:at )?(noon|midday|midnight)\b`), func(g []string) (int, bool) {
		if g[1] == "midnight" {
			return 0, true
		}
		return 12 * 60, true
	}},
	{regexp.MustCompile(`\bat (\d{1,2}|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve)(?: o'?clock)?\b`), func(g []string) (int, bool) {
		h := number(g[1])
		if h >= 1 && h <= 7 { // nobody delivers at four in the morning
			h += 12
		}
		return ofDay("", h, 0)
	}},
	{regexp.MustCompile(`(中午|正午)`), func([]string) (int, bool) { return 12 * 60, true }},
}

// soon is "in half an hour": a moment counted from now.
var soon = regexp.MustCompile(zhN + `\s*个?(小时|小時|钟头|鐘頭|分钟|分鐘)(半)?\s*(?:以后|之后|以後|之後|后|後|内|以内)|\bin ` + enN + `\s?(hour|minute|min)s?\b`)

func ofDay(part string, h, m int) (int, bool) {
	switch part {
	case "下午", "傍晚", "晚上", "夜里", "晚", "pm", "p.m.":
		if h < 12 && (h > 0 || part == "pm" || part == "p.m.") {
			h += 12
		} else if h == 12 && (part == "晚上" || part == "夜里" || part == "晚") {
			h = 24
		}
	case "中午":
		if h < 4 {
			h += 12
		}
	case "凌晨", "半夜", "am", "a.m.":
		if h == 12 {
			h = 0
		}
	}
	return (h*60 + m) % (24 * 60), h >= 0 && h <= 24 && m >= 0 && m < 60
}

// number reads digits, Chinese numerals or English words; 0 if none.
func number(s string) int {
	if s == "" {
		return 0
	}
	if s == "a couple of" {
		return 2
	}
	if v, err := strconv.Atoi(s); err == nil {
		return v
	}
	if v, ok := parseChinese(s); ok {
		return int(v)
	}
	if s == "a" || s == "an" {
		return 1
	}
	v, _ := parseEnglish(s)
	return int(v)
}

func civil(y, m, d int, t time.Time) (time.Time, bool) {
	out := time.Date(y, time.Month(m), d, 0, 0, 0, 0, t.Location())
	return out, m >= 1 && m <= 12 && d >= 1 && d <= 31 && out.Day() == d && y >= 1900 && y < 2200
}

// nearestYear chooses the year that brings a month and day closest to today.
func nearestYear(m, d int, t time.Time) (best time.Time, ok bool) {
	for y := t.Year() - 1; y <= t.Year()+1; y++ {
		if at, valid := civil(y, m, d, t); valid && (!ok || at.Sub(t).Abs() < best.Sub(t).Abs()) {
			best, ok = at, true
		}
	}
	return best, ok
}

func monthDay(month, d, y string, t time.Time) (time.Time, bool) {
	if y == "" {
		return nearestYear(enMonth[month[:3]], number(d), t)
	}
	return civil(number(y), enMonth[month[:3]], number(d), t)
}

func shift(t time.Time, n int, unit string) time.Time {
	switch unit {
	case "周", "星期", "礼拜", "week":
		return t.AddDate(0, 0, 7*n)
	case "月", "month":
		return t.AddDate(0, n, 0)
	case "年", "year":
		return t.AddDate(n, 0, 0)
	}
	return t.AddDate(0, 0, n)
}

// weekday counts weeks from Monday: "next" is the week after this one. Without
// a word for the week it is today or the next such day.
func weekday(week string, wd int, t time.Time) time.Time {
	today := (int(t.Weekday()) + 6) % 7
	monday := t.AddDate(0, 0, -today)
	switch week {
	case "下":
		return monday.AddDate(0, 0, 7+wd)
	case "下下":
		return monday.AddDate(0, 0, 14+wd)
	case "上":
		return monday.AddDate(0, 0, wd-7)
	case "上上":
		return monday.AddDate(0, 0, wd-14)
	case "":
		return t.AddDate(0, 0, (wd-today+7)%7)
	}
	return monday.AddDate(0, 0, wd)
}

// dated is a day that was read, timed a time of day, both by bytes of the normal form.
type dated struct {
	start, end int
	at         time.Time
	score      float64
	ok         bool
}

type timed struct{ start, end, minutes int }

// moments finds dates, times and both together.
func moments(in *input, kind Kind, now time.Time) (out []Match) {
	today := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, now.Location())
	hours := readClocks(in.norm)
	dates := readDays(in.norm, today, hours)
	switch kind {
	case Date:
		for _, d := range dates {
			out = append(out, in.match(d.start, d.end, d.at.Format("2006-01-02"), d.score))
		}
	case Time:
		for _, h := range hours {
			out = append(out, in.match(h.start, h.end, today.Add(time.Duration(h.minutes)*time.Minute).Format("15:04"), 1))
		}
		for _, m := range readSoon(in) {
			m.Value = now.Add(m.in).Format("15:04")
			out = append(out, m.Match)
		}
	default:
		for _, m := range readSoon(in) {
			m.Value = now.Add(m.in).Format(time.RFC3339)
			out = append(out, m.Match)
		}
		out = append(out, together(in, dates, hours, now, today)...)
	}
	return out
}

// together joins each time with the day it stands next to.
func together(in *input, dates []dated, hours []timed, now, today time.Time) (out []Match) {
	for _, h := range hours {
		day, start, end, score := today, h.start, h.end, 0.8
		if clockOn(day, h.minutes).Before(now) {
			day = today.AddDate(0, 0, 1)
		}
		for _, d := range dates {
			if gap := max(h.start-d.end, d.start-h.end); gap <= 8 {
				day, start, end, score = d.at, min(d.start, h.start), max(d.end, h.end), 1
				if h.minutes < 12*60 && tonight(in.norm[d.start:d.end]) && h.minutes > 0 {
					h.minutes += 12 * 60 // 今晚八点
				}
				break
			}
		}
		out = append(out, in.match(start, end, clockOn(day, h.minutes).Format(time.RFC3339), score))
	}
	for _, d := range dates {
		out = append(out, in.match(d.start, d.end, d.at.Format(time.RFC3339), d.score/2))
	}
	return out
}

func tonight(s string) bool { return strings.HasSuffix(s, "晚") || s == "tonight" }

// clockOn is by the wall clock, also on days that do not have 24 hours.
func clockOn(day time.Time, minutes int) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), minutes/60, minutes%60, 0, 0, day.Location())
}

func readClocks(norm string) (out []timed) {
	for _, c := range clocks {
		for _, at := range c.re.FindAllStringSubmatchIndex(norm, maxMatches) {
			if start := at[0]; start > 0 && norm[start] >= '0' && norm[start] <= '9' && (norm[start-1] >= '0' && norm[start-1] <= '9' || norm[start-1] == '.') {
				continue
			}
			m, ok := c.read(groups(norm, at))
			clash := false
			for _, o := range out {
				clash = clash || at[0] < o.end && o.start < at[1]
			}
			if ok && !clash {
				out = append(out, timed{at[0], at[1], m})
			}
		}
	}
	return out
}

func readDays(norm string, today time.Time, hours []timed) (out []dated) {
	for _, d := range days {
		for _, at := range d.re.FindAllStringSubmatchIndex(norm, maxMatches) {
			if at[0] > 0 && norm[at[0]] >= '0' && norm[at[0]] <= '9' && norm[at[0]-1] >= '0' && norm[at[0]-1] <= '9' {
				continue // inside a longer number
			}
			if at[1] < len(norm) && norm[at[1]-1] >= '0' && norm[at[1]-1] <= '9' && norm[at[1]] >= '0' && norm[at[1]] <= '9' {
				continue
			}
			when, ok := d.read(groups(norm, at), today)
			clash := false
			for _, o := range out {
				clash = clash || at[0] < o.end && o.start < at[1]
			}
			for _, h := range hours {
				clash = clash || at[0] >= h.start && at[1] <= h.end
			}
			if !clash { // one that does not exist keeps its place, or half of it would be read
				out = append(out, dated{at[0], at[1], when, d.score, ok})
			}
		}
	}
	return slices.DeleteFunc(out, func(d dated) bool { return !d.ok })
}

type later struct {
	Match
	in time.Duration
}

func readSoon(in *input) (out []later) {
	for _, at := range soon.FindAllStringSubmatchIndex(in.norm, maxMatches) {
		g := groups(in.norm, at)
		n, unit := g[1]+g[4], g[2]+g[5]
		step := time.Hour
		if strings.HasPrefix(unit, "分") || strings.HasPrefix(unit, "min") {
			step = time.Minute
		}
		after := time.Duration(number(n)) * step
		if n == "半" || n == "half an" {
			after = step / 2
		}
		if g[3] != "" {
			after += step / 2
		}
		out = append(out, later{in.match(at[0], at[1], nil, 1), after})
	}
	return out
}

func groups(s string, at []int) []string {
	out := make([]string, len(at)/2)
	for i := range out {
		if at[2*i] >= 0 {
			out[i] = s[at[2*i]:at[2*i+1]]
		}
	}
	return out
}
