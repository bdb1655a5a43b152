package claims

import (
	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// order is what is known of when two records began.
type order int

const (
	undecided order = iota // within what clocks may differ by
	before
	after
	unknown // a record has no time
)

// clocks compares the times of records.
type clocks struct{ d *dossier.Dossier }

// order decides by what called what, and else by the clocks as far as they can be trusted.
func (c clocks) order(a, b *dossier.Record) order {
	if o := causalOrder(a, b); o != undecided {
		return o
	}
	if rawTime(a) == 0 || rawTime(b) == 0 {
		return unknown
	}
	if sameClock(a, b) {
		allowed := max(resolution(rawTime(a)), resolution(rawTime(b)), coarseness(a), coarseness(b))
		return compare(trace.InstantOf(rawTime(a)), trace.InstantOf(rawTime(b)), allowed)
	}
	return compare(trace.InstantOf(a.Time), trace.InstantOf(b.Time), c.doubt(a, b))
}

func compare(a, b, allowed trace.Instant) order {
	switch {
	case a+allowed < b:
		return before
	case b+allowed < a:
		return after
	}
	return undecided
}

// causalOrder is what holds whatever the clocks say: a span began before what happened below it.
func causalOrder(a, b *dossier.Record) order {
	if a.Node == nil || b.Node == nil || a.Trace != b.Trace || a.Ref == b.Ref {
		return undecided
	}
	switch {
	case a.Span != nil && leadsTo(a.Node, b.Node):
		return before
	case b.Span != nil && leadsTo(b.Node, a.Node):
		return after
	}
	return undecided
}

// leadsTo reports whether d is n or below it, along calls and messages.
func leadsTo(n, d *trace.Node) bool {
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

// clockTolerance is how far clocks of one system may differ (docs/verdict.md section 5).
const clockTolerance = trace.Instant(5_000_000)

// doubt is how far the corrected times of two records of different clocks may differ without meaning
// anything. Where a clock is known to be off, a correction leaves all of what it cannot tell; in other
// traces the clock is as much off, unseen.
func (c clocks) doubt(a, b *dossier.Record) trace.Instant {
	allowed := max(clockTolerance, resolution(rawTime(a)), resolution(rawTime(b)), coarseness(a), coarseness(b))
	if a.Trace != nil && a.Trace == b.Trace {
		return max(allowed, a.Trace.Uncertainty(a.Service, b.Service)) + a.Trace.Doubt(a.Service) + a.Trace.Doubt(b.Service)
	}
	for _, traces := range [][]*dossier.Trace{c.d.Failing, c.d.Healthy} {
		for _, t := range traces {
			allowed = max(allowed, t.Shift(a.Service)+t.Doubt(a.Service)+t.Tolerance, t.Shift(b.Service)+t.Doubt(b.Service)+t.Tolerance)
		}
	}
	return allowed
}

// coarseness is the resolution of the times of a record's trace where it is coarse.
func coarseness(r *dossier.Record) trace.Instant {
	if r.Trace != nil && r.Trace.Tolerance > clockTolerance {
		return r.Trace.Tolerance
	}
	return 0
}

// sameClock reports whether two records come from one process: from an instance that both name, else
// from one request in one service that no call to itself divides.
func sameClock(a, b *dossier.Record) bool {
	if a.Service != b.Service {
		return false
	}
	if ia, ib := instanceOf(a), instanceOf(b); ia != "" || ib != "" {
		return ia == ib
	}
	return a.Node != nil && b.Node != nil && a.Trace == b.Trace && processRoot(a.Node) == processRoot(b.Node)
}

// processRoot is the topmost node reached without leaving the service or going up from a request.
func processRoot(n *trace.Node) *trace.Node {
	for n.Parent != nil && n.Parent.Service == n.Service && (n.Span == nil || n.Span.Kind != signal.KindServer && n.Span.Kind != signal.KindConsumer) {
		n = n.Parent
	}
	return n
}

// rawTime is when a record began by the clock of who recorded it, 0 where it does not say.
func rawTime(r *dossier.Record) signal.Nanos {
	switch {
	case r.Span != nil:
		return r.Span.Start
	case r.Log != nil:
		return r.Log.Time
	}
	return r.Time
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
	return semconv.ServiceInstance(res.Attributes)
}
