package claims

import (
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// errored needs an error signal of the subject in a failing trace.
func (k *check) errored() string {
	reason := ""
	for _, r := range k.records {
		if why := k.notError(k.subject, r); why != "" {
			reason = why
			continue
		}
		k.prove(k.failure(k.subject, r), r)
	}
	return reason
}

// notError is the reason why a record does not show that a component failed.
func (k *check) notError(c dossier.Component, r *dossier.Record) string {
	switch {
	case !k.ownRecord(c, r):
		return "no cited record is an error of " + k.name(c)
	case !failing(r):
		return "the cited record belongs to a healthy trace"
	case !isError(r):
		return fmt.Sprintf("the cited record of %s is no error", k.name(c))
	case shruggedOff(r):
		return "the cited status is the caller's business, and its service went on without an error"
	case survived(r):
		return "the cited span ended well, whatever was thrown within"
	}
	return ""
}

// ownRecord tells whether a record speaks of a component itself: it was recorded by it, in the
// operation named, or it is a call to it where it records nothing in that trace.
func (k *check) ownRecord(c dossier.Component, r *dossier.Record) bool {
	switch {
	case c.IsDependency():
		return k.isCallTo(c, r.Node)
	case r.Service != c.Service:
		return c.Operation == "" && r.Span != nil && !recordsIn(c.Service, r.Trace) && k.isCallTo(c, r.Node)
	case c.Operation == "":
		return true
	case r.Span != nil:
		return slices.Contains(r.Node.Operations(), c.Operation)
	}
	return c.Holds(r.Node)
}

// isCallTo tells whether a node is a call to a component, and not only the wait for one of the
// connections to it.
func (k *check) isCallTo(c dossier.Component, n *dossier.Node) bool {
	return n != nil && n.IsExit() && !waitsForConnection(n) && k.calls(n, c)
}

// calls tells whether a node calls a component: by what it reached, else by the peer that it names.
func (k *check) calls(n *dossier.Node, c dossier.Component) bool {
	if callees := n.Callees(); len(callees) > 0 {
		return slices.ContainsFunc(callees, func(m *dossier.Node) bool { return c.Serves(m) })
	}
	return n.IsExit() && c.Operation == "" && c.Names(k.d.PeerOf(n))
}

// failing tells whether a record belongs to what the incident is about.
func failing(r *dossier.Record) bool { return r.Trace == nil || !r.Trace.Healthy }

// recordsIn tells whether a service recorded anything in a trace.
func recordsIn(service string, t *dossier.Trace) bool {
	if t == nil {
		return false
	}
	return slices.ContainsFunc(t.Nodes, func(n *dossier.Node) bool { return n.Service == service }) ||
		slices.ContainsFunc(t.Logs, func(l *signal.Log) bool { return l.Service() == service })
}

// isError tells whether a record is an error signal.
func isError(r *dossier.Record) bool {
	switch {
	case r.Span != nil:
		return len(r.Trace.Errors(r.Span)) > 0
	case r.Log != nil:
		return r.Trace.IsError(r.Log)
	}
	return false
}

// survived tells whether a span went well although something was thrown within it.
func survived(r *dossier.Record) bool {
	return r.Span != nil && !spanFailed(r.Node) && endedWell(r.Node)
}

// spanFailed tells whether a span as a whole is an error signal, not only an exception within it.
func spanFailed(n *dossier.Node) bool {
	return n.Span != nil && slices.ContainsFunc(n.Trace.Errors(n.Span), func(o failure.Observed) bool { return o.Kind == failure.KindSpan })
}

// endedWell tells whether a span says that it went well.
func endedWell(n *dossier.Node) bool {
	if n.Span == nil || spanFailed(n) {
		return false
	}
	answer := dossier.Answer(n.Span)
	return n.Span.StatusCode == signal.StatusOK || answer.HTTP > 0 && answer.HTTP < 400 || answer.RPC == semconv.OK
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
	return !slices.ContainsFunc(r.Node.Logs, r.Trace.IsError)
}

func callersBusiness(s *signal.Span) bool {
	answer := dossier.Answer(s)
	switch answer.HTTP {
	case 400, 404, 405, 409, 410, 412, 415, 416, 422:
		return true
	}
	switch answer.RPC {
	case semconv.InvalidArgument, semconv.NotFound, semconv.AlreadyExists, semconv.FailedPrecondition, semconv.OutOfRange:
		return true
	}
	return false
}

// failure is an error record in words.
func (k *check) failure(c dossier.Component, r *dossier.Record) string {
	switch {
	case r.Log != nil && c.IsDependency():
		return fmt.Sprintf("%s logged an error at a call to %s", k.service(r.Service), k.name(c))
	case r.Log != nil:
		return k.name(c) + " logged an error"
	case r.Node.IsExit():
		return fmt.Sprintf("a call of %s%s failed%s (%s)", k.service(r.Service), k.toPeer(r.Node), withStatus(r.Span), k.quoteName(r.Span.Name))
	case !spanFailed(r.Node):
		return fmt.Sprintf("%s recorded an exception in %s", k.service(r.Service), k.quoteName(r.Span.Name))
	}
	return fmt.Sprintf("%s failed in %s%s", k.service(r.Service), k.quoteName(r.Span.Name), withStatus(r.Span))
}

func withStatus(s *signal.Span) string {
	switch answer := dossier.Answer(s); {
	case answer.HTTP >= 400:
		return fmt.Sprintf(" with %d", answer.HTTP)
	case answer.IsFailure():
		return " with " + string(answer.RPC)
	}
	return ""
}

// wordsOf are the texts of a record in which an error tells what happened.
func wordsOf(r *dossier.Record) string {
	var words []string
	if r.Span != nil {
		words = append(words, r.Span.StatusMessage)
		for _, e := range r.Span.Events {
			thrown := semconv.ExceptionOf(e.Attributes)
			words = append(words, thrown.Type, thrown.Message)
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
