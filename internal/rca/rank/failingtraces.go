package rank

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
)

// Support is a failing trace with the reported root.
type Support struct {
	Verdict   *judge.Verdict
	Root      incident.Root
	Judgement *judge.Judgement

	says      []string // see wordsOf
	tellsLess bool     // of the same cause
	alike     int      // how many traces with the root say the same
}

// reportedRoot is the signature of the root to report: the incident's, as long as a trace has it,
// else the most common one. Complete traces decide; incomplete ones only where there is no other.
func reportedRoot(traces []*judge.Verdict, wanted string) string {
	for _, incomplete := range []bool{false, true} {
		votes := make(map[string]int)
		for _, v := range traces {
			if v.IsIncomplete() != incomplete {
				continue
			}
			for _, r := range v.Classification.Roots {
				votes[r.Signature]++
				if r.Signature != wanted && slices.Contains(r.Joins, wanted) {
					votes[wanted]++
				}
			}
		}
		if best := mostVoted(votes, wanted); best != "" {
			return best
		}
	}
	return ""
}

func mostVoted(votes map[string]int, wanted string) string {
	if votes[wanted] > 0 {
		return wanted
	}
	best := ""
	for _, s := range slices.Sorted(maps.Keys(votes)) {
		if best == "" || votes[s] > votes[best] {
			best = s
		}
	}
	return best
}

// rootsOf are the roots of a signature in the traces.
func rootsOf(traces []*judge.Verdict, signature string) (roots []incident.Root) {
	for _, v := range traces {
		for _, r := range v.Classification.Roots {
			if r.Signature == signature {
				roots = append(roots, r)
			}
		}
	}
	return roots
}

// supportOf is how a trace supports a root: it has the root, or one that shares its cause; nil where it has neither.
func supportOf(v *judge.Verdict, signature string, roots []incident.Root) *Support {
	for _, fits := range []func(incident.Root) bool{
		func(r incident.Root) bool { return r.Signature == signature },
		func(r incident.Root) bool { return slices.Contains(r.Joins, signature) },
		func(r incident.Root) bool { return slices.ContainsFunc(roots, r.SharesCause) },
	} {
		for i, r := range v.Classification.Roots {
			if fits(r) {
				return &Support{Verdict: v, Root: r, Judgement: v.Primary[slices.Index(v.RootOf, i)], tellsLess: r.Signature != signature}
			}
		}
	}
	return nil
}

// compareSupport prefers traces that show the cause, complete ones, those with the root itself, those that
// show most of it, those that say what most say, those that show how far it reached, then the earliest.
func compareSupport(a, b *Support) int {
	x, y := a.Verdict.Classification, b.Verdict.Classification
	return cmp.Or(cmp.Compare(a.weakness(), b.weakness()), -cmp.Compare(limitOf(a.Judgement), limitOf(b.Judgement)), -cmp.Compare(a.alike, b.alike),
		-cmp.Compare(len(x.Services), len(y.Services)), cmp.Compare(x.FirstError, y.FirstError), cmp.Compare(x.Key, y.Key))
}

// limitOf is how much a trace alone allows to claim.
func limitOf(j *judge.Judgement) incident.Confidence {
	most := baseConfidence(j)
	for _, l := range j.Limits {
		most = min(most, l.Cap.Limit())
	}
	return most
}

// weakness is what makes a trace a worse witness; the first of these outweighs those after it.
func (s *Support) weakness() int {
	weakness := 0
	for _, weak := range []bool{s.Root.Abstained, s.tellsLess, s.Verdict.IsIncomplete(), s.Judgement.JoinsUnavailable} {
		weakness *= 2
		if weak {
			weakness++
		}
	}
	return weakness
}

// countShowing counts the supporting traces that show what is reported; where something certain is, those
// that show nothing certain are only consistent with it.
func countShowing(list []*Support, shown *Support) int {
	n := 0
	for _, s := range list {
		if s.Root.Abstained == shown.Root.Abstained {
			n++
		}
	}
	return n
}
