package claims

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// proveCausedBy needs an error of the subject, and below it in the same trace an error of the object, a
// failed call to it, or the time that it held over a deadline, from which the failure went up along
// every hop between the two (docs/verdict.md sections 3 and 5).
func proveCausedBy(k *check) string {
	if k.subject.Name() == k.object.Name() {
		return "nothing is its own cause"
	}
	reason := "no cited record is an error of " + k.say.name(k.subject)
	var effects, causes []*dossier.Record
	for _, r := range k.records {
		if !isFailing(r) || placeOf(r) == nil {
			continue
		}
		if !k.subject.IsDependency() && isEffect(k, r) {
			effects = append(effects, r)
		}
		if k.object.Holds(placeOf(r)) || k.rel.isFailedCallTo(k.object, r) {
			causes = append(causes, r)
		}
	}
	if len(effects) > 0 {
		reason = fmt.Sprintf("no cited record shows what happened at %s in a failing trace", k.say.name(k.object))
	}
	for _, e := range effects {
		for _, c := range causes {
			if e == c {
				continue
			}
			what, why := explainEffect(k, e, c)
			if why != "" {
				reason = why
				continue
			}
			k.prove(fmt.Sprintf("%s because of %s", k.say.failure(k.subject, e), what), e, c)
		}
	}
	return reason
}

// isEffect reports whether a record is an error of the subject that may follow from another.
func isEffect(k *check, r *dossier.Record) bool {
	return r.Service == k.subject.Service && whyNoError(k, k.subject, r) == ""
}

// explainEffect is what the cause's record shows of the object, in words, where it made the effect's record
// happen; otherwise the reason why that is not proved.
func explainEffect(k *check, effect, cause *dossier.Record) (what, reason string) {
	e, c := placeOf(effect), placeOf(cause)
	switch {
	case effect.Trace != cause.Trace:
		return "", "the records belong to different traces"
	case e == c:
		return "", "both records are of one span"
	case !e.Covers(c):
		return "", fmt.Sprintf("no call that led to the cited record of %s was made in the cited one of %s", k.say.name(k.object), k.say.name(k.subject))
	case isOnlyCancelled(errorTextOf(effect)):
		return "", "a cancellation follows from what failed above or beside it, and not from what it cancelled"
	}
	p := newPath(k, effect, cause)
	if reason := p.whyBroken(); reason != "" {
		return "", reason
	}
	if p.gaveUp != nil {
		if reason := p.whyNotHeld(); reason != "" {
			return "", reason
		}
		return heldTimePhrase(k, c, k.rel.isFailedCallTo(k.object, cause)), p.whyNotArriving(p.gaveUp)
	}
	if reason := whyNoFault(k, cause.Trace, c); reason != "" {
		return "", reason
	}
	return faultPhrase(k, cause.Trace, c), p.whyNotArriving(c)
}

// whyNoFault is the reason why what a record shows of the object is no failure of it.
func whyNoFault(k *check, t *dossier.Trace, c *trace.Node) string {
	switch {
	case refusesRequest(c):
	case !t.Failed(c):
		return k.say.name(k.object) + " recorded no error there"
	case endedWell(t, c):
		return "the span that is to be the cause ended well"
	case isOnlyCancelled(errorTextAt(t, c)):
		return fmt.Sprintf("what %s recorded is that it was cancelled, which follows from a failure above it", k.say.name(k.object))
	}
	return ""
}

func heldTimePhrase(k *check, c *trace.Node, call bool) string {
	if call {
		return "the time that a call to " + k.say.name(k.object) + " took"
	}
	return "the time that " + k.say.name(k.object) + " took" + inOperation(k, c)
}

func faultPhrase(k *check, t *dossier.Trace, c *trace.Node) string {
	switch {
	case !k.object.Holds(c):
		return "a failed call to " + k.say.name(k.object)
	case !t.Failed(c):
		return "the answer of " + k.say.name(k.object) + withStatus(c.Span)
	}
	return "an error in " + k.say.name(k.object) + inOperation(k, c)
}

func inOperation(k *check, n *trace.Node) string {
	if k.object.Operation != "" || n.Span == nil {
		return ""
	}
	return " (" + k.say.quoteName(n.Name) + ")"
}
