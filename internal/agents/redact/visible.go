package redact

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// visible leaves out what cannot be seen and would hide a secret from the rules, such as a
// zero-width space within an address. offsets, nil where nothing was left out, has the place of each
// byte in text.
func visible(text string) (plain string, offsets []int) {
	if strings.IndexFunc(text, isInvisible) < 0 {
		return text, nil
	}
	var b strings.Builder
	for i, c := range text {
		if isInvisible(c) {
			continue
		}
		_, size := utf8.DecodeRuneInString(text[i:])
		b.WriteString(text[i : i+size])
		for j := range size {
			offsets = append(offsets, i+j)
		}
	}
	return b.String(), offsets
}

func isInvisible(c rune) bool {
	return c > unicode.MaxASCII && (unicode.Is(unicode.Cf, c) || unicode.Is(unicode.Variation_Selector, c) || c == '\u034f' || c == '\u115f' || c == '\u3164')
}
