package query

import (
	_ "embed" // the schema is compared with the drivers' tables
	"errors"
	"regexp"
	"strings"
)

//go:embed schema.sql
var schema string

var table = regexp.MustCompile(`(?ms)^CREATE TABLE (\w+) \(\n(.*?)^\);`)

// Columns lists each table of the portable schema with its columns in order.
// The drivers' real tables must have the same ones.
func Columns() (map[string][]string, error) {
	out := make(map[string][]string)
	for _, t := range table.FindAllStringSubmatch(schema, -1) {
		for line := range strings.Lines(t[2]) {
			switch word, _, _ := strings.Cut(strings.TrimSpace(line), " "); word {
			case "", "--", "PRIMARY", "UNIQUE", "CHECK":
			default:
				out[t[1]] = append(out[t[1]], word)
			}
		}
	}
	if len(out) != strings.Count(schema, "CREATE TABLE") {
		return nil, errors.New("schema.sql has tables that cannot be read")
	}
	return out, nil
}
