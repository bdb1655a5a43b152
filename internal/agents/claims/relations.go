package claims

import (
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// relations says which components records are about.
type relations struct{ d *dossier.Dossier }

// isOwn reports whether a record speaks of a component itself: it was recorded by it, in the
// operation named, or it is a call to it where it records nothing in that trace.
func (rel relations) isOwn(c dossier.Component, r *dossier.Record) bool {
	switch {
	case c.IsDependency():
		return rel.isCallTo(c, r.Node)
	case r.Service != c.Service:
		return c.Operation == "" && r.Span != nil && !recordsIn(c.Service, r.Trace) && rel.isCallTo(c, r.Node)
	case c.Operation == "":
		return true
	case r.Span != nil:
		return slices.Contains(dossier.OperationsOf(r.Node), c.Operation)
	}
	return c.Holds(r.Node)
}

// isAbout reports whether a record speaks of a component: it was recorded by it, in the operation named
// or a request of it, or it is a call to it where it records nothing in that trace.
func (rel relations) isAbout(c dossier.Component, r *dossier.Record) bool {
	if !c.IsDependency() && r.Service == c.Service && c.Operation != "" {
		return c.Holds(r.Node)
	}
	return rel.isOwn(c, r)
}

// isCallTo reports whether a node is a call to a component, and not only the wait for one of the
// connections to it.
func (rel relations) isCallTo(c dossier.Component, n *trace.Node) bool {
	return n != nil && n.IsExitCall() && !waitsForConnection(n) && rel.calls(n, c)
}

// calls reports whether a node calls a component: by what it reached, else by the peer that it names.
func (rel relations) calls(n *trace.Node, c dossier.Component) bool {
	if callees := n.Callees(); len(callees) > 0 {
		return slices.ContainsFunc(callees, func(m *trace.Node) bool { return c.Serves(m) })
	}
	return n.IsExitCall() && c.Operation == "" && c.Names(rel.d.PeerOf(n))
}

// isFailedCallTo reports whether a record is a call to a component that failed.
func (rel relations) isFailedCallTo(c dossier.Component, r *dossier.Record) bool {
	return r.Span != nil && isError(r) && !isCallersBusiness(r) && !survivedException(r) && rel.isCallTo(c, r.Node)
}

// namesCall reports whether words name a call: its other side, the status of its answer, or what it
// threw itself.
func (rel relations) namesCall(words string, n *trace.Node) bool {
	if n.Span == nil {
		return false
	}
	if n.IsExitCall() && (rel.namesPeer(words, n) || citesStatus(words, n)) {
		return true
	}
	if m := n.Span.StatusMessage; len(m) > 5 && strings.Contains(words, m) {
		return true
	}
	return slices.ContainsFunc(n.Span.Events, func(e signal.Event) bool {
		m := semconv.ExceptionOf(e.Attributes).Message
		return len(m) > 5 && strings.Contains(words, m)
	})
}

// namesPeer reports whether a text names the other side of a call, as a whole word.
func (rel relations) namesPeer(text string, call *trace.Node) bool {
	p := rel.d.PeerOf(call)
	for _, name := range []string{p.Service, p.Host, p.Recorded} {
		if hasWord(text, name) {
			return true
		}
	}
	port := semconv.PeerPort(call.Span.Attributes)
	return port > 0 && strings.Contains(text, ":"+strconv.FormatInt(port, 10))
}

func citesStatus(words string, n *trace.Node) bool {
	answer := dossier.Answer(n.Span)
	if answer.HTTP >= 400 && hasWord(words, strconv.Itoa(answer.HTTP)) {
		return true
	}
	rpc := string(answer.RPC)
	return rpc != "" && answer.RPC != semconv.OK && (hasWord(words, rpc) || hasWord(words, strings.ReplaceAll(rpc, "_", "")))
}

// placeOf is where in its trace a record belongs: a log without a span to the only request of its
// service.
func placeOf(r *dossier.Record) *trace.Node {
	if r.Node != nil || r.Log == nil || r.Trace == nil {
		return r.Node
	}
	var only *trace.Node
	for _, n := range r.Trace.Nodes {
		if n.Service == r.Service && n.LocalRoot == n {
			if only != nil {
				return nil
			}
			only = n
		}
	}
	return only
}
