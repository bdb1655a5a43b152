package claims

import (
	"fmt"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// order is what is known of when two records began.
type order int

const (
	undecided order = iota // within what clocks may differ by
	before
	after
	unknown // a record has no time
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
	k.cite(a, b)
	switch orderOf(a, b) {
	case after:
		return "the second record began before the first, by " + durationWord(a.Time-min(a.Time, b.Time))
	case unknown:
		return "a cited record has no time"
	case undecided:
		k.caveat = "order not provable: clocks may differ by as much"
		k.statement = fmt.Sprintf("%s of %s and %s of %s began within %s of each other", k.thing(a), k.name(k.subject), k.thing(b), k.name(k.object),
			durationWord(max(a.Time, b.Time)-min(a.Time, b.Time)))
	default:
		k.statement = fmt.Sprintf("%s of %s began before %s of %s", k.thing(a), k.name(k.subject), k.thing(b), k.name(k.object))
		if a.Time < b.Time {
			k.statement += ", by " + durationWord(b.Time-a.Time)
		}
	}
	return ""
}

// orderOf decides by what called what, and else by the clocks as far as they can be trusted.
func orderOf(a, b *dossier.Record) order {
	switch causalOrder(a, b) {
	case before:
		return before
	case after:
		return after
	}
	if a.Time == 0 || b.Time == 0 {
		return unknown
	}
	allowed := uncertainty(a, b)
	switch {
	case a.Time+allowed < b.Time:
		return before
	case b.Time+allowed < a.Time:
		return after
	}
	return undecided
}

// causalOrder is what holds whatever the clocks say: a span began before what happened below it.
func causalOrder(a, b *dossier.Record) order {
	if a.Node == nil || b.Node == nil || a.Trace != b.Trace {
		return undecided
	}
	switch {
	case a.Span != nil && leadsTo(a.Node, b.Node) && a.Ref != b.Ref:
		return before
	case b.Span != nil && leadsTo(b.Node, a.Node) && a.Ref != b.Ref:
		return after
	}
	return undecided
}

// leadsTo tells whether d is n or below it, along calls and messages.
func leadsTo(n, d *dossier.Node) bool {
	for range maxHops {
		if n.Covers(d) {
			return true
		}
		root := d
		for root.Parent != nil && root.Producer == nil {
			root = root.Parent
		}
		if root.Producer == nil || root.Producer == d {
			return false
		}
		d = root.Producer
	}
	return false
}

// maxHops bounds the messages that are followed.
const maxHops = 32

// uncertainty is how far the times of two records may differ without meaning anything.
func uncertainty(a, b *dossier.Record) signal.Nanos {
	if sameClock(a, b) {
		if a.Trace != nil && a.Trace.Tolerance > clockTolerance {
			return a.Trace.Tolerance // coarse timestamps
		}
		return 0
	}
	allowed := clockTolerance
	for _, t := range []*dossier.Trace{a.Trace, b.Trace} {
		if t != nil {
			allowed = max(allowed, t.Uncertainty(a.Service, b.Service))
		}
	}
	return allowed
}

// clockTolerance is how far clocks of one system may differ (docs/verdict.md section 5).
const clockTolerance = signal.Nanos(5_000_000)

// sameClock tells whether two records come from one process: from one request in one service, or
// from an instance that both name.
func sameClock(a, b *dossier.Record) bool {
	if a.Service != b.Service {
		return false
	}
	if a.Node != nil && b.Node != nil && a.Trace == b.Trace && a.Node.LocalRoot() == b.Node.LocalRoot() {
		return true
	}
	ia, ib := instanceOf(a), instanceOf(b)
	return ia != "" && ia == ib
}

func instanceOf(r *dossier.Record) string {
	var res *signal.Resource
	switch {
	case r.Span != nil:
		res = r.Span.Resource
	case r.Log != nil:
		res = r.Log.Resource
	case r.Point != nil:
		res = r.Point.Resource
	}
	if res == nil {
		return ""
	}
	return res.Attributes.FirstStr("service.instance.id", "k8s.pod.uid", "host.id", "host.name")
}
