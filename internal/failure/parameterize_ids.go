package failure

import "strings"

// identifier returns the length of the generated identifier that the word w starts, with the parts
// that hyphens and underscores join to it; 0 where it starts none.
func (p *parameterizer) identifier(rest, w string) int {
	if p.lastByte() == '@' && len(w) >= 4 && hexLen(w) == len(w) { // Java's identity hash, as in Order@6d06d69c
		return len(w)
	}
	if n := matchTemporary(rest); n > 0 {
		return n
	}
	n := len(w)
	for range maxFragments {
		if p.isGenerated(w) {
			return n + joinedLen(rest[n:])
		}
		// What is too short to tell belongs to the identifier that it begins.
		if !isFragment(w) || !joinsWord(rest[n:]) {
			return 0
		}
		w = rest[n+1:]
		w = w[:alnumLen(w)]
		if n += 1 + len(w); placeholderAt(rest[n:]) > 0 {
			return 0
		}
	}
	return 0
}

// maxFragments bounds how far an identifier is looked for behind fragments.
const maxFragments = 4

// isGenerated reports whether a whole word is an identifier that a program made up.
func (p *parameterizer) isGenerated(w string) bool {
	if len(w) < 5 || isNameWithDigits(w) || isAPIVersion(w) {
		return false
	}
	s := shapeOf(w)
	return hexLen(w) == len(w) && isHexIdentifier(s) || s.isRandom(p.placeOf())
}

// placeOf is where the word at pos stands.
func (p *parameterizer) placeOf() place {
	switch {
	case p.before.announcesIdentifier():
		return announced
	case p.lastByte() == '_' && p.before.gap == 1 && p.before.word != "" && spanLen(p.before.word, isLower) == len(p.before.word):
		return prefixed
	}
	return anywhere
}

// isHexIdentifier reports whether hexadecimal digits are an identifier: long enough, and with digits
// enough to be no word.
func isHexIdentifier(s shape) bool {
	const spanID = 16 // identifiers of that length are hexadecimal also where they have no letter
	if s.digits == s.length {
		return s.length == spanID
	}
	return s.length >= 8 && s.digits >= 1 || s.length == 7 && s.digits >= 2
}

// joinedLen is the length of the parts that belong to the identifier before them: joined by a hyphen
// or underscore, and no words.
func joinedLen(s string) int {
	n := 0
	for joinsWord(s[n:]) {
		next := s[n+1:]
		w := next[:alnumLen(next)]
		if !isFragment(w) && !shapeOf(w).isRandom(announced) && digitsLen(w) != len(w) || placeholderAt(next[len(w):]) > 0 {
			break
		}
		n += 1 + len(w)
	}
	return n
}

// joinsWord reports whether a hyphen or underscore joins a word here.
func joinsWord(s string) bool {
	return len(s) > 1 && (s[0] == '-' || s[0] == '_') && isAlnum(s[1])
}

// isFragment reports whether a word is too short and odd to be one: a few letters with digits, or
// with capitals where none belong.
func isFragment(w string) bool {
	if len(w) > 5 || w == "" || spanLen(w[1:], isLower) == len(w)-1 && (len(w) > 2 || isLower(w[0])) {
		return false
	}
	s := shapeOf(w)
	return len(w) <= 2 || s.digits > 0 && s.digits < s.length || s.irregular > 0
}

// matchTemporary matches the names of Python's temporary files, as tmpzgw_twhk.
func matchTemporary(s string) int {
	const prefix, length = "tmp", len("tmp") + 8
	if !strings.HasPrefix(s, prefix) || spanLen(s, isTemporaryByte) != length || startsWord(s[length:]) {
		return 0
	}
	if name := s[len(prefix):length]; isAllLetters(name) && shapeOf(name).reads(22) {
		return 0
	}
	return length
}

func isTemporaryByte(b byte) bool { return isLower(b) || isDigit(b) || b == '_' }

// podSuffix returns the length of what Kubernetes appends to a workload's name in those of its
// replica sets and pods, 0 where there is none: both parts, or either alone where it has digits or
// the text says that it is a pod.
func (p *parameterizer) podSuffix(s string) int {
	if p.lastByte() != '-' || p.before.gap != 1 {
		return 0
	}
	n := spanLen(s, isPodByte)
	if n >= 6 && n <= 10 && joinsWord(s[n:]) && s[n] == '-' {
		if pod := s[n+1:]; spanLen(pod, isPodByte) == podLen && endsName(pod[podLen:]) && (n >= 8 || !isAllLetters(s[:n])) {
			return n + 1 + podLen
		}
	}
	if n != podLen && (n < 8 || n > 10) || !endsName(s[n:]) {
		return 0
	}
	if digits := countDigits(s[:n]); digits == n || digits == 0 && !p.before.after("pod", "pods", "container") {
		return 0
	}
	return n
}

// podLen is the length of a pod's own suffix.
const podLen = 5

// isPodByte reports whether Kubernetes generates names with a character: no vowels, and nothing that
// reads like one.
func isPodByte(b byte) bool { return strings.IndexByte("bcdfghjklmnpqrstvwxz2456789", b) >= 0 }

func isAllLetters(s string) bool { return spanLen(s, isLetter) == len(s) }

// endsName reports whether no further part of a name follows.
func endsName(s string) bool {
	return s == "" || !startsWord(s) && !joinsWord(s) && !(len(s) > 1 && (s[0] == '-' || s[0] == '_') && placeholderAt(s[1:]) > 0)
}

func countDigits(s string) int {
	n := 0
	for i := range len(s) {
		if isDigit(s[i]) {
			n++
		}
	}
	return n
}

// encoded returns the length of what starts here if it is encoded data or a random identifier as a
// whole, whatever separators it has: base64 in both its forms, and tokens of it.
func (p *parameterizer) encoded(rest string) int {
	if strings.HasPrefix(rest, "eyJ") && alnumLen(rest) >= minEncoded { // a JSON web token
		return spanLen(rest, func(b byte) bool { return isBase64(b) || b == '.' })
	}
	if p.pos < p.runEnd {
		return 0
	}
	n := spanLen(rest, isBase64)
	p.runEnd = p.pos + n
	if placeholderAt(rest[n:]) > 0 || p.lastEnd > 0 && strings.Trim(p.in[p.lastEnd:p.pos], "+/-_") == "" {
		return 0 // what is left of a run says nothing of the whole
	}
	padding := spanLen(rest[n:], func(b byte) bool { return b == '=' })
	if n < minEncoded || !isEncoded(rest[:n], padding > 0) {
		return 0
	}
	return n + padding
}

// minEncoded is the length from which a run of base64's characters is examined as a whole.
const minEncoded = 10

func isBase64(b byte) bool { return isAlnum(b) || b == '+' || b == '/' || b == '-' || b == '_' }

// isEncoded examines a run as a whole: it must mix capitals, small letters and digits, and be random
// if its separators are left out. Where these may be those of a path or a name, no part may be a
// word: cus_NffrFeUfNV2Hib begins with one.
func isEncoded(run string, padded bool) bool {
	var letters [maxEncoded]byte
	n, words, separators, slash := 0, 0, 0, false
	for at := 0; at < len(run); at++ {
		length := alnumLen(run[at:])
		if length > 0 && isWordPart(run[at:at+length], at == 0 && run[min(length, len(run)-1)] == '_') {
			words++
		}
		n += copy(letters[n:], run[at:at+length])
		if at += length; at < len(run) {
			separators++
			padded = padded || run[at] == '+'
			slash = slash || run[at] == '/'
		}
	}
	if !padded && (separators == 0 || run[0] == '/') {
		return false // see identifier, and path
	}
	whole := shapeOf(string(letters[:n]))
	if whole.digits == 0 || whole.upper == 0 || whole.upper+whole.digits == whole.length || !whole.isRandom(anywhere) {
		return false
	}
	switch {
	case words == 0, padded && len(run) >= 16:
		return true
	case slash:
		return false
	}
	// Nano IDs, and 16 and 32 bytes, whatever they happen to read like in part.
	return (len(run) == 21 || len(run) == 22 || len(run) == 43) && !isWordPart(run[:alnumLen(run)], false)
}

// maxEncoded bounds, in bytes, how much of a run is examined.
const maxEncoded = 128

// isWordPart reports whether a part of a run reads like a word, or is the prefix of an identifier.
func isWordPart(w string, prefix bool) bool {
	if len(w) < 3 || !isAllLetters(w) {
		return false
	}
	s := shapeOf(w)
	return s.irregular == 0 && s.reads(28) || prefix && s.upper == 0
}

// sign handles a hyphen, plus sign, slash or underscore: the sign of a number belongs to it, and what
// encoded data begins with to that.
func (p *parameterizer) sign() {
	rest := p.in[p.pos:]
	if p.pos > 0 && strings.IndexByte(" \t\n([{=:,;|", p.lastByte()) < 0 || len(rest) == 1 {
		p.punctuation(1)
		return
	}
	w := rest[1:]
	w = w[:alnumLen(w)]
	if (rest[0] == '-' || rest[0] == '+') && w != "" && isDigit(w[0]) && p.before.keeps(rest[1:], len(w), rest[0]) == 0 {
		n, placeholder := matchValue(rest[1:], w)
		if n == 0 && !p.isGenerated(w) {
			n, placeholder = matchNumber(rest[1:]), phNum
		}
		if n > 0 {
			p.replace(1+n, placeholder)
			return
		}
	}
	if n := p.encoded(rest); n > 0 {
		p.replace(n, phID)
		return
	}
	p.punctuation(1)
}
