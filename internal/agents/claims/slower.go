package claims

import (
	"cmp"
	"fmt"
	"math/big"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// proveSlower needs a span of the subject in a failing trace that took longer than every cited span
// of the object, or a number that is its duration or that its duration exceeds.
func proveSlower(k *check) string {
	slow, fast, reason := splitCompared(k)
	if reason != "" {
		return reason
	}
	for _, s := range slow {
		for _, f := range fast {
			if durationOf(s) <= durationOf(f) {
				return fmt.Sprintf("%s took %s, and %s took %s", k.say.name(k.subject), formatDuration(durationOf(s)), k.say.name(k.object), formatDuration(durationOf(f)))
			}
		}
	}
	if reason := whyNotLonger(k, slow); reason != "" {
		return reason
	}
	longer := ""
	if len(fast) > 0 {
		longest := slices.MaxFunc(fast, func(a, b *dossier.Record) int { return cmp.Compare(durationOf(a), durationOf(b)) })
		longer = fmt.Sprintf(", longer than %s of %s", formatDuration(durationOf(longest)), k.say.record(longest))
		if !isFailing(longest) {
			longer += " in a healthy trace"
		}
	}
	for _, s := range slow {
		k.prove(fmt.Sprintf("%s took %s%s", k.say.record(s), formatDuration(durationOf(s)), longer), append([]*dossier.Record{s}, fast...)...)
	}
	return ""
}

// splitCompared tells the subject's cited spans from those that it is compared with.
func splitCompared(k *check) (slow, fast []*dossier.Record, reason string) {
	same := k.claim.Object != "" && k.subject == k.object
	for _, r := range k.records {
		isSubject := isTimed(k, k.subject, r) && isFailing(r)
		isObject := k.claim.Object != "" && isTimed(k, k.object, r)
		switch {
		case same && isObject && !isFailing(r), !same && isObject && !isSubject:
			fast = append(fast, r)
		case isSubject:
			slow = append(slow, r)
		}
	}
	switch {
	case len(slow) == 0:
		reason = fmt.Sprintf("no cited record is a span of %s in a failing trace", k.say.name(k.subject))
	case k.claim.Object == "" && k.claim.Number == nil:
		reason = "it says neither than what nor how long"
	case k.claim.Object != "" && len(fast) == 0 && same:
		reason = "no cited record is a span of the same in a healthy trace"
	case k.claim.Object != "" && len(fast) == 0:
		reason = "no cited record is a span of " + k.say.name(k.object)
	}
	return slow, fast, reason
}

// isTimed reports whether a record is a span of exactly this component with a duration.
func isTimed(k *check, c dossier.Component, r *dossier.Record) bool {
	if r.Span == nil || r.Span.End < r.Span.Start {
		return false
	}
	if c.IsDependency() {
		return k.rel.isCallTo(c, r.Node)
	}
	return r.Service == c.Service && (c.Operation == "" || slices.Contains(dossier.OperationsOf(r.Node), c.Operation))
}

// whyNotLonger checks a number that is not a duration itself: a limit that some cited record
// states and that the subject's spans exceeded.
func whyNotLonger(k *check, slow []*dossier.Record) string {
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
		if new(big.Rat).SetInt64(signed(durationOf(s))).Cmp(limit) <= 0 {
			return fmt.Sprintf("%s took %s, which is not longer", k.say.name(k.subject), formatDuration(durationOf(s)))
		}
	}
	return ""
}

func durationOf(r *dossier.Record) signal.Nanos { return r.Span.End - r.Span.Start }

func signed(n signal.Nanos) int64 { return int64(min(n, signal.Nanos(1)<<61)) }
