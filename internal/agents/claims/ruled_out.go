package claims

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// proveRuledOut needs a candidate of the report other than its root cause, and a record of it, where
// nothing recorded in any failing trace speaks for it: it and the calls to it worked and held up
// nobody, or all of its failures followed calls of its own that had failed.
func proveRuledOut(k *check) string {
	is := func(component, service string) bool {
		return k.subject.Name() == component || k.subject.Name() == service
	}
	if !slices.ContainsFunc(k.d.Report.Candidates, func(c incident.Candidate) bool { return is(c.Component, c.Service) }) {
		return k.say.name(k.subject) + " is no candidate of the report"
	}
	if rc := k.d.Report.RootCause; rc != nil && is(rc.Component, rc.Service) {
		return k.say.name(k.subject) + " is the root cause that the rules proved"
	}
	reason := "no cited record is a span of " + k.say.name(k.subject) + " in a failing trace"
	subject := k.subject
	subject.Operation = ""
	for _, r := range k.records {
		if r.Span == nil || !isFailing(r) || !k.rel.isOwn(k.subject, r) {
			continue
		}
		switch {
		case wentWell(k, subject):
			k.prove(fmt.Sprintf("against %s as the cause: no failing trace records an error of it or of a call to it, nor that it held up a failed request (%s took %s)",
				k.say.name(subject), k.say.record(r), formatDuration(durationOf(r))), r)
		case r.Trace.Failed(r.Node) && passedFailuresOn(k, subject):
			k.prove(fmt.Sprintf("against %s as the cause: its failures in the failing traces followed failed calls that it had made", k.say.name(subject)), r)
		default:
			reason = fmt.Sprintf("failing traces record errors of %s or of calls to it, or time that it held, that no failed call of its own explains", k.say.name(subject))
		}
	}
	return reason
}

// wentWell reports whether in all failing traces everything of a component, and all calls to it, went well
// and took less than half of what failed above.
func wentWell(k *check, c dossier.Component) bool {
	for _, t := range k.d.Failing {
		if t.Truncated > 0 {
			return false
		}
		for _, n := range t.Nodes {
			if !c.Holds(n) && !k.rel.isCallTo(c, n) {
				continue
			}
			if n.Span == nil || t.Failed(n) || refusesRequest(n) || delayedFailure(t, n) {
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

// delayedFailure reports whether a node took at least half of the time of something above it that failed.
func delayedFailure(t *dossier.Trace, n *trace.Node) bool {
	for a := n.Parent; a != nil; a = a.Parent {
		if !t.Failed(a) {
			continue
		}
		if start, end := max(a.Start, n.Start), min(a.End, n.End); end > start && 2*(end-start) >= a.End-a.Start {
			return true
		}
	}
	return false
}

// passedFailuresOn reports whether every request of a component that failed did so over a call of its own, which
// had failed for another reason than what the component had asked for.
func passedFailuresOn(k *check, c dossier.Component) bool {
	failed := false
	for _, t := range k.d.Failing {
		for _, n := range t.Nodes {
			if !c.Holds(n) || n.LocalRoot != n || n.Span == nil {
				continue
			}
			if !t.Failed(n) && !refusesRequest(n) {
				continue
			}
			failed = true
			if !failedOverCall(k, t, n) {
				return false
			}
		}
	}
	return failed
}

func failedOverCall(k *check, t *dossier.Trace, request *trace.Node) bool {
	effect, ok := k.d.Record(trace.SpanRef(request.Span))
	if !ok {
		return false
	}
	return slices.ContainsFunc(t.Nodes, func(x *trace.Node) bool {
		if x.Span == nil || x.Service != request.Service || !request.Covers(x) || !x.IsExitCall() || !spanFailed(t, x) {
			return false
		}
		if waitsForConnection(x) || saysAskedWrongly(x.Span) || refusalStatus(x) != "" || isOnlyCancelled(errorTextAt(t, x)) {
			return false
		}
		cause, ok := k.d.Record(trace.SpanRef(x.Span))
		if !ok {
			return false
		}
		p := newPath(k, effect, cause)
		return p.whyBroken() == "" && p.whyNotArriving(x) == ""
	})
}
