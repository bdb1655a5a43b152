package dashboard

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/tracetree"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// A waterfall lists the lines of a trace that are visible in a state. Where a trace is large, only
// the paths to what matters (errors, or what the search found) are open, and runs of other spans
// and logs are folded into one line, so that a page never holds more than it can show.

// place is one visible line: a span, a log, or a fold of several.
type place struct {
	depth int
	node  *tracetree.Node // of logs and folds: their parent, nil at the top
	log   *signal.Log
	open  bool
	fold  bool
	spans int // in the fold
	logs  int // in the fold
}

const (
	// wholeTrace is up to how many lines everything is open at first.
	wholeTrace = 400
	// shortRun is up to how many lines in a row are never folded.
	shortRun = 3
)

type waterfall struct {
	state  traceState
	errors bool // only paths to what matters are open
	open   map[string]bool
	shut   map[string]bool
	runs   map[string]bool
	// reaches has the nodes at or under which something matters.
	reaches map[*tracetree.Node]bool
	found   int // lines that the search found
	places  []place
}

func newWaterfall(tree *tracetree.Tree, state traceState) *waterfall {
	w := &waterfall{
		state: state, errors: state.view == viewErrors,
		open: setOf(state.open), shut: setOf(state.shut), runs: setOf(state.runs),
		reaches: map[*tracetree.Node]bool{},
	}
	if state.view == "" {
		w.errors = tree.Spans+tree.Logs > wholeTrace
	}
	for _, root := range tree.Roots {
		w.mark(root)
	}
	w.children(nil, tree.Roots, tree.Loose, 0)
	return w
}

func setOf(list []string) map[string]bool {
	set := make(map[string]bool, len(list))
	for _, x := range list {
		set[x] = true
	}
	return set
}

// mark finds the nodes that lead to what matters.
func (w *waterfall) mark(n *tracetree.Node) bool {
	reaches := w.matters(n)
	for _, l := range n.Logs {
		reaches = w.logMatters(l) || reaches
	}
	for _, c := range n.Children {
		reaches = w.mark(c) || reaches
	}
	if reaches {
		w.reaches[n] = true
	}
	return reaches
}

func (w *waterfall) matters(n *tracetree.Node) bool {
	if keyOf(n) == w.state.sel {
		return true
	}
	if w.state.text != "" {
		found := n.Span != nil && w.contains(n.Span.Name, n.Service, n.SpanID.String(), n.Span.StatusMessage)
		if found {
			w.found++
		}
		return found
	}
	return n.Failed
}

func (w *waterfall) logMatters(l *signal.Log) bool {
	if logKey(l) == w.state.sel {
		return true
	}
	if w.state.text != "" {
		found := w.contains(valueText(l.Body), l.Service(), l.Attributes.Str("exception.message"))
		if found {
			w.found++
		}
		return found
	}
	return l.Severity >= signal.SeverityError
}

func (w *waterfall) contains(texts ...string) bool {
	for _, t := range texts {
		if strings.Contains(strings.ToLower(t), strings.ToLower(w.state.text)) {
			return true
		}
	}
	return false
}

// children lists what lies under a node (nil for the top): spans, and logs between them by time.
func (w *waterfall) children(parent *tracetree.Node, nodes []*tracetree.Node, logs []*signal.Log, depth int) {
	run := fold{w: w, parent: parent, depth: depth, never: !w.errors || w.runs[nodeID(parent)]}
	nextLog := 0
	logsBefore := func(t signal.Nanos, all bool) {
		for ; nextLog < len(logs) && (all || logs[nextLog].EventTime() < t); nextLog++ {
			l := logs[nextLog]
			run.add(place{depth: depth, node: parent, log: l}, w.logMattersAgain(l))
		}
	}
	for _, n := range nodes {
		logsBefore(n.Start, false)
		run.add(place{depth: depth, node: n, open: w.isOpen(n, depth)}, w.reaches[n])
	}
	logsBefore(0, true)
	run.flush()
}

// logMattersAgain is logMatters without counting.
func (w *waterfall) logMattersAgain(l *signal.Log) bool {
	found := w.found
	matters := w.logMatters(l)
	w.found = found
	return matters
}

func (w *waterfall) isOpen(n *tracetree.Node, depth int) bool {
	if len(n.Children)+len(n.Logs) == 0 {
		return false
	}
	id := nodeID(n)
	switch {
	case w.shut[id]:
		return false
	case w.open[id], !w.errors:
		return true
	default:
		return w.reaches[n] || depth == 0
	}
}

// list appends a line and, where it is open, what lies under it.
func (w *waterfall) list(p place) {
	w.places = append(w.places, p)
	if p.log == nil && !p.fold && p.open {
		w.children(p.node, p.node.Children, p.node.Logs, p.depth+1)
	}
}

// fold collects a run of lines that do not matter.
type fold struct {
	w      *waterfall
	parent *tracetree.Node
	depth  int
	never  bool
	run    []place
}

func (f *fold) add(p place, matters bool) {
	if f.never {
		f.w.list(p)
		return
	}
	if matters || (p.log == nil && f.w.open[nodeID(p.node)]) {
		f.flush()
		f.w.list(p)
		return
	}
	f.run = append(f.run, p)
}

func (f *fold) flush() {
	if len(f.run) <= shortRun {
		for _, p := range f.run {
			f.w.list(p)
		}
		f.run = f.run[:0]
		return
	}
	folded := place{depth: f.depth, node: f.parent, fold: true}
	for _, p := range f.run {
		if p.log != nil {
			folded.logs++
			continue
		}
		folded.spans += 1 + p.node.Below
	}
	f.w.places = append(f.w.places, folded)
	f.run = f.run[:0]
}

// keyOf names a node's record, logKey a log's, for sel.
func keyOf(n *tracetree.Node) string {
	if n.Span == nil {
		return "m" + n.SpanID.String()
	}
	return "s" + n.Span.ID.String()
}

func logKey(l *signal.Log) string { return "l" + l.ID.String() }

// nodeID names a node for open, shut and runs; the top is "top".
func nodeID(n *tracetree.Node) string {
	if n == nil {
		return "top"
	}
	return n.SpanID.String()
}
