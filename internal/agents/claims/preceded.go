package claims

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
)

// provePreceded needs the first cited record, of the subject, to have begun before the second, of the
// object.
func provePreceded(k *check) string {
	if len(k.records) < 2 {
		return "it needs two different records, the earlier first"
	}
	a, b := k.records[0], k.records[1]
	switch {
	case !k.rel.isAbout(k.subject, a):
		return "the first cited record is not of " + k.say.name(k.subject)
	case !k.rel.isAbout(k.object, b):
		return "the second cited record is not of " + k.say.name(k.object)
	case !isFailing(a) || !isFailing(b):
		return "a cited record belongs to a healthy trace"
	}
	records := []*dossier.Record{a, b}
	switch k.clocks.order(a, b) {
	case after:
		return "the second record began before the first"
	case unknown:
		return "a cited record has no time of its own"
	case undecided:
		k.proofs = append(k.proofs, proof{
			records: records, caveat: "order not provable: clocks may differ by as much",
			statement: fmt.Sprintf("%s and %s began at about the same time", k.say.record(a), k.say.record(b)),
		})
	default:
		statement := fmt.Sprintf("%s began before %s", k.say.record(a), k.say.record(b))
		if sameClock(a, b) && rawTime(b) > rawTime(a) {
			statement += ", by " + formatDuration(rawTime(b)-rawTime(a))
		}
		k.prove(statement, records...)
	}
	return ""
}
