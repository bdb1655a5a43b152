package claims

import (
	"math/big"
	"slices"
	"strings"
)

// dimension is what units can be converted within.
type dimension int

const (
	plain dimension = iota // counts and codes
	span                   // nanoseconds
	size                   // bytes
	share                  // parts of one
	other                  // a word that is no known unit
)

type unit struct {
	dimension dimension
	scale     *big.Rat
}

var units = map[string]unit{
	"":   {plain, big.NewRat(1, 1)},
	"ns": {span, big.NewRat(1, 1)}, "nanosecond": {span, big.NewRat(1, 1)},
	"us": {span, big.NewRat(1e3, 1)}, "µs": {span, big.NewRat(1e3, 1)}, "μs": {span, big.NewRat(1e3, 1)}, "microsecond": {span, big.NewRat(1e3, 1)},
	"ms": {span, big.NewRat(1e6, 1)}, "millisecond": {span, big.NewRat(1e6, 1)},
	"s": {span, big.NewRat(1e9, 1)}, "sec": {span, big.NewRat(1e9, 1)}, "second": {span, big.NewRat(1e9, 1)},
	"min": {span, big.NewRat(60e9, 1)}, "minute": {span, big.NewRat(60e9, 1)},
	"h": {span, big.NewRat(3600e9, 1)}, "hour": {span, big.NewRat(3600e9, 1)},
	"b": {size, big.NewRat(1, 1)}, "by": {size, big.NewRat(1, 1)}, "byte": {size, big.NewRat(1, 1)},
	"kb": {size, big.NewRat(1e3, 1)}, "mb": {size, big.NewRat(1e6, 1)}, "gb": {size, big.NewRat(1e9, 1)}, "tb": {size, big.NewRat(1e12, 1)},
	"kby": {size, big.NewRat(1e3, 1)}, "mby": {size, big.NewRat(1e6, 1)}, "gby": {size, big.NewRat(1e9, 1)},
	"kib": {size, big.NewRat(1<<10, 1)}, "mib": {size, big.NewRat(1<<20, 1)}, "gib": {size, big.NewRat(1<<30, 1)}, "tib": {size, big.NewRat(1<<40, 1)},
	"kiby": {size, big.NewRat(1<<10, 1)}, "miby": {size, big.NewRat(1<<20, 1)}, "giby": {size, big.NewRat(1<<30, 1)},
	"%": {share, big.NewRat(1, 100)}, "percent": {share, big.NewRat(1, 100)},
	"1": {share, big.NewRat(1, 1)},
}

// unitOf reads a unit; plurals of words are understood.
func unitOf(word string) unit {
	w := strings.TrimSpace(word)
	if w == "M" {
		return unit{other, nil} // neither metres nor minutes
	}
	w = strings.ToLower(w)
	if u, ok := units[w]; ok {
		return u
	}
	if u, ok := units[strings.TrimSuffix(w, "s")]; ok && len(w) > 3 {
		return u
	}
	return unit{other, nil}
}

// unitOfKey is the unit that an attribute's name tells, by the conventions of OpenTelemetry.
func unitOfKey(key string) unit {
	words := strings.FieldsFunc(strings.ToLower(key), func(c rune) bool { return c == '.' || c == '_' || c == '-' })
	last := lastWord(key)
	switch {
	case slices.Contains([]string{"ns", "nanos", "us", "micros", "ms", "millis", "milliseconds", "s", "sec", "secs", "seconds", "nanoseconds", "microseconds", "minutes"}, last):
		switch last {
		case "nanos":
			return units["ns"]
		case "micros":
			return units["us"]
		case "millis":
			return units["ms"]
		case "secs":
			return units["s"]
		}
		return unitOf(last)
	case last == "bytes", last == "size" && (slices.Contains(words, "body") || slices.Contains(words, "message") || slices.Contains(words, "payload")), strings.HasSuffix(key, "content_length"):
		return units["by"]
	case last == "kb", last == "mb", last == "gb", last == "kib", last == "mib", last == "gib":
		return unitOf(last)
	case last == "percent", last == "pct", last == "percentage":
		return units["%"]
	case last == "ratio", last == "utilization", last == "utilisation":
		return units["1"]
	}
	return units[""]
}

func lastWord(key string) string {
	i := strings.LastIndexAny(key, "._-")
	return strings.ToLower(key[i+1:])
}
