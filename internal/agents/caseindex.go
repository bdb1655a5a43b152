package agents

import (
	"cmp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// caseIndex finds in a dossier what functions ask for. Whatever it shows is in the dossier's words.
type caseIndex struct {
	*dossier.Dossier
	traces map[string]*tree // by trace ID, in hex
	order  []*tree          // failing ones first
	logs   []*logEntry      // by time
	byLog  map[incident.Ref]*logEntry
}

// tree is a trace with the sums of its branches.
type tree struct {
	*dossier.Trace
	sums map[*trace.Node]sum
	all  sum
}

type sum struct{ spans, errors int }

type logEntry struct {
	log   *signal.Log
	trace *dossier.Trace
	ref   incident.Ref
}

func newCaseIndex(d *dossier.Dossier) *caseIndex {
	b := &caseIndex{Dossier: d, traces: map[string]*tree{}, byLog: map[incident.Ref]*logEntry{}}
	for _, t := range slices.Concat(d.Failing, d.Healthy) {
		for _, l := range t.Logs {
			entry := &logEntry{log: l, trace: t, ref: trace.LogRef(l)}
			b.logs = append(b.logs, entry)
			b.byLog[entry.ref] = entry
		}
		if len(t.Nodes) > 0 && b.traces[t.Key] == nil {
			tr := newTree(t)
			b.traces[t.Key] = tr
			b.order = append(b.order, tr)
		}
	}
	slices.SortStableFunc(b.logs, func(x, y *logEntry) int {
		return cmp.Or(cmp.Compare(x.log.EventTime(), y.log.EventTime()), cmp.Compare(x.ref, y.ref))
	})
	return b
}

// newTree sums up branches from below: nodes are in pre-order.
func newTree(t *dossier.Trace) *tree {
	tr := &tree{Trace: t, sums: make(map[*trace.Node]sum, len(t.Nodes))}
	for _, n := range slices.Backward(t.Nodes) {
		s := tr.sums[n]
		s.spans++
		if t.Failed(n) {
			s.errors++
		}
		tr.sums[n] = s
		above := &tr.all
		if n.Parent != nil {
			p := tr.sums[n.Parent]
			above = &p
		}
		above.spans += s.spans
		above.errors += s.errors
		if n.Parent != nil {
			tr.sums[n.Parent] = *above
		}
	}
	return tr
}

// trace finds a trace by its ID.
func (b *caseIndex) trace(id string) *tree { return b.traces[strings.ToLower(id)] }

// span finds a node of a trace by its ID.
func (t *tree) span(id string) *trace.Node {
	var s signal.SpanID
	if s.UnmarshalText([]byte(strings.ToLower(id))) != nil {
		return nil
	}
	return t.Node(s)
}

// roots are the nodes without a parent.
func (t *tree) roots() []*trace.Node {
	return slices.DeleteFunc(slices.Clone(t.Nodes), func(n *trace.Node) bool { return n.Parent != nil })
}

// isOf reports whether a service goes by the name a model gave; "" is any.
func (b *caseIndex) isOf(service, asked string) bool {
	return asked == "" || b.Name(service) == asked
}

// name shows a name, shortened.
func (b *caseIndex) name(text string) string { return cut(b.Name(text), maxArgument) }
