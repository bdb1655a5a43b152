package vocabulary

import "strings"

// textIndex has what may be found in a text by the hash of four of its bytes, so that a text is read
// once for all of it.
type textIndex struct {
	buckets [1 << 16]int32 // of entries, by hash; almost all are 0, which has none
	entries [][]entry
}

// entry is a literal with where in it the hashed bytes are, and whose it is.
type entry struct {
	literal string // lower case
	offset  int
	wording *wording // nil for the simple name of a type
}

// gram is how many bytes are hashed.
const gram = 4

func indexTexts(v *Vocabulary) *textIndex {
	x := &textIndex{entries: make([][]entry, 1)}
	for _, r := range v.rows {
		if len(r.source.When.Types) > 0 {
			continue // looked for where the type is
		}
		for _, w := range r.wordings {
			x.add(entry{literal: w.literal, wording: w})
		}
	}
	named := make(map[string]bool)
	for _, r := range v.rows {
		for _, t := range r.source.Types {
			if name := strings.ToLower(simpleName(t)); r.Means != SaysNothing && !named[name] {
				named[name] = true
				x.add(entry{literal: name})
			}
		}
	}
	return x
}

// add enters a literal under those four of its bytes that the fewest others have so far; one that is too
// short cannot be found.
func (x *textIndex) add(e entry) {
	if len(e.literal) < gram {
		return
	}
	least := -1
	for i := 0; i+gram <= len(e.literal); i++ {
		if n := len(x.entries[x.buckets[hash(e.literal[i:])]]); least < 0 || n < least {
			e.offset, least = i, n
		}
	}
	h := hash(e.literal[e.offset:])
	if x.buckets[h] == 0 {
		x.buckets[h] = int32(len(x.entries)) //nolint:gosec // a few thousand
		x.entries = append(x.entries, nil)
	}
	x.entries[x.buckets[h]] = append(x.entries[x.buckets[h]], e)
}

func hash(s string) uint16 {
	v := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
	return uint16(v * 2654435761 >> 16)
}

// scan calls back with every literal in a lower-case text and where it begins.
func (x *textIndex) scan(lower string, visit func(e *entry, at int)) {
	for i := 0; i+gram <= len(lower); i++ {
		b := x.buckets[hash(lower[i:])]
		if b == 0 {
			continue
		}
		entries := x.entries[b]
		for k := range entries {
			e := &entries[k]
			if at := i - e.offset; at >= 0 && strings.HasPrefix(lower[at:], e.literal) {
				visit(e, at)
			}
		}
	}
}

// typeAt is the exception type whose simple name is at an index of a text, with its package where it
// has one; "" where the name is part of a longer one, or stands in a sentence.
func typeAt(text string, at, length int) string {
	end := at + length
	if end < len(text) && (isWordByte(text[end]) || text[end] == '$') {
		return ""
	}
	from := at
	for from > 0 && (isWordByte(text[from-1]) || isSeparator(text[from-1])) {
		from--
	}
	for from < at && isSeparator(text[from]) && text[from] != '*' && text[from] != '\\' {
		from++ // what ended the word before it
	}
	if name := text[from:end]; from < at && !isWordByte(text[at-1]) {
		if end < len(text) && text[end] == '.' && end+1 < len(text) && text[end+1] != ' ' && text[end+1] != '\n' {
			return "" // a method of it, as in frames
		}
		return name
	}
	if from < at || !isCamelCase(text[at:end]) || !(end == len(text) || text[end] == ':' || text[end] == '\n' || text[end] == '(') {
		return ""
	}
	return text[at:end]
}

// isCamelCase reports whether a name has more than one word in it, as names of types have.
func isCamelCase(name string) bool {
	for i := 1; i < len(name); i++ {
		if name[i] >= 'A' && name[i] <= 'Z' && name[i-1] >= 'a' && name[i-1] <= 'z' {
			return true
		}
	}
	return false
}
