package rank

import (
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
)

// countAlike notes what each trace says, and how many say the same.
func countAlike(support []*Support) {
	for _, s := range support {
		s.says = wordsOf(s.Judgement)
	}
	for _, s := range support {
		for _, o := range support {
			if isSameMessage(s.says, o.says) {
				s.alike++
			}
		}
	}
}

// variantsOf are the traces with the reported root that give other messages than the one that is shown, by
// what they say.
func variantsOf(r *Ranking) (variants [][]*Support) {
	for _, s := range r.support {
		if isSameMessage(s.says, r.Shown.says) {
			continue
		}
		at := slices.IndexFunc(variants, func(v []*Support) bool { return isSameMessage(v[0].says, s.says) })
		switch {
		case at >= 0:
			variants[at] = append(variants[at], s)
		case len(variants) < maxVariants:
			variants = append(variants, []*Support{s})
		}
	}
	return variants
}

// maxVariants bounds how many messages are told apart; traces with further ones only count as unequal.
const maxVariants = 8

// wordsOf is what a judgement's evidence says, without values: the words of an exception or message for
// errors of own code, else only what it means, as clients have words of their own for the same. It is
// empty where nothing is said.
func wordsOf(j *judge.Judgement) []string {
	if j.Kind != incident.KindCode {
		return []string{string(j.Category)}
	}
	message := j.Group.Records[0].Observed.Message
	if thrown, _ := j.Group.Exception(); thrown != nil {
		message = thrown.Innermost().Message
	}
	first, _, _ := strings.Cut(message[:min(len(message), maxMessage)], "\n")
	return strings.Fields(failure.Parameterize(first))
}

// maxMessage bounds how much of a message is compared.
const maxMessage = 1000

// isSameMessage reports whether messages say the same: their words differ in one place at most, where a
// value may stand. A message that says nothing contradicts none.
func isSameMessage(a, b []string) bool {
	if len(a) == 0 || len(b) == 0 {
		return true
	}
	if len(a) != len(b) {
		return false
	}
	unequal := 0
	for i := range a {
		if a[i] != b[i] {
			unequal++
		}
	}
	return unequal == 0 || unequal == 1 && len(a) > 1
}
