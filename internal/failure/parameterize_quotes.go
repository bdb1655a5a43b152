package failure

import (
	"strings"
	"unicode/utf8"
)

// quoteKinds are the kinds of quotes: what opens them, and what may close them. Where one character
// does both, it opens only where no word goes before.
var quoteKinds = [...]struct {
	opening, closing string
	closing2         string // "" where there is one only
}{
	{"'", "'", ""},
	{`"`, `"`, ""},
	{"`", "`", "'"},
	{`\'`, `\'`, ""},
	{`\"`, `\"`, ""},
	{"“", "”", "“"},
	{"„", "“", "”"},
	{"‟", "”", ""},
	{"”", "”", ""},
	{"‘", "’", "‘"},
	{"‚", "‘", "’"},
	{"‛", "’", ""},
	{"’", "’", ""},
	{"«", "»", ""},
	{"»", "«", "»"},
	{"‹", "›", ""},
	{"›", "‹", "›"},
	{"「", "」", ""},
	{"『", "』", ""},
	{"《", "》", ""},
	{"〈", "〉", ""},
	{"〝", "〞", "〟"},
	{"＂", "＂", ""},
	{"＇", "＇", ""},
	{"｢", "｣", ""},
}

// asciiQuotes are the kinds that open with an ASCII character.
const asciiQuotes = 5

// quoteAt returns the kind of the quote that may open here, -1 where there is none.
func quoteAt(s string) int {
	switch c := s[0]; {
	case c == '\\':
		if len(s) > 1 && s[1] == '\'' {
			return 3
		} else if len(s) > 1 && s[1] == '"' {
			return 4
		}
	case c < utf8.RuneSelf:
		return strings.IndexByte("'\"`", c)
	case c == 0xC2, c == 0xE2, c == 0xE3, c == 0xEF:
		for k := asciiQuotes; k < len(quoteKinds); k++ {
			if strings.HasPrefix(s, quoteKinds[k].opening) {
				return k
			}
		}
	}
	return -1
}

// quotes finds closing quotes. For each kind it only moves forward, so all look-ups together take
// linear time.
type quotes struct {
	in   string
	next [len(quoteKinds)]int // a found closing quote, or len(in) where there is none any more
}

func newQuotes(s string) quotes { return quotes{in: s} }

// closing returns the position and length of the quote that closes the one opened at pos: the first
// of its kind in the line that no word follows (an apostrophe has one). The length is 0 where there
// is none.
func (q *quotes) closing(kind, pos int) (at, length int) {
	k := quoteKinds[kind]
	from := pos + len(k.opening)
	at = max(q.next[kind], from)
	if q.next[kind] < from {
		for at < len(q.in) && q.in[at] != '\n' && q.closes(kind, at) == 0 {
			at++
		}
		q.next[kind] = at
	}
	if at >= len(q.in) || q.in[at] == '\n' {
		return 0, 0
	}
	return at, q.closes(kind, at)
}

// closes returns the length of the closing quote of a kind at this byte, 0 where there is none.
func (q *quotes) closes(kind, at int) int {
	k := &quoteKinds[kind]
	rest := q.in[at:]
	n := 0
	switch {
	case rest[0] == k.closing[0] && strings.HasPrefix(rest, k.closing):
		n = len(k.closing)
	case k.closing2 != "" && rest[0] == k.closing2[0] && strings.HasPrefix(rest, k.closing2):
		n = len(k.closing2)
	default:
		return 0
	}
	if kind < asciiQuotes && kind != 3 && kind != 4 && q.in[at-1] == '\\' {
		return 0
	}
	if !closesBeforeWord(k.opening) && continuesText(rest[n:]) {
		return 0
	}
	return n
}

// closesBeforeWord reports whether quotes of this kind close also where a word follows: those that
// nothing else is written with.
func closesBeforeWord(opening string) bool {
	return strings.IndexByte("'\"`\\", opening[0]) < 0 && opening != "‘" && opening != "’" && opening != "‚" && opening != "‛"
}

// continuesText reports whether a letter, digit or placeholder comes next that would make an
// apostrophe of a quote.
func continuesText(s string) bool {
	if s == "" || s[0] < utf8.RuneSelf {
		return startsWord(s)
	}
	r, _ := utf8.DecodeRuneInString(s)
	return isJoinedLetter(r)
}

// quote handles a quoted text: the name of a key and what tells errors apart stay, other texts are
// values. It reports whether one opens here.
func (p *parameterizer) quote() bool {
	rest := p.in[p.pos:]
	if p.pos > 0 && p.pos == p.keptQuote {
		p.pos += closingLen(rest)
		p.inWord = false
		return true
	}
	kind := quoteAt(rest)
	return kind >= 0 && p.openQuote(kind)
}

// closingLen is the length of the closing quote that is known to be here.
func closingLen(s string) int {
	if s[0] == '\\' {
		return 2
	}
	_, n := utf8.DecodeRuneInString(s)
	return n
}

func (p *parameterizer) openQuote(kind int) bool {
	opening := quoteKinds[kind].opening
	if p.inWord && opening == quoteKinds[kind].closing {
		return false
	}
	at, n := p.quotes.closing(kind, p.pos)
	if n == 0 || p.keptQuote > p.pos && at >= p.keptQuote {
		return false
	}
	inner := p.in[p.pos+len(opening) : at]
	switch {
	case p.keptQuote > p.pos:
	case p.depth > 0 && isKeyEnd(p.in[at+n:]):
		p.key, p.keyEnd = inner, at+n
		p.keepQuoted(opening, at)
		return true
	case p.telling == p.pos && p.pos > 0, p.before.namesCode() && isCode(inner):
		p.keepQuoted(opening, at)
		return true
	}
	if !p.inWord {
		p.replace(at+n-p.pos, phStr)
		return true
	}
	// The quotes stay where they end a word: a placeholder would continue it.
	p.pos += len(opening)
	if p.replace(len(inner), phStr); p.pos == at {
		p.pos += n
	}
	p.inWord = false
	return true
}

// keepQuoted passes over an opening quote, so that the quoted text is handled as any other.
func (p *parameterizer) keepQuoted(opening string, closing int) {
	p.pos += len(opening)
	p.keptQuote = closing
	p.inWord = false
}

// isKeyEnd reports whether the quoted text before is the key of an object.
func isKeyEnd(s string) bool {
	s = strings.TrimLeft(s, " \t\r")
	return strings.HasPrefix(s, ":") && !strings.HasPrefix(s, "::") || strings.HasPrefix(s, "=>")
}

// isCode reports whether a quoted text may be the name of something in a program or a schema.
func isCode(s string) bool {
	return s != "" && len(s) <= maxName && (isLetter(s[0]) || strings.IndexByte("_$#@<:.", s[0]) >= 0) && strings.IndexByte(s, ' ') < 0
}

// maxName bounds, in bytes, what is read of a name in a text.
const maxName = 128
