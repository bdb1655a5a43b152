package redact

import (
	"regexp"
	"slices"
)

// cardDigits are the lengths of card numbers.
const (
	minCard = 13
	maxCard = 19
)

var digitRun = regexp.MustCompile(`\d(?:[ -]?\d){12,63}`)

// cards finds card numbers, beside other digits too: a CVV, a date, a quantity. They are written in one
// or in the usual groups, and have a valid check digit.
func cards(text string) (found []place) {
	for _, run := range digitRun.FindAllStringIndex(text, -1) {
		for at := run[0]; at < run[1]; at++ {
			if at > run[0] && isDigitAt(text, at-1) || !isDigitAt(text, at) {
				continue
			}
			if end := cardFrom(text, at, run[1]); end > 0 {
				found = append(found, place{at, end, KindCard, false})
				at = end
			}
		}
	}
	return found
}

// cardFrom returns where the longest card number that begins at start ends, 0 where none does.
func cardFrom(text string, start, limit int) (end int) {
	if text[start] < '2' || text[start] > '6' || isWordAt(text, start-1) && text[start-1] != '_' {
		return 0
	}
	digits, groups := 0, []int{0}
	for i := start; i < limit && digits < maxCard; i++ {
		if !isDigitAt(text, i) {
			groups = append(groups, 0)
			continue
		}
		digits++
		groups[len(groups)-1]++
		if digits >= minCard && !isWordAt(text, i+1) && areCardGroups(groups) && hasCheckDigit(text[start:i+1]) {
			end = i + 1
		}
	}
	return end
}

// areCardGroups accepts one group, groups of four of which the last may be shorter, and those of
// American Express and Diners Club.
func areCardGroups(groups []int) bool {
	last := len(groups) - 1
	if len(groups) == 3 && groups[0] == 4 && groups[1] == 6 {
		return groups[2] == 4 || groups[2] == 5
	}
	return last == 0 || groups[last] <= 4 && !slices.ContainsFunc(groups[:last], func(n int) bool { return n != 4 })
}

func isDigitAt(text string, i int) bool {
	return i >= 0 && i < len(text) && text[i] >= '0' && text[i] <= '9'
}

// hasCheckDigit is Luhn's test.
func hasCheckDigit(text string) bool {
	sum, n := 0, 0
	for i := len(text) - 1; i >= 0; i-- {
		if !isDigitAt(text, i) {
			continue
		}
		d := int(text[i] - '0')
		if n%2 == 1 {
			if d *= 2; d > 9 {
				d -= 9
			}
		}
		sum += d
		n++
	}
	return sum%10 == 0
}
