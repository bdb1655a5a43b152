package otlpscan

import (
	"bytes"
	"strconv"
	"unicode/utf8"
)

// jsonText is a string as it stands between its quotes.
type jsonText struct {
	raw     []byte
	escaped bool
}

// text reads a string.
func (s *scan) text() (jsonText, bool) {
	if !s.take('"') {
		return jsonText{}, false
	}
	rest := s.body[s.pos:]
	end := bytes.IndexByte(rest, '"')
	if end < 0 {
		return jsonText{}, false
	}
	if bytes.IndexByte(rest[:end], '\\') < 0 {
		s.pos += end + 1
		return jsonText{raw: rest[:end]}, true
	}
	for i := 0; i < len(rest); i++ {
		switch rest[i] {
		case '"':
			s.pos += i + 1
			return jsonText{raw: rest[:i], escaped: true}, true
		case '\\':
			i++
		}
	}
	return jsonText{}, false
}

// prefix returns how much of the raw text stands for the first n bytes of what it means, in whole
// characters.
func (t jsonText) prefix(n int) int {
	if !t.escaped {
		return wholeRunes(t.raw, 0, n)
	}
	for i := 0; i < len(t.raw); {
		raw, meant := unit(t.raw[i:])
		if n -= meant; n < 0 {
			return i
		}
		i += raw
	}
	return len(t.raw)
}

// unit returns the length of the first character or escape of b, and how many bytes it means.
func unit(b []byte) (raw, meant int) {
	if b[0] != '\\' {
		_, size := utf8.DecodeRune(b)
		return size, size
	}
	if len(b) < 2 || b[1] != 'u' {
		return min(2, len(b)), 1
	}
	const escape, pair = len(`\u1234`), len(`\ud83d\ude00`)
	if len(b) >= pair && isSurrogate(b) && isSurrogate(b[escape:]) {
		return pair, utf8.UTFMax
	}
	if len(b) < escape {
		return len(b), utf8.UTFMax
	}
	r, err := strconv.ParseUint(string(b[2:escape]), 16, 16)
	if err != nil {
		return escape, utf8.UTFMax // the decoder refuses it
	}
	return escape, len(string(rune(r)))
}

// isSurrogate reports whether b begins with an escaped half of a pair.
func isSurrogate(b []byte) bool {
	return b[0] == '\\' && b[1] == 'u' && (b[2] == 'd' || b[2] == 'D') && b[3] >= '8'
}

// skipUnknownValue skips what is no field of OTLP, or not as it should be. The decoder skips or refuses
// it; what is nested too deep for its recursion becomes null.
func (s *scan) skipUnknownValue() error {
	start, deepest := s.pos, 0
	if err := s.skipValue(&deepest); err != nil {
		return err
	}
	if deepest > maxUnknownDepth {
		s.edits.replace(start, s.pos, "null")
		return s.checkEditsJSON()
	}
	return nil
}

// skipValue skips a value, and sets deepest, unless nil, to how deep it is nested.
func (s *scan) skipValue(deepest *int) error {
	s.space()
	switch s.peek() {
	case '{', '[':
		s.pos++
		return s.skipBrackets(1, deepest)
	case '"':
		if _, ok := s.text(); !ok {
			return ErrMalformed
		}
		return nil
	}
	if !s.literal() {
		return ErrMalformed
	}
	return nil
}

// skipToClose skips what follows until so many brackets are closed.
func (s *scan) skipToClose(open int) error { return s.skipBrackets(open, nil) }

func (s *scan) skipBrackets(open int, deepest *int) error {
	for open > 0 {
		if s.pos >= len(s.body) {
			return ErrMalformed
		}
		switch s.body[s.pos] {
		case '{', '[':
			open++
			if deepest != nil && open > *deepest {
				*deepest = open
			}
		case '}', ']':
			open--
		case '"':
			if _, ok := s.text(); !ok {
				return ErrMalformed
			}
			continue
		}
		s.pos++
	}
	return nil
}

// literal skips a number, true, false or null.
func (s *scan) literal() bool {
	start := s.pos
	for s.pos < len(s.body) {
		switch s.body[s.pos] {
		case ' ', '\t', '\n', '\r', ',', ':', '{', '}', '[', ']', '"':
			return s.pos > start
		}
		s.pos++
	}
	return s.pos > start
}

func (s *scan) space() {
	for s.pos < len(s.body) {
		switch s.body[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

// peek returns the next byte, or 0 at the end.
func (s *scan) peek() byte {
	if s.pos < len(s.body) {
		return s.body[s.pos]
	}
	return 0
}

// take skips the given byte, if it is the next.
func (s *scan) take(c byte) bool {
	if s.peek() != c {
		return false
	}
	s.pos++
	return true
}
