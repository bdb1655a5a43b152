package evidence

import "github.com/prodsentinel/prodsentinel/internal/vocabulary"

// Reason is the most specific match of a group and the record that cites it; of two that are as specific, the
// one of the group's own span.
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
		if best.Cited == nil || isBetter(e, s, best) {
			best = Reason{Match: *s, Cited: e}
		}
	}
	if best.Cited == nil && len(all) > 0 {
		best.Cited = all[0]
	}
	return best
}

// isBetter reports whether a match of a record says more than the best one so far.
func isBetter(e *Record, s *vocabulary.Match, best Reason) bool {
	switch {
	case best.Generic && s.Means == vocabulary.NoFailure:
		return true // the message says what the type alone leaves open
	case s.Generic && best.Means == vocabulary.NoFailure:
		return false
	case s.Rank != best.Rank:
		return s.Rank < best.Rank
	case e.lent != best.Cited.lent:
		return best.Cited.lent
	case s.Ambiguous != best.Ambiguous:
		return best.Ambiguous
	}
	return s.InWords() && !best.InWords()
}
