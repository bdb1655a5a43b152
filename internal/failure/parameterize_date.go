package failure

import "strings"

var (
	months = []string{
		"January", "February", "March", "April", "June", "July", "August", "September", "October", "November", "December",
		"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
	}
	weekdays = []string{
		"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
		"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun",
	}
)

// matchDate matches dates, times of day and both together, in ISO 8601, RFC 1123, common log and
// asctime form.
func matchDate(s string) int {
	iso, log, time, spelled := cursor{s: s}, cursor{s: s}, cursor{s: s}, cursor{s: s}
	switch {
	case isDigit(s[0]) && isoDate(&iso) && iso.end() > 0:
		return iso.i
	case isDigit(s[0]) && logDate(&log) && log.end() > 0:
		return log.i
	case isDigit(s[0]) && clock(&time) && time.end() > 0:
		return time.i
	case spelledDate(&spelled):
		return spelled.end()
	default:
		return 0
	}
}

// isoDate is 2023-01-29, 2023/01/29, and either with a time.
func isoDate(c *cursor) bool {
	if !c.digits(4, 4) {
		return false
	}
	sep := "-"
	if !c.lit(sep) {
		if sep = "/"; !c.lit(sep) {
			return false
		}
	}
	if !c.digits(1, 2) || !c.lit(sep) || !c.digits(1, 2) {
		return false
	}
	c.opt(func() bool { return (c.lit("T") || c.lit(" ") || c.lit("t")) && clock(c) })
	return true
}

// logDate is 29/Jan/2023 and 29.01.2023, and either with a time.
func logDate(c *cursor) bool {
	if !c.digits(1, 2) {
		return false
	}
	for _, sep := range []string{"/", ".", "-"} {
		if c.try(func() bool {
			return c.lit(sep) && (c.oneOf(months) || c.digits(2, 2)) && c.lit(sep) && c.digits(4, 4)
		}) {
			c.opt(func() bool { return (c.lit(":") || c.lit(" ")) && clock(c) })
			return true
		}
	}
	return false
}

// clock is 13:16, 13:16:00, with fraction and zone.
func clock(c *cursor) bool {
	if !c.digits(1, 2) || !c.lit(":") || !c.digits(2, 2) {
		return false
	}
	c.opt(func() bool { return c.lit(":") && c.digits(2, 2) })
	c.opt(func() bool { return (c.lit(".") || c.lit(",")) && c.digits(1, 9) })
	c.opt(func() bool { return zone(c) })
	return true
}

func zone(c *cursor) bool {
	for _, name := range []string{"Z", " UTC", " GMT", " CET", " CEST", " EST", " EDT", " PST", " PDT", " CST"} {
		if c.try(func() bool { return c.lit(name) && c.end() > 0 }) {
			return true
		}
	}
	_ = c.lit(" ")
	if !c.lit("+") && !c.lit("-") {
		return false
	}
	return c.digits(4, 4) || c.digits(2, 2) && c.lit(":") && c.digits(2, 2)
}

// spelledDate is "Mon, 02 Jan 2006 15:04:05 GMT", "Jan 2, 2006" and "Mon Jan  2 15:04:05 UTC 2006".
// A month and a day alone are no date: "May 3 times".
func spelledDate(c *cursor) bool {
	weekday := c.try(func() bool {
		if !c.oneOf(weekdays) {
			return false
		}
		_ = c.lit(",")
		return c.lit(" ")
	})
	if !monthAndDay(c) {
		return false
	}
	year := c.try(func() bool { _ = c.lit(","); return c.lit(" ") && c.digits(4, 4) && c.end() > 0 })
	time := c.try(func() bool { return c.lit(" ") && clock(c) })
	if time && !year {
		c.opt(func() bool { return c.lit(" ") && c.digits(4, 4) && c.end() > 0 })
	}
	return weekday || year || time
}

func monthAndDay(c *cursor) bool {
	return c.try(func() bool { return c.digits(1, 2) && c.lit(" ") && c.oneOf(months) }) ||
		c.try(func() bool {
			if !c.oneOf(months) || !c.lit(" ") {
				return false
			}
			_ = c.lit(" ")
			return c.digits(1, 2)
		})
}

// cursor reads forward over a string; each method consumes only what it accepts.
type cursor struct {
	s string
	i int
}

func (c *cursor) rest() string { return c.s[c.i:] }

func (c *cursor) lit(s string) bool {
	if !strings.HasPrefix(c.rest(), s) {
		return false
	}
	c.i += len(s)
	return true
}

// oneOf accepts the first of the words that comes next and that no letter continues.
func (c *cursor) oneOf(words []string) bool {
	rest := c.rest()
	if rest == "" {
		return false
	}
	for _, w := range words {
		if rest[0] == w[0] && strings.HasPrefix(rest, w) && (len(rest) == len(w) || !isLetter(rest[len(w)])) {
			c.i += len(w)
			return true
		}
	}
	return false
}

// digits accepts a whole run of digits if its length is within bounds.
func (c *cursor) digits(least, most int) bool { return c.class(isDigit, least, most) }

func (c *cursor) hex(least, most int) bool { return c.class(isHex, least, most) }

func (c *cursor) class(is func(byte) bool, least, most int) bool {
	n := 0
	for c.i+n < len(c.s) && n <= most && is(c.s[c.i+n]) {
		n++
	}
	if n < least || n > most {
		return false
	}
	c.i += n
	return true
}

// run accepts a run of digits of any length.
func (c *cursor) run() bool {
	n := digitsLen(c.rest())
	c.i += n
	return n > 0
}

func (c *cursor) octet() bool {
	n := digitsLen(c.rest()[:min(4, len(c.rest()))])
	if n == 0 || n > 3 || n == 3 && c.rest()[:3] > "255" {
		return false
	}
	c.i += n
	return true
}

// decimal accepts digits with an optional fraction.
func (c *cursor) decimal() bool {
	if !c.digits(1, 18) {
		return false
	}
	c.opt(func() bool { return c.lit(".") && c.digits(1, 18) })
	return true
}

// try undoes what a failing attempt consumed.
func (c *cursor) try(attempt func() bool) bool {
	start := c.i
	if attempt() {
		return true
	}
	c.i = start
	return false
}

func (c *cursor) opt(attempt func() bool) { _ = c.try(attempt) }

// end returns the position if no word continues there, else 0.
func (c *cursor) end() int {
	if startsWord(c.rest()) {
		return 0
	}
	return c.i
}

func isDigit(b byte) bool  { return b >= '0' && b <= '9' }
func isLetter(b byte) bool { return b|0x20 >= 'a' && b|0x20 <= 'z' }
func isAlnum(b byte) bool  { return isDigit(b) || isLetter(b) }
func isHex(b byte) bool    { return isDigit(b) || b|0x20 >= 'a' && b|0x20 <= 'f' }

// isWord reports whether a byte is part of a word; bytes of multi-byte characters are.
func isWord(b byte) bool { return isAlnum(b) || b >= 0x80 }

func digitsLen(s string) int { return spanLen(s, isDigit) }
func hexLen(s string) int    { return spanLen(s, isHex) }

func spanLen(s string, is func(byte) bool) int {
	n := 0
	for n < len(s) && is(s[n]) {
		n++
	}
	return n
}
