package judge

import (
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Verdict is what one failing trace comes to.
type Verdict struct {
	// Classification is complete but for the titles of its roots.
	Classification incident.Classification
	Explanation    *explain.Explanation
	// Primary are the judgements of the primary origins, others those of the other ones.
	Primary []*Judgement
	Others  []*Judgement
	// RootOf is the index in the classification's roots of each primary judgement.
	RootOf []int
	// Entry is where the request came in.
	Entry *trace.Node

	received signal.Nanos // when its last record was, 0 where that is not known
}

// Judge judges the origins of a trace.
func Judge(tenant string, x *explain.Explanation, k incident.Knowledge) *Verdict {
	t := x.Tree.Trace
	v := &Verdict{Explanation: x, Classification: incident.Classification{Key: t.Key, TraceID: t.ID, State: incident.FailureClassified}}
	v.noteErrorTimes()
	if len(x.Origins.Primary) == 0 {
		v.noteDismissal()
		return v
	}
	v.judgeOrigins(tenant, k)
	v.describePaths()
	v.noteRoutine(k)
	return v
}

// IsIncomplete reports whether part of the trace is known to be missing: it proves nothing then.
func (v *Verdict) IsIncomplete() bool {
	return v.Classification.MissingParent || v.Explanation.Tree.Trace.Truncated > 0
}

// ErrorSignals counts the error signals of the trace.
func (v *Verdict) ErrorSignals() int {
	total := 0
	for _, g := range v.Explanation.Groups.All {
		total += g.Signals
	}
	return total
}

// noteErrorTimes notes when the trace's errors were seen: by the clocks that are credible, else by its receipt.
func (v *Verdict) noteErrorTimes() {
	c := &v.Classification
	first, last := receiptOf(v.Explanation.Tree.Trace)
	v.received = last
	for _, g := range v.Explanation.Groups.All {
		if onset := g.Onset(); onset.IsCredible(last) && (c.FirstError == 0 || onset < c.FirstError) {
			c.FirstError = onset
		}
		if seen := g.LastSeen(); seen.IsCredible(last) {
			c.LastError = max(c.LastError, seen)
		}
	}
	if c.FirstError == 0 {
		c.FirstError = first
	}
	c.LastError = max(c.LastError, c.FirstError)
}

// receiptOf is when the first and the last record of a trace were received, 0 where that is not known.
func receiptOf(t *incident.Trace) (first, last signal.Nanos) {
	note := func(at signal.Nanos) {
		if at != 0 && (first == 0 || at < first) {
			first = at
		}
		last = max(last, at)
	}
	for _, s := range t.Spans {
		note(s.ReceivedAt)
	}
	for _, l := range t.Logs {
		note(l.ReceivedAt)
	}
	return first, last
}

// noteDismissal notes why nothing in the trace is a failure.
func (v *Verdict) noteDismissal() {
	x, c := v.Explanation, &v.Classification
	c.State, c.Outcome, c.Reason = incident.FailureDismissed, incident.OutcomeUnknown, incident.DismissNoError
	order := []incident.DismissReason{incident.DismissRecovered, incident.DismissUserLeft, incident.DismissClientError}
	for _, reason := range order {
		if slices.ContainsFunc(x.Groups.All, func(g *evidence.Group) bool { return x.About(g).Dismissed == reason }) {
			c.Reason = reason
			break
		}
	}
	if c.Reason == incident.DismissRecovered {
		c.Outcome = incident.OutcomeRecovered
	}
	if len(x.Groups.All) > 0 {
		v.setEntry(x.Groups.All[0].Node.Root)
	}
}

// Dismiss makes a failure none for a reason that lies outside of its records.
func (v *Verdict) Dismiss(reason incident.DismissReason) {
	c := &v.Classification
	v.Primary, v.Others, v.RootOf = nil, nil, nil
	c.State, c.Outcome, c.Reason, c.Roots = incident.FailureDismissed, incident.OutcomeUnknown, reason, nil
}

// judgeOrigins judges the origins, and makes one root of those with one signature.
func (v *Verdict) judgeOrigins(tenant string, k incident.Knowledge) {
	x := v.Explanation
	members := make(map[string][]*evidence.Group)
	for _, g := range x.Origins.Primary[:min(len(x.Origins.Primary), rules.MaxOrigins)] {
		j := judgeOrigin(x, g, k)
		v.Primary = append(v.Primary, j)
		v.RootOf = append(v.RootOf, v.addRoot(j.root(tenant, v.Explanation.Tree)))
		members[j.Signature] = append(members[j.Signature], g)
	}
	for _, g := range x.Origins.Others[:min(len(x.Origins.Others), rules.MaxOrigins)] {
		j := judgeOrigin(x, g, k)
		v.Others = append(v.Others, j)
		j.root(tenant, v.Explanation.Tree)
		members[j.Signature] = append(members[j.Signature], g)
	}
	for i := range v.Classification.Roots {
		r := &v.Classification.Roots[i]
		r.Errors, r.ErrorSignals = CountConsequences(x, members[r.Signature])
	}
}

// addRoot adds a root, or joins it to the one of its signature, and returns the index of that. The
// origin that ended first stands for the others.
func (v *Verdict) addRoot(r incident.Root) int {
	if !r.Onset.IsCredible(v.received) {
		r.Onset = v.Classification.FirstError
	}
	roots := v.Classification.Roots
	at := slices.IndexFunc(roots, func(have incident.Root) bool { return have.Signature == r.Signature })
	if at < 0 {
		v.Classification.Roots = append(roots, r)
		return len(roots)
	}
	have := &roots[at]
	have.Origin = trace.AppendRefs(have.Origin, r.Origin...)
	have.Origin = have.Origin[:min(len(have.Origin), rules.MaxRefs)]
	have.Onset = min(have.Onset, r.Onset)
	return at
}

// describePaths notes the outcome, the entry, and who was on the failed paths.
func (v *Verdict) describePaths() {
	x, c := v.Explanation, &v.Classification
	c.Outcome = outcomeOf(x)
	for i, j := range v.Primary {
		r := &c.Roots[v.RootOf[i]]
		r.Severity = incident.WorseSeverity(r.Severity, severityOf(x, j.Group, c.Outcome))
	}
	v.setEntry(explain.TopOfChain(x, x.Origins.Primary[0]).Node.Root)
	services, environments, versions := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, j := range v.Primary {
		if j.Kind != incident.KindUnknown && x.Directory.HasTelemetry(j.Service) {
			services[j.Service] = true
		}
		if j.Kind == incident.KindEdge && x.Directory.HasTelemetry(j.Callee) {
			services[j.Callee] = true
		}
		for _, n := range explain.FailedPath(x, j.Group) {
			if !n.IsReceived() || n.Guessed || n.Parent != nil && !n.Parent.IsReceived() {
				c.MissingParent = c.MissingParent || !n.IsReceived() && !n.ID.IsZero() && len(x.Tree.Trace.Spans) > 0
			}
			if n.Service == "" {
				continue
			}
			services[n.Service] = true
			res := n.Resource()
			if e := res.Environment(); e != "" {
				environments[e] = true
			}
			if version := res.Version(); version != "" {
				versions[n.Service+"@"+version] = true
			}
		}
	}
	c.Services, c.Environments, c.Versions = slices.Sorted(maps.Keys(services)), slices.Sorted(maps.Keys(environments)), slices.Sorted(maps.Keys(versions))
}

func (v *Verdict) setEntry(n *trace.Node) {
	v.Entry = n
	v.Classification.EntryService, v.Classification.EntryOperation = n.Service, n.Name
}
