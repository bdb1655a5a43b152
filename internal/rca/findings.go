package rca

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// author marks what the rules say.
const author = "rules"

// maxFindings bounds the findings of one report.
const maxFindings = 40

type findingList struct {
	items []incident.Finding
	said  map[string]int
}

// add appends a finding; one that was said of another trace only gains evidence.
func (l *findingList) add(statement string, refs []incident.Ref) {
	if at, ok := l.said[statement]; ok {
		if f := &l.items[at]; len(f.Evidence) < maxRefs {
			f.Evidence = trace.AppendRefs(f.Evidence, refs...)
			f.Evidence = f.Evidence[:min(len(f.Evidence), maxRefs)]
		}
		return
	}
	if len(l.items) == maxFindings {
		return
	}
	l.said[statement] = len(l.items)
	l.items = append(l.items, incident.Finding{
		ID: "f" + strconv.Itoa(len(l.items)+1), Statement: statement, Evidence: slices.Clone(refs), Author: author,
	})
}

// findings lists everything the rules saw: the cause first, then where it hurt, then what else
// failed and what was no failure.
func (c *caseView) findings(report *incident.Report) []incident.Finding {
	l := &findingList{said: map[string]int{}, items: []incident.Finding{}}
	if c.face != nil {
		l.add(c.face.judgement.statement(), c.face.root.Origin)
		for _, s := range report.Candidates[0].For[1:] {
			l.add(s.Statement, s.Evidence)
		}
		l.add(report.CriticalFailure.Statement, report.CriticalFailure.Evidence)
		for _, s := range report.Propagation {
			l.add(fmt.Sprintf("the failure reached %s from %s", s.To, s.From), s.Evidence)
		}
	}
	for _, t := range c.traces {
		c.addOrigins(l, t)
	}
	c.addIncomplete(l)
	for _, t := range append(slices.Clone(c.traces), c.skipped...) {
		addDismissed(l, t)
	}
	return l.items
}

// addOrigins adds the other origins of a trace: primary ones have incidents of their own, and those
// that are the root once more, as in a loop of attempts, are counted with it.
func (c *caseView) addOrigins(l *findingList, t *classified) {
	for i, j := range t.judged {
		switch {
		case j.again == c.face.root.Signature,
			i < len(t.rootIndex) && t.Roots[t.rootIndex[i]].Signature == c.face.root.Signature:
		case i < len(t.rootIndex):
			l.add("another cause in the same trace: "+j.statement(), j.group.refs())
		default:
			l.add("also failed: "+j.statement(), j.group.refs())
		}
	}
}

// addIncomplete counts the traces of which a part is missing: they prove nothing.
func (c *caseView) addIncomplete(l *findingList) {
	if c.face == nil || c.face.incomplete() {
		return
	}
	n := 0
	var refs []incident.Ref
	for _, t := range c.traces {
		if t.incomplete() {
			n++
			refs = trace.AppendRefs(refs, t.origins.primary[0].refs()...)
		}
	}
	if n > 0 {
		l.add(count(n, "incomplete trace")+" consistent with this, not proof of it", refs[:min(len(refs), maxRefs)])
	}
}

// addDismissed adds what looked like an error and is none by the rules, and what was cancelled.
func addDismissed(l *findingList, t *classified) {
	for _, g := range t.groups.all {
		call := g.node.Service + in(trace.OperationOf(g.node))
		switch {
		case g.dismissed == incident.DismissRecovered && g.node.IsExitCall():
			l.add("recovered: "+call+" failed and a later attempt succeeded", g.refs())
		case g.dismissed == incident.DismissClientError:
			l.add("no failure: "+call+" was answered"+withStatus(g)+", which is the caller's business", g.refs())
		case g.cancelled():
			l.add("cancelled: "+call+" was ended because its caller had left", g.refs())
		}
	}
}

func findingsText(findings []incident.Finding) string {
	var b strings.Builder
	for _, f := range findings {
		fmt.Fprintf(&b, "- %s: %s\n", f.ID, escape(f.Statement))
	}
	return b.String()
}

// escape keeps quoted texts from being read as markdown.
func escape(s string) string {
	return strings.NewReplacer("`", "'", "*", `\*`, "<", "&lt;", "[", `\[`).Replace(s)
}
