package rca

import "strings"

// mark is one text by which a sign is told.
type mark struct {
	sign    int // index in signs
	text    string
	bounded bool // only where no letter or digit comes before
}

// markIndex has the marks by their first three bytes, so that a text is read once for all of them.
var markIndex = indexMarks()

const prefixLen = 3

type prefix [prefixLen]byte

func indexMarks() map[prefix][]mark {
	index := make(map[prefix][]mark)
	for i := range signs {
		for _, m := range signs[i].marks {
			text, bounded := strings.CutPrefix(m, "^")
			key := prefix([]byte(text))
			index[key] = append(index[key], mark{sign: i, text: text, bounded: bounded})
		}
	}
	return index
}

// prefixFilter tells quickly that no mark starts with some bytes.
var prefixFilter = filterPrefixes()

func filterPrefixes() *[1 << 16]bool {
	var filter [1 << 16]bool
	for p := range markIndex {
		filter[p.hash()] = true
	}
	return &filter
}

func (p prefix) hash() uint16 { return uint16(p[0])<<11 ^ uint16(p[1])<<5 ^ uint16(p[2]) }

// signsIn returns the signs in a text, most specific first, one of each rank.
func signsIn(text string) []*sign {
	if len(text) < prefixLen {
		return nil
	}
	lower := strings.ToLower(text)
	var found [256]bool
	none := true
	for i := 0; i+prefixLen <= len(lower); i++ {
		p := prefix{lower[i], lower[i+1], lower[i+2]}
		if !prefixFilter[p.hash()] {
			continue
		}
		for _, m := range markIndex[p] {
			if !found[m.sign] && strings.HasPrefix(lower[i:], m.text) && !(m.bounded && i > 0 && isWordByte(lower[i-1])) {
				found[m.sign], none = true, false
			}
		}
	}
	if none {
		return nil
	}
	var list []*sign
	for i := range signs {
		if found[i] && (len(list) == 0 || list[len(list)-1].rank != signs[i].rank) {
			list = append(list, &signs[i])
		}
	}
	return list
}

func isWordByte(b byte) bool {
	return b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 'A' && b <= 'Z'
}
