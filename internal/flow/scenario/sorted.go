package scenario

import (
	"maps"
	"slices"

	"yingda.dev/internal/engine/dialogue"
)

// sorted are the names of the flows in order.
func sorted(set dialogue.Set) []string { return slices.Sorted(maps.Keys(set)) }
