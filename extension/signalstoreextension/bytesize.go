package signalstoreextension

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// ByteSize is a number of bytes, written as one or with a unit: 500MB, 100GiB.
type ByteSize int64

// Units without "i" are decimal, as those of disks.
var byteUnits = map[string]int64{
	"": 1, "b": 1,
	"kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
	"kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40,
}

// UnmarshalText reads a whole number and a unit, in either case, with or without a space between.
func (s *ByteSize) UnmarshalText(text []byte) error {
	digits := strings.TrimSpace(string(text))
	end := strings.IndexFunc(digits, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(digits)
	}
	number, err := strconv.ParseInt(digits[:end], 10, 64)
	unit, known := byteUnits[strings.ToLower(strings.TrimSpace(digits[end:]))]
	if err != nil || !known || number > math.MaxInt64/unit {
		return fmt.Errorf("%q is no size: write a whole number with a unit, as 500MB or 100GiB", text)
	}
	*s = ByteSize(number * unit)
	return nil
}
