package agents

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

func getTrace(b *toolbox, args arguments) (string, error) {
	id, err := args.required("trace_id")
	if err != nil {
		return "", err
	}
	view, err := args.oneOf("view", "topology", "critical_path", "span")
	if err != nil {
		return "", err
	}
	spanID, err := args.text("span_id")
	if err != nil {
		return "", err
	}
	t := b.index.trace(id)
	if t == nil {
		return "", errNoTrace
	}
	var at *trace.Node
	if spanID != "" {
		if at = t.span(spanID); at == nil {
			return "", errors.New("there is no such span in this trace; take a span_id from its topology")
		}
	}
	switch {
	case view == "critical_path":
		return b.criticalPath(t), nil
	case view == "topology":
		return b.topology(t, at, maxToolOutput), nil
	case at == nil:
		return "", errors.New("view span needs a span_id")
	default:
		return b.oneSpan(at), nil
	}
}

// topology shows a trace as a tree: branches with errors in full, the others while there is room.
func (b *toolbox) topology(t *tree, from *trace.Node, limit int) string {
	p := newPage(limit)
	p.addf("trace %s, %d spans, %d with errors%s. A span is cited as span:%s/<id>.",
		t.Key, t.all.spans, t.all.errors, truncated(t.Truncated), t.Key)
	roots := t.roots()
	if from != nil {
		roots = []*trace.Node{from}
	}
	for _, n := range roots {
		b.branch(p, t, n, 0)
	}
	return p.text("ask for the topology below one span_id")
}

func truncated(n int) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%d further records were not loaded)", n)
}

const (
	quietChildren = 12 // children without errors that are shown of a span, before they are counted
	maxIndent     = 20
)

func (b *toolbox) branch(p *page, t *tree, n *trace.Node, depth int) {
	if p.full() {
		return
	}
	p.add(strings.Repeat("  ", min(depth, maxIndent)) + b.spanLine(t, n))
	shown, hidden, spans := 0, 0, 0
	for _, c := range n.Children {
		if quiet := t.sums[c].errors == 0; quiet && shown >= quietChildren {
			hidden++
			spans += t.sums[c].spans
			continue
		} else if quiet {
			shown++
		}
		b.branch(p, t, c, depth+1)
	}
	if hidden > 0 {
		p.addf("%s(%d more calls without errors, %d spans)", strings.Repeat("  ", min(depth+1, maxIndent)), hidden, spans)
	}
}

// spanLine is one span in brief: when it began in the trace, how long it took, service, operation,
// what failed.
func (b *toolbox) spanLine(t *tree, n *trace.Node) string {
	if n.Span == nil {
		return fmt.Sprintf("%s was not received | service %s", n.ID, cmp.Or(b.index.name(n.Service), "unknown"))
	}
	line := fmt.Sprintf("%s %s took %s | %s | %s | %s", n.ID, millis(n.Start, t.start()), millis(n.End, n.Start),
		dossier.KindName(n.Span.Kind), b.index.name(n.Service), b.index.name(n.Span.Name))
	if t.Failed(n) {
		line += " | ERROR"
		if n.Span.StatusMessage != "" {
			line += " " + cut(b.index.Name(n.Span.StatusMessage), maxBrief)
		}
	}
	if logs := len(n.Logs); logs > 0 {
		line += fmt.Sprintf(" | %d logs", logs)
	}
	return line
}

// maxBrief bounds a message in an overview, in bytes.
const maxBrief = 200

func (t *tree) start() (start trace.Instant) {
	for _, n := range t.Nodes {
		if n.Span != nil && (start == 0 || n.Start < start) {
			start = n.Start
		}
	}
	return start
}

// millis is the time from one instant to another, exact to the microsecond.
func millis(to, from trace.Instant) string {
	return time.Duration(to - from).Round(time.Microsecond).String()
}

// criticalPath follows, from the entry down, the call that ended last.
func (b *toolbox) criticalPath(t *tree) string {
	p := newPage(maxToolOutput)
	p.addf("critical path of trace %s: from each span to the call that ended last; own time is what no call covers. A span is cited as span:%s/<id>.",
		t.Key, t.Key)
	for _, n := range t.roots() {
		for n != nil && !p.full() {
			p.addf("%s | own time %s", b.spanLine(t, n), ownTime(n))
			n = lastToEnd(n)
		}
	}
	return p.text("ask for the topology instead")
}

func lastToEnd(n *trace.Node) (last *trace.Node) {
	for _, c := range n.Children {
		if last == nil || c.End > last.End {
			last = c
		}
	}
	return last
}

// ownTime is the time of a span in which none of its calls was under way.
func ownTime(n *trace.Node) time.Duration {
	covered, until := trace.Instant(0), n.Start
	for _, c := range n.Children { // by start
		from, to := max(c.Start, until), min(c.End, n.End)
		if to > from {
			covered += to - from
			until = to
		}
	}
	return time.Duration(n.End - n.Start - covered).Round(time.Microsecond)
}

func (b *toolbox) oneSpan(n *trace.Node) string {
	p := newPage(maxToolOutput)
	if n.Span == nil {
		p.add("This span was not received; others name it.")
	} else {
		b.record(p, trace.SpanRef(n.Span))
	}
	for _, l := range n.Logs {
		b.record(p, trace.LogRef(l))
	}
	return p.text("search its logs with search_logs")
}

// record adds a record in full.
func (b *toolbox) record(p *page, ref incident.Ref) {
	if text, ok := b.index.Text(ref); ok {
		p.add(cut(text, maxToolOutput/2))
	}
}
