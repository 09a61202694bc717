package text

import "strings"

// Match verifies a hit on clear text: every word of the query must be in the
// body. Characters of scripts without spaces must stand together as in the
// query; a word matches one that begins with it (from 3 letters) or has the
// same English stem; a number matches the whole, a beginning from 4 digits or
// the last 4. Order does not matter.
//
// start and end are byte offsets in body, around the first place where any
// word of the query is. A query that QueryTokens refuses matches nothing.
func Match(body, query string) (start, end int, ok bool) {
	if _, err := QueryTokens(query); err != nil {
		return 0, 0, false
	}
	wanted, err := queryUnits(query)
	if err != nil {
		return 0, 0, false
	}
	_, have := index(units(normalize(body)))
	for _, w := range wanted {
		from, to, found := w.find(have)
		if !found {
			return 0, 0, false
		}
		if !ok || from < start {
			start, end, ok = from, to, true
		}
	}
	return start, end, ok
}

// find returns where in the original text the first unit stands that u matches.
func (u unit) find(have []unit) (start, end int, ok bool) {
	ws := ""
	if u.class == word {
		ws = stem(u.key)
	}
	for _, h := range have {
		if h.class != u.class {
			continue
		}
		from, to := 0, len(h.spots)
		switch u.class {
		case dense:
			i := strings.Index(h.key, u.key)
			if i < 0 {
				continue
			}
			from = len([]rune(h.key[:i]))
			to = from + len(u.spots)
		case number:
			if !numberMatches(h.key, u.key) {
				continue
			}
		default:
			prefix := len(u.spots) >= minPrefix && strings.HasPrefix(h.key, u.key)
			if h.key != u.key && !prefix && stem(h.key) != ws {
				continue
			}
		}
		return int(h.spots[from].start), int(h.spots[to-1].end), true
	}
	return 0, 0, false
}

func numberMatches(have, want string) bool {
	return have == want ||
		len(want) >= minNumberPrefix && strings.HasPrefix(have, want) ||
		len(want) == numberTail && strings.HasSuffix(have, want)
}
