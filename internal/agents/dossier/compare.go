package dossier

import (
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// work is what one service spent on one operation in some traces.
type work struct {
	durations []signal.Nanos
	failed    int
	example   *Node // the longest
}

// Compare sets a failing trace beside the healthy traces of the same entry: operations with
// their durations, and what only one side has.
func (d *Dossier) Compare(key string) (string, error) {
	t, ok := d.Trace(key)
	if !ok || t.Healthy {
		return "", errNoTrace
	}
	if len(d.Healthy) == 0 {
		return "the case has no healthy trace of the same entry\n", nil
	}
	here, there := d.workOf(t), d.workOf(d.Healthy...)
	var l list
	l.add("operation | in trace %s | in %d healthy traces (median, longest)", t.Key, len(d.Healthy))
	for _, op := range sortedKeys(here) {
		h := here[op]
		row := fmt.Sprintf("%s | %d times, longest %s, %d with errors, %s", op, len(h.durations), milliseconds(slices.Max(h.durations)), h.failed, SpanRef(h.example.Span))
		if o := there[op]; o != nil {
			row += fmt.Sprintf(" | %d times, %s, %s, %s", len(o.durations), milliseconds(median(o.durations)), milliseconds(slices.Max(o.durations)), SpanRef(o.example.Span))
		} else {
			row += " | never"
		}
		l.add("%s", row)
	}
	for _, op := range sortedKeys(there) {
		if here[op] == nil {
			o := there[op]
			l.add("%s | never | %d times, %s, %s, %s", op, len(o.durations), milliseconds(median(o.durations)), milliseconds(slices.Max(o.durations)), SpanRef(o.example.Span))
		}
	}
	return l.text(), nil
}

func (d *Dossier) workOf(traces ...*Trace) map[string]*work {
	by := map[string]*work{}
	for _, t := range traces {
		for _, n := range t.Nodes {
			if n.Span == nil {
				continue
			}
			op := d.Name(n.Service) + " " + d.Name(n.Name) + " (" + KindName(n.Span.Kind) + ")"
			w := by[op]
			if w == nil {
				w = &work{}
				by[op] = w
			}
			took := n.End - n.Start
			if w.example == nil || took > slices.Max(w.durations) {
				w.example = n
			}
			w.durations = append(w.durations, took)
			if n.Failed() {
				w.failed++
			}
		}
	}
	return by
}

func median(durations []signal.Nanos) signal.Nanos {
	sorted := slices.Clone(durations)
	slices.Sort(sorted)
	return sorted[(len(sorted)-1)/2]
}
