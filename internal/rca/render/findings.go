package render

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/rca/rank"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

type findingList struct {
	items []incident.Finding
	said  map[string]int
}

// add appends a finding; one that was said of another trace only gains evidence.
func (l *findingList) add(statement string, refs []incident.Ref) {
	if at, ok := l.said[statement]; ok {
		if f := &l.items[at]; len(f.Evidence) < rules.MaxRefs {
			f.Evidence = trace.AppendRefs(f.Evidence, refs...)
			f.Evidence = f.Evidence[:min(len(f.Evidence), rules.MaxRefs)]
		}
		return
	}
	if len(l.items) == rules.MaxFindings {
		return
	}
	l.said[statement] = len(l.items)
	l.items = append(l.items, incident.Finding{
		ID: "f" + strconv.Itoa(len(l.items)+1), Statement: statement, Evidence: slices.Clone(refs), Author: author,
	})
}

// findingsOf lists everything the rules saw: the cause first, then where it hurt, then what else
// failed and what was no failure.
func findingsOf(r *rank.Ranking, report *incident.Report) []incident.Finding {
	l := &findingList{said: map[string]int{}, items: []incident.Finding{}}
	if r.Shown != nil {
		l.add(causeStatement(r), r.Shown.Root.Origin)
		for _, s := range report.Candidates[0].For[1:] {
			l.add(s.Statement, s.Evidence)
		}
		l.add(report.CriticalFailure.Statement, report.CriticalFailure.Evidence)
		for _, s := range report.Propagation {
			l.add(fmt.Sprintf("the failure reached %s from %s", s.To, s.From), s.Evidence)
		}
		l.addOrigins(r)
		l.addVariants(r)
		l.addIncomplete(r)
	}
	for _, v := range r.All() {
		l.addDismissed(v.Explanation)
	}
	return l.items
}

// otherOrigin is an origin beside the reported root, in the traces that have it.
type otherOrigin struct {
	prefix     string
	judgements []*judge.Judgement
}

// addOrigins adds the other origins of the traces, each once: primary ones have incidents of their own, and
// those that are the root once more, as in a loop of attempts, are counted with it.
func (l *findingList) addOrigins(r *rank.Ranking) {
	var list []*otherOrigin
	known := map[string]*otherOrigin{}
	add := func(prefix string, origins []*judge.Judgement) {
		for _, j := range origins {
			if j.Signature == r.Shown.Root.Signature {
				continue
			}
			key := strings.Join([]string{prefix, j.Signature, titleOf(j), quoteOf(j.Group)}, "\x00")
			o := known[key]
			if o == nil {
				o = &otherOrigin{prefix: prefix}
				known[key] = o
				list = append(list, o)
			}
			o.judgements = append(o.judgements, j)
		}
	}
	for _, v := range r.Traces {
		add("another cause in the same trace: ", v.Primary)
		add("also failed: ", v.Others)
	}
	for _, o := range list {
		var refs []incident.Ref
		for _, j := range o.judgements {
			if len(refs) < rules.MaxRefs {
				refs = trace.AppendRefs(refs, j.Group.Refs()...)
			}
		}
		l.add(o.prefix+statementOf(o.judgements[0], o.judgements...), refs[:min(len(refs), rules.MaxRefs)])
	}
}

// addVariants adds what traces with the same root say of it otherwise.
func (l *findingList) addVariants(r *rank.Ranking) {
	for _, v := range r.Variants {
		var refs []incident.Ref
		for _, s := range v {
			refs = trace.AppendRefs(refs, s.Root.Origin...)
		}
		said := statementOf(v[0].Judgement, judgementsOf(v)...)
		l.add(fmt.Sprintf("%d of %s with this cause say otherwise: %s", len(v), count(len(r.Support()), "failing trace"), said), refs[:min(len(refs), rules.MaxRefs)])
	}
}

// addIncomplete counts the traces of which a part is missing: they prove nothing.
func (l *findingList) addIncomplete(r *rank.Ranking) {
	if r.Shown.Verdict.IsIncomplete() {
		return
	}
	n := 0
	var refs []incident.Ref
	for _, v := range r.Traces {
		if v.IsIncomplete() {
			n++
			refs = trace.AppendRefs(refs, v.Primary[0].Group.Refs()...)
		}
	}
	if n > 0 {
		l.add(count(n, "incomplete trace")+" consistent with this, not proof of it", refs[:min(len(refs), rules.MaxRefs)])
	}
}

// addDismissed adds what looked like an error and is none by the rules, and what was cancelled.
func (l *findingList) addDismissed(x *explain.Explanation) {
	for _, g := range x.Groups.All {
		call := g.Node.Service + inOperation(trace.OperationOf(g.Node))
		switch dismissed := x.About(g).Dismissed; {
		case dismissed == incident.DismissRecovered && g.Node.IsExitCall():
			l.add("recovered: "+call+" failed and a later attempt succeeded", g.Refs())
		case dismissed == incident.DismissClientError:
			l.add("no failure: "+call+" was answered"+withStatus(g)+", which is the caller's business", g.Refs())
		case g.IsCancelled():
			l.add("cancelled: "+call+" was ended"+whyCancelled(x, g), g.Refs())
		}
	}
}

// whyCancelled says what ended a call that was cancelled, as far as it is recorded.
func whyCancelled(x *explain.Explanation, g *evidence.Group) string {
	by := x.About(g).ExplainedBy
	for len(by) > 0 && by[0].IsCancelled() {
		by = x.About(by[0]).ExplainedBy
	}
	switch {
	case len(by) > 0 && by[0].IsTimeout():
		return " because a deadline had passed"
	case len(by) > 0:
		return " because " + by[0].Node.Service + inOperation(trace.OperationOf(by[0].Node)) + " had failed"
	case g.Node.Root.Status.HTTP == 499 || g.Node.Root == g.Node && g.Node.IsServing() && g.Reason.Whose == vocabulary.Callers:
		return " because its caller had left"
	}
	return ""
}

func findingsText(findings []incident.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "- %s: %s\n", f.ID, escape(f.Statement))
	}
	return b.String()
}
