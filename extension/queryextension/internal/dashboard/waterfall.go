package dashboard

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/extension/queryextension/internal/tracetree"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// A waterfall lists the lines of a trace that are visible in a state. Where a trace is large, only
// the paths to what matters (errors, or what the search found) are open, and runs of other spans
// and logs are folded into one line, so that a page never holds more than it can show. Of brothers
// that repeat each other, as in a storm of retries, the first few are shown and the others folded.

// place is one visible line: a span, a log, or a fold of several.
type place struct {
	depth  int
	node   *tracetree.Node // of logs and folds: their parent, nil at the top
	log    *signal.Log
	failed bool // the log is an error signal
	open   bool
	fold   foldKind
	spans  int // in the fold
	logs   int // in the fold
}

// foldKind says why lines are folded.
type foldKind int

const (
	shown    foldKind = iota
	quiet             // nothing in them matters
	repeated          // they repeat lines above
)

const (
	// wholeTrace is up to how many lines everything is open at first.
	wholeTrace = 400
	// shortRun is up to how many lines in a row are never folded.
	shortRun = 3
	// fewRepeats is up to how many like brothers are all shown, and firstRepeats how many of more.
	fewRepeats, firstRepeats = 8, 3
)

type waterfall struct {
	tree   *tracetree.Tree
	state  traceState
	errors bool // only paths to what matters are open
	folds  bool // repeats are folded
	open   map[string]bool
	shut   map[string]bool
	runs   map[string]bool
	// reaches has the nodes at or under which something matters.
	reaches map[*tracetree.Node]bool
	// selectedUnder has the nodes under which the selected record lies.
	selectedUnder map[*tracetree.Node]bool
	found         int // lines that the search found
	places        []place
}

func newWaterfall(tree *tracetree.Tree, state traceState) *waterfall {
	w := &waterfall{
		tree: tree, state: state, errors: state.view == viewErrors, folds: state.view != viewAll && state.text == "",
		open: setOf(state.open), shut: setOf(state.shut), runs: setOf(state.runs),
		reaches: map[*tracetree.Node]bool{}, selectedUnder: map[*tracetree.Node]bool{},
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

// mark finds the nodes that lead to what matters, and to the selected record.
func (w *waterfall) mark(n *tracetree.Node) {
	reaches, selected := w.matters(n), keyOf(n) == w.state.sel
	for _, l := range n.Logs {
		reaches = w.logMatters(l) || reaches
		selected = selected || logKey(l) == w.state.sel
	}
	for _, c := range n.Children {
		w.mark(c)
		reaches = reaches || w.reaches[c]
		selected = selected || w.selectedUnder[c]
	}
	if reaches || selected {
		w.reaches[n] = true
	}
	if selected {
		w.selectedUnder[n] = true
	}
}

func (w *waterfall) matters(n *tracetree.Node) bool {
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
	if w.state.text != "" {
		found := w.contains(valueText(l.Body), l.Service(), semconv.ExceptionOf(l.Attributes).Message)
		if found {
			w.found++
		}
		return found
	}
	return w.tree.IsError(l)
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
	lines := w.merge(parent, nodes, logs, depth)
	unfolded := w.runs[nodeID(parent)]
	repeats := w.repeatsAmong(lines)
	seen := map[likeness]int{}
	f := fold{w: w, parent: parent, depth: depth}
	for _, p := range lines {
		kind := shown
		like := likenessOf(p)
		seen[like]++
		switch {
		case unfolded || p.key() == w.state.sel || (p.log == nil && w.open[nodeID(p.node)]):
		case w.errors && !w.placeMatters(p):
			kind = quiet
		case repeats[like] > fewRepeats && seen[like] > firstRepeats && !w.leadsToSelected(p):
			kind = repeated
		}
		f.add(p, kind)
	}
	f.flush()
}

// merge puts spans and logs into the order of their times.
func (w *waterfall) merge(parent *tracetree.Node, nodes []*tracetree.Node, logs []*signal.Log, depth int) []place {
	lines := make([]place, 0, len(nodes)+len(logs))
	for _, n := range nodes {
		for len(logs) > 0 && logs[0].EventTime() < n.Start {
			lines = append(lines, w.logPlace(depth, parent, logs[0]))
			logs = logs[1:]
		}
		lines = append(lines, place{depth: depth, node: n, open: w.isOpen(n, depth)})
	}
	for _, l := range logs {
		lines = append(lines, w.logPlace(depth, parent, l))
	}
	return lines
}

func (w *waterfall) logPlace(depth int, parent *tracetree.Node, l *signal.Log) place {
	return place{depth: depth, node: parent, log: l, failed: w.tree.IsError(l)}
}

// likeness is what lines have in common that repeat each other.
type likeness struct {
	log           bool
	service, text string
	failed        bool
	below, bad    int
}

func likenessOf(p place) likeness {
	if p.log != nil {
		return likeness{
			log: true, service: p.log.Service(), text: withoutDigits(line(60, valueText(p.log.Body))),
			failed: p.failed,
		}
	}
	like := likeness{service: p.node.Service, failed: p.node.Failed, below: p.node.Below, bad: p.node.FailedBelow}
	if p.node.Span != nil {
		like.text = p.node.Span.Name
	}
	return like
}

func withoutDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= '0' && r <= '9' {
			return -1
		}
		return r
	}, s)
}

// repeatsAmong counts like lines, where repeats are folded at all.
func (w *waterfall) repeatsAmong(lines []place) map[likeness]int {
	if !w.folds || len(lines) <= fewRepeats {
		return nil
	}
	counts := map[likeness]int{}
	for _, p := range lines {
		counts[likenessOf(p)]++
	}
	return counts
}

func (w *waterfall) placeMatters(p place) bool {
	if p.log != nil {
		return w.logMattersAgain(p.log)
	}
	return w.reaches[p.node]
}

// leadsToSelected reports whether the selected record lies under a line.
func (w *waterfall) leadsToSelected(p place) bool { return p.log == nil && w.selectedUnder[p.node] }

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
	if p.log == nil && p.open {
		w.children(p.node, p.node.Children, p.node.Logs, p.depth+1)
	}
}

// fold collects lines in a row that are folded for the same reason.
type fold struct {
	w      *waterfall
	parent *tracetree.Node
	depth  int
	kind   foldKind
	run    []place
}

func (f *fold) add(p place, kind foldKind) {
	if kind != f.kind {
		f.flush()
		f.kind = kind
	}
	if kind == shown {
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
	folded := place{depth: f.depth, node: f.parent, fold: f.kind}
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
