package claims

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
)

// preceded needs the first cited record, of the subject, to have begun before the second, of the
// object.
func (k *check) preceded() string {
	if len(k.records) < 2 {
		return "it needs two different records, the earlier first"
	}
	a, b := k.records[0], k.records[1]
	switch {
	case !k.about(k.subject, a):
		return "the first cited record is not of " + k.name(k.subject)
	case !k.about(k.object, b):
		return "the second cited record is not of " + k.name(k.object)
	case !failing(a) || !failing(b):
		return "a cited record belongs to a healthy trace"
	}
	records := []*dossier.Record{a, b}
	switch k.orderOf(a, b) {
	case after:
		return "the second record began before the first"
	case unknown:
		return "a cited record has no time of its own"
	case undecided:
		k.proofs = append(k.proofs, proof{
			records: records, caveat: "order not provable: clocks may differ by as much",
			statement: fmt.Sprintf("%s and %s began at about the same time", k.thing(a), k.thing(b)),
		})
	default:
		statement := fmt.Sprintf("%s began before %s", k.thing(a), k.thing(b))
		if sameClock(a, b) && rawTime(b) > rawTime(a) {
			statement += ", by " + durationWord(rawTime(b)-rawTime(a))
		}
		k.prove(statement, records...)
	}
	return ""
}

// about tells whether a record speaks of a component: it was recorded by it, in the operation named
// or a request of it, or it is a call to it where it records nothing in that trace.
func (k *check) about(c dossier.Component, r *dossier.Record) bool {
	if !c.IsDependency() && r.Service == c.Service && c.Operation != "" {
		return c.Holds(r.Node)
	}
	return k.ownRecord(c, r)
}
