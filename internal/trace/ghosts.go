package trace

import (
	"fmt"
	"maps"
	"slices"
)

// IsGhost reports whether the node is a ghost span: the span was not received, but logs of it were, which
// prove that its service was reached.
func (n *Node) IsGhost() bool { return n.Span == nil && len(n.Logs) > 0 }

// nameGhosts gives ghost spans the service of their logs, and reports them as gaps.
func nameGhosts(tr *Tree) {
	ghosts := make(map[string]int)
	for _, n := range tr.Nodes {
		if n.IsGhost() && !n.ID.IsZero() {
			n.Service = n.Logs[0].Service()
			ghosts[n.Service]++
		}
	}
	if len(tr.Trace.Spans) == 0 {
		return
	}
	for _, service := range slices.Sorted(maps.Keys(ghosts)) {
		tr.addGap("ghost_span", fmt.Sprintf("%d spans of %s were not received; their logs prove that it was reached",
			ghosts[service], service))
	}
}
