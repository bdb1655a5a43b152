package dossier

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// line is a text on one line: line breaks are shown as \n.
func line(s string) string {
	if strings.ContainsAny(s, "\r\n") {
		s = strings.NewReplacer("\r\n", `\n`, "\n", `\n`, "\r", `\n`).Replace(s)
	}
	return Visible(s)
}

// Visible makes everything in a text visible: control characters, what changes the direction of
// writing, what has no width or no look, and bytes that are no UTF-8. Tabs and line breaks stay.
func Visible(s string) string {
	if !strings.ContainsFunc(s, hidden) && utf8.ValidString(s) {
		return s
	}
	var b strings.Builder
	for i, c := range s {
		switch {
		case c == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD"):
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case hidden(c):
			fmt.Fprintf(&b, `\u{%x}`, c)
		default:
			b.WriteRune(c)
		}
	}
	return b.String()
}

// hidden reports whether a character cannot be seen for what it is.
func hidden(c rune) bool {
	switch {
	case c == '\n' || c == '\t':
		return false
	case c < 0x20 || c == 0x7f:
		return true
	case c <= unicode.MaxASCII:
		return false
	}
	return !unicode.IsGraphic(c) || unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Variation_Selector, c) || unicode.Is(unicode.Zl, c) ||
		unicode.Is(unicode.Zp, c) || c == '\u034f' || c == '\u115f' || c == '\u1160' || c == '\u3164' || c == '\uffa0' || c == '\u2800'
}
