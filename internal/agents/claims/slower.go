package claims

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// slowerThan needs a span of the subject in a failing trace that took longer than every cited span
// of the object, or a number that is its duration or that its duration exceeds.
func (k *check) slowerThan() string {
	slow, fast, reason := k.compared()
	if reason != "" {
		return reason
	}
	for _, s := range slow {
		for _, f := range fast {
			if took(s) <= took(f) {
				return fmt.Sprintf("%s took %s, and %s took %s", k.name(k.subject), durationWord(took(s)), k.name(k.object), durationWord(took(f)))
			}
		}
	}
	if reason := k.longerThanNumber(slow); reason != "" {
		return reason
	}
	longer := ""
	if len(fast) > 0 {
		longest := slices.MaxFunc(fast, func(a, b *dossier.Record) int { return cmp.Compare(took(a), took(b)) })
		longer = fmt.Sprintf(", longer than %s of %s", durationWord(took(longest)), k.thing(longest))
		if !failing(longest) {
			longer += " in a healthy trace"
		}
	}
	for _, s := range slow {
		k.prove(fmt.Sprintf("%s took %s%s", k.thing(s), durationWord(took(s)), longer), append([]*dossier.Record{s}, fast...)...)
	}
	return ""
}

// compared tells the subject's cited spans from those that it is compared with.
func (k *check) compared() (slow, fast []*dossier.Record, reason string) {
	same := k.claim.Object != "" && k.subject == k.object
	for _, r := range k.records {
		isSubject := k.timed(k.subject, r) && failing(r)
		isObject := k.claim.Object != "" && k.timed(k.object, r)
		switch {
		case same && isObject && !failing(r), !same && isObject && !isSubject:
			fast = append(fast, r)
		case isSubject:
			slow = append(slow, r)
		}
	}
	switch {
	case len(slow) == 0:
		reason = fmt.Sprintf("no cited record is a span of %s in a failing trace", k.name(k.subject))
	case k.claim.Object == "" && k.claim.Number == nil:
		reason = "it says neither than what nor how long"
	case k.claim.Object != "" && len(fast) == 0 && same:
		reason = "no cited record is a span of the same in a healthy trace"
	case k.claim.Object != "" && len(fast) == 0:
		reason = "no cited record is a span of " + k.name(k.object)
	}
	return slow, fast, reason
}

// timed tells whether a record is a span of exactly this component with a duration.
func (k *check) timed(c dossier.Component, r *dossier.Record) bool {
	if r.Span == nil || r.Span.End < r.Span.Start {
		return false
	}
	if c.IsDependency() {
		return k.isCallTo(c, r.Node)
	}
	return r.Service == c.Service && (c.Operation == "" || slices.Contains(r.Node.Operations(), c.Operation))
}

// longerThanNumber checks a number that is not a duration itself: a limit that some cited record
// states and that the subject's spans exceeded.
func (k *check) longerThanNumber(slow []*dossier.Record) string {
	n := k.claim.Number
	if n == nil || n.Field == fieldDuration {
		return ""
	}
	stated, reason := parseQuantity(*n)
	if reason != "" {
		return reason
	}
	limit, reason := stated.nanoseconds()
	if reason != "" {
		return reason
	}
	for _, s := range slow {
		if new(big.Rat).SetInt64(signed(took(s))).Cmp(limit) <= 0 {
			return fmt.Sprintf("%s took %s, which is not longer", k.name(k.subject), durationWord(took(s)))
		}
	}
	return ""
}

func took(r *dossier.Record) signal.Nanos { return r.Span.End - r.Span.Start }

func signed(n signal.Nanos) int64 { return int64(min(n, signal.Nanos(1)<<61)) }
