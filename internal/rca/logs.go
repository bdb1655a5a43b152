package rca

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// addLogs gives every log to the span it names, making a stand-in for a span that was not
// received: its logs prove that the service was reached. A log without a span goes to the span
// of its service that was open, else to a stand-in for the service.
func (tr *tree) addLogs(logs []*signal.Log) {
	sorted := sortedLogs(logs)
	hosts := tr.localRoots()
	for _, l := range sorted {
		n := tr.hostOf(l, hosts)
		n.logs = append(n.logs, l)
	}
	tr.reportGhosts()
}

func sortedLogs(logs []*signal.Log) []*signal.Log {
	sorted := make([]*signal.Log, 0, len(logs))
	for _, l := range logs {
		if !strings.HasPrefix(l.EventName, "prodsentinel.") {
			sorted = append(sorted, l)
		}
	}
	slices.SortFunc(sorted, compareLogs)
	return sorted
}

func compareLogs(a, b *signal.Log) int {
	return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), bytes.Compare(a.ID[:], b.ID[:]),
		bytes.Compare(a.SpanID[:], b.SpanID[:]), cmp.Compare(a.Service(), b.Service()),
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

func (tr *tree) hostOf(l *signal.Log, hosts map[string][]*node) *node {
	if !l.SpanID.IsZero() {
		n, ok := tr.byID[l.SpanID]
		if !ok {
			n = tr.standIn(l.SpanID)
		}
		return n
	}
	service := l.Service()
	candidates := hosts[service]
	if len(candidates) == 0 {
		n := &node{service: service}
		tr.nodes = append(tr.nodes, n)
		hosts[service] = []*node{n}
		return n
	}
	at := instantOf(l.EventTime())
	host := candidates[0]
	for _, c := range candidates[:min(len(candidates), maxHosts)] {
		if c.start <= at && at <= c.end {
			return c
		}
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
