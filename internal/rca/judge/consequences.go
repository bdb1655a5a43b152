package judge

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
)

// CountConsequences counts the errors that lead back to any of the origins, these included, and their
// signals.
func CountConsequences(x *explain.Explanation, origins []*evidence.Group) (errors, signals int) {
	for _, g := range consequencesOf(x, origins...) {
		errors++
		signals += g.Signals
	}
	return errors, signals
}

// consequencesOf are the errors that lead back to any of the origins, these included.
func consequencesOf(x *explain.Explanation, origins ...*evidence.Group) []*evidence.Group {
	seen := make(map[*evidence.Group]bool, len(origins))
	all := slices.Clone(origins)
	for _, g := range origins {
		seen[g] = true
	}
	for i := 0; i < len(all); i++ {
		x.Tree.Steps.Take(1 + len(x.About(all[i]).Explains))
		for _, a := range x.About(all[i]).Explains {
			if !seen[a] {
				seen[a] = true
				all = append(all, a)
			}
		}
	}
	return all
}
