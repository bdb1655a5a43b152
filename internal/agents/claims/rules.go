package claims

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// errored needs an error signal of the subject in a failing trace.
func (k *check) errored() string {
	reason := "no cited record is an error of " + k.name(k.subject)
	for _, r := range k.records {
		switch {
		case !k.about(k.subject, r):
		case !failing(r):
			reason = "the cited record belongs to a healthy trace"
		case !isError(r):
			reason = fmt.Sprintf("the cited record of %s is no error", k.name(k.subject))
		case shruggedOff(r):
			reason = "the cited status is the caller's business, and its service went on without an error"
		default:
			k.cite(r)
		}
	}
	if len(k.relevant) == 0 {
		return reason
	}
	k.statement = k.failure(k.subject, k.relevant[0])
	return ""
}

// shruggedOff tells whether a record is a call that was answered with a 4xx that only says that the
// caller asked for something wrong, and the caller did not fail over it (docs/verdict.md section 2).
func shruggedOff(r *dossier.Record) bool {
	s := r.Span
	if s == nil || s.Kind != signal.KindClient || !callersBusiness(s) || len(s.Events) > 0 {
		return false
	}
	root := r.Node.LocalRoot()
	for _, n := range r.Trace.Nodes {
		if n != r.Node && root.Covers(n) && n.Service == r.Service && n.Failed() && !(n.Span != nil && n.Span.Kind == signal.KindClient && callersBusiness(n.Span)) {
			return false
		}
	}
	for _, l := range r.Node.Logs {
		if r.Trace.IsError(l) {
			return false
		}
	}
	return true
}

func callersBusiness(s *signal.Span) bool {
	switch dossier.HTTPStatus(s) {
	case 400, 404, 405, 409, 410, 412, 415, 416, 422:
		return true
	}
	switch dossier.RPCStatus(s) {
	case "INVALID_ARGUMENT", "NOT_FOUND", "ALREADY_EXISTS", "FAILED_PRECONDITION", "OUT_OF_RANGE":
		return true
	}
	return false
}

// saturated needs a metric point of the subject; where its limit is known, the value must be near it.
func (k *check) saturated() string {
	for _, r := range k.records {
		if r.Point != nil && r.Service == k.subject.Service && !k.subject.IsDependency() {
			k.cite(r)
		}
	}
	if len(k.relevant) == 0 {
		return "no cited record is a metric of " + k.name(k.subject)
	}
	if k.subject.Operation != "" {
		return "a metric is of a service, not of one operation"
	}
	p := k.relevant[0]
	if share, known := k.shareOfLimit(p.Point); known && share < 90 {
		return fmt.Sprintf("%s was at %d %% of its limit", k.quoteName(p.Point.Name), share)
	} else if !known {
		k.caveat = "the case does not show the limit of this metric"
	}
	k.statement = fmt.Sprintf("%s of %s was near its limit", k.quoteName(p.Point.Name), k.name(k.subject))
	if k.caveat != "" {
		k.statement = fmt.Sprintf("%s of %s was measured", k.quoteName(p.Point.Name), k.name(k.subject))
	}
	return ""
}

// missing needs a call to the subject in a trace in which the subject recorded nothing.
func (k *check) missing() string {
	reason := "no cited record is a call to " + k.name(k.subject)
	if k.subject.Operation != "" {
		return "telemetry is missing of a service, not of one operation"
	}
	for _, r := range k.records {
		n := r.Node
		switch {
		case r.Span == nil || !n.IsExit() || !k.subject.Names(k.d.PeerOf(n)):
		case !failing(r):
			reason = "the cited call belongs to a healthy trace"
		case k.claim.Object != "" && !k.object.Holds(n):
			reason = fmt.Sprintf("the cited call is not %s's", k.name(k.object))
		case !k.subject.IsDependency() && recordsIn(k.subject.Service, r.Trace):
			reason = k.name(k.subject) + " recorded something in that trace"
		case r.Trace.Truncated > 0:
			reason = "records of that trace were left out of the case, so that nothing follows from their absence"
		case hasUnknownGap(r.Trace):
			reason = "a span of that trace was not received, and may be the missing one"
		default:
			k.cite(r)
		}
	}
	if len(k.relevant) == 0 {
		return reason
	}
	k.statement = fmt.Sprintf("%s called %s, and nothing is recorded there in that trace", k.service(k.relevant[0].Service), k.name(k.subject))
	return ""
}

// hasUnknownGap tells whether spans name a parent that was not received and whose service is unknown.
func hasUnknownGap(t *dossier.Trace) bool {
	return slices.ContainsFunc(t.Nodes, func(n *dossier.Node) bool { return n.Span == nil && n.Service == "" })
}

// changed needs a change of the subject.
func (k *check) changed() string {
	if k.subject.Operation != "" || k.subject.IsDependency() {
		return "a change is of a service"
	}
	for _, r := range k.records {
		if r.Change != nil && r.Service == k.subject.Service {
			k.cite(r)
		}
	}
	if len(k.relevant) == 0 {
		return "no cited record is a change of " + k.name(k.subject)
	}
	r := k.relevant[0]
	what := k.quoteName(r.Change.Kind)
	if v := r.Change.Version; v != "" {
		what += " of version " + k.quoteName(v)
	}
	k.statement = fmt.Sprintf("%s had the change %s (%s) at %s", k.name(k.subject), k.quoteName(r.Change.ID), what, timeOf(r.Time))
	if onset := k.d.Onset(); onset != 0 && r.Time != 0 {
		switch {
		case r.Time < onset:
			k.statement += ", before the first recorded error"
		case r.Time > onset:
			k.statement += ", after the first recorded error"
		}
	}
	return ""
}

// refused needs a refusal of the subject, or an open connection that it did not get, on a call of
// the object.
func (k *check) refused() string {
	reason := fmt.Sprintf("no cited record shows that %s refused a call of %s", k.name(k.subject), k.name(k.object))
	for _, r := range k.records {
		if !failing(r) || r.Node == nil {
			continue
		}
		call, served := k.callBetween(r)
		if call == nil && served == nil {
			continue
		}
		switch word := refusalOf(r, call, served); word {
		case "":
			reason = "the cited call was not refused"
		case connectionRefused:
			k.cite(r)
			k.statement = fmt.Sprintf("%s could not open a connection to %s (connection refused)", k.name(k.object), k.name(k.subject))
		default:
			k.cite(r)
			k.statement = fmt.Sprintf("%s refused a request of %s with %s", k.name(k.subject), k.name(k.object), word)
		}
	}
	if len(k.relevant) == 0 {
		return reason
	}
	return ""
}

// callBetween is the object's call to the subject that a record is of, and the subject's side of it.
func (k *check) callBetween(r *dossier.Record) (call, served *dossier.Node) {
	n := r.Node
	switch {
	case k.subject.Holds(n):
		root := n.LocalRoot()
		caller, known := root.Caller()
		if known && caller != nil && k.object.Holds(caller) {
			return caller, root
		}
	case k.object.Holds(n) && n.IsExit() && k.calls(n, k.subject):
		return n, nil
	case k.object.Holds(n) && r.Log != nil:
		for _, c := range n.Trace.Nodes {
			if n.LocalRoot().Covers(c) && c.Service == n.Service && c.IsExit() && k.calls(c, k.subject) {
				return c, nil
			}
		}
	}
	return nil, nil
}

// calls tells whether a call went to a component.
func (k *check) calls(n *dossier.Node, c dossier.Component) bool {
	if callees := n.Callees(); len(callees) > 0 {
		return slices.ContainsFunc(callees, c.Holds)
	}
	return c.Operation == "" && c.Names(k.d.PeerOf(n))
}

const connectionRefused = "connection refused"

// refusalOf is the status or words by which a record shows a refusal, "" where it shows none.
func refusalOf(r *dossier.Record, call, served *dossier.Node) string {
	spans := []*dossier.Node{r.Node}
	if r.Log != nil {
		spans = []*dossier.Node{call, served}
	}
	for _, n := range spans {
		if n == nil || n.Span == nil || n != call && n != served {
			continue
		}
		switch status := dossier.HTTPStatus(n.Span); status {
		case 401, 403, 407, 429:
			return strconv.Itoa(status)
		}
		switch status := dossier.RPCStatus(n.Span); status {
		case "UNAUTHENTICATED", "PERMISSION_DENIED", "RESOURCE_EXHAUSTED":
			return status
		}
	}
	if isError(r) && strings.Contains(strings.ToLower(wordsOf(r)), connectionRefused) && (call == r.Node || r.Log != nil) && served == nil {
		return connectionRefused
	}
	return ""
}

// wordsOf are the texts of a record in which an error tells what happened.
func wordsOf(r *dossier.Record) string {
	var words []string
	if r.Span != nil {
		words = append(words, r.Span.StatusMessage)
		for _, e := range r.Span.Events {
			words = append(words, e.Attributes.Str("exception.type"), e.Attributes.Str("exception.message"))
		}
	}
	if r.Log != nil {
		words = append(words, dossier.Number(r.Log.Body))
		for _, kv := range r.Log.Attributes {
			words = append(words, kv.Value.Str())
		}
	}
	return strings.Join(words, "\n")
}

// ruledOut needs a candidate of the report and a record that speaks against it. What the rules
// proved cannot be ruled out while it shows an error.
func (k *check) ruledOut() string {
	i := slices.IndexFunc(k.d.Report.Candidates, func(c incident.Candidate) bool {
		return k.subject.Name() == c.Component || k.subject.Name() == c.Service
	})
	if i < 0 {
		return k.name(k.subject) + " is no candidate of the report"
	}
	if rc := k.d.Report.RootCause; rc != nil && (k.subject.Name() == rc.Component || k.subject.Name() == rc.Service) && k.failedAnywhere() {
		return fmt.Sprintf("the rules proved %s, and it recorded an error", k.name(k.subject))
	}
	reason := "no cited record speaks against the candidate"
	for _, r := range k.records {
		switch {
		case !k.about(k.subject, r):
			reason = "the cited record is not of " + k.name(k.subject)
		case !failing(r):
			reason = "the cited record belongs to a healthy trace"
		case r.Span == nil:
			reason = "only a span can show that a component worked"
		case k.worked(r):
			k.cite(r)
			k.statement = fmt.Sprintf("against %s as the cause: %s ended without an error in a failing trace", k.name(k.subject), k.operation(r))
			return ""
		case k.passedOn(r):
			k.cite(r)
			k.statement = fmt.Sprintf("against %s as the cause: its failure in %s followed that of a call it had made", k.name(k.subject), k.operation(r))
			return ""
		}
	}
	return reason
}

func (k *check) failedAnywhere() bool {
	for _, t := range k.d.Failing {
		for _, n := range t.Nodes {
			if n.Failed() && (k.subject.Holds(n) || n.IsExit() && k.subject.Names(k.d.PeerOf(n))) {
				return true
			}
		}
	}
	return false
}

// worked tells whether a span says that it went well, and nothing of its request in its service failed.
func (k *check) worked(r *dossier.Record) bool {
	if !succeeded(r.Node) {
		return false
	}
	root := r.Node.LocalRoot()
	return !slices.ContainsFunc(r.Trace.Nodes, func(n *dossier.Node) bool {
		return root.Covers(n) && n.Service == r.Service && n.Failed()
	})
}

// passedOn tells whether a failed span lies above a failed call to another component.
func (k *check) passedOn(r *dossier.Record) bool {
	return r.Node.Failed() && slices.ContainsFunc(r.Trace.Nodes, func(n *dossier.Node) bool {
		return n != r.Node && r.Node.Covers(n) && n.Failed() && n.Service != r.Service && n.Service != "" &&
			propagates(n, r.Node) == ""
	})
}
