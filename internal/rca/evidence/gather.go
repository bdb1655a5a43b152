package evidence

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// Gather gathers the error signals of every span. Those of the transport below a call are the call's.
func Gather(tr *trace.Tree, signals failure.Signals, dir *trace.Directory) *Groups {
	moved := make(map[*signal.Log]*trace.Node)
	spoken := make(map[*trace.Node][]*signal.Log)
	errorLogs := make([][]*signal.Log, len(tr.Nodes))
	transports := make(map[*trace.Node][]*trace.Node)
	for i, n := range tr.Nodes {
		if n.Call != nil {
			transports[n.Call] = append(transports[n.Call], n)
		}
		tr.Steps.Take(1 + len(n.Logs))
		for _, l := range n.Logs {
			if !signals.IsLog(l) {
				continue
			}
			if errorLogs[i] == nil {
				errorLogs[i] = make([]*signal.Log, 0, len(n.Logs))
			}
			errorLogs[i] = append(errorLogs[i], l)
			tr.Steps.Take(min(len(n.Children), rules.MaxSiblings))
			if c := spanMeant(n, l, dir); c != nil {
				moved[l] = c
				spoken[c] = append(spoken[c], l)
			}
		}
	}
	found := &Groups{at: make([]*Group, len(tr.Nodes)), steps: tr.Steps}
	var g *Group
	for i, n := range tr.Nodes {
		if n.Call != nil {
			continue
		}
		tr.Steps.Take(1)
		if g == nil || g.Signals > 0 {
			g = new(Group)
		}
		*g = Group{Node: n}
		g.addSpan(signals)
		g.addLogs(spoken[n], nil, signals)
		g.addLogs(errorLogs[i], moved, signals)
		g.addTransports(transports[n], signals)
		if g.Signals == 0 {
			continue
		}
		g.complete(errorLogs[i])
		g.Index = len(found.All)
		found.at[i] = g
		found.All = append(found.All, g)
	}
	for _, g := range found.All {
		findPeer(g, found, dir)
	}
	return found
}

func (g *Group) addSpan(signals failure.Signals) {
	n := g.Node
	if n.Span == nil {
		return
	}
	g.FailedSpan = failure.IsSpanError(n.Span)
	for _, o := range signals.OfSpan(n.Span) {
		g.add(recordOfSpan(n, o))
	}
}

// spanMeant is the span that a log of n is about, nil for n itself: a child, and of the transport its call.
func spanMeant(n *trace.Node, l *signal.Log, dir *trace.Directory) *trace.Node {
	c := childMeant(n, l, dir)
	switch {
	case c != nil && c.Call != nil:
		return c.Call
	case c == nil:
		return n.Call
	}
	return c
}

// addLogs adds the error logs that were not moved to another span.
func (g *Group) addLogs(logs []*signal.Log, moved map[*signal.Log]*trace.Node, signals failure.Signals) {
	logs = slices.DeleteFunc(slices.Clone(logs), func(l *signal.Log) bool { return moved[l] != nil })
	for i, l := range logs {
		if i < rules.MaxRecords || i >= len(logs)-rules.MaxRecords {
			g.add(recordOfLog(g.Node, l, signals.Observe(l), true))
			continue
		}
		g.Signals++
	}
}

// complete completes a group once all its signals are known.
func (g *Group) complete(errorLogs []*signal.Log) {
	g.LastRecord = g.End
	if g.FailedSpan {
		g.End = max(g.End, g.Node.End)
		g.LastRecord = lastRecordOf(g)
	}
	slices.SortStableFunc(g.Records, func(a, b *Record) int {
		return cmp.Or(cmp.Compare(a.time, b.time), cmp.Compare(a.Ref, b.Ref))
	})
	g.Reason = reasonOf(g.Records)
	if g.Reason.Rank >= vocabulary.RankTimeout {
		g.readQuietLogs(errorLogs)
	}
}

// lastRecordOf is when the last exception or log of the error was recorded: the answer may have left then,
// although the span ended later.
func lastRecordOf(g *Group) trace.Instant {
	last := trace.Instant(-1)
	for _, e := range g.Records {
		if e.Observed.Kind != failure.KindSpan {
			last = max(last, e.time)
		}
	}
	if last < 0 {
		return g.End
	}
	return last
}

// readQuietLogs looks for the decisive record among the logs below ERROR beside an error that says
// little itself.
func (g *Group) readQuietLogs(errorLogs []*signal.Log) {
	var witnesses []*Record
	logs, errors := g.Node.Logs, setOf(errorLogs)
	for i, l := range logs {
		if i >= rules.MaxRecords && i < len(logs)-rules.MaxRecords || errors[l] {
			continue
		}
		e := recordOfLog(g.Node, l, failure.ObserveLog(l), false)
		if s := e.Best(); s != nil && s.Rank <= vocabulary.RankCapacity && !vocabulary.IsUpkeep(e.Text) {
			witnesses = append(witnesses, e)
		}
	}
	if len(witnesses) > 0 {
		g.Records = append(g.Records, witnesses...)
		g.Reason = reasonOf(g.Records)
	}
}

func setOf[T comparable](items []T) map[T]bool {
	set := make(map[T]bool, len(items))
	for _, i := range items {
		set[i] = true
	}
	return set
}
