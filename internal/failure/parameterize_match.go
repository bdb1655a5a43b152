package failure

import "strings"

// matchValue recognises a value by its form and returns its length and placeholder, 0 if it is none.
// w is the word that s starts with, all letters and digits. Each matcher looks at a bounded stretch
// only, or at what it then consumes.
func matchValue(s, w string) (length int, placeholder string) {
	tail := s[len(w):]
	if tail != "" && strings.IndexByte("://+.-@_%", tail[0]) >= 0 {
		if n := matchURL(s, len(w)); n > 0 {
			return n, phURL
		}
		if n := matchEmail(s); n > 0 {
			return n, phEmail
		}
		if n := matchUUID(s, w); n > 0 {
			return n, phUUID
		}
	}
	switch {
	case isDigit(w[0]):
		return matchDigits(s)
	case isUpper(w[0]) && len(w) >= 3:
		if n := matchDate(s); n > 0 {
			return n, phDate
		}
	case w[0] == 'v' && !isAPIVersion(w):
		if n := matchVersion(s); n > 0 {
			return n, phNum
		}
	}
	if hexLen(w) == len(w) {
		if n := matchIPv6(s); n > 0 {
			return n, phIP
		}
		if n := matchMAC(s); n > 0 {
			return n, phHex
		}
	}
	return 0, ""
}

// matchDigits recognises what starts with a digit.
func matchDigits(s string) (length int, placeholder string) {
	for _, m := range [...]struct {
		match       func(string) int
		placeholder string
	}{
		{matchDate, phDate}, {matchIPv4, phIP}, {matchIPv6, phIP}, {matchMAC, phHex}, {matchDuration, phDuration}, {matchSize, phSize},
		{matchHexLiteral, phHex},
	} {
		if n := m.match(s); n > 0 {
			return n, m.placeholder
		}
	}
	return 0, ""
}

const maxScheme, maxLocal, maxDomain = 20, 64, 255

// matchURL recognises a URL whose scheme starts with a word of n bytes.
func matchURL(s string, n int) int {
	for n < len(s) && n <= maxScheme && (isAlnum(s[n]) || strings.IndexByte("+.-", s[n]) >= 0) {
		n++
	}
	if !isLetter(s[0]) || !strings.HasPrefix(s[n:], "://") {
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

func matchUUID(s, w string) int {
	if len(w) != 8 {
		return 0
	}
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

// matchVersion matches "v2" and "v1.2.3".
func matchVersion(s string) int {
	c := cursor{s: s}
	if !c.lit("v") || !c.run() {
		return 0
	}
	for c.try(func() bool { return c.lit(".") && c.run() }) {
	}
	return c.end()
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

// isHexWord reports whether a word is hexadecimal and an identifier, see isHexIdentifier.
func isHexWord(w string) bool { return hexLen(w) == len(w) && isHexIdentifier(shapeOf(w)) }

var (
	sizeUnits       = []string{"bytes", "B", "KB", "kB", "kb", "MB", "mb", "GB", "gb", "TB", "KiB", "MiB", "GiB", "TiB", "Ki", "Mi", "Gi", "K", "M", "G", "k"}
	spacedSizeUnits = []string{"bytes", "KB", "kB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB"}
)

// matchSize matches "512MiB", "1.5 GB" and "64k".
func matchSize(s string) int {
	c := cursor{s: s}
	if !c.decimal() {
		return 0
	}
	units := sizeUnits
	if c.lit(" ") {
		units = spacedSizeUnits
	}
	if !c.oneOf(units) {
		return 0
	}
	return c.end()
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
	c.opt(func() bool { return c.oneOf(ordinals) && c.end() > 0 })
	return c.i
}

var ordinals = []string{"st", "nd", "rd", "th"}

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

// isAPIVersion reports whether a word is a version of an API, as v1beta2.
func isAPIVersion(w string) bool {
	c := cursor{s: w}
	return c.lit("v") && c.digits(1, 2) && (c.lit("alpha") || c.lit("beta") || c.lit("rc")) && c.digits(1, 2) && c.i == len(w)
}

// isNameWithDigits reports whether a word is a name that ends in digits, as utf8.
func isNameWithDigits(w string) bool {
	if len(w) > maxNameWithDigits || digitsLen(w) > 0 || !isDigit(w[len(w)-1]) {
		return false
	}
	return containsFold(namesWithDigits, w)
}

// maxNameWithDigits is the length of the longest of namesWithDigits.
const maxNameWithDigits = 8
