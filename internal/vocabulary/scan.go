package vocabulary

import "strings"

// textIndex has the wordings by the hash of four bytes of their literals, so that a text is read once
// for all of them.
type textIndex struct {
	// buckets are the entries of each hash; almost all are empty.
	buckets [1 << 16]int32
	entries [][]entry // the first has none
}

// entry is a wording and where in its literal the hashed bytes are.
type entry struct {
	*wording
	offset int
}

const gram = 4

func indexTexts(rows []*Row) *textIndex {
	x := &textIndex{entries: make([][]entry, 1)}
	for _, r := range rows {
		for _, w := range r.wordings {
			offset := x.rarest(w.literal)
			h := hash(w.literal[offset:])
			if x.buckets[h] == 0 {
				x.buckets[h] = int32(len(x.entries)) //nolint:gosec // a few thousand
				x.entries = append(x.entries, nil)
			}
			x.entries[x.buckets[h]] = append(x.entries[x.buckets[h]], entry{w, offset})
		}
	}
	return x
}

// rarest is where the four bytes of a literal begin that the fewest wordings share so far.
func (x *textIndex) rarest(literal string) int {
	best, least := 0, -1
	for i := 0; i+gram <= len(literal); i++ {
		if n := len(x.entries[x.buckets[hash(literal[i:])]]); least < 0 || n < least {
			best, least = i, n
		}
	}
	return best
}

func hash(s string) uint16 {
	v := uint32(s[0]) | uint32(s[1])<<8 | uint32(s[2])<<16 | uint32(s[3])<<24
	return uint16(v * 2654435761 >> 16)
}

// InText returns the rows whose wording is in a text, most specific first, one of each rank.
func InText(text string) []*Row {
	if len(text) < gram {
		return nil
	}
	v := load()
	lower := strings.ToLower(text)
	var found []*Row
	for i := 0; i+gram <= len(lower); i++ {
		b := v.texts.buckets[hash(lower[i:])]
		if b == 0 {
			continue
		}
		for _, e := range v.texts.entries[b] {
			if from := i - e.offset; from >= 0 && e.isAt(lower, from) {
				found = addRow(found, e.row)
			}
		}
	}
	return found
}

// isAt reports whether the wording's literal is at an index of a lower-case text, and its pattern around.
func (w *wording) isAt(text string, from int) bool {
	if !strings.HasPrefix(text[from:], w.literal) {
		return false
	}
	if w.pattern != nil {
		return w.pattern().MatchString(text)
	}
	end := from + len(w.literal)
	return (w.withinWord || from == 0 || !isWordByte(text[from-1]) || !isWordByte(text[from])) &&
		(w.intoWord || end == len(text) || !isWordByte(text[end]) || !isWordByte(text[end-1]))
}

// addRow enters a row by its order, unless a more specific one of its rank is there.
func addRow(rows []*Row, r *Row) []*Row {
	at := len(rows)
	for i, have := range rows {
		if have.Rank == r.Rank {
			if r.order < have.order {
				rows[i] = r
			}
			return rows
		}
		if at == len(rows) && r.order < have.order {
			at = i
		}
	}
	rows = append(rows, nil)
	copy(rows[at+1:], rows[at:])
	rows[at] = r
	return rows
}

func isWordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
