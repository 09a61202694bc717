package text

import (
	_ "embed" // the table of simplified characters
	"strings"
)

// simplified holds pairs: a character of traditional writing and the simplified
// one that stands for it, so that 退貨 is found by 退货. It is made by
// scripts/simplified.mjs of the kSimplifiedVariant readings of Unicode's Unihan
// database, which are facts (as initials.txt is), and some eighty forms more.
// Where one simplified character stands for several (发 for 發 and 髮) they
// become alike; a character that both write (著, 乾) goes with the simplified.
//
//go:embed simplified.txt
var simplified string

// lastHan ends the block of common Han characters.
const lastHan = '\u9fff'

// forms is what each character from firstHan on becomes.
var forms = func() []uint16 {
	out := make([]uint16, lastHan-firstHan+1)
	for i := range out {
		out[i] = firstHan + uint16(i)
	}
	pairs := []rune(strings.ReplaceAll(simplified, "\n", ""))
	for i := 0; i+1 < len(pairs); i += 2 {
		out[pairs[i]-firstHan] = uint16(pairs[i+1])
	}
	return out
}()

func simplify(r rune) rune {
	if firstHan <= r && r <= lastHan {
		return rune(forms[r-firstHan])
	}
	return r
}
