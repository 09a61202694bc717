package rest

import "yingda.dev/internal/platform/auth"

// Line is one line of the route table.
type Line struct {
	Method, Path, ID string
	Permission       auth.Permission
	Open             bool
}

// Table is the route table.
func Table() (lines []Line) {
	for _, r := range routes() {
		lines = append(lines, Line{r.method, r.path, r.id, r.permission, r.open})
	}
	return lines
}
