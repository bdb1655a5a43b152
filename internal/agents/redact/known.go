package redact

import (
	"encoding/binary"
	"strings"
)

// known finds secrets again that were seen before, where neither shape nor name tells of them. It
// is keyed by the first eight bytes.
type known map[uint64][]knownValue

type knownValue struct{ kind, value string }

// minKnown is the least length of a value that is looked for everywhere: shorter ones are words.
const minKnown = 8

func (k known) add(kind, value string) {
	if kind == KindIP || len(value) < minKnown || !looksRandom(value, 0, len(value)) && !strings.ContainsAny(value, "@!$%^&*#") {
		return
	}
	prefix := binary.LittleEndian.Uint64([]byte(value[:minKnown]))
	k[prefix] = append(k[prefix], knownValue{kind, value})
}

func (k known) matches(text string) []place {
	if len(k) == 0 || len(text) < minKnown {
		return nil
	}
	var found []place
	var window uint64
	for i := range len(text) {
		window = window>>8 | uint64(text[i])<<56
		start := i - minKnown + 1
		if start < 0 {
			continue
		}
		for _, v := range k[window] {
			end := start + len(v.value)
			if strings.HasPrefix(text[start:], v.value) && !isAlnumAt(text, start-1) && !isAlnumAt(text, end) {
				found = append(found, place{start, end, v.kind, true})
			}
		}
	}
	return found
}

func isAlnumAt(text string, i int) bool { return i >= 0 && i < len(text) && isAlnum(text[i]) }
