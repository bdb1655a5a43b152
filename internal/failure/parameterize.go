package failure

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Placeholders of Parameterize.
const (
	phEmail    = "<email>"
	phURL      = "<url>"
	phIP       = "<ip>"
	phUUID     = "<uuid>"
	phHash     = "<hash>"
	phDate     = "<date>"
	phDuration = "<duration>"
	phHex      = "<hex>"
	phNum      = "<num>"
	phStr      = "<str>"
)

var placeholders = []string{phEmail, phURL, phIP, phUUID, phHash, phDate, phDuration, phHex, phNum, phStr}

// HasWords tells whether anything of a parameterised text can be read: a letter outside placeholders.
func HasWords(parameterized string) bool {
	for i := 0; i < len(parameterized); {
		if n := placeholderAt(parameterized[i:]); n > 0 {
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(parameterized[i:])
		if unicode.IsLetter(r) {
			return true
		}
		i += n
	}
	return false
}

// Parameterize replaces e-mail addresses, URLs, IPs, UUIDs, hashes, dates, durations, hex,
// numbers and quoted values by placeholders such as <num>; HTTP status, SQLSTATE, gRPC and errno
// codes stay. It is idempotent and takes linear time.
//
// What keeps it idempotent: a placeholder counts as a word, so replacing never makes a boundary
// where there was none, and every matcher reads only forward from the start of a word.
func Parameterize(s string) string {
	p := parameterizer{in: s, quotes: newQuotes(s)}
	p.out.Grow(len(s))
	for p.pos < len(s) {
		p.step()
	}
	return p.out.String()
}

type parameterizer struct {
	in     string
	pos    int
	out    strings.Builder
	quotes quotes
	// inWord tells that the last thing written was part of a word, or a placeholder.
	inWord bool
	// before is the last word written, lower-case, and gap the bytes since; they give a number
	// its meaning ("status 503").
	before context
}

func (p *parameterizer) step() {
	rest := p.in[p.pos:]
	c := rest[0]
	switch {
	case c == '<' && placeholderAt(rest) > 0:
		n := placeholderAt(rest)
		p.replace(n, rest[:n])
	case isQuote(c) && !p.inWord && p.quotes.closing(c, p.pos) > 0:
		p.replace(p.quotes.closing(c, p.pos)+1-p.pos, phStr)
	case c == ':' && !p.inWord && matchIPv6(rest) > 0:
		p.replace(matchIPv6(rest), phIP)
	case !isWord(c):
		p.out.WriteByte(c)
		p.pos++
		p.inWord = false
		p.before.skip(c)
	default:
		p.word(rest)
	}
}

// word handles what starts with a letter or digit. Inside a word only digits are of interest.
func (p *parameterizer) word(rest string) {
	if !p.inWord {
		if n := p.before.keeps(rest, p.lastByte()); n > 0 {
			p.keep(n)
			return
		}
		if n := apiVersion(rest); n > 0 && p.lastByte() == '/' {
			p.keep(n)
			return
		}
		for _, m := range matchers {
			if n := m.match(rest); n > 0 {
				p.replace(n, m.placeholder)
				return
			}
		}
		if n := objectHash(rest); n > 0 && p.lastByte() == '@' {
			p.replace(n, phHex)
			return
		}
	}
	p.plainWord(rest)
}

// plainWord copies a word up to the first run of digits that is a value: a long one, or one the
// word starts with. "D1345" and "10KB" hold values, "utf8" and "s3" are names.
func (p *parameterizer) plainWord(rest string) {
	i := 0
	for i < len(rest) && isWord(rest[i]) {
		n := digitsLen(rest[i:])
		if n >= 3 || n > 0 && i == 0 {
			if i > 0 {
				p.keep(i)
			}
			p.replace(n, phNum)
			return
		}
		i += max(n, 1)
	}
	p.keep(i)
}

func (p *parameterizer) replace(n int, placeholder string) {
	p.out.WriteString(placeholder)
	p.pos += n
	p.inWord = true
	p.before = context{}
}

func (p *parameterizer) keep(n int) {
	kept := p.in[p.pos : p.pos+n]
	p.out.WriteString(kept)
	p.pos += n
	p.inWord = true
	p.before = p.before.next(kept)
}

func (p *parameterizer) lastByte() byte {
	if p.pos == 0 {
		return 0
	}
	return p.in[p.pos-1]
}

// placeholderAt is the length of the placeholder that starts here, 0 if there is none.
func placeholderAt(s string) int {
	if s == "" || s[0] != '<' {
		return 0
	}
	for _, ph := range placeholders {
		if strings.HasPrefix(s, ph) {
			return len(ph)
		}
	}
	return 0
}

func isQuote(c byte) bool { return c == '\'' || c == '"' || c == '`' }

// quotes finds the closing quote of each kind. It only moves forward, so all look-ups together
// take linear time.
type quotes struct {
	in   string
	next [3]int // per kind: a found closing quote, or len(in) when there is none any more
}

func newQuotes(s string) quotes { return quotes{in: s} }

// closing returns the position of the closing quote for the one opened at pos, or 0: the first of
// its kind in the line that no word follows (an apostrophe has one).
func (q *quotes) closing(kind byte, pos int) int {
	k := strings.IndexByte("'\"`", kind)
	at := max(q.next[k], pos+1)
	if q.next[k] <= pos {
		for at < len(q.in) && !q.closes(kind, at) {
			at++
		}
		q.next[k] = at
	}
	if at >= len(q.in) || q.in[at] == '\n' {
		return 0
	}
	return at
}

// closes tells whether the search ends at this byte: at a closing quote, or at the line's end.
func (q *quotes) closes(kind byte, at int) bool {
	if q.in[at] == '\n' {
		return true
	}
	return q.in[at] == kind && !startsWord(q.in[at+1:])
}

// startsWord tells whether a letter, digit or placeholder comes next.
func startsWord(s string) bool {
	return s != "" && (isWord(s[0]) || placeholderAt(s) > 0)
}
