package agents

import (
	"github.com/prodsentinel/prodsentinel/internal/agents/claims"
	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Bounds on what a conversation begins with, in bytes; it can ask for more.
const (
	maxTimelineData = 32 << 10
	maxTopologyData = 12 << 10
	maxVerdictData  = 24 << 10
	maxShownTraces  = 3
)

// timelineBriefing is what the Summarizer works on: the overview, the shape of a few failing traces
// and the records that tell most, in full.
func (r *run) timelineBriefing() string {
	p := newPage(maxTimelineData)
	r.addOverview(p)
	shown := r.shownTraces()
	for _, t := range shown {
		p.add(r.tools.topology(t, nil, maxTopologyData/len(shown)))
	}
	p.add("Records, in full:")
	for _, ref := range r.recordsToRead(shown) {
		r.tools.record(p, ref)
	}
	return p.text("they were left out for their size")
}

// verdictBriefing is what the Investigator begins with.
func (r *run) verdictBriefing() string {
	p := newPage(maxVerdictData)
	r.addOverview(p)
	r.addVerdict(p)
	r.tools.candidates(p)
	r.addGaps(p)
	r.addTimeline(p)
	if shown := r.shownTraces(); len(shown) > 0 {
		p.add(r.tools.topology(shown[0], nil, maxTopologyData))
	}
	return p.text("ask for them")
}

func (r *run) addOverview(p *page) {
	c := r.in.Case
	p.addf("incident: %s, severity %s", r.tools.index.name(r.in.Title), r.in.Severity)
	p.addf("failing traces: %d in the case of %d; healthy traces of the same entry: %d; metric points: %d; changes: %d; similar incidents: %d",
		len(c.Failing), c.Selection.FailingTotal, len(c.Healthy), len(c.Metrics), len(c.Changes), len(c.Similar))
	p.add("components, by the names to use in claims:")
	names := newPage(4 << 10)
	for _, name := range r.tools.index.ComponentNames() {
		names.add("  " + name)
	}
	p.add(names.text("they occur in the traces"))
	traces := newPage(2 << 10)
	for _, t := range r.tools.index.order {
		kind := "failing"
		if t.Healthy {
			kind = "healthy"
		}
		traces.addf("  %s trace %s: %d spans, %d with errors, %d logs%s", kind, t.Key, t.all.spans, t.all.errors, len(t.Logs), truncated(t.Truncated))
	}
	p.add("traces:")
	p.add(traces.text("ask for them by their ID"))
}

func (r *run) addVerdict(p *page) {
	v := r.in.Report
	name := r.tools.index.Name
	if v.RootCause == nil {
		p.add("verdict of the rules: abstained; they could not tell the root cause")
		return
	}
	rc := v.RootCause
	p.addf("verdict of the rules: %s %s", name(rc.Statement), r.tools.index.refs(rc.Evidence))
	p.addf("  component %s, service %s, operation %s, kind %s, category %s, confidence %s", name(rc.Component), name(rc.Service), name(rc.Operation),
		rc.Kind, rc.Category, jsonText(rc.Confidence))
	for _, capped := range rc.CappedBy {
		p.addf("  at most %s: %s", jsonText(capped.At), name(capped.Reason))
	}
	if f := v.CriticalFailure; f != nil {
		p.addf("where it hurt the caller first: %s %s", name(f.Statement), r.tools.index.refs(f.Evidence))
	}
}

func (r *run) addGaps(p *page) {
	for _, g := range r.in.Report.Gaps {
		p.addf("not seen: %s: %s", g.Kind, r.tools.index.Name(g.Detail))
	}
}

// addTimeline hands on what the Summarizer said and code verified; the rest is not worth reading.
func (r *run) addTimeline(p *page) {
	verified, rejected := claims.Verify(r.tools.index.Dossier, r.claimed())
	p.addf("timeline of the Summarizer (%d claims that code verified; %d did not hold and are left out):", len(verified), len(rejected))
	for _, c := range verified {
		p.addf("  %s: %s %s", c.ID, r.tools.index.Session.Hide(c.Statement), r.tools.index.refs(c.Evidence))
	}
}

// shownTraces are the failing traces that the report cites most, in the order of the case, or the
// first ones.
func (r *run) shownTraces() []*tree {
	cited := map[*dossier.Trace]bool{}
	for _, ref := range r.citedRefs() {
		if rec, ok := r.tools.index.Record(ref); ok && rec.Trace != nil {
			cited[rec.Trace] = true
		}
	}
	var shown []*tree
	for _, wanted := range []bool{true, false} {
		for _, t := range r.tools.index.order {
			if !t.Healthy && cited[t.Trace] == wanted && len(shown) < maxShownTraces {
				shown = append(shown, t)
			}
		}
	}
	return shown
}

// recordsToRead lists records worth reading first: what the report cites, what failed, warnings.
func (r *run) recordsToRead(shown []*tree) []incident.Ref {
	var list []incident.Ref
	seen := map[incident.Ref]bool{}
	add := func(ref incident.Ref) {
		if !seen[ref] {
			seen[ref] = true
			list = append(list, ref)
		}
	}
	for _, ref := range r.citedRefs() {
		add(ref)
	}
	for _, t := range shown {
		for _, n := range t.Nodes {
			if t.Failed(n) && n.Span != nil {
				add(trace.SpanRef(n.Span))
			}
		}
	}
	for _, l := range r.tools.index.logs {
		if !l.trace.Healthy && l.log.Severity >= severities["warn"] {
			add(l.ref)
		}
	}
	return list
}

// citedRefs are the references of the report's main statements.
func (r *run) citedRefs() []incident.Ref {
	var list []incident.Ref
	v := r.in.Report
	if v.RootCause != nil {
		list = append(list, v.RootCause.Evidence...)
	}
	if v.CriticalFailure != nil {
		list = append(list, v.CriticalFailure.Evidence...)
	}
	for _, c := range v.Candidates {
		for _, s := range c.For {
			list = append(list, s.Evidence...)
		}
	}
	for _, f := range v.Findings {
		list = append(list, f.Evidence...)
	}
	return list
}
