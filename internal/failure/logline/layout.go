package logline

import (
	"cmp"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// layoutOf finds the level in the layout of a line, and where the message begins.
func layoutOf(line string) (level int32, message int) {
	if level, message = levelOfHead(line); level != 0 {
		return level, message
	}
	s := scanner{s: line, end: min(len(line), maxHead)}
	for range maxTokens {
		if s.skipSeparators(); s.pos >= s.end {
			break
		}
		if !s.token() {
			break
		}
	}
	if s.level == 0 && s.times > 0 {
		s.secondLine()
	}
	if s.level == 0 {
		return 0, 0
	}
	s.skipToMessage()
	return s.level, s.pos
}

const (
	maxTokens = 24  // before a level
	maxGroup  = 120 // bytes in brackets
)

// scanner walks over what loggers put before a level: times, numbers, names in brackets, pairs of
// key and value, names that separators set off. The first word of a message stops it.
type scanner struct {
	s     string
	pos   int
	end   int
	level int32

	marked bool // something has shown that the line has a layout
	times  int  // how many tokens were parts of a time, or other numbers
	timed  bool // the last token was one
	month  bool // the first of them named a month, as in syslog
	names  int  // how many plain names were skipped
	piped  bool // a | stands before this token
	dashed bool // a - stands before this token
}

func (s *scanner) skipSeparators() {
	s.piped, s.dashed = false, false
	for ; s.pos < s.end; s.pos++ {
		switch s.s[s.pos] {
		case '|':
			s.piped, s.marked = true, true
		case '-':
			if s.signed() {
				return
			}
			s.dashed = true
		case ' ', '\t', ',', ':', '*', '#':
		default:
			return
		}
	}
}

// signed reports whether the sign at the position belongs to a number, such as +01:00.
func (s *scanner) signed() bool { return isDigit(byteAt(s.s, s.pos+1)) }

// token reads one token and reports whether a level may still follow.
func (s *scanner) token() bool {
	afterTime := s.timed
	s.timed = false
	switch c := s.s[s.pos]; {
	case c == '{' && byteAt(s.s, s.pos+1) == '"':
		s.level = severityOfJSON(s.s[s.pos:], maxWrapping)
		return false
	case c == '[', c == '(', c == '{', c == '<' && s.marked:
		return s.group(c)
	case isDigit(c), (c == '+' || c == '-') && s.signed():
		return s.number()
	case isLetter(c):
		return s.word(afterTime)
	}
	return false
}

// number reads what starts with a digit: a time, a process, an address.
func (s *scanner) number() bool {
	for s.pos < s.end && strings.IndexByte(" \t|[](){}\"", s.s[s.pos]) < 0 {
		s.pos++
	}
	s.marked, s.timed = true, true
	s.times++
	return true
}

// group reads what stands in brackets.
func (s *scanner) group(open byte) bool {
	rest := s.s[s.pos+1:]
	n := strings.IndexByte(rest[:min(len(rest), maxGroup)], closer(open))
	if n < 0 {
		return false
	}
	inner := strings.TrimSpace(rest[:n])
	s.pos += n + 2
	s.marked = true
	if isDigit(byteAt(inner, 0)) {
		s.timed = true
		s.times++
	}
	if open == '[' || open == '<' {
		s.level = levelInGroup(inner)
	}
	return s.level == 0
}

func closer(open byte) byte {
	switch open {
	case '[':
		return ']'
	case '(':
		return ')'
	case '{':
		return '}'
	}
	return '>'
}

// levelInGroup finds the level in "error", "core:error", "15:04:05 ERR" and "…: ERROR/Worker-1".
func levelInGroup(inner string) int32 {
	if len(inner) == 1 {
		return levelOfLetter(inner[0])
	}
	if level := levelOfWord(inner); level != 0 {
		return level
	}
	if colon := strings.LastIndexByte(inner, ':'); colon > 0 && isLetter(inner[0]) {
		if level := levelOfWord(inner[colon+1:]); level != 0 {
			return level
		}
	}
	if isUpper(byteAt(inner, 0)) && byteAt(inner, 1) == ' ' && isDigit(byteAt(inner, 2)) { // Tornado
		return levelOfLetter(inner[0])
	}
	for from, i := 0, 0; i <= len(inner); i++ {
		if i < len(inner) && strings.IndexByte(" :/|", inner[i]) < 0 {
			continue
		}
		if part := inner[from:i]; isCapital(part) {
			if level := levelOfWord(part); level != 0 {
				return level
			}
		}
		from = i + 1
	}
	return 0
}

// word reads a name: a level, a key with its value, part of a time, or another that may stand
// before a level. Any other begins the message.
func (s *scanner) word(afterTime bool) bool {
	start := s.pos
	for s.pos < s.end && isName(s.s[s.pos]) {
		s.pos++
	}
	name := s.s[start:s.pos]
	switch {
	case byteAt(s.s, s.pos) == '=':
		return s.pair(name)
	case name == "PHP":
		return s.php()
	case isTimeWord(name):
		s.month = s.month || s.times == 0 && !s.marked
		s.marked, s.timed = true, true
		s.times++
		return true
	}
	level := s.levelHere(name, afterTime)
	switch {
	case level == 0:
		return s.precedesLevel(name)
	case strings.HasPrefix(s.s[s.pos:], phpMessage): // PHP-FPM passes on what PHP reports
		s.pos += len(phpMessage)
		s.marked = true
		return true
	}
	s.level = level
	if n := dotnetCategory(s.s[s.pos:]); n > 0 {
		s.pos += n
	} else if !isCapital(name) || !s.marked { // "Error: …" and "panic: …" belong to the message
		s.pos = start
	}
	return false
}

// dotnetCategory is the length of ": Shop.Pay[0]" and the break below it, which .NET's console
// writes between level and message.
func dotnetCategory(s string) int {
	line, _, found := strings.Cut(s[:min(len(s), maxGroup)], "\n")
	if !found || !strings.HasPrefix(line, ": ") || !strings.HasSuffix(strings.TrimSpace(line), "]") {
		return 0
	}
	return len(line) + 1
}

const phpMessage = ": PHP message: "

func (s *scanner) php() bool {
	const space = " "
	if level, n := phpError(strings.TrimPrefix(s.s[s.pos:], space)); level != 0 {
		s.level = level
		s.pos += len(space) + n
	}
	return false
}

// levelHere is the level that a name is where it stands, 0 if it is none.
func (s *scanner) levelHere(name string, afterTime bool) int32 {
	next := byteAt(s.s, s.pos)
	if len(name) == 1 {
		if afterTime && (isBlank(next) || next == '!') && name[0] != 'C' {
			return levelOfLetter(name[0])
		}
		return 0
	}
	if dot := strings.LastIndexByte(name, '.'); dot > 0 && next == ':' && isCapital(name[dot+1:]) { // production.ERROR:
		name = name[dot+1:]
	}
	level := levelOfWord(name)
	switch {
	case next == ':':
		return cmp.Or(level, levelOfRareWord(name))
	case level == 0:
		return 0
	case isCapital(name) && (isBlank(next) || next == '|' || next == '['):
		return level
	case s.separated(next), afterTime && (s.labelled() || strings.HasPrefix(s.s[s.pos:], "  ")): // a column's padding
		return level
	}
	return 0
}

// separated reports whether separators set off a name on both sides.
func (s *scanner) separated(next byte) bool {
	rest := s.s[s.pos:s.end]
	switch {
	case next == '\t':
		return s.marked
	case s.piped:
		return strings.HasPrefix(strings.TrimLeft(rest, " "), "|")
	}
	return s.dashed && strings.HasPrefix(rest, " - ")
}

// labelled reports whether a label follows, which Swift's logger sets off by a spaced colon.
func (s *scanner) labelled() bool {
	rest := strings.TrimLeft(s.s[s.pos:s.end], " ")
	n := 0
	for n < len(rest) && isName(rest[n]) {
		n++
	}
	return n > 0 && strings.HasPrefix(rest[n:], " : ")
}

// pair reads key=value; the key of a level ends the search.
func (s *scanner) pair(key string) bool {
	s.marked = true
	s.pos++
	start := s.pos
	if byteAt(s.s, s.pos) == '"' {
		n := strings.IndexByte(s.s[s.pos+1:], '"')
		if n < 0 {
			return false
		}
		start++
		s.pos += n + 2
	} else {
		for s.pos < s.end && !isBlank(s.s[s.pos]) {
			s.pos++
		}
	}
	var levels Levels
	levels.AddText(semconv.LogFieldOf(key), strings.Trim(s.s[start:s.pos], `"`))
	s.level = levels.Severity()
	return s.level == 0
}

// precedesLevel reports whether a level may follow a name that is none: the name of a logger, a
// host, a thread or a container.
func (s *scanner) precedesLevel(name string) bool {
	rest := s.s[s.pos:s.end]
	if after := strings.TrimLeft(rest, " "); strings.HasPrefix(after, "| ") { // Compose
		s.marked = true
		return true
	}
	switch {
	case !s.marked:
		return false
	case s.month && s.names < 2: // syslog's host, and its program, which has a process or a colon
		s.names++
		return s.names == 1 || strings.HasPrefix(rest, "[") || strings.HasPrefix(rest, ": ")
	case strings.ContainsAny(name, "0123456789@"), strings.IndexByte(name, '.') > 0:
		return true
	case strings.HasPrefix(rest, " - "), strings.HasPrefix(rest, "["):
		return true
	}
	return false
}

// secondLine reads the line below a time, where java.util.logging writes the level.
func (s *scanner) secondLine() {
	_, below, found := strings.Cut(s.s[:s.end], "\n")
	if !found {
		return
	}
	n := 0
	for n < len(below) && isName(below[n]) {
		n++
	}
	if byteAt(below, n) != ':' || !isCapital(below[:n]) {
		return
	}
	if level := cmp.Or(levelOfWord(below[:n]), levelOfRareWord(below[:n])); level != 0 {
		s.level = level
		s.pos = s.end - len(below) + n
	}
}

// skipToMessage skips what stands between a level and the message.
func (s *scanner) skipToMessage() {
	for s.pos < len(s.s) && strings.IndexByte(" \t\r\n:|-,", s.s[s.pos]) >= 0 {
		s.pos++
	}
}

// isTimeWord reports whether a word is part of a written time.
func isTimeWord(w string) bool {
	switch len(w) {
	case 2:
		return w == "AM" || w == "PM"
	case 3:
		switch w {
		case "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
			"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun", "UTC", "GMT", "CET", "EST", "PST", "EDT", "PDT", "BST", "JST", "IST", "MSK", "CST":
			return true
		}
	case 4:
		return w == "CEST" || w == "AEST"
	}
	return false
}

// isName reports whether a byte may be part of a logger's, host's or level's name.
func isName(b byte) bool {
	return isLetter(b) || isDigit(b) || b == '.' || b == '_' || b == '-' || b == '@' || b == '$' || b == '/'
}

// isCapital reports whether a word is in capitals, or in letters that have none.
func isCapital(w string) bool {
	for i := range len(w) {
		if c := w[i]; !isUpper(c) && c < 0x80 {
			return false
		}
	}
	return w != ""
}

func isBlank(b byte) bool { return b == ' ' || b == '\t' || b == '\n' || b == '\r' || b == 0 }

// byteAt is the byte at a position, 0 beyond the end.
func byteAt(s string, i int) byte {
	if i < 0 || i >= len(s) {
		return 0
	}
	return s[i]
}
