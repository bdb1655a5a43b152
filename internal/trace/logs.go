package trace

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// placeLogs gives every log to the span it names, making a stand-in for a span that was not
// received: its logs prove that the service was reached. A log without a span goes to the span
// of its service that was open, else to a stand-in for the service.
func placeLogs(tr *Tree, logs []*signal.Log) {
	tr.Steps.TakeSort(len(logs))
	sorted := sortedLogs(logs)
	p := placement{tree: tr, hosts: serviceEntries(tr), linked: make(map[string]bool)}
	for _, l := range sorted {
		if n := tr.NodeMeant(failure.ContextOf(l).Span, l.Service()); n != nil && n.IsReceived() {
			p.linked[l.Service()] = true
		}
	}
	for _, l := range sorted {
		n := p.hostOf(l)
		n.Logs = append(n.Logs, l)
	}
	nameGhosts(tr)
}

// placement finds the span a log belongs to.
type placement struct {
	tree  *Tree
	hosts map[string][]*Node // per service, the spans with which it is entered
	// linked are the services of which a log names a received span: their span IDs can be trusted.
	linked map[string]bool
}

func sortedLogs(logs []*signal.Log) []*signal.Log {
	sorted := make([]*signal.Log, 0, len(logs))
	for _, l := range logs {
		if !failure.IsOwnEvent(l.EventName) {
			sorted = append(sorted, l)
		}
	}
	slices.SortFunc(sorted, compareLogs)
	return sorted
}

func compareLogs(a, b *signal.Log) int {
	if c := cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), bytes.Compare(a.ID[:], b.ID[:])); c != 0 {
		return c
	}
	return cmp.Or(bytes.Compare(a.SpanID[:], b.SpanID[:]), cmp.Compare(a.Service(), b.Service()),
		cmp.Compare(a.Body.Str(), b.Body.Str()))
}

// serviceEntries has, per service, the spans with which the service is entered, by start.
func serviceEntries(tr *Tree) map[string][]*Node {
	hosts := make(map[string][]*Node)
	for _, n := range tr.Nodes {
		if n.IsReceived() && n.EntersService() {
			hosts[n.Service] = append(hosts[n.Service], n)
		}
	}
	for _, h := range hosts {
		slices.SortFunc(h, compareNodes)
	}
	return hosts
}

func (p *placement) hostOf(l *signal.Log) *Node {
	service := l.Service()
	if span := failure.ContextOf(l).Span; !span.IsZero() {
		if n := p.tree.NodeMeant(span, service); n != nil {
			return n
		}
		if open := p.openSpan(l); open == nil || p.linked[service] {
			return p.tree.addStandIn(span)
		}
	}
	if open := p.openSpan(l); open != nil {
		return open
	}
	if candidates := p.hosts[service]; len(candidates) > 0 {
		return lastBefore(candidates, InstantOf(l.EventTime()))
	}
	n := &Node{Service: service}
	p.tree.Nodes = append(p.tree.Nodes, n)
	p.hosts[service] = []*Node{n}
	return n
}

// openSpan is the first span of the log's service that was open when it was written.
func (p *placement) openSpan(l *signal.Log) *Node {
	at := InstantOf(l.EventTime())
	candidates := p.hosts[l.Service()]
	for _, c := range candidates[:min(len(candidates), maxHosts)] {
		p.tree.Steps.Take(1)
		if c.IsReceived() && c.Start <= at && at <= c.End+minTolerance {
			return c
		}
	}
	return nil
}

func lastBefore(candidates []*Node, at Instant) *Node {
	host := candidates[0]
	for _, c := range candidates[:min(len(candidates), maxHosts)] {
		if c.Start <= at {
			host = c
		}
	}
	return host
}

// maxHosts bounds the search for the span a log without span ID belongs to.
const maxHosts = 64
