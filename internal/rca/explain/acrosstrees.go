package explain

import (
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// explainAcrossTrees joins what the missing of spans has torn apart: a group that names another
// service is explained by that service's group in another tree of the trace. Trees are ordered
// (wrappers after others, then earliest, then reference), and only earlier ones explain.
func explainAcrossTrees(x *Explanation) {
	if len(x.Tree.Roots) < 2 {
		return
	}
	rank := orderTrees(x)
	byService := make(map[string][]*evidence.Group)
	for _, g := range x.Groups.All {
		if x.isFailure(g) && !g.IsCancelled() {
			byService[g.Node.Service] = append(byService[g.Node.Service], g)
		}
	}
	for _, g := range x.Groups.All {
		if !x.isOpen(g) || g.IsCancelled() || g.Node.Root.Producer != nil {
			continue
		}
		for _, service := range namedServices(x, g) {
			if b := errorInEarlierTree(x, g, byService[service], rank); b != nil {
				x.link(g, b)
				break
			}
		}
		if len(x.About(g).ExplainedBy) == 0 && g.Call == nil && !g.Peer.IsKnown() && g.IsFromClient() {
			if b := errorBefore(x, g, rank); b != nil {
				x.link(g, b)
			}
		}
	}
}

// errorBefore is the error of another service that ended last before a client recorded an answer
// without saying whose.
func errorBefore(x *Explanation, g *evidence.Group, rank map[*trace.Node]int) *evidence.Group {
	var last *evidence.Group
	for _, b := range x.Groups.All {
		switch {
		case b.Node.Service == g.Node.Service || !x.isFailure(b) || b.IsCancelled() || b.End > g.End+x.Tree.Tolerance:
		case rank[b.Node.Root] >= rank[g.Node.Root]:
		case last == nil || compareOrigins(b, last) > 0:
			last = b
		}
	}
	return last
}

// orderTrees orders the trees that hold groups.
func orderTrees(x *Explanation) map[*trace.Node]int {
	type key struct {
		root    *trace.Node
		wrapper bool
		end     trace.Instant
		ref     string
	}
	keys := make(map[*trace.Node]*key)
	for _, g := range x.Groups.All {
		root := g.Node.Root
		k := key{root: root, wrapper: len(namedServices(x, g)) > 0, end: g.End, ref: string(g.Records[0].Ref)}
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
	for _, g := range x.Groups.All {
		if k := keys[g.Node.Root]; k != nil {
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
func namedServices(x *Explanation, g *evidence.Group) []string {
	if g.Peer.Service != "" && g.Peer.Service != g.Node.Service {
		return []string{g.Peer.Service}
	}
	for _, e := range g.Records {
		if s := evidence.ServiceIn(x.Directory, e.Whole, g.Node.Service); s != "" {
			return []string{s}
		}
	}
	return nil
}

func errorInEarlierTree(x *Explanation, g *evidence.Group, candidates []*evidence.Group, rank map[*trace.Node]int) *evidence.Group {
	root := g.Node.Root
	var best *evidence.Group
	for _, b := range candidates {
		if rank[b.Node.Root] >= rank[root] || len(x.About(b).ExplainedBy) > 0 && b.Node.Root == root {
			continue
		}
		if best == nil || compareOrigins(b, best) < 0 {
			best = b
		}
	}
	return best
}
