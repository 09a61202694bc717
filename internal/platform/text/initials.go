package text

import (
	_ "embed" // the table of initials
	"strings"
	"unicode"
	"unicode/utf8"
)

// initials holds the first letter of the usual reading of each character from
// firstHan on, "." where none is known. It was made of the kMandarin and
// kHanyuPinyin readings of Unicode's Unihan database, which are facts.
//
//go:embed initials.txt
var initials string

const firstHan = '一'

// surnames are read differently at the beginning of a name.
var surnames = map[rune]byte{
	'单': 's', '仇': 'q', '解': 'x', '区': 'o', '查': 'z', '朴': 'p', '折': 's', '曾': 'z', '盖': 'g', '尉': 'y', '乐': 'y', '繁': 'p', '缪': 'm', '隗': 'w', '冼': 'x', '翟': 'z',
}

// Initials are the letters by which a Chinese text is found when typing only
// the beginning of each syllable: "退货地址" is "thdz". Latin letters and digits
// stay, in lower case; everything else is left out.
func Initials(s string) string { return initialsOf(s, false) }

// NameInitials are Initials of a person's name, where some characters are read
// as surnames: "单田芳" is "stf".
func NameInitials(s string) string { return initialsOf(s, true) }

func initialsOf(s string, name bool) string {
	var b strings.Builder
	for _, r := range Normalize(s) {
		if letter, ok := surnames[r]; ok && name && b.Len() == 0 {
			b.WriteByte(letter)
			continue
		}
		switch i := int(r) - firstHan; {
		case i >= 0 && i < len(initials):
			if initials[i] != '.' {
				b.WriteByte(initials[i])
			}
		case r < utf8.RuneSelf && (unicode.IsLetter(r) || unicode.IsDigit(r)):
			b.WriteRune(r)
		}
	}
	return b.String()
}
