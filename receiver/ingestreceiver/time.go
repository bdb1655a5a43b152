package ingestreceiver

import (
	"errors"
	"fmt"
	"math/bits"
	"strconv"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

var (
	errTimeBefore1970 = errors.New("before 1970")
	errTimeTooLate    = errors.New("after 2554")
)

// parseTime reads RFC 3339 (without zone: UTC; a space for the T, a comma for the point and a
// zone without colon are accepted) or a Unix time as number or numeric string. Up to 11 digits
// are seconds, 14 milliseconds, 17 microseconds, 20 nanoseconds.
func parseTime(v signal.Value) (signal.Nanos, error) {
	switch d := v.Data.(type) {
	case int64, float64:
		digits, err := decimal(v)
		if err != nil {
			return 0, errTimeTooLate
		}
		return parseUnix(digits)
	case string:
		if isDecimal(d) {
			return parseUnix(d)
		}
		return parseDate(d)
	}
	return 0, fmt.Errorf("want RFC 3339 or a Unix time, got %s", typeName(v))
}

func parseDate(s string) (signal.Nanos, error) {
	text := strings.ToUpper(s)
	if len(text) > 10 && text[10] == ' ' {
		text = text[:10] + "T" + text[11:]
	}
	for _, layout := range []string{"2006-01-02T15:04:05Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05Z07", "2006-01-02T15:04:05"} {
		t, err := time.Parse(layout, text)
		if err != nil {
			continue
		}
		if t.Unix() < 0 {
			return 0, errTimeBefore1970
		}
		return nanos(uint64(t.Unix()), uint64(time.Second), uint64(t.Nanosecond())) //nolint:gosec // neither is negative
	}
	return 0, fmt.Errorf("want RFC 3339 or a Unix time, got %q", shorten(s))
}

// parseUnix takes an optional minus, digits and an optional fraction.
func parseUnix(s string) (signal.Nanos, error) {
	if strings.HasPrefix(s, "-") && strings.Trim(s, "-0.") != "" {
		return 0, errTimeBefore1970
	}
	whole, fraction, _ := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	whole = strings.TrimLeft(whole, "0")
	unit, places := uint64(1), 0
	switch n := len(whole); {
	case n <= 11:
		unit, places = uint64(time.Second), 9
	case n <= 14:
		unit, places = uint64(time.Millisecond), 6
	case n <= 17:
		unit, places = uint64(time.Microsecond), 3
	}
	n, err := strconv.ParseUint("0"+whole, 10, 64)
	if err != nil {
		return 0, errTimeTooLate
	}
	part, err := strconv.ParseUint("0"+(fraction + "000000000")[:places], 10, 64)
	if err != nil {
		return 0, fmt.Errorf("want RFC 3339 or a Unix time, got %q", shorten(s))
	}
	return nanos(n, unit, part)
}

// nanos is n*unit+part.
func nanos(n, unit, part uint64) (signal.Nanos, error) {
	high, product := bits.Mul64(n, unit)
	sum, carry := bits.Add64(product, part, 0)
	if high != 0 || carry != 0 {
		return 0, errTimeTooLate
	}
	return signal.Nanos(sum), nil
}

func isDecimal(s string) bool {
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	return isDigits(whole) && (!point || isDigits(fraction))
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}
