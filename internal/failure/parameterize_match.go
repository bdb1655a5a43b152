package failure

import "strings"

// matcher recognises one kind of value at the start of a word and returns its length, 0 if it is
// none. It must look at a bounded stretch only, or at what it then consumes.
type matcher struct {
	match       func(string) int
	placeholder string
}

var matchers = []matcher{
	{matchURL, phURL},
	{matchEmail, phEmail},
	{matchUUID, phUUID},
	{matchDate, phDate},
	{matchIPv4, phIP},
	{matchIPv6, phIP},
	{matchMAC, phHex},
	{matchVersion, phNum},
	{matchDuration, phDuration},
	{matchHexLiteral, phHex},
	{matchHash, phHash},
	{matchHexWord, phHex},
	{matchNumber, phNum},
}

const maxScheme, maxLocal, maxDomain = 20, 64, 255

func matchURL(s string) int {
	n := 0
	for n < len(s) && n <= maxScheme && (isLetter(s[n]) || n > 0 && (isDigit(s[n]) || strings.IndexByte("+.-", s[n]) >= 0)) {
		n++
	}
	if n == 0 || !strings.HasPrefix(s[n:], "://") {
		return 0
	}
	end := n + len("://")
	start := end
	for end < len(s) && s[end] > ' ' && strings.IndexByte("<>\"'`\\", s[end]) < 0 {
		end++
	}
	for end > start && strings.IndexByte(".,;:!?)]}", s[end-1]) >= 0 {
		end--
	}
	if end == start {
		return 0
	}
	return end
}

func matchEmail(s string) int {
	at := 0
	for at < len(s) && at <= maxLocal && (isAlnum(s[at]) || strings.IndexByte("._%+-", s[at]) >= 0) {
		at++
	}
	if at == 0 || at >= len(s) || s[at] != '@' {
		return 0
	}
	// The longest run of labels whose last one is a top-level domain; what follows is not its
	// business, or a value there would decide.
	end := 0
	for i := at + 1; i < len(s) && i-at <= maxDomain; {
		label := spanLen(s[i:], func(b byte) bool { return isAlnum(b) || b == '-' })
		letters := spanLen(s[i:], isLetter)
		if i > at+1 && letters >= 2 && !startsWord(s[i+letters:]) {
			end = i + letters
		}
		i += label
		if label == 0 || i >= len(s) || s[i] != '.' {
			break
		}
		i++
	}
	return end
}

func matchUUID(s string) int {
	c := cursor{s: s}
	for i, n := range []int{8, 4, 4, 4, 12} {
		if i > 0 && !c.lit("-") || !c.hex(n, n) {
			return 0
		}
	}
	return c.end()
}

func matchIPv4(s string) int {
	c := cursor{s: s}
	for i := range 4 {
		if i > 0 && !c.lit(".") || !c.octet() {
			return 0
		}
	}
	if len(c.rest()) >= 2 && c.rest()[0] == '.' && isDigit(c.rest()[1]) {
		return 0
	}
	c.opt(func() bool { return c.lit("/") && c.digits(1, 2) })
	c.opt(func() bool { return c.lit(":") && c.digits(1, 5) })
	return c.end()
}

// matchIPv6 wants eight groups, or fewer around one "::", and at least one digit. It takes as
// many groups as are whole.
func matchIPv6(s string) int {
	c := cursor{s: s}
	end, gap := 0, false
	for groups := 0; groups < 8; {
		if !gap && c.lit("::") {
			gap = true
			if groups > 0 && !startsWord(c.rest()) {
				end = c.i
			}
		} else if groups > 0 && !c.lit(":") {
			break
		}
		if !c.hex(1, 4) || startsWord(c.rest()) {
			break
		}
		if groups++; gap || groups == 8 {
			end = c.i
		}
	}
	if !strings.ContainsAny(s[:end], "0123456789") {
		return 0
	}
	c.i = end
	c.opt(func() bool { return c.lit("/") && c.digits(1, 3) && c.end() > 0 })
	return c.i
}

func matchMAC(s string) int {
	for _, sep := range []string{":", "-"} {
		c := cursor{s: s}
		n := 0
		for n < 6 && (n == 0 || c.lit(sep)) && c.hex(2, 2) {
			n++
		}
		if n == 6 {
			return c.end()
		}
	}
	return 0
}

// matchVersion matches "v1.2.3", and the part of "v1beta2" up to the letters.
func matchVersion(s string) int {
	c := cursor{s: s}
	if !c.lit("v") && !c.lit("V") || !c.run() {
		return 0
	}
	for c.try(func() bool { return c.lit(".") && c.run() }) {
	}
	return c.i
}

var (
	shortUnits = []string{"ns", "us", "µs", "μs", "ms", "s", "m", "h", "d"}
	longUnits  = []string{
		"milliseconds", "millisecond", "millis", "microseconds", "microsecond", "nanoseconds", "nanosecond",
		"seconds", "second", "secs", "sec", "minutes", "minute", "mins", "min", "hours", "hour", "days", "day",
	}
	spacedUnits = []string{"ns", "us", "µs", "μs", "ms", "s"}
)

// matchDuration matches "1h2m3.5s", "30s", "3000 ms" and "5 seconds".
func matchDuration(s string) int {
	c := cursor{s: s}
	if !c.decimal() {
		return 0
	}
	start := c.i
	if c.lit(" ") {
		if (c.oneOf(longUnits) || c.oneOf(spacedUnits)) && c.end() > 0 {
			return c.i
		}
		c.i = start
		return 0
	}
	if c.oneOf(longUnits) && c.end() > 0 {
		return c.i
	}
	c.i = start
	if !c.oneOf(shortUnits) {
		return 0
	}
	for c.try(func() bool { return c.decimal() && c.oneOf(shortUnits) }) {
	}
	return c.end()
}

func matchHexLiteral(s string) int {
	c := cursor{s: s}
	if !c.lit("0x") && !c.lit("0X") || !c.hex(1, maxDomain) {
		return 0
	}
	return c.end()
}

// matchHash matches digests by their length, and long random tokens.
func matchHash(s string) int {
	n := wholeWord(s)
	if n < 24 {
		return 0
	}
	letters, digits := countKinds(s[:n])
	switch n {
	case 32, 40, 56, 64, 96, 128:
		if hexLen(s[:n]) == n && digits > 0 {
			return n
		}
	}
	if letters > 0 && digits >= 3 && letters+digits == n {
		return n
	}
	return 0
}

// spanIDLen is the length of an identifier that is hex even where it happens to have no letter.
const spanIDLen = 16

// matchHexWord matches identifiers of at least seven hex digits, and what Kubernetes adds to them
// in a pod's name.
func matchHexWord(s string) int {
	n := wholeWord(s)
	if n < 7 || hexLen(s[:n]) != n {
		return 0
	}
	letters, digits := countKinds(s[:n])
	if digits < 2 || letters == 0 && n != spanIDLen {
		return 0
	}
	if tail := s[n:]; len(tail) >= 6 && tail[0] == '-' && wholeWord(tail[1:]) == 5 && isPodSuffix(tail[1:6]) {
		return n + 6
	}
	return n
}

func isPodSuffix(s string) bool {
	for i := range len(s) {
		if strings.IndexByte("bcdfghjklmnpqrstvwxz2456789", s[i]) < 0 {
			return false
		}
	}
	return true
}

// matchNumber matches digits with their separators, whatever follows: the 10 of "10KB" too.
func matchNumber(s string) int {
	c := cursor{s: s}
	if !c.run() {
		return 0
	}
	for c.try(func() bool { return (c.lit(".") || c.lit(",")) && c.run() }) {
	}
	c.opt(func() bool {
		if !c.lit("e") && !c.lit("E") {
			return false
		}
		_ = c.lit("+") || c.lit("-")
		return c.digits(1, 4) && !startsWord(c.rest())
	})
	return c.i
}

// objectHash matches Java's identity hash, as after Order@.
func objectHash(s string) int {
	if n := wholeWord(s); n >= 4 && hexLen(s[:n]) == n {
		return n
	}
	return 0
}

func countKinds(s string) (letters, digits int) {
	for i := range len(s) {
		switch {
		case isLetter(s[i]):
			letters++
		case isDigit(s[i]):
			digits++
		}
	}
	return letters, digits
}

// apiVersion is the length of a path segment such as v1 or v12: part of a route, not a value.
func apiVersion(s string) int {
	if s[0] != 'v' {
		return 0
	}
	n := 1 + digitsLen(s[1:])
	if n < 2 || n > 3 || n < len(s) && s[n] != '/' {
		return 0
	}
	return n
}
