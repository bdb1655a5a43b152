package adversarial

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/agents/redact"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// topology is the case of a simulated failure, each service's clock off by up to 2.5 ms.
type topology struct {
	name string
	*simulation
	*dossier.Dossier
	built *incident.Trace
}

// newTopology simulates a failure. Where calls are lost whose other side is recorded, what is true cannot
// always be proved, but what is false stays false.
func newTopology(t testing.TB, seed uint64, lossy bool) *topology {
	rng := rand.New(rand.NewPCG(seed, 7))
	w := &topology{name: fmt.Sprintf("topology-%d", seed)}
	w.simulation = simulate(w.name, rng)
	for _, a := range w.attempts {
		if lossy && a.callee != nil && a.callee.span != nil && rng.IntN(4) == 0 {
			a.span.Lost()
		}
	}
	w.built = w.trace.Build()
	offsets := map[string]int64{}
	for _, service := range simulated {
		offsets[service] = rng.Int64N(5_000_000) - 2_500_000
	}
	skew(w.built, offsets)
	signal.IdentifySpans("", w.built.Spans)
	signal.IdentifyLogs("", w.built.Logs)
	c := &incident.Case{Failing: []*incident.Trace{w.built}}
	c.Knowledge.ServicesEver = simulated
	if k := rca.Classify("", w.built, c.Knowledge); len(k.Roots) > 0 {
		c.RootSignature = k.Roots[0].Signature
	}
	r, err := redact.New(redact.Config{})
	require.NoError(t, err)
	w.Dossier = dossier.New(c, rca.Analyze(c).Report, r.Session())
	return w
}

// shown is how a claim names an operation of a request.
func (w *topology) shown(r *request) string {
	return r.service + " " + w.Name(signal.Name(r.operation))
}

// errorsOf are the records in which a request told of its failure.
func (w *topology) errorsOf(r *request) []incident.Ref {
	found := []incident.Ref{r.span.Ref()}
	for _, l := range w.built.Logs {
		if l.SpanID == r.span.Record().SpanID {
			found = append(found, trace.LogRef(l))
		}
	}
	return found
}

// claims are true and false ones of a case, by how it came about.
func (w *topology) claims() (truths, falsehoods []claim) {
	say := func(v verdict, why string, c incident.Claim) {
		switch v {
		case isTrue:
			truths = append(truths, claim{Claim: c, why: why})
		case isFalse:
			falsehoods = append(falsehoods, claim{Claim: c, why: why})
		}
	}
	for _, r := range w.requests {
		if r.span != nil {
			w.sayCauses(r, say)
			w.sayErrors(r, say)
			w.sayOrder(r, say)
		}
	}
	w.sayCalls(say)
	for _, a := range w.attempts {
		w.sayAttempt(a, say)
	}
	if o := w.origin(); o != nil && o.span != nil {
		say(isFalse, "the true origin ruled out", incident.Claim{Predicate: incident.PredicateRuledOut, Subject: o.service, Evidence: []incident.Ref{o.span.Ref()}})
	}
	return truths, falsehoods
}

type sayer func(v verdict, why string, c incident.Claim)

func (w *topology) sayCauses(effect *request, say sayer) {
	for _, told := range w.errorsOf(effect) {
		for _, cause := range w.requests {
			if cause.span == nil {
				continue
			}
			say(because(effect, cause), "whose failure came from whose", incident.Claim{
				Predicate: incident.PredicateCausedBy, Subject: effect.service, Object: cause.service, Evidence: []incident.Ref{told, cause.span.Ref()},
			})
		}
		for _, a := range w.attempts {
			if a.database != "" {
				say(becauseOfDatabase(effect, a), "whose failure came from a database", incident.Claim{
					Predicate: incident.PredicateCausedBy, Subject: effect.service, Object: a.database, Evidence: []incident.Ref{told, a.span.Ref()},
				})
			}
		}
	}
}

func (w *topology) sayErrors(r *request, say sayer) {
	failed := isFalse
	if r.failed {
		failed = isTrue
	}
	say(failed, "whether a request failed", incident.Claim{
		Predicate: incident.PredicateErrored, Subject: w.shown(r), Evidence: []incident.Ref{r.span.Ref()},
		Number: &incident.Quantity{Value: "500", Field: "http.response.status_code"},
	})
	for _, ref := range w.errorsOf(r) {
		if text := "(user <email:1>)"; r.failed && w.Quote(ref, text) != "" {
			say(isTrue, "in its own words, redacted", incident.Claim{Predicate: incident.PredicateErrored, Subject: r.service, Evidence: []incident.Ref{ref}, Quote: text})
			say(isFalse, "in parts of its words", incident.Claim{Predicate: incident.PredicateErrored, Subject: r.service, Evidence: []incident.Ref{ref}, Quote: "ser <email:1>)"})
		}
	}
	for _, a := range r.attempts {
		if !r.failed {
			say(isFalse, "a call failed, and its request did not", incident.Claim{Predicate: incident.PredicateErrored, Subject: w.shown(r), Evidence: []incident.Ref{a.span.Ref()}})
		}
		say(isFalse, "the number of another span", incident.Claim{
			Predicate: incident.PredicateSlowerThan, Subject: w.shown(r), Evidence: []incident.Ref{r.span.Ref(), a.span.Ref()},
			Number: &incident.Quantity{Value: strconv.Itoa(a.end - a.start), Unit: "ms", Field: "duration"},
		})
	}
}

// sayOrder compares beginnings by the true clock: a false order must not be shown as fact.
func (w *topology) sayOrder(r *request, say sayer) {
	for _, o := range w.requests {
		if o.span == nil || o == r || o.start == r.start {
			continue
		}
		v := isFalse
		if r.start < o.start {
			v = isTrue
		}
		say(v, "who began first", incident.Claim{
			Predicate: incident.PredicatePreceded, Subject: r.service, Object: o.service, Evidence: []incident.Ref{r.span.Ref(), o.span.Ref()},
		})
	}
}

func (w *topology) sayCalls(say sayer) {
	for _, r := range w.requests {
		if r.span == nil {
			continue
		}
		for _, o := range w.requests {
			if o.span == nil || o.service == r.service {
				continue
			}
			v := isFalse
			if o.asked != nil && o.asked.caller.service == r.service {
				v = isTrue
			}
			say(v, "who called whom", incident.Claim{Predicate: incident.PredicateCalled, Subject: r.service, Object: w.shown(o), Evidence: []incident.Ref{o.span.Ref()}})
			if v == isTrue {
				say(isFalse, "it did call", incident.Claim{Predicate: incident.PredicateNotCalled, Subject: r.service, Object: o.service, Evidence: []incident.Ref{r.span.Ref()}})
				say(isFalse, "it recorded something", incident.Claim{Predicate: incident.PredicateMissing, Subject: o.service, Evidence: []incident.Ref{o.asked.span.Ref()}})
			}
		}
	}
}

func (w *topology) sayAttempt(a *attempt, say sayer) {
	caller := a.caller.service
	if a.database != "" {
		v := isFalse
		if a.refused {
			v = isTrue
		}
		say(v, "whether a connection was refused", incident.Claim{Predicate: incident.PredicateRefused, Subject: a.database, Object: caller, Evidence: []incident.Ref{a.span.Ref()}})
		v = isFalse
		if a.failed {
			v = isTrue
		}
		say(v, "whether a query failed", incident.Claim{Predicate: incident.PredicateErrored, Subject: a.database, Evidence: []incident.Ref{a.span.Ref()}})
		if a.caller.failed && !a.failed {
			say(isFalse, "its caller's error", incident.Claim{Predicate: incident.PredicateErrored, Subject: a.database, Evidence: []incident.Ref{a.caller.span.Ref()}})
		}
		return
	}
	say(isFalse, "no connection was refused here", incident.Claim{
		Predicate: incident.PredicateRefused, Subject: a.callee.service, Object: caller, Evidence: []incident.Ref{a.span.Ref()},
	})
	if a.callee.span == nil {
		say(isFalse, "it was called, and recorded nothing", incident.Claim{
			Predicate: incident.PredicateNotCalled, Subject: caller, Object: a.callee.service, Evidence: []incident.Ref{a.caller.span.Ref()},
		})
	}
}
