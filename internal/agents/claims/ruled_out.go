package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// ruledOut needs a candidate of the report other than its root cause, and a record of it, where
// nothing recorded in any failing trace speaks for it: it and the calls to it worked and held up
// nobody, or all of its failures followed calls of its own that had failed.
func (k *check) ruledOut() string {
	is := func(component, service string) bool {
		return k.subject.Name() == component || k.subject.Name() == service
	}
	if !slices.ContainsFunc(k.d.Report.Candidates, func(c incident.Candidate) bool { return is(c.Component, c.Service) }) {
		return k.name(k.subject) + " is no candidate of the report"
	}
	if rc := k.d.Report.RootCause; rc != nil && is(rc.Component, rc.Service) {
		return k.name(k.subject) + " is the root cause that the rules proved"
	}
	reason := "no cited record is a span of " + k.name(k.subject) + " in a failing trace"
	subject := k.subject
	subject.Operation = ""
	for _, r := range k.records {
		if r.Span == nil || !failing(r) || !k.ownRecord(k.subject, r) {
			continue
		}
		switch {
		case k.worked(subject):
			k.prove(fmt.Sprintf("against %s as the cause: no failing trace records an error of it or of a call to it, nor that it held up a failed request (%s took %s)",
				k.name(subject), k.thing(r), durationWord(took(r))), r)
		case r.Node.Failed() && k.passedOn(subject):
			k.prove(fmt.Sprintf("against %s as the cause: its failures in the failing traces followed failed calls that it had made", k.name(subject)), r)
		default:
			reason = fmt.Sprintf("failing traces record errors of %s or of calls to it, or time that it held, that no failed call of its own explains", k.name(subject))
		}
	}
	return reason
}

// worked tells whether in all failing traces everything of a component, and all calls to it, went well
// and took less than half of what failed above.
func (k *check) worked(c dossier.Component) bool {
	for _, t := range k.d.Failing {
		if t.Truncated > 0 {
			return false
		}
		for _, n := range t.Nodes {
			if !c.Holds(n) && !k.isCallTo(c, n) {
				continue
			}
			if n.Span == nil || n.Failed() || refuses(n) || heldUp(n) {
				return false
			}
		}
		for _, l := range t.Logs {
			if l.Service() == c.Service && t.IsError(l) {
				return false
			}
		}
	}
	return true
}

// heldUp tells whether a node took at least half of the time of something above it that failed.
func heldUp(n *dossier.Node) bool {
	for a := n.Parent; a != nil; a = a.Parent {
		if !a.Failed() {
			continue
		}
		if start, end := max(a.Start, n.Start), min(a.End, n.End); end > start && 2*(end-start) >= a.End-a.Start {
			return true
		}
	}
	return false
}

// passedOn tells whether every request of a component that failed did so over a call of its own, which
// had failed for another reason than what the component had asked for.
func (k *check) passedOn(c dossier.Component) bool {
	failed := false
	for _, t := range k.d.Failing {
		for _, n := range t.Nodes {
			if !c.Holds(n) || n.LocalRoot() != n || n.Span == nil {
				continue
			}
			if !n.Failed() && !refuses(n) {
				continue
			}
			failed = true
			if !k.failedOverCall(n) {
				return false
			}
		}
	}
	return failed
}

func (k *check) failedOverCall(request *dossier.Node) bool {
	effect, ok := k.d.Record(dossier.SpanRef(request.Span))
	if !ok {
		return false
	}
	return slices.ContainsFunc(request.Trace.Nodes, func(x *dossier.Node) bool {
		if x.Span == nil || x.Service != request.Service || !request.Covers(x) || !x.IsExit() || !spanFailed(x) {
			return false
		}
		if waitsForConnection(x) || callersBusiness(x.Span) || refusalStatus(x) != "" || onlyCancelled(k.wordsAt(x)) {
			return false
		}
		cause, ok := k.d.Record(dossier.SpanRef(x.Span))
		if !ok {
			return false
		}
		p := k.pathOf(effect, cause)
		return p.broken() == "" && p.arrives(x) == ""
	})
}
