package rca

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// explainAcrossTrees joins what the missing of spans has torn apart: a group that names another
// service is explained by that service's group in another tree of the trace. Trees are ordered
// (wrappers after others, then earliest, then reference), and only earlier ones explain.
func (x *explainer) explainAcrossTrees() {
	if len(x.tree.Roots) < 2 {
		return
	}
	rank := x.rankTrees()
	byService := make(map[string][]*group)
	for _, g := range x.groups.all {
		if g.dismissed == "" && !g.cancelled() {
			byService[g.node.Service] = append(byService[g.node.Service], g)
		}
	}
	for _, g := range x.groups.all {
		if len(g.explainedBy) > 0 || g.dismissed != "" || g.cancelled() || g.node.Root.Producer != nil {
			continue
		}
		for _, service := range x.namedServices(g) {
			if b := earlierTree(g, byService[service], rank); b != nil {
				link(g, b)
				break
			}
		}
		if len(g.explainedBy) == 0 && g.call == nil && !g.peer.IsKnown() && g.isClients() {
			if b := x.answeredBefore(g, rank); b != nil {
				link(g, b)
			}
		}
	}
}

// answeredBefore is the error of another service that ended last before a client told of an answer
// without saying whose.
func (x *explainer) answeredBefore(g *group, rank map[*trace.Node]int) *group {
	var last *group
	for _, b := range x.groups.all {
		switch {
		case b.node.Service == g.node.Service || b.dismissed != "" || b.cancelled() || b.end > g.end+x.tree.Tolerance:
		case rank[b.node.Root] >= rank[g.node.Root]:
		case last == nil || compareOrigins(b, last) > 0:
			last = b
		}
	}
	return last
}

// rankTrees orders the trees that hold groups.
func (x *explainer) rankTrees() map[*trace.Node]int {
	type key struct {
		root    *trace.Node
		wrapper bool
		end     trace.Instant
		ref     string
	}
	keys := make(map[*trace.Node]*key)
	for _, g := range x.groups.all {
		root := g.node.Root
		k := key{root: root, wrapper: len(x.namedServices(g)) > 0, end: g.end, ref: string(g.evidence[0].ref)}
		have := keys[root]
		if have == nil {
			keys[root] = &k
			continue
		}
		have.wrapper = have.wrapper && k.wrapper
		if k.end < have.end || k.end == have.end && k.ref < have.ref {
			have.end, have.ref = k.end, k.ref
		}
	}
	var ordered []*key
	for _, g := range x.groups.all {
		if k := keys[g.node.Root]; k != nil {
			ordered = append(ordered, k)
			delete(keys, k.root)
		}
	}
	slices.SortStableFunc(ordered, func(a, b *key) int {
		return cmp.Or(compareBool(a.wrapper, b.wrapper), cmp.Compare(a.end, b.end), cmp.Compare(a.ref, b.ref))
	})
	rank := make(map[*trace.Node]int, len(ordered))
	for i, k := range ordered {
		rank[k.root] = i
	}
	return rank
}

// namedServices are the other services with errors in this trace that a group's records name.
func (x *explainer) namedServices(g *group) []string {
	if g.peer.Service != "" && g.peer.Service != g.node.Service {
		return []string{g.peer.Service}
	}
	for _, e := range g.evidence {
		if s := serviceIn(x.dir, e.whole, g.node.Service); s != "" {
			return []string{s}
		}
	}
	return nil
}

func earlierTree(g *group, candidates []*group, rank map[*trace.Node]int) *group {
	root := g.node.Root
	var best *group
	for _, b := range candidates {
		if rank[b.node.Root] >= rank[root] || len(b.explainedBy) > 0 && b.node.Root == root {
			continue
		}
		if best == nil || compareOrigins(b, best) < 0 {
			best = b
		}
	}
	return best
}
