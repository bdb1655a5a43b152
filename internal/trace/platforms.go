package trace

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// splitLogs separates the records of platforms from those of the services themselves.
func splitLogs(logs []*signal.Log) (services, platforms []*signal.Log) {
	for _, l := range logs {
		if isServices(l) {
			services = append(services, l)
		} else {
			platforms = append(platforms, l)
		}
	}
	return services, platforms
}

// isServices reports whether a service wrote a log itself, and no platform of it.
func isServices(l *signal.Log) bool { return failure.PlatformOf(l) == failure.NoPlatforms }

// placePlatformLogs gives the records of platforms to the services of which they tell: to a span of the
// service that was not received, as none is of a process that ended, else to a stand-in for the service. A
// received span recorded itself how it went.
func placePlatformLogs(tr *Tree, logs []*signal.Log) {
	sorted := sortedLogs(logs)
	missing := make(map[string][]*Node)
	for _, n := range tr.Nodes {
		if !n.IsReceived() && n.Service != "" {
			missing[n.Service] = append(missing[n.Service], n)
		}
	}
	for i, l := range sorted {
		service, at := serviceMeant(sorted, i), InstantOf(l.EventTime())
		n := lastStandIn(missing[service], at)
		if n == nil {
			n = &Node{Service: service, Start: at, End: at}
			tr.Nodes = append(tr.Nodes, n)
			missing[service] = []*Node{n}
		}
		n.End = max(n.End, at)
		n.Logs = append(n.Logs, l)
		if k := len(n.Logs) - 1; k > 0 && compareLogs(n.Logs[k-1], l) > 0 {
			slices.SortFunc(n.Logs, compareLogs)
		}
	}
}

// lastStandIn is the stand-in that started last before a time, the first where none did, nil of none.
func lastStandIn(nodes []*Node, at Instant) *Node {
	if len(nodes) == 0 {
		return nil
	}
	return lastBefore(nodes, at)
}

// hostWindow is how far apart two platforms' records on one machine may be told that are about one process.
const hostWindow = signal.Nanos(1_000_000_000)

// maxHostLogs bounds how many records before and after one are compared with it.
const maxHostLogs = 16

// serviceMeant is the service that a platform's record is about: of one that only names a machine, as the
// kernel's do, the only one of which others on that machine tell at the same time.
func serviceMeant(logs []*signal.Log, i int) string {
	l := logs[i]
	own := l.Service()
	if !failure.IsHosts(l) {
		return own
	}
	meant := ""
	for _, other := range logs[max(0, i-maxHostLogs):min(len(logs), i+maxHostLogs)] {
		s, at := other.Service(), other.EventTime()
		if s == own || other.Resource.Host() != own || at+hostWindow < l.EventTime() || l.EventTime()+hostWindow < at {
			continue
		}
		if meant != "" && meant != s {
			return own
		}
		meant = s
	}
	if meant == "" {
		return own
	}
	return meant
}
