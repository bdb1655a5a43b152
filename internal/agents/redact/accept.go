package redact

import (
	"net/netip"
	"regexp"
	"strings"
	"unicode"
)

var portAndPath = regexp.MustCompile(`:\d{1,5}(?:[/?#]|$)`)

// notPort refuses host:8080/path?to=a@b as user and password.
func notPort(text string, start, end int) bool {
	at := strings.IndexByte(text[start:end], ':')
	loc := portAndPath.FindStringIndex(text[start+at : end])
	return loc == nil || loc[0] != 0
}

// besidePassword accepts the user of a connection string only beside its password.
func besidePassword(text string, start, end int) bool {
	near := strings.ToLower(text[max(0, start-500):min(len(text), end+500)])
	return strings.Contains(near, "password=") || strings.Contains(near, "pwd=")
}

// plainValues are what stands where a secret could, and is none.
var plainValues = map[string]bool{
	"": true, "true": true, "false": true, "null": true, "nil": true, "none": true, "undefined": true, "empty": true, "missing": true,
	"required": true, "invalid": true, "incorrect": true, "wrong": true, "expired": true, "yes": true, "no": true, "unset": true,
	"bearer": true, "basic": true, "not": true, "is": true, "mismatch": true, "rejected": true, "unknown": true, "ok": true,
}

// fieldValue accepts a field's value unless it says that there is none.
func fieldValue(text string, start, end int) bool {
	value := text[start:end]
	return !plainValues[strings.ToLower(strings.Trim(value, ".!*"))]
}

// looksRandom accepts what no word looks like: long, and with digits or changing case.
func looksRandom(text string, start, end int) bool {
	value := text[start:end]
	if len(value) < 8 || !fieldValue(text, start, end) {
		return false
	}
	var digits, uppers, lowers, others int
	for _, c := range []byte(value) {
		switch {
		case c >= '0' && c <= '9':
			digits++
		case c >= 'A' && c <= 'Z':
			uppers++
		case c >= 'a' && c <= 'z':
			lowers++
		default:
			others++
		}
	}
	switch {
	case digits > 0 && uppers+lowers > 0:
		return true
	case digits == len(value):
		return len(value) >= 16
	default:
		return uppers > 1 && lowers > 1 || len(value) >= 20 && others*4 < len(value)
	}
}

// fieldOfText accepts the unquoted value after "name: " in a text, unless it goes on as prose does:
// several words in lower case.
func fieldOfText(text string, start, end int) bool {
	if !fieldValue(text, start, end) {
		return false
	}
	rest := strings.TrimLeft(text[end:], " ")
	return looksRandom(text, start, end) || rest == "" || len(rest) == len(text[end:]) || strings.ContainsAny(rest[:1], "\r\n")
}

// notProse accepts values that no word of a sentence looks like.
func notProse(text string, start, end int) bool {
	return fieldValue(text, start, end) && strings.ContainsFunc(text[start:end], func(c rune) bool { return !unicode.IsLetter(c) && c != '.' && c != '!' })
}

// tokenOfHeader accepts what stands after Bearer unless it is a word.
func tokenOfHeader(text string, start, end int) bool {
	return looksRandom(text, start, end) || end-start >= 16 || notProse(text, start, end)
}

// isWordAt reports whether the byte at i continues a number, name or ID.
func isWordAt(text string, i int) bool {
	if i < 0 || i >= len(text) {
		return false
	}
	c := text[i]
	return c == '_' || c == '-' || c == '.' && i+1 < len(text) && isAlnum(text[i+1]) || isAlnum(c)
}

func isAlnum(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || c >= 0x80
}

// isIP accepts addresses other than loopback and unspecified ones.
func isIP(text string, start, end int) bool {
	if start > 0 && (isAlnum(text[start-1]) || text[start-1] == ':') || end < len(text) && (isAlnum(text[end]) || text[end] == ':' && strings.Contains(text[start:end], ":")) {
		return false
	}
	ip, err := netip.ParseAddr(text[start:end])
	return err == nil && !ip.IsLoopback() && !ip.IsUnspecified()
}
