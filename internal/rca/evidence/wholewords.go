package evidence

import "strings"

// HasWord finds a name in a text where no part of a longer name surrounds it.
func HasWord(text, word string) bool {
	for from := 0; from <= len(text)-len(word); {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		after := i + len(word)
		if (i == 0 || !isNameByte(text[i-1])) && (after == len(text) || !isNameByte(text[after])) {
			return true
		}
		from = i + 1
	}
	return false
}

func isNameByte(b byte) bool { return b == '-' || isWordByte(b) }

func isWordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
