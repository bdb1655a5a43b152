package claims

import (
	"slices"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// isFailing reports whether a record belongs to what the incident is about.
func isFailing(r *dossier.Record) bool { return r.Trace == nil || !r.Trace.Healthy }

// recordsIn reports whether a service recorded anything in a trace.
func recordsIn(service string, t *dossier.Trace) bool {
	if t == nil {
		return false
	}
	return slices.ContainsFunc(t.Nodes, func(n *trace.Node) bool { return n.Service == service }) ||
		slices.ContainsFunc(t.Logs, func(l *signal.Log) bool { return l.Service() == service })
}

// isError reports whether a record is an error signal.
func isError(r *dossier.Record) bool {
	switch {
	case r.Span != nil:
		return len(r.Trace.Errors(r.Span)) > 0
	case r.Log != nil:
		return r.Trace.IsError(r.Log)
	}
	return false
}

// survivedException reports whether a span went well although something was thrown within it.
func survivedException(r *dossier.Record) bool {
	return r.Span != nil && !spanFailed(r.Trace, r.Node) && endedWell(r.Trace, r.Node)
}

// spanFailed reports whether a span as a whole is an error signal, not only an exception within it.
func spanFailed(t *dossier.Trace, n *trace.Node) bool {
	return n.Span != nil && slices.ContainsFunc(t.Errors(n.Span), func(o failure.Observed) bool { return o.Kind == failure.KindSpan })
}

// endedWell reports whether a span says that it went well.
func endedWell(t *dossier.Trace, n *trace.Node) bool {
	if n.Span == nil || spanFailed(t, n) {
		return false
	}
	answer := dossier.Answer(n.Span)
	return n.Span.StatusCode == signal.StatusOK || answer.HTTP > 0 && answer.HTTP < 400 || answer.RPC == semconv.OK
}

// isCallersBusiness reports whether a record is a call that was answered with a 4xx that only says that the
// caller asked for something wrong, and the caller did not fail over it (docs/verdict.md section 2).
func isCallersBusiness(r *dossier.Record) bool {
	s := r.Span
	if s == nil || s.Kind != signal.KindClient || !saysAskedWrongly(s) || len(s.Events) > 0 {
		return false
	}
	root := r.Node.LocalRoot
	for _, n := range r.Trace.Nodes {
		if n != r.Node && root.Covers(n) && n.Service == r.Service && r.Trace.Failed(n) && !(n.Span != nil && n.Span.Kind == signal.KindClient && saysAskedWrongly(n.Span)) {
			return false
		}
	}
	return !slices.ContainsFunc(r.Node.Logs, r.Trace.IsError)
}

func saysAskedWrongly(s *signal.Span) bool {
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

// refusesRequest reports whether a span answered that it would not do what it was asked, which services do not
// record as an error of theirs.
func refusesRequest(n *trace.Node) bool {
	if n.Span == nil || n.LocalRoot != n {
		return false
	}
	status := dossier.Answer(n.Span).HTTP
	return refusalStatus(n) != "" || status == 408 || status >= 500
}

// refusalStatus is the status by which a span tells of a refusal, "" where it tells of none.
func refusalStatus(n *trace.Node) string {
	if n == nil || n.Span == nil {
		return ""
	}
	answer := dossier.Answer(n.Span)
	if http := (semconv.Status{HTTP: answer.HTTP}); http.IsRefusal() || http.IsThrottling() {
		return strconv.Itoa(answer.HTTP)
	}
	if answer.IsRefusal() || answer.IsThrottling() {
		return string(answer.RPC)
	}
	return ""
}
