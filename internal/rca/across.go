package rca

import (
	"cmp"
	"slices"
)

// explainAcrossTrees joins what the missing of spans has torn apart: a group that names another
// service is explained by that service's group in another tree of the trace. Trees are ordered
// (wrappers after others, then earliest, then reference), and only earlier ones explain.
func (x *explainer) explainAcrossTrees() {
	if len(x.tree.roots) < 2 {
		return
	}
	rank := x.rankTrees()
	byService := make(map[string][]*group)
	for _, g := range x.groups {
		if g.dismissed == "" && !g.cancelled() {
			byService[g.node.service] = append(byService[g.node.service], g)
		}
	}
	for _, g := range x.groups {
		if len(g.explainedBy) > 0 || g.dismissed != "" || g.cancelled() || g.node.top().producer != nil {
			continue
		}
		for _, service := range x.namedServices(g) {
			if b := earlierTree(g, byService[service], rank); b != nil {
				link(g, b)
				break
			}
		}
		if len(g.explainedBy) == 0 && g.call == nil && !g.peer.known() && g.isClients() {
			if b := x.answeredBefore(g, rank); b != nil {
				link(g, b)
			}
		}
	}
}

// answeredBefore is the error of another service that ended last before a client told of an answer
// without saying whose.
func (x *explainer) answeredBefore(g *group, rank map[*node]int) *group {
	var last *group
	for _, b := range x.groups {
		switch {
		case b.node.service == g.node.service || b.dismissed != "" || b.cancelled() || b.end > g.end+x.tree.tolerance:
		case rank[b.node.top()] >= rank[g.node.top()]:
		case last == nil || compareOrigins(b, last) > 0:
			last = b
		}
	}
	return last
}

// rankTrees orders the trees that hold groups.
func (x *explainer) rankTrees() map[*node]int {
	type key struct {
		root    *node
		wrapper bool
		end     instant
		ref     string
	}
	keys := make(map[*node]*key)
	for _, g := range x.groups {
		root := g.node.top()
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
	for _, g := range x.groups {
		if k := keys[g.node.top()]; k != nil {
			ordered = append(ordered, k)
			delete(keys, k.root)
		}
	}
	slices.SortStableFunc(ordered, func(a, b *key) int {
		return cmp.Or(compareBool(a.wrapper, b.wrapper), cmp.Compare(a.end, b.end), cmp.Compare(a.ref, b.ref))
	})
	rank := make(map[*node]int, len(ordered))
	for i, k := range ordered {
		rank[k.root] = i
	}
	return rank
}

// namedServices are the other services with errors in this trace that a group's records name.
func (x *explainer) namedServices(g *group) []string {
	if g.peer.service != "" && g.peer.service != g.node.service {
		return []string{g.peer.service}
	}
	for _, e := range g.evidence {
		if s := x.dir.serviceIn(e.whole, g.node.service); s != "" {
			return []string{s}
		}
	}
	return nil
}

func earlierTree(g *group, candidates []*group, rank map[*node]int) *group {
	root := g.node.top()
	var best *group
	for _, b := range candidates {
		if rank[b.node.top()] >= rank[root] || len(b.explainedBy) > 0 && b.node.top() == root {
			continue
		}
		if best == nil || compareOrigins(b, best) < 0 {
			best = b
		}
	}
	return best
}
