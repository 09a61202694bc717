package sqlite

import (
	"regexp"
	"strconv"
	"strings"
)

// positional turns "$2 … $1 … $2" into "? … ? … ?" and tells which argument
// each mark stands for, counted from 0. The driver compares the name of each
// numbered mark with each argument; marks without a name it just counts.
func positional(text string) (plain string, order []int) {
	var out strings.Builder
	quoted := byte(0)
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quoted != 0:
			if c == quoted {
				quoted = 0
			}
		case c == '\'' || c == '"':
			quoted = c
		case c == '$':
			end := i + 1
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if n, err := strconv.Atoi(text[i+1 : end]); err == nil && n > 0 {
				order = append(order, n-1)
				out.WriteByte('?')
				i = end - 1
				continue
			}
		}
		out.WriteByte(c)
	}
	return out.String(), order
}

var (
	recalledTable = regexp.MustCompile(`(?i)\b(identity|live_conversation|conversation)\b`)
	readsOnly     = regexp.MustCompile(`(?i)^\s*(--[^\n]*\n\s*)*(SELECT|PRAGMA|BEGIN|COMMIT|ROLLBACK|SAVEPOINT|RELEASE)\b`)
	firstLines    = regexp.MustCompile(`(?m)^\s*--.*$`)
)

// changesRecalled tells whether a statement may change a table that recall
// remembers. It errs on the side of yes.
func changesRecalled(text string) bool {
	return !readsOnly.MatchString(text) && recalledTable.MatchString(firstLines.ReplaceAllString(text, ""))
}
