package failure

import "strings"

// equals handles the value of key=value: what keys hold varies, unless the key says that it tells
// errors apart.
func (p *parameterizer) equals() {
	next := p.pos + 1
	quoted := p.keyEnd > 0 && strings.Trim(p.in[p.keyEnd:p.pos], " \t\r") == ""
	arrow := next < len(p.in) && p.in[next] == '>'
	if !p.inWord && !quoted && !arrow || next < len(p.in) && (p.in[next] == '=' || p.in[next] == '~') || arrow && p.depth == 0 {
		p.punctuation(1)
		return
	}
	key := p.key
	if !quoted {
		key = keyBefore(p.in[:p.pos])
	}
	n := 1
	if arrow {
		n = 2
	}
	p.value(key, n, " \t\n,;)]}&|\"'<>")
}

// colon handles what follows a colon: the value of an object's key, an identifier attached to what
// it identifies, an IPv6 address.
func (p *parameterizer) colon() {
	rest := p.in[p.pos:]
	if n := matchIPv6(rest); n > 0 && !p.inWord {
		p.replace(n, phIP)
		return
	}
	quoted := p.keyEnd > 0 && strings.Trim(p.in[p.keyEnd:p.pos], " \t\r") == ""
	switch {
	case len(rest) < 2 || rest[1] == ':' || strings.HasPrefix(rest, "://"):
	case quoted:
		p.value(p.key, 1, " \t\n,;)]}\"'<>")
		return
	case p.depth > 0 && p.inWord:
		p.value(keyBefore(p.in[:p.pos]), 1, " \t\n,;)]}\"'<>")
		return
	case p.inWord && startsWord(rest[1:]):
		if key := keyBefore(p.in[:p.pos]); endsWithKey(key, identityKeys) {
			p.value(key, 1, " \t\n,;)]}\"'<>:/")
			return
		}
	}
	p.punctuation(1)
}

// value handles the value of a key after n bytes that separate them. Unquoted values end before any
// of the given bytes.
func (p *parameterizer) value(key string, n int, ends string) {
	spaced := n > 1 || p.in[p.pos] == ':'
	p.punctuation(1)
	p.pos += n - 1
	if at := p.pos; spaced && at < len(p.in) && isSpace(p.in[at]) {
		if p.space(); strings.IndexByte(p.in[at:p.pos], '\n') >= 0 {
			return
		}
	}
	if endsWithKey(key, tellingKeys) {
		p.telling = p.pos
	} else if length := p.valueLen(p.pos, ends); length > 0 {
		p.replace(length, phValue)
	}
}

// valueLen is the length of the value that starts here, 0 where there is none or it has parts.
func (p *parameterizer) valueLen(at int, ends string) int {
	if at >= len(p.in) {
		return 0
	}
	rest := p.in[at:]
	if kind := quoteAt(rest); kind >= 0 {
		closing, n := p.quotes.closing(kind, at)
		if n == 0 || p.keptQuote > at && closing >= p.keptQuote {
			return 0
		}
		return closing + n - at
	}
	if strings.IndexByte("{[(<", rest[0]) >= 0 {
		return 0
	}
	n := strings.IndexAny(rest, ends)
	if n < 0 {
		n = len(rest)
	}
	return len(strings.TrimRight(rest[:n], ".:!?\\"))
}

// detail handles the value of PostgreSQL's "Key (name)=(value)". It reports whether one is here.
func (p *parameterizer) detail() bool {
	const between = ")=("
	rest := p.in[p.pos:]
	if !strings.HasPrefix(rest, between) {
		return false
	}
	end := strings.IndexAny(rest[len(between):], ")\n<")
	if end <= 0 || rest[len(between)+end] != ')' {
		return false
	}
	p.pos += len(between)
	p.inWord = false
	p.replace(end, phValue)
	return true
}

// keyBefore is the key that ends here, without a part that a placeholder begins.
func keyBefore(s string) string {
	i := len(s)
	for i > 0 && len(s)-i < maxKey && (isAlnum(s[i-1]) || strings.IndexByte("_-.", s[i-1]) >= 0) {
		i--
	}
	key := s[i:]
	if i > 0 && s[i-1] == '>' {
		for j := range len(key) {
			if !isLower(key[j]) {
				return key[j:]
			}
		}
		return ""
	}
	return key
}

// maxKey bounds, in bytes, a key. The keys below are much shorter.
const maxKey = 48

// endsWithKey reports whether the last part of a key is one of the given ones: code of error.code,
// grpc_code, errorCode and "Error Code".
func endsWithKey(key string, keys map[string]bool) bool {
	if i := strings.LastIndexAny(key, "_-. "); i >= 0 {
		key = key[i+1:]
	}
	for i := len(key) - 1; i > 0; i-- {
		if isUpper(key[i]) && !isUpper(key[i-1]) {
			key = key[i:]
			break
		}
	}
	return containsFold(keys, key)
}

// containsFold reports whether a set has a word, whatever its case.
func containsFold(set map[string]bool, word string) bool {
	var lower [16]byte // longer than any word of the sets
	if len(word) > len(lower) {
		return false
	}
	for i := range len(word) {
		lower[i] = word[i]
		if isUpper(word[i]) {
			lower[i] |= 0x20
		}
	}
	return set[string(lower[:len(word)])]
}

func isUpper(b byte) bool { return b >= 'A' && b <= 'Z' }
func isLower(b byte) bool { return b >= 'a' && b <= 'z' }

// tellingKeys are the last parts of keys whose values tell errors apart: what happened, and which
// part of the system it happened to. Their values are handled as any other text.
var tellingKeys = setOf(`
	error err errors exception message msg reason cause description desc detail details title status code errno exit exitcode signal
	sqlstate type kind class category level severity state method op operation action event step stage phase service component module
	function func handler command cmd table queue topic job task http grpc`)

// identityKeys are the last parts of keys that name what their values identify.
var identityKeys = setOf(`
	id ids uid uuid guid user username login account customer session order token sku email tenant cart basket device pod container
	invoice payment request trace span transaction subscription member`)
