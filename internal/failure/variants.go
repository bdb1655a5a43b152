package failure

import (
	"slices"
	"strings"
)

// Variant is an error's signature but for one word of its message, which may be a value that reads like a word: only
// others of its kind show that (docs/verdict.md, section 8).
type Variant struct {
	Parts    []string // of the signature, with a placeholder for the word
	Message  string   // of these
	Position int      // of the word among those of the message, from 1
	Word     string
}

const (
	// maxVariants bounds the words of one message that may be values.
	maxVariants = 4
	// maxVariantWord bounds, in bytes, such a word.
	maxVariantWord = 64
)

// VariantsOf are the variants of an error's signature, one for each word of its message that looks like an identifier
// though it was not taken for one.
func VariantsOf(o Observed) (variants []Variant) {
	sig, at := sign(o)
	if at == noMessage {
		return nil
	}
	words := strings.Fields(sig.Parts[at])
	if len(words) < 2 { // nothing says that it is one error
		return nil
	}
	for i, word := range words {
		if len(variants) == maxVariants {
			break
		}
		if len(word) > maxVariantWord || !isPrintable(word) || !looksLikeIdentifier(word) {
			continue
		}
		others := slices.Clone(words)
		others[i] = phAny
		v := Variant{Parts: slices.Clone(sig.Parts), Message: strings.Join(others, " "), Position: i + 1, Word: word}
		v.Parts[at] = v.Message
		variants = append(variants, v)
	}
	return variants
}

// looksLikeIdentifier reports whether any part of a word is rather made up by a program than written by a person. It
// suspects more than Parameterize replaces, but no code: those tell errors apart.
func looksLikeIdentifier(word string) bool {
	for i := 0; i < len(word); {
		if n := placeholderAt(word[i:]); n > 0 {
			i += n
			continue
		}
		n := alnumLen(word[i:])
		if n > 0 && isMadeUp(word[i:i+n]) {
			return true
		}
		i += max(n, 1)
	}
	return false
}

// isPrintable reports whether a word has only characters of ASCII that can be shown.
func isPrintable(word string) bool {
	return spanLen(word, func(b byte) bool { return b > ' ' && b < 0x7f }) == len(word)
}

// isMadeUp judges letters and digits. The thresholds are measured: of the 6,700 words of five letters or more that are
// common in the sources of the Go distribution, 29 are taken for made up (buggy, ascii, xhtml, …), of six random letters
// three of four.
func isMadeUp(part string) bool {
	s := shapeOf(part)
	switch {
	case s.length < 4 || s.digits == s.length, s.upper+s.digits == s.length: // codes are written so
		return false
	case s.digits == 0 && s.humps > 0:
		return s.length >= 6 && s.irregular > 0 && !s.reads(36)
	case s.digits == 0:
		return s.length >= 5 && !s.reads(34)
	case isNameWithDigits(part), isAPIVersion(part), s.digits == 1 && s.changes == 1: // a name that ends in a number
		return false
	}
	return s.length >= 5 && !s.reads(34)
}
