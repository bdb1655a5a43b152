package dossier

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// margin is how much of a value is shown on either side of what was quoted of it, in bytes: a few
// words can turn what a part of a sentence says into its opposite.
const margin = 60

// Quote finds a quote in the values of a record, byte for byte and in whole words, and returns it with
// the words around it, an ellipsis where the value goes on. "" is returned where no value holds it.
// The name of the value may stand before it, and our indentation on its lines, as a record is shown.
func (d *Dossier) Quote(ref incident.Ref, quote string) string {
	r, ok := d.records[ref]
	if !ok {
		return ""
	}
	plain := indentation.ReplaceAllString(quote, "")
	for _, v := range d.textOf(r).values {
		for _, q := range []string{quote, plain, strings.TrimPrefix(plain, v.name+": ")} {
			if shown := within(v.value, q); shown != "" {
				return shown
			}
		}
	}
	return ""
}

var indentation = regexp.MustCompile(`(?m)^ *\| `)

// within is a quote with what surrounds it in a value, "" where it does not stand there in whole words.
func within(value, quote string) string {
	if quote == "" {
		return ""
	}
	for from := 0; ; {
		i := strings.Index(value[from:], quote)
		if i < 0 {
			return ""
		}
		start := from + i
		end := start + len(quote)
		if !joined(value, start) && !joined(value, end) {
			return around(value, start, end)
		}
		from = start + 1
	}
}

// joined reports whether what stands before and after a place belongs together: letters and digits of
// a word, or a number with its sign and point.
func joined(s string, at int) bool {
	before, _ := utf8.DecodeLastRuneInString(s[:at])
	after, _ := utf8.DecodeRuneInString(s[at:])
	switch {
	case at == 0 || at == len(s):
		return false
	case partOfWord(before) && partOfWord(after):
		return true
	case unicode.IsDigit(after) && strings.ContainsRune(".,-+", before):
		return true
	case unicode.IsDigit(before) && strings.ContainsRune(".,%", after):
		next, _ := utf8.DecodeRuneInString(s[at+1:])
		return after == '%' || unicode.IsDigit(next)
	}
	return unicode.Is(unicode.M, after)
}

func partOfWord(c rune) bool {
	return c == '_' || unicode.IsLetter(c) || unicode.IsDigit(c) || unicode.Is(unicode.M, c)
}

// around widens a part of a value to whole words on either side.
func around(value string, start, end int) string {
	from, to := start, end
	for from > 0 && (start-from < margin || joined(value, from)) && start-from < 2*margin {
		_, size := utf8.DecodeLastRuneInString(value[:from])
		from -= size
	}
	for to < len(value) && (to-end < margin || joined(value, to)) && to-end < 2*margin {
		_, size := utf8.DecodeRuneInString(value[to:])
		to += size
	}
	shown := value[from:to]
	if from > 0 {
		shown = "…" + shown
	}
	if to < len(value) {
		shown += "…"
	}
	return shown
}
