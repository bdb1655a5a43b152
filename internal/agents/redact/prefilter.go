package redact

// prefilter tells in one pass over a text which rules may match it, by the words they need.
type prefilter struct {
	starts map[uint16][]wordOf // by a word's first two bytes
	first  [256]bool           // first bytes of words
	always []int               // rules without words
	single map[byte][]int      // rules whose word is one byte
	rules  int
}

type wordOf struct {
	word string
	rule int
}

func newPrefilter(rules []rule) *prefilter {
	f := &prefilter{starts: map[uint16][]wordOf{}, single: map[byte][]int{}, rules: len(rules)}
	for i, r := range rules {
		if r.words == nil {
			f.always = append(f.always, i)
		}
		for _, w := range r.words {
			f.first[w[0]] = true
			if len(w) == 1 {
				f.single[w[0]] = append(f.single[w[0]], i)
				continue
			}
			k := uint16(w[0])<<8 | uint16(w[1])
			f.starts[k] = append(f.starts[k], wordOf{w, i})
		}
	}
	return f
}

// candidates has true for each rule that may match.
func (f *prefilter) candidates(text string) []bool {
	may := make([]bool, f.rules)
	for _, i := range f.always {
		may[i] = true
	}
	for i := range len(text) {
		c := lowerByte(text[i])
		if !f.first[c] {
			continue
		}
		for _, r := range f.single[c] {
			may[r] = true
		}
		if i+1 == len(text) {
			break
		}
		for _, w := range f.starts[uint16(c)<<8|uint16(lowerByte(text[i+1]))] {
			if !may[w.rule] && hasPrefixFold(text[i:], w.word) {
				may[w.rule] = true
			}
		}
	}
	return may
}

// hasPrefixFold compares with a lower-case ASCII word.
func hasPrefixFold(text, word string) bool {
	if len(text) < len(word) {
		return false
	}
	for i := range len(word) {
		if lowerByte(text[i]) != word[i] {
			return false
		}
	}
	return true
}

func lowerByte(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}
