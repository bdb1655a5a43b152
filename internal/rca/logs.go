package rca

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// addLogs gives every log to the span it names, making a stand-in for a span that was not
// received: its logs prove that the service was reached. A log without a span goes to the span
// of its service that was open, else to a stand-in for the service.
func (tr *tree) addLogs(logs []*signal.Log) {
	sorted := sortedLogs(logs)
	p := placement{tree: tr, hosts: tr.localRoots(), linked: make(map[string]bool)}
	for _, l := range sorted {
		if n := tr.byID[l.SpanID]; n != nil && n.received() {
			p.linked[l.Service()] = true
		}
	}
	for _, l := range sorted {
		n := p.hostOf(l)
		n.logs = append(n.logs, l)
		if tr.signals.IsLog(l) {
			n.errors = append(n.errors, l)
		}
	}
	tr.reportGhosts()
}

// placement finds the span a log belongs to.
type placement struct {
	*tree
	hosts map[string][]*node // per service, the spans with which it is entered
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

// localRoots has, per service, the spans with which the service is entered, by start.
func (tr *tree) localRoots() map[string][]*node {
	hosts := make(map[string][]*node)
	for _, n := range tr.nodes {
		if n.received() && n.entersService() {
			hosts[n.service] = append(hosts[n.service], n)
		}
	}
	for _, h := range hosts {
		slices.SortFunc(h, compareNodes)
	}
	return hosts
}

func (p *placement) hostOf(l *signal.Log) *node {
	service := l.Service()
	if !l.SpanID.IsZero() {
		if n, ok := p.byID[l.SpanID]; ok {
			return n
		}
		if open := p.open(l); open == nil || p.linked[service] {
			return p.standIn(l.SpanID)
		}
	}
	if open := p.open(l); open != nil {
		return open
	}
	if candidates := p.hosts[service]; len(candidates) > 0 {
		return lastBefore(candidates, instantOf(l.EventTime()))
	}
	n := &node{service: service}
	p.nodes = append(p.nodes, n)
	p.hosts[service] = []*node{n}
	return n
}

// open is the first span of the log's service that was open when it was written.
func (p *placement) open(l *signal.Log) *node {
	at := instantOf(l.EventTime())
	candidates := p.hosts[l.Service()]
	for _, c := range candidates[:min(len(candidates), maxHosts)] {
		if c.received() && c.start <= at && at <= c.end+minTolerance {
			return c
		}
	}
	return nil
}

func lastBefore(candidates []*node, at instant) *node {
	host := candidates[0]
	for _, c := range candidates[:min(len(candidates), maxHosts)] {
		if c.start <= at {
			host = c
		}
	}
	return host
}

// maxHosts bounds the search for the span a log without span ID belongs to.
const maxHosts = 64

func (tr *tree) reportGhosts() {
	ghosts := make(map[string]int)
	for _, n := range tr.nodes {
		if n.ghost() && !n.id.IsZero() {
			n.service = n.logs[0].Service()
			ghosts[n.service]++
		}
	}
	if len(tr.trace.Spans) == 0 {
		return
	}
	for _, service := range sortedKeys(ghosts) {
		tr.gap("ghost_span", fmt.Sprintf("%d spans of %s were not received; their logs prove that it was reached",
			ghosts[service], service))
	}
}
