package trace

import "slices"

// boundStandIns gives stand-ins the service and time that their logs and children prove.
func boundStandIns(tr *Tree) {
	slices.SortFunc(tr.Nodes, compareNodes)
	first := make(map[*Node]bool)
	widen := func(n *Node, start, end Instant) {
		if !first[n] {
			n.Start, n.End, first[n] = start, end, true
			return
		}
		n.Start, n.End = min(n.Start, start), max(n.End, end)
	}
	for _, n := range tr.Nodes {
		if n.IsGhost() {
			widen(n, InstantOf(n.Logs[0].EventTime()), InstantOf(n.Logs[len(n.Logs)-1].EventTime()))
		}
		if p := n.Parent; p != nil && !p.IsReceived() && n.IsReceived() {
			widen(p, n.Start, n.End)
		}
	}
	for _, n := range tr.Nodes {
		p := n.Parent
		if p == nil || p.IsReceived() || p.Service != "" || n.IsServing() {
			continue
		}
		p.Service = n.Service // only serving spans have their parent elsewhere
	}
}
