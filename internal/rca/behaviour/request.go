// Package behaviour compares how components behave in the window of a case with how they behave in its baseline: what
// they call and log, how long they and the ways to them take, what is measured of them. It says what changed, by how
// much, and of whom; it ranks nobody. Everything is counted and compared in integers, and no order of records matters.
package behaviour

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/template"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Unit is what is expected to behave alike: an operation of a service, and of calls the operation that makes them.
type Unit struct{ Service, Operation, Caller string }

// Sort is what sort of thing a feature is.
type Sort int

// The sorts of features.
const (
	Call  Sort = iota // a call of another service, or one that is made of it
	Inner             // an operation within the service
	Ends              // the last of its calls, after which it ended
	Logs              // a log record
)

// Feature is something that a span of a unit has or has not. Service is "" for the end of a span without calls.
type Feature struct {
	Sort    Sort
	Service string
	Name    string
	Error   bool // of logs: that it tells of an error
}

// act is a span within a request.
type act struct {
	unit     int32
	parent   int32 // -1 where none
	features []int32
	logs     []int32       // the features of its logs, in their order
	callee   int32         // service of its last call, -1 where that stays in the service
	ends     int32         // the feature of sort Ends
	self     trace.Instant // in which none of its calls was running
	gap      trace.Instant // of a call: between it and the span of the callee
	to       int32         // the service that it called, -1 where none did answer
	node     *trace.Node
}

// request is a trace as acts, parents before their calls.
type request struct {
	acts     []act
	services []int32 // each once
}

// table numbers what is compared.
type table[K comparable] struct {
	numbers map[K]int32
	keys    []K
}

func newTable[K comparable]() table[K] { return table[K]{numbers: map[K]int32{}} }

func (t *table[K]) of(k K) int32 {
	n, ok := t.numbers[k]
	if !ok {
		n = int32(len(t.keys)) //nolint:gosec // bounded by the records of a case
		t.numbers[k] = n
		t.keys = append(t.keys, k)
	}
	return n
}

// reader turns traces into requests.
type reader struct {
	units      table[Unit]
	features   table[Feature]
	services   table[string]
	operations map[string]string // by the name of the span
}

func newReader() *reader {
	return &reader{units: newTable[Unit](), features: newTable[Feature](), services: newTable[string](), operations: map[string]string{}}
}

// readAll turns traces into requests, in the order of their keys.
func (r *reader) readAll(traces []*incident.Trace) []request {
	sorted := slices.Clone(traces)
	slices.SortStableFunc(sorted, func(a, b *incident.Trace) int { return cmp.Compare(a.Key, b.Key) })
	requests := make([]request, len(sorted))
	for i, t := range sorted {
		requests[i] = r.read(t)
	}
	return requests
}

// read turns one trace into a request.
func (r *reader) read(t *incident.Trace) request {
	tree := trace.Assemble(t, nil)
	q := request{acts: make([]act, len(tree.Nodes))}
	for i, n := range tree.Nodes {
		a := &q.acts[i]
		a.node, a.parent, a.callee, a.to = n, -1, -1, -1
		if n.Parent != nil {
			a.parent = int32(n.Parent.Index) //nolint:gosec // bounded by the trace
		}
		a.unit = r.units.of(r.unitOf(n))
		q.services = append(q.services, r.services.of(n.Service))
		r.readCalls(a, n)
		for _, l := range n.Logs {
			a.logs = append(a.logs, r.features.of(featureOfLog(n.Service, l)))
		}
		a.features = append(a.features, a.logs...)
		a.features = sortedSet(a.features)
	}
	q.services = sortedSet(q.services)
	return q
}

func sortedSet(list []int32) []int32 {
	slices.Sort(list)
	return slices.Compact(list)
}

// unitOf is the unit of a span. What calls ask for is often only in who makes them.
func (r *reader) unitOf(n *trace.Node) Unit {
	u := Unit{Service: n.Service, Operation: r.operationOf(n)}
	if n.Kind == signal.KindClient && n.Parent != nil {
		u.Caller = r.operationOf(n.Parent)
	}
	return u
}

// operationOf names what a span does, without values.
func (r *reader) operationOf(n *trace.Node) string {
	if n.Span == nil {
		return ""
	}
	if route := semconv.HTTPRoute(n.Span.Attributes); route != "" {
		return signal.Name(route)
	}
	name, known := r.operations[n.Name]
	if !known {
		name = signal.Name(failure.Parameterize(n.Name))
		r.operations[n.Name] = name
	}
	return name
}

// readCalls reads what a span called, and in which time none of it was running.
func (r *reader) readCalls(a *act, n *trace.Node) {
	var last *trace.Node
	busy, until := trace.Instant(0), n.Start
	for _, c := range n.Children { // by their start
		sort := Inner
		if c.Service != n.Service {
			sort = Call
			if a.to < 0 && c.Service != "" && c.IsReceived() && n.IsReceived() {
				a.to, a.gap = r.services.of(c.Service), (n.End-n.Start)-(c.End-c.Start)
			}
		}
		a.features = append(a.features, r.features.of(Feature{Sort: sort, Service: c.Service, Name: r.operationOf(c)}))
		if last == nil || c.End > last.End {
			last = c
		}
		if from, to := max(c.Start, until), min(c.End, n.End); to > from {
			busy += to - from
			until = to
		}
	}
	a.self = max(0, n.End-n.Start-busy)
	ends := Feature{Sort: Ends}
	if last != nil {
		ends.Service, ends.Name = last.Service, r.operationOf(last)
		callee := last
		if remote := last.RemoteChild(); remote != nil {
			callee = remote
		}
		if callee.Service != n.Service && callee.Service != "" {
			a.callee = r.services.of(callee.Service)
		}
	}
	a.ends = r.features.of(ends)
	a.features = append(a.features, a.ends)
}

func featureOfLog(service string, l *signal.Log) Feature {
	t := template.Of(l)
	return Feature{Sort: Logs, Service: service, Name: strings.TrimSpace(t.Place + " " + t.Words), Error: t.IsError()}
}
