package evidence

import "github.com/prodsentinel/prodsentinel/internal/vocabulary"

// Reason is the most specific sign of a group and the record that cites it.
type Reason struct {
	vocabulary.Match
	Cited *Record
}

func reasonOf(all []*Record) Reason {
	best := Reason{Match: vocabulary.Of(vocabulary.Unknown)}
	for _, e := range all {
		s := e.Best()
		if s == nil {
			continue
		}
		if best.Cited == nil || s.Rank < best.Rank || s.Rank == best.Rank && s.InWords() && !best.InWords() {
			best = Reason{Match: *s, Cited: e}
		}
	}
	if best.Cited == nil && len(all) > 0 {
		best.Cited = all[0]
	}
	return best
}
