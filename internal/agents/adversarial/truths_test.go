package adversarial

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// claim is a scripted claim and what is known of it by how the case was built.
type claim struct {
	incident.Claim
	why string // what makes it true, or in which way it is false
}

// caused lists, per scenario, whose failure came from whose. "payment pool" and the like are not
// components; only services and dependencies are listed.
var caused = map[string][][2]string{
	"fail-pay":   {{"gateway", "payment"}},
	"fail-stock": {{"gateway", "payment"}, {"payment", "inventory"}, {"gateway", "inventory"}},
	"fail-auth":  {{"gateway", "payment"}},
	"slow-stock": {{"gateway", "payment"}, {"payment", "inventory"}},
	"lost-db":    {{"payment", "inventory"}, {"gateway", "inventory"}, {"inventory", "inventory-replica"}},
	"lock-db":    {{"payment", "inventory"}, {"inventory", "inventory-db"}, {"payment", "inventory-db"}},
}

// errorRef is the record that shows the error of a component best.
func (w *world) errorRef(component string) incident.Ref {
	switch component {
	case "inventory-replica":
		return trace.SpanRef(w.span("inventory", "connect", signal.KindClient))
	case "inventory-db":
		return trace.SpanRef(w.span("inventory", "SELECT", signal.KindClient))
	}
	if l := w.log(component); l != nil {
		return trace.LogRef(l)
	}
	return trace.SpanRef(w.span(component, "", signal.KindServer))
}

// truths are claims that are true of a world.
func (w *world) truths(scenario string) []claim {
	var all []claim
	add := func(why string, c incident.Claim) { all = append(all, claim{c, why}) }
	w.trueErrors(add)
	w.trueDurations(add)
	w.trueCalls(add)
	w.trueOrder(add)
	for _, pair := range caused[scenario] {
		w.trueCause(add, pair)
		if scenario == "fail-auth" {
			continue // payment's refusal is no error of payment
		}
		add("the failure went up along the call", incident.Claim{
			Predicate: incident.PredicateCausedBy, Subject: pair[0], Object: pair[1],
			Evidence: []incident.Ref{w.errorRef(pair[0]), w.errorRef(pair[1])},
		})
	}
	add("the pool is full", incident.Claim{
		Predicate: incident.PredicateSaturated, Subject: "payment", Evidence: []incident.Ref{metricRef(w.used)},
		Number: &incident.Quantity{Value: "4", Field: "value"},
	})
	add("it was deployed", incident.Claim{
		Predicate: incident.PredicateChanged, Subject: "payment", Evidence: []incident.Ref{"change:d-41"}, Quote: "Use the new pool, by <email:1>",
	})
	if scenario == "fail-auth" {
		add("403", incident.Claim{
			Predicate: incident.PredicateRefused, Subject: "payment", Object: "gateway",
			Evidence: []incident.Ref{trace.SpanRef(w.span("gateway", "POST", signal.KindClient))},
			Number:   &incident.Quantity{Value: "403", Field: "http.response.status_code"},
		})
		add("payment refused before it asked inventory", incident.Claim{
			Predicate: incident.PredicateNotCalled, Subject: "payment", Object: "inventory",
			Evidence: []incident.Ref{trace.SpanRef(w.span("payment", "", signal.KindServer))},
		})
	}
	if scenario == "lost-db" {
		add("nothing is recorded at the database", incident.Claim{
			Predicate: incident.PredicateMissing, Subject: "inventory-replica", Object: "inventory",
			Evidence: []incident.Ref{w.errorRef("inventory-replica")},
		})
		add("refused connection", incident.Claim{
			Predicate: incident.PredicateRefused, Subject: "inventory-replica", Object: "inventory",
			Evidence: []incident.Ref{w.errorRef("inventory-replica")}, Quote: "connect: connection refused (user <email:1>",
		})
	}
	return all
}

// trueCause cites the spans, and the caller's side of the call.
func (w *world) trueCause(add adder, pair [2]string) {
	effect, cause := w.span(pair[0], "", signal.KindServer), w.span(pair[1], "", signal.KindServer)
	if cause == nil {
		return
	}
	evidence := [][]incident.Ref{{trace.SpanRef(effect), trace.SpanRef(cause)}}
	if call := w.parentOf(cause); call.Service() == pair[0] && call.StatusCode == signal.StatusError {
		evidence = append(evidence, []incident.Ref{w.errorRef(pair[0]), trace.SpanRef(call)})
	}
	for _, e := range evidence {
		add("the failure went up along the call, by the spans", incident.Claim{
			Predicate: incident.PredicateCausedBy, Subject: pair[0], Object: pair[1], Evidence: e,
		})
	}
}

func metricRef(p *signal.Point) incident.Ref { return incident.Ref("metric:" + p.ID.String()) }

type adder func(why string, c incident.Claim)

func (w *world) trueErrors(add adder) {
	for _, s := range w.failing.Spans {
		if s.StatusCode != signal.StatusError {
			continue
		}
		ref := trace.SpanRef(s)
		if status := dossier.Answer(s).HTTP; status >= 500 {
			add("its status", incident.Claim{
				Predicate: incident.PredicateErrored, Subject: s.Service() + " " + s.Name, Evidence: []incident.Ref{ref},
				Number: &incident.Quantity{Value: strconv.Itoa(status), Field: "http.response.status_code"},
			})
		}
		for _, q := range w.lines(ref, "<email:1>") {
			add("it says so, redacted", incident.Claim{
				Predicate: incident.PredicateErrored, Subject: s.Service(), Evidence: []incident.Ref{ref}, Quote: q,
			})
		}
	}
	for _, l := range w.failing.Logs {
		if l.Severity < 17 {
			continue
		}
		ref := trace.LogRef(l)
		for _, q := range w.lines(ref, "<credentials:1>") {
			add("its log says so, redacted", incident.Claim{
				Predicate: incident.PredicateErrored, Subject: l.Service(), Evidence: []incident.Ref{ref}, Quote: tail(q),
			})
		}
	}
}

// tail is a text from a word near its beginning on.
func tail(text string) string {
	at := len(text) / 4
	if i := strings.IndexByte(text[at:], ' '); i >= 0 {
		at += i + 1
	}
	return text[at:]
}

func (w *world) trueDurations(add adder) {
	for _, s := range w.failing.Spans {
		d := uint64(s.End - s.Start)
		exact := &incident.Quantity{Value: strconv.FormatUint(d, 10), Unit: "ns", Field: "duration"}
		seconds := &incident.Quantity{Value: fmt.Sprintf("%.3f", float64(d)/1e9), Unit: "s", Field: "duration"}
		for _, q := range []*incident.Quantity{exact, seconds, {Value: fmt.Sprintf("%de-3", d/1e6), Unit: "s", Field: "duration"}} {
			add("it took as long", incident.Claim{
				Predicate: incident.PredicateSlowerThan, Subject: s.Service() + " " + s.Name, Evidence: []incident.Ref{trace.SpanRef(s)}, Number: q,
			})
		}
		if h := spanOf(w.healthy, s.Service(), s.Name, s.Kind); h != nil && d > uint64(h.End-h.Start) {
			add("healthy ones were faster", incident.Claim{
				Predicate: incident.PredicateSlowerThan, Subject: s.Service() + " " + s.Name, Object: s.Service() + " " + s.Name,
				Evidence: []incident.Ref{trace.SpanRef(s), trace.SpanRef(h)},
			})
		}
	}
}

// parentOf is a span's parent in the failing trace.
func (w *world) parentOf(s *signal.Span) *signal.Span {
	for _, p := range w.failing.Spans {
		if p.SpanID == s.ParentSpanID {
			return p
		}
	}
	return nil
}

func (w *world) trueCalls(add adder) {
	for _, s := range w.failing.Spans {
		p := w.parentOf(s)
		if p == nil || p.Service() == s.Service() {
			continue
		}
		for _, evidence := range [][]incident.Ref{{trace.SpanRef(s)}, {trace.SpanRef(p)}} {
			add("one called the other", incident.Claim{
				Predicate: incident.PredicateCalled, Subject: p.Service(), Object: s.Service() + " " + s.Name, Evidence: evidence,
			})
		}
	}
}

func (w *world) trueOrder(add adder) {
	for _, s := range w.failing.Spans {
		if p := w.parentOf(s); p != nil {
			add("a caller begins before its callee, whatever the clocks say", incident.Claim{
				Predicate: incident.PredicatePreceded, Subject: p.Service(), Object: s.Service(),
				Evidence: []incident.Ref{trace.SpanRef(p), trace.SpanRef(s)},
			})
		}
	}
	if a, b := w.log("payment"), w.log("gateway"); a != nil && b != nil {
		add("payment failed before the gateway, by the true clock", incident.Claim{
			Predicate: incident.PredicatePreceded, Subject: "payment", Object: "gateway",
			Evidence: []incident.Ref{trace.LogRef(a), trace.LogRef(b)},
		})
	}
}
