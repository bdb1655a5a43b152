package rank

import (
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
)

// Variant is what some traces with the reported root say of it, unlike the one that is shown.
type Variant struct {
	Traces []*Support
	says   []string
}

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
// what they say; agreeing is how many say the same.
func variantsOf(r *Ranking) (variants []Variant, agreeing int) {
	for _, s := range r.support {
		says := s.says
		if isSameMessage(says, r.Shown.says) {
			agreeing++
			continue
		}
		at := slices.IndexFunc(variants, func(v Variant) bool { return isSameMessage(v.says, says) })
		if at < 0 {
			if len(variants) == maxVariants {
				continue
			}
			at = len(variants)
			variants = append(variants, Variant{says: says})
		}
		variants[at].Traces = append(variants[at].Traces, s)
	}
	return variants, agreeing
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
