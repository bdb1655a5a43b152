package claims

import (
	"math/big"
	"regexp"
	"strings"
)

// A number in a text: nothing that belongs to it stands before or behind it. It may follow a name and
// a colon or an equals sign, but no other number.
var (
	numberRun    = regexp.MustCompile(`[-+]?[\d][\d.,:/_]*(?:[eE][-+]?\d+)?`)
	cleanNumber  = regexp.MustCompile(`^-?\d{1,20}(?:\.\d{1,20})?$`)
	unitBehind   = regexp.MustCompile(`^\s?([a-zA-Zµμ%]{1,12})`)
	keyBefore    = regexp.MustCompile(`([A-Za-z][\w.-]*)"?\s*[:=]\s*"?$`)
	placeholders = regexp.MustCompile(`<[a-z_]+(?::[a-z_]+)?:\d+>`)
)

// maxNumbers bounds how many numbers of one text are looked at.
const maxNumbers = 256

// numbersIn are the numbers that a text mentions, each with the unit behind it, or that of the name
// before it.
func numbersIn(text string) []stored {
	var found []stored
	for _, at := range numberRun.FindAllStringIndex(text, maxNumbers) {
		run := strings.TrimRight(text[at[0]:at[1]], ".,:/_")
		before, behind := text[:at[0]], text[at[0]+len(run):]
		if !cleanNumber.MatchString(run) || endsInWord(before) || joinsNumber(before, behind) {
			continue
		}
		value, ok := new(big.Rat).SetString(run)
		if !ok {
			continue
		}
		found = append(found, withUnits(value, before, behind)...)
	}
	return found
}

// endsInWord reports whether a text ends in a part of a word, path or number.
func endsInWord(s string) bool {
	if s == "" {
		return false
	}
	c := s[len(s)-1]
	return c == '_' || c == '/' || c == '.' || c == ',' || c == '-' || c == '#' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= 0x80
}

// joinsNumber reports whether a number goes on behind, in a time, an address, a path or a version, or is
// the end of an address of hexadecimal digits.
func joinsNumber(before, behind string) bool {
	if strings.HasSuffix(before, "::") {
		return true
	}
	if len(behind) > 1 && strings.ContainsRune(":/_-", rune(behind[0])) {
		c := behind[1]
		return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	}
	return false
}

// withUnits is a number with the unit that stands behind it, else plain and with the unit that the
// name before it tells.
func withUnits(value *big.Rat, before, behind string) []stored {
	if m := unitBehind.FindStringSubmatchIndex(behind); m != nil {
		word := behind[m[2]:m[3]]
		attached := m[2] == 0
		u := unitOf(word)
		switch rest := behind[m[1]:]; {
		case attached && (u.dimension == other || rest != "" && strings.ContainsAny(rest[:1], "_0123456789")):
			return nil // a part of a word, as in 3rd or 5xx
		case u.dimension == other:
			u = units[""]
		}
		return []stored{{value: value, unit: u, word: word, inText: true}}
	}
	found := []stored{{value: value, unit: units[""], inText: true}}
	if m := keyBefore.FindStringSubmatch(before[max(0, len(before)-80):]); m != nil {
		if u := unitOfKey(m[1]); u.dimension != plain {
			found = append(found, stored{value: value, unit: u, word: lastWord(m[1]), inText: true})
		}
	}
	return found
}
