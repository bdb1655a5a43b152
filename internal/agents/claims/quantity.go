package claims

import (
	"fmt"
	"math/big"
	"regexp"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

var decimal = regexp.MustCompile(`^-?(\d{1,20})(?:\.(\d{1,20}))?(?:[eE]([+-]?\d{1,2}))?$`)

// quantity is a number as stated: its value, and by how much rounding to the digits stated may have
// moved it.
type quantity struct {
	value, slack *big.Rat
	unit         unit
	word         string // the unit as stated
}

func parseQuantity(q incident.Quantity) (quantity, string) {
	m := decimal.FindStringSubmatch(q.Value)
	if m == nil {
		return quantity{}, fmt.Sprintf("%q is no decimal number", excerpt(q.Value))
	}
	value, ok := new(big.Rat).SetString(q.Value)
	if !ok {
		return quantity{}, fmt.Sprintf("%q is no decimal number", excerpt(q.Value))
	}
	exponent := 0
	if m[3] != "" {
		exponent, _ = strconv.Atoi(m[3])
	}
	place := exponent - len(m[2])
	slack := pow10(place)
	slack.Quo(slack, big.NewRat(2, 1))
	return quantity{value: value, slack: slack, unit: unitOf(q.Unit), word: strings.TrimSpace(q.Unit)}, ""
}

func pow10(n int) *big.Rat {
	p := new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(max(n, -n))), nil)
	if n < 0 {
		return new(big.Rat).SetFrac(big.NewInt(1), p)
	}
	return new(big.Rat).SetInt(p)
}

func (q quantity) nanoseconds() (*big.Rat, string) {
	if q.unit.dimension != span {
		return nil, fmt.Sprintf("%q is no unit of time", excerpt(q.word))
	}
	return new(big.Rat).Mul(q.value, q.unit.scale), ""
}

// matches is the reason why a stored number is not the stated one, "" where it is, to the digits
// stated.
func (q quantity) matches(s stored) string {
	scale, reason := q.scaleTo(s)
	if reason != "" {
		return reason
	}
	value, slack := new(big.Rat).Mul(q.value, scale), new(big.Rat).Mul(q.slack, scale)
	if s.inText {
		slack = new(big.Rat) // it may not be rounded
	}
	off := new(big.Rat).Sub(value, s.value)
	off.Abs(off)
	switch {
	case off.Cmp(slack) > 0:
		return "the record has another number there"
	case off.Cmp(new(big.Rat).Mul(new(big.Rat).Abs(s.value), big.NewRat(1, 3))) > 0:
		return "the number is rounded beyond recognition"
	}
	return ""
}

// scaleTo is the factor from the stated unit to the stored one.
func (q quantity) scaleTo(s stored) (*big.Rat, string) {
	one := big.NewRat(1, 1)
	isRatio := s.unit.dimension == share && s.unit.scale.Cmp(one) == 0
	switch {
	case q.unit.dimension == other:
		if isCounted(q.word, s.word) && (s.unit.dimension == plain || isRatio) {
			return one, ""
		}
		return nil, fmt.Sprintf("the field is not known to be in %q", excerpt(q.word))
	case q.unit.dimension == s.unit.dimension:
		return new(big.Rat).Quo(q.unit.scale, s.unit.scale), ""
	case q.unit.dimension == plain && isRatio:
		return one, "" // OpenTelemetry's unit 1 is that of plain ratios and counts
	case q.unit.dimension == plain:
		return nil, "it does not say the unit"
	}
	return nil, fmt.Sprintf("the field is not known to be in %q", excerpt(q.word))
}

// isCounted reports whether a word is what a number counts, in singular or plural.
func isCounted(stated, stored string) bool {
	trim := func(s string) string { return strings.TrimSuffix(strings.ToLower(strings.Trim(s, "{} ")), "s") }
	return trim(stated) != "" && trim(stated) == trim(stored)
}
