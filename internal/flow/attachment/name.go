package attachment

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a file's name.
const (
	maxNameBytes = 200
	maxEnding    = 12
)

// CleanName makes a name from outside fit to be shown and to be saved under on
// any system: no folders, no control or direction characters, no characters
// that systems forbid, not too long, not empty, valid UTF-8.
func CleanName(name string) string {
	name = strings.ToValidUTF8(name, "_")
	if i := strings.LastIndexAny(name, `/\`); i >= 0 {
		name = name[i+1:]
	}
	var b strings.Builder
	for _, r := range name {
		switch {
		case strings.ContainsRune(`<>:"|?*`+"\uFF0F\u2215\u2044", r):
			b.WriteByte('_')
		case unicode.IsSpace(r):
			b.WriteByte(' ')
		case unicode.IsControl(r), unicode.Is(unicode.Cf, r), unicode.Is(unicode.Co, r), unicode.Is(unicode.Zl, r), unicode.Is(unicode.Zp, r):
			// control, direction and invisible characters say nothing true about a file
		case r == unicode.ReplacementChar:
			b.WriteByte('_')
		default:
			b.WriteRune(r)
		}
	}
	name = strings.Join(strings.Fields(b.String()), " ")
	name = strings.Trim(name, ". ")
	if stem, _, _ := strings.Cut(name, "."); reserved(stem) {
		name = "_" + name
	}
	if name == "" {
		return "file"
	}
	return shorten(name)
}

// reserved are names that Windows gives to devices.
func reserved(stem string) bool {
	stem = strings.ToLower(strings.TrimSpace(stem))
	if len(stem) == 4 && (strings.HasPrefix(stem, "com") || strings.HasPrefix(stem, "lpt")) && stem[3] >= '0' && stem[3] <= '9' {
		return true
	}
	return slices.Contains([]string{"con", "prn", "aux", "nul"}, stem)
}

// shorten cuts the stem and keeps the ending.
func shorten(name string) string {
	if len(name) <= maxNameBytes {
		return name
	}
	end := ""
	if e := ending(name); e != "" {
		end = name[len(name)-len(e)-1:]
	}
	stem := name[:maxNameBytes-len(end)]
	for !utf8.ValidString(stem) {
		stem = stem[:len(stem)-1]
	}
	return strings.TrimRight(stem, ". ") + end
}

// ending is what stands behind the last dot, in lower case; empty if that is
// no ending.
func ending(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || i == len(name)-1 || len(name)-i-1 > maxEnding {
		return ""
	}
	end := strings.ToLower(name[i+1:])
	if len(end) != len(name)-i-1 || strings.ContainsFunc(end, func(r rune) bool { return r == ' ' || r == '_' }) {
		return ""
	}
	return end
}

// named is the cleaned name with an ending that is the format's, so that who
// saves and opens it gets what was looked at.
func named(name string, f format) string {
	name = CleanName(name)
	if slices.Contains(f.ends, ending(name)) {
		return name
	}
	return shorten(name + "." + f.ends[0])
}
