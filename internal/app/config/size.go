package config

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Size is a number of bytes, written "256KiB", "1MiB" or plain "4096".
type Size int64

var sizeUnits = []struct {
	suffix string
	factor int64
}{{"KiB", 1 << 10}, {"MiB", 1 << 20}, {"GiB", 1 << 30}, {"B", 1}, {"", 1}}

// UnmarshalText reads the written form.
func (s *Size) UnmarshalText(text []byte) error {
	word := strings.TrimSpace(string(text))
	for _, unit := range sizeUnits {
		digits, ok := strings.CutSuffix(word, unit.suffix)
		if !ok {
			continue
		}
		n, err := strconv.ParseInt(strings.TrimSpace(digits), 10, 64)
		if err != nil || n < 0 || n > math.MaxInt64/unit.factor {
			break
		}
		*s = Size(n * unit.factor)
		return nil
	}
	return fmt.Errorf("%q is not a size; write it like 256KiB, 1MiB or 4096", word)
}

// MarshalText gives the shortest written form.
func (s Size) MarshalText() ([]byte, error) {
	n := int64(s)
	for _, unit := range []int{2, 1, 0} {
		if f := sizeUnits[unit].factor; n > 0 && n%f == 0 {
			return []byte(strconv.FormatInt(n/f, 10) + sizeUnits[unit].suffix), nil
		}
	}
	return []byte(strconv.FormatInt(n, 10)), nil
}

// String gives the shortest written form.
func (s Size) String() string {
	b, _ := s.MarshalText()
	return string(b)
}
