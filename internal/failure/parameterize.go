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
	phID       = "<id>" // a generated identifier: a hash, a random word, the end of a pod's name
	phDate     = "<date>"
	phDuration = "<duration>"
	phSize     = "<size>"
	phHex      = "<hex>"
	phNum      = "<num>"
	phStr      = "<str>"
	phValue    = "<value>" // of a key
	phPath     = "<path>"  // below a directory of temporary files
)

// phAny stands for every placeholder in a signature: what was in its place makes no difference.
const phAny = "<*>"

var placeholders = []string{
	phAny, phNum, phStr, phID, phValue, phURL, phIP, phUUID, phDate, phDuration, phSize, phHex, phEmail, phPath,
}

// HasWords reports whether anything of a parameterised text can be read: a letter outside placeholders.
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

// Parameterize replaces what varies from one occurrence of an error to the next by placeholders such
// as <num>: e-mail addresses, URLs, IPs, UUIDs, dates, durations, sizes, numbers, generated
// identifiers, quoted texts, and the values of keys. An identifier is told from a word by its
// characters and its place, not by its length. Words stay, and so do the codes that tell errors
// apart: HTTP status, SQLSTATE, gRPC, errno, exit and vendors' codes. It is idempotent and takes
// linear time.
//
// What keeps it idempotent: a placeholder counts as a word, so replacing never makes a boundary
// where there was none; what is kept is judged by itself and by kept text before it; and every
// matcher reads only forward from the start of a word.
func Parameterize(s string) string { return parameterize(s, parameterizer{}) }

// generalize is Parameterize with one placeholder for all values, a single one where several are
// joined by punctuation, and white space reduced: for signatures, which must not depend on how a
// value looks.
func generalize(s string) string { return parameterize(s, parameterizer{general: true}) }

func parameterize(s string, p parameterizer) string {
	p.in, p.quotes = s, newQuotes(s)
	for p.pos < len(s) {
		p.step()
	}
	return p.end()
}

type parameterizer struct {
	in      string
	general bool // see generalize
	codes   *[]string

	pos    int
	copied int // what precedes it in in has been written
	out    []byte
	quotes quotes
	// inWord is set if what precedes pos is part of a word, or a placeholder.
	inWord bool
	// before is what was kept before pos; it gives a number its meaning ("status 503").
	before context
	// last is the placeholder written last, lastEnd where what it replaced ended, lastLen what was
	// written then.
	last    string
	lastEnd int
	lastLen int

	depth     int    // of open braces
	keptQuote int    // position of the closing quote of a text that is kept
	key       string // the quoted key read last, which ended before keyEnd
	keyEnd    int
	telling   int // position of a value that tells errors apart
	runEnd    int // end of the run that was examined last, see isEncoded
}

func (p *parameterizer) step() {
	switch c := p.in[p.pos]; {
	case isAlnum(c):
		p.word()
	case c >= utf8.RuneSelf:
		p.rune()
	case isSpace(c):
		p.space()
	case c == '<' && placeholderAt(p.in[p.pos:]) > 0:
		n := placeholderAt(p.in[p.pos:])
		p.replace(n, p.in[p.pos:p.pos+n])
	case c == '\'' || c == '"' || c == '`' || c == '\\':
		if !p.quote() && !p.path() {
			p.punctuation(1)
		}
	case c == '=':
		p.equals()
	case c == ':':
		p.colon()
	case c == '/':
		if !p.path() {
			p.sign()
		}
	case c == '-' || c == '+' || c == '_':
		p.sign()
	default:
		switch c {
		case '{':
			p.depth++
		case '}':
			p.depth = max(0, p.depth-1)
		case ')':
			if p.detail() {
				return
			}
		}
		p.punctuation(1)
	}
}

// word handles what starts with a letter or digit. Inside a word only digits are of interest.
func (p *parameterizer) word() {
	rest := p.in[p.pos:]
	if p.inWord {
		p.wordPart(rest)
		return
	}
	w := rest[:alnumLen(rest)]
	switch tail := rest[len(w):]; {
	case placeholderAt(tail) > 0: // a part of a word says nothing of the whole
		p.wordPart(rest)
		return
	case isNameWithDigits(w), isAPIVersion(w), p.isPlain(w, tail):
		p.keep(len(w))
		return
	}
	if n := p.before.keeps(rest, len(w), p.lastByte()); n > 0 {
		if p.codes != nil && len(*p.codes) < maxSignatureCodes && strings.ContainsAny(rest[:n], "0123456789") {
			*p.codes = append(*p.codes, rest[:n])
		}
		p.keep(n)
		return
	}
	if n := apiVersion(rest); n > 0 && p.lastByte() == '/' {
		p.keep(n)
		return
	}
	if n := p.encoded(rest); n > 0 {
		p.replace(n, phID)
		return
	}
	if n := p.podSuffix(rest); n > 0 {
		p.replace(n, phID)
		return
	}
	if n, placeholder := matchValue(rest, w); n > 0 {
		p.replace(n, placeholder)
		return
	}
	if n := p.identifier(rest, w); n > 0 {
		p.replace(n, phID)
		return
	}
	if n := matchNumber(rest); n > 0 {
		p.replace(n, phNum)
		return
	}
	p.wordPart(rest)
}

// isPlain reports whether a word is one at first sight, as most are: small letters, perhaps after a
// capital, where nothing is expected and nothing joins it.
func (p *parameterizer) isPlain(w, tail string) bool {
	if len(w) >= 16 || spanLen(w[1:], isLower) < len(w)-1 || !isLetter(w[0]) {
		return false
	}
	if tail != "" && strings.IndexByte(":/+.-@_%=<", tail[0]) >= 0 || p.lastByte() == '@' || p.lastByte() == '-' && isPodByte(w[len(w)-1]) {
		return false
	}
	if isUpper(w[0]) {
		return strings.IndexByte("JFMASONDTW", w[0]) < 0 // else it may be a month or a weekday
	}
	return len(w) < 8 || p.placeOf() == anywhere && !strings.HasPrefix(w, "tmp")
}

// wordPart copies a word up to the first run of digits that is a value: a long one, one the word
// starts with, or one that numbers what the word names. "D1345", "10KB" and "worker1" hold values,
// "k8s" and "log4j" are names.
func (p *parameterizer) wordPart(rest string) {
	i := 0
	for i < len(rest) && isAlnum(rest[i]) {
		n := digitsLen(rest[i:])
		ends := i+n == len(rest) || !isAlnum(rest[i+n])
		if n >= 3 || n > 0 && (i == 0 || ends && !p.continuesName(p.pos+i+n)) {
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

// continuesName reports whether a name goes on after a hyphen or underscore, as "travel2-service"
// does after the number.
func (p *parameterizer) continuesName(at int) bool {
	return at+1 < len(p.in) && (p.in[at] == '-' || p.in[at] == '_') && startsWord(p.in[at+1:])
}

// rune handles what is beyond ASCII: quotes, and letters that belong to the word around them unless
// their script writes words without spaces.
func (p *parameterizer) rune() {
	if p.quote() {
		return
	}
	r, n := utf8.DecodeRuneInString(p.in[p.pos:])
	p.pos += n
	p.inWord = isJoinedLetter(r)
	p.before = context{}
}

// space copies white space, reduced where the text is generalised.
func (p *parameterizer) space() {
	n, line := 0, false
	for p.pos+n < len(p.in) && isSpace(p.in[p.pos+n]) {
		line = line || p.in[p.pos+n] == '\n'
		n++
	}
	edge := p.pos == 0 || p.pos+n == len(p.in)
	if p.general && (n > 1 || edge || p.in[p.pos] == '\t' || p.in[p.pos] == '\r') {
		p.flush()
		switch {
		case edge:
		case line:
			p.out = append(p.out, '\n')
		default:
			p.out = append(p.out, ' ')
		}
		p.copied = p.pos + n
	}
	p.pos += n
	p.inWord = false
	p.before.skip(' ')
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }

func (p *parameterizer) punctuation(n int) {
	p.before.skip(p.in[p.pos])
	p.pos += n
	p.inWord = false
}

func (p *parameterizer) keep(n int) {
	p.before = p.before.next(p.in[p.pos : p.pos+n])
	p.pos += n
	p.inWord = true
}

func (p *parameterizer) replace(n int, placeholder string) {
	if p.general {
		placeholder = phAny
	}
	if p.joins(placeholder) {
		p.out = p.out[:p.lastLen]
	} else {
		p.flush()
		p.out = append(p.out, placeholder...)
	}
	p.pos += n
	p.copied, p.last, p.lastEnd, p.lastLen = p.pos, placeholder, p.pos, len(p.out)
	p.inWord = true
	p.before = context{}
}

// joins reports whether a value belongs to the one before it: the elements of a list are one, and in
// a generalised text so are the parts of a composed value.
func (p *parameterizer) joins(placeholder string) bool {
	if p.last != placeholder || p.pos == p.lastEnd {
		return false
	}
	between := p.in[p.lastEnd:p.pos]
	switch {
	case between == ",", between == ", ":
		return true
	case !p.general:
		return false
	case between[0] == ',':
		return strings.Trim(between[1:], " \t\r") == ""
	}
	return len(between) == 1 && strings.IndexByte("-_./:+@|", between[0]) >= 0
}

// flush writes what was passed over.
func (p *parameterizer) flush() {
	if p.out == nil {
		p.out = make([]byte, 0, len(p.in)+len(phDuration))
	}
	p.out = append(p.out, p.in[p.copied:p.pos]...)
}

func (p *parameterizer) end() string {
	if p.copied == 0 {
		return p.in
	}
	p.flush()
	return string(p.out)
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

// startsWord reports whether a letter, digit or placeholder comes next.
func startsWord(s string) bool {
	return s != "" && (isAlnum(s[0]) || placeholderAt(s) > 0)
}

// isJoinedLetter reports whether a letter beyond ASCII is written without space to the letters of
// its word and with space to other words, unlike those of East Asia.
func isJoinedLetter(r rune) bool {
	const eastAsia = 0x2E80
	return r < eastAsia && unicode.IsLetter(r)
}

func alnumLen(s string) int { return spanLen(s, isAlnum) }
