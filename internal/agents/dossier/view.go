package dossier

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const (
	// maxView bounds a view in bytes, maxRows its lines where nothing else is said.
	maxView = 16_000
	maxRows = 60
)

// list collects the lines of a view.
type list struct {
	out     strings.Builder
	rows    int
	limit   int
	skipped int
}

func (l *list) add(format string, args ...any) {
	limit := l.limit
	if limit == 0 {
		limit = maxRows
	}
	row := format
	if len(args) > 0 {
		row = fmt.Sprintf(format, args...)
	}
	if l.rows >= limit || l.out.Len()+len(row) > maxView {
		l.skipped++
		return
	}
	l.rows++
	l.out.WriteString(row + "\n")
}

func (l *list) text() string {
	if l.skipped > 0 {
		return fmt.Sprintf("%s… %d more lines left out\n", l.out.String(), l.skipped)
	}
	return l.out.String()
}

// Overview is what to look at first: services with their operations, who calls whom, and the traces.
func (d *Dossier) Overview() string {
	var l list
	l.add("failing traces: %d in the case of %d; healthy traces of the same entry: %d in the case of %d",
		len(d.Failing), d.Case.Selection.FailingTotal, len(d.Healthy), d.Case.Selection.HealthyTotal)
	for i, t := range d.Failing {
		if i == maxTraces {
			l.add("  … %d more failing traces", len(d.Failing)-i)
			break
		}
		l.add("  trace %s: %s", t.Key, d.traceSummary(t))
	}
	l.add("services and operations in failing traces:")
	for _, s := range d.activity(d.Failing) {
		l.add("  %s: %d spans, %d with errors, %d logs; %s", d.Name(s.service), s.spans, s.failed, s.logs, strings.Join(s.operations, ", "))
	}
	l.add("calls in failing traces:")
	for _, c := range d.Calls(d.Failing) {
		l.add("  %s -> %s: %d, %d with errors", d.Name(c.Caller), d.ComponentName(c.Callee), c.Count, c.Failed)
	}
	return l.text()
}

// maxTraces bounds how many traces a view lists.
const maxTraces = 10

func (d *Dossier) traceSummary(t *Trace) string {
	errors := 0
	for _, n := range t.Nodes {
		if n.Failed() {
			errors++
		}
	}
	s := fmt.Sprintf("%d spans, %d logs, %d spans with errors", len(t.Nodes), len(t.Logs), errors)
	if len(t.Nodes) > 0 && t.Nodes[0].Span != nil {
		s += "; entry " + d.Name(t.Nodes[0].Service) + " " + d.Name(t.Nodes[0].Name) + ", " + durationOf(t.Nodes[0].Span)
	}
	if t.Truncated > 0 {
		s += fmt.Sprintf("; %d records left out", t.Truncated)
	}
	return s
}

type activity struct {
	service             string
	spans, failed, logs int
	operations          []string
}

// maxOperations bounds how many operations of a service a view names.
const maxOperations = 12

func (d *Dossier) activity(traces []*Trace) []*activity {
	by := map[string]*activity{}
	of := func(service string) *activity {
		if by[service] == nil {
			by[service] = &activity{service: service}
		}
		return by[service]
	}
	for _, t := range traces {
		for _, n := range t.Nodes {
			if n.Span == nil {
				continue
			}
			a := of(n.Service)
			a.spans++
			if n.Failed() {
				a.failed++
			}
			if op := d.Name(n.Name); op != "" && len(a.operations) < maxOperations && !slices.Contains(a.operations, op) {
				a.operations = append(a.operations, op)
			}
		}
		for _, l := range t.Logs {
			of(l.Service()).logs++
		}
	}
	var all []*activity
	for _, s := range sortedKeys(by) {
		all = append(all, by[s])
	}
	return all
}

// Call counts calls from a service to a component.
type Call struct {
	Caller        string
	Callee        Component
	Count, Failed int
}

// Calls are the calls of traces, ordered by caller and callee.
func (d *Dossier) Calls(traces []*Trace) []Call {
	by := map[string]*Call{}
	for _, t := range traces {
		for _, n := range t.Nodes {
			for _, c := range d.called(n) {
				k := n.Service + "\x00" + c.Name()
				if by[k] == nil {
					by[k] = &Call{Caller: n.Service, Callee: c}
				}
				by[k].Count++
				if n.Failed() {
					by[k].Failed++
				}
			}
		}
	}
	var all []Call
	for _, k := range sortedKeys(by) {
		all = append(all, *by[k])
	}
	return all
}

// called are the components that a node itself called.
func (d *Dossier) called(n *Node) []Component {
	if n.Service == "" {
		return nil
	}
	if callees := n.Callees(); len(callees) > 0 {
		var all []Component
		for _, c := range callees {
			if s := (Component{Service: c.Service}); !slices.Contains(all, s) {
				all = append(all, s)
			}
		}
		return all
	}
	if !n.IsExit() {
		return nil
	}
	p := d.PeerOf(n)
	switch names := p.Names(); {
	case p.Service == n.Service:
		return nil
	case p.Service != "":
		return []Component{{Service: p.Service}}
	case len(names) > 0:
		return []Component{{Dependency: names[0]}}
	}
	return nil
}

// errNoTrace and its siblings are answers to a model that asked for what is not in the case.
var (
	errNoTrace = errors.New("the case has no such trace")
	errNoSpan  = errors.New("the case has no such span")
	errNoLog   = errors.New("the case has no such record with a time in a trace")
)

// Trace finds a trace of the case by its key, failing ones first.
func (d *Dossier) Trace(key string) (*Trace, bool) {
	for _, t := range slices.Concat(d.Failing, d.Healthy) {
		if t.Key == key {
			return t, true
		}
	}
	return nil, false
}

// CriticalPath follows, from the entry of a trace, the child that failed or else held most time.
func (d *Dossier) CriticalPath(key string) (string, error) {
	t, ok := d.Trace(key)
	if !ok {
		return "", errNoTrace
	}
	var l list
	l.add("trace %s: %s", traceWord(t), d.traceSummary(t))
	l.add("critical path, from the entry:")
	var root *Node
	for _, n := range t.Nodes {
		if n.Parent == nil && (root == nil || n.last-n.order > root.last-root.order) {
			root = n
		}
	}
	for n := root; n != nil; n = worst(n) {
		l.add("  %s; %d children", d.nodeRow(n), len(n.Children))
	}
	l.add("error signals:")
	for _, r := range d.errorRows(t) {
		l.add("  %s", r)
	}
	return l.text(), nil
}

// worst is the child below which something failed, the last one of several, else the longest.
func worst(n *Node) *Node {
	var found *Node
	foundFailed := false
	for _, c := range n.Children {
		failed := failedBelow(c)
		switch {
		case found == nil, failed && !foundFailed, failed == foundFailed && (failed || c.End-c.Start > found.End-found.Start):
			found, foundFailed = c, failed
		}
	}
	return found
}

func failedBelow(n *Node) bool {
	for _, c := range n.Trace.Nodes[n.order : n.last+1] {
		if c.Failed() {
			return true
		}
	}
	return false
}

func (d *Dossier) errorRows(t *Trace) []string {
	var rows []string
	for _, n := range t.Nodes {
		if n.Span != nil && len(t.Errors(n.Span)) > 0 {
			rows = append(rows, d.nodeRow(n))
		}
	}
	for _, l := range t.Logs {
		if t.IsError(l) {
			rows = append(rows, d.logRow(l, t))
		}
	}
	return rows
}

// nodeRow is a span on one line.
func (d *Dossier) nodeRow(n *Node) string {
	if n.Span == nil {
		s := "span " + n.ID.String() + " (not received)"
		if n.Service != "" {
			s += " of " + d.Name(n.Service)
		}
		return s
	}
	row := fmt.Sprintf("%s %s | %s | %s | %s", SpanRef(n.Span), d.Name(n.Service), d.Name(n.Name), KindName(n.Span.Kind), durationOf(n.Span))
	if n.Trace.Begin != 0 {
		row += " | " + offset(n.Trace.Begin, n.Span.Start)
	}
	if status := HTTPStatus(n.Span); status != 0 {
		row += fmt.Sprintf(" | HTTP %d", status)
	}
	if status := RPCStatus(n.Span); status != "" {
		row += " | RPC " + d.Name(status)
	}
	if n.Span.StatusCode == signal.StatusError {
		row += " | error"
	}
	return row
}

// maxBody bounds a log's body in a list.
const maxBody = 400

// logRow is a log record on one line.
func (d *Dossier) logRow(l *signal.Log, t *Trace) string {
	body := cut(line(d.Session.Text(bodyOf(l))), maxBody)
	at := timeWord(l.EventTime())
	if t != nil && t.Begin != 0 && l.EventTime() != 0 {
		at = offset(t.Begin, l.EventTime())
	}
	return fmt.Sprintf("%s %s | %s | %s | %s", LogRef(l), d.Name(l.Service()), at, d.severity(l), body)
}

func bodyOf(l *signal.Log) string {
	if m, ok := l.Body.Data.(signal.Map); ok {
		return m.FirstStr("message", "msg", "error", "log", "event")
	}
	return Number(l.Body)
}

// Span is a span in full with its children on a line each.
func (d *Dossier) Span(ref incident.Ref) (string, error) {
	r, ok := d.records[ref]
	if !ok || r.Span == nil {
		return "", errNoSpan
	}
	var l list
	l.add("children: %d", len(r.Node.Children))
	for _, c := range r.Node.Children {
		l.add("  %s", d.nodeRow(c))
	}
	l.add("logs of the span: %d", len(r.Node.Logs))
	for _, g := range r.Node.Logs {
		l.add("  %s", d.logRow(g, r.Trace))
	}
	return d.textOf(r).shown + l.text(), nil
}
