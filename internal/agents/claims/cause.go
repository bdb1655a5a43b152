package claims

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
)

// causedBy needs an error of the subject, and below it in the same trace an error of the object, a
// failed call to it, or the time that it held over a deadline, from which the failure went up along
// every hop between the two (docs/verdict.md sections 3 and 5).
func (k *check) causedBy() string {
	if k.subject.Name() == k.object.Name() {
		return "nothing is its own cause"
	}
	reason := "no cited record is an error of " + k.name(k.subject)
	var effects, causes []*dossier.Record
	for _, r := range k.records {
		if !failing(r) || k.place(r) == nil {
			continue
		}
		if !k.subject.IsDependency() && k.isEffect(r) {
			effects = append(effects, r)
		}
		if k.object.Holds(k.place(r)) || k.failedCallTo(k.object, r) {
			causes = append(causes, r)
		}
	}
	if len(effects) > 0 {
		reason = fmt.Sprintf("no cited record shows what happened at %s in a failing trace", k.name(k.object))
	}
	for _, e := range effects {
		for _, c := range causes {
			if e == c {
				continue
			}
			what, why := k.led(e, c)
			if why != "" {
				reason = why
				continue
			}
			k.prove(fmt.Sprintf("%s because of %s", k.failure(k.subject, e), what), e, c)
		}
	}
	return reason
}

// isEffect tells whether a record is an error of the subject that may follow from another.
func (k *check) isEffect(r *dossier.Record) bool {
	return r.Service == k.subject.Service && k.notError(k.subject, r) == ""
}

// failedCallTo tells whether a record is a call to a component that failed.
func (k *check) failedCallTo(c dossier.Component, r *dossier.Record) bool {
	return r.Span != nil && isError(r) && !shruggedOff(r) && !survived(r) && k.isCallTo(c, r.Node)
}

// place is where in its trace a record belongs: a log without a span to the only request of its
// service.
func (k *check) place(r *dossier.Record) *dossier.Node {
	if r.Node != nil || r.Log == nil || r.Trace == nil {
		return r.Node
	}
	var only *dossier.Node
	for _, n := range r.Trace.Nodes {
		if n.Service == r.Service && n.LocalRoot() == n {
			if only != nil {
				return nil
			}
			only = n
		}
	}
	return only
}

// led is what the cause's record shows of the object, in words, where it made the effect's record
// happen; otherwise the reason why that is not proved.
func (k *check) led(effect, cause *dossier.Record) (what, reason string) {
	e, c := k.place(effect), k.place(cause)
	switch {
	case effect.Trace != cause.Trace:
		return "", "the records belong to different traces"
	case e == c:
		return "", "both records are of one span"
	case !e.Covers(c):
		return "", fmt.Sprintf("no call that led to the cited record of %s was made in the cited one of %s", k.name(k.object), k.name(k.subject))
	case onlyCancelled(wordsOf(effect)):
		return "", "a cancellation follows from what failed above or beside it, and not from what it cancelled"
	}
	p := k.pathOf(effect, cause)
	if reason := p.broken(); reason != "" {
		return "", reason
	}
	if p.gaveUp != nil {
		if reason := p.held(); reason != "" {
			return "", reason
		}
		return k.timeWord(c, k.failedCallTo(k.object, cause)), p.arrives(p.gaveUp)
	}
	if reason := k.isFault(c); reason != "" {
		return "", reason
	}
	return k.faultWord(c), p.arrives(c)
}

// isFault is the reason why what a record shows of the object is no failure of it.
func (k *check) isFault(c *dossier.Node) string {
	switch {
	case refuses(c):
	case !c.Failed():
		return k.name(k.object) + " recorded no error there"
	case endedWell(c):
		return "the span that is to be the cause ended well"
	case onlyCancelled(k.wordsAt(c)):
		return fmt.Sprintf("what %s recorded is that it was cancelled, which follows from a failure above it", k.name(k.object))
	}
	return ""
}

func (k *check) timeWord(c *dossier.Node, call bool) string {
	if call {
		return "the time that a call to " + k.name(k.object) + " took"
	}
	return "the time that " + k.name(k.object) + " took" + k.inOperation(c)
}

func (k *check) faultWord(c *dossier.Node) string {
	switch {
	case !k.object.Holds(c):
		return "a failed call to " + k.name(k.object)
	case !c.Failed():
		return "the answer of " + k.name(k.object) + withStatus(c.Span)
	}
	return "an error in " + k.name(k.object) + k.inOperation(c)
}

func (k *check) inOperation(n *dossier.Node) string {
	if k.object.Operation != "" || n.Span == nil {
		return ""
	}
	return " (" + k.quoteName(n.Name) + ")"
}

// refuses tells whether a span answered that it would not do what it was asked, which services do not
// record as an error of theirs.
func refuses(n *dossier.Node) bool {
	if n.Span == nil || n.LocalRoot() != n {
		return false
	}
	status := dossier.Answer(n.Span).HTTP
	return refusalStatus(n) != "" || status == 408 || status >= 500
}
