package explain

import (
	"cmp"
	"slices"
	"sort"

	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// explainAcrossTrees joins what the missing of spans has torn apart: a group that names another
// service is explained by that service's group in another tree of the trace. Trees are ordered
// (what platforms tell before others, wrappers after others, then earliest, then reference), and only
// earlier ones explain.
func explainAcrossTrees(x *Explanation) {
	if len(x.Tree.Roots) < 2 {
		return
	}
	trees := rankTrees(x)
	for _, g := range x.Groups.All {
		if !x.isOpen(g) || g.IsCancelled() || g.IsPlatforms() || g.Node.Root.Producer != nil {
			continue
		}
		for _, service := range namedServices(x, g) {
			if b := trees.errorInEarlierTree(g, service); b != nil {
				x.link(g, b)
				break
			}
		}
		if len(x.About(g).ExplainedBy) == 0 && g.Call == nil && !g.Peer.IsKnown() && g.IsFromClient() {
			if b := trees.errorBefore(g); b != nil {
				x.link(g, b)
			}
		}
	}
}

// rankedTrees are the trees of a trace in their order, with the failures in them that may explain others.
type rankedTrees struct {
	x    *Explanation
	rank map[*trace.Node]int
	// byEnd are the failures, the one that ended first first.
	byEnd []*evidence.Group
	// first has, by service, the failures in the order of their trees, without those that ended after one in
	// an earlier tree.
	first map[teller][]*evidence.Group
}

// teller is a service, or the platforms that tell of it.
type teller struct {
	service     string
	isPlatforms bool
}

func rankTrees(x *Explanation) *rankedTrees {
	t := &rankedTrees{x: x, rank: orderTrees(x), first: make(map[teller][]*evidence.Group)}
	for _, g := range x.Groups.All {
		if x.isFailure(g) && !g.IsCancelled() {
			t.byEnd = append(t.byEnd, g)
		}
	}
	x.Tree.Steps.TakeSort(len(t.byEnd))
	slices.SortFunc(t.byEnd, compareOrigins)
	byRank := slices.Clone(t.byEnd)
	slices.SortStableFunc(byRank, func(a, b *evidence.Group) int { return cmp.Compare(t.rankOf(a), t.rankOf(b)) })
	for _, g := range byRank {
		teller := teller{g.Node.Service, g.IsPlatforms()}
		of := t.first[teller]
		if len(of) == 0 || compareOrigins(g, of[len(of)-1]) < 0 {
			t.first[teller] = append(of, g)
		}
	}
	return t
}

func (t *rankedTrees) rankOf(g *evidence.Group) int { return t.rank[g.Node.Root] }

// errorInEarlierTree is the error of the service that ended first, of those in trees before that of g; what
// platforms tell of the service comes before what it recorded itself.
func (t *rankedTrees) errorInEarlierTree(g *evidence.Group, service string) *evidence.Group {
	if mayFollowFromPlatform(g) {
		if b := t.firstBefore(g, teller{service, true}); b != nil {
			return b
		}
	}
	return t.firstBefore(g, teller{service, false})
}

func (t *rankedTrees) firstBefore(g *evidence.Group, by teller) *evidence.Group {
	of := t.first[by]
	after := sort.Search(len(of), func(i int) bool { return t.rankOf(of[i]) >= t.rankOf(g) })
	if after == 0 {
		return nil
	}
	return of[after-1]
}

// errorBefore is the error of another service, in an earlier tree, that ended last before a client recorded an
// answer without saying whose; of the rules.MaxBeside errors before it.
func (t *rankedTrees) errorBefore(g *evidence.Group) *evidence.Group {
	until := g.End + t.x.Tree.Tolerance
	after := sort.Search(len(t.byEnd), func(i int) bool { return t.byEnd[i].End > until })
	for _, b := range slices.Backward(t.byEnd[max(0, after-rules.MaxBeside):after]) {
		t.x.step()
		if b.Node.Service != g.Node.Service && !b.IsPlatforms() && t.rankOf(b) < t.rankOf(g) {
			return b
		}
	}
	return nil
}

// orderTrees orders the trees that hold groups.
func orderTrees(x *Explanation) map[*trace.Node]int {
	type key struct {
		root    *trace.Node
		later   bool // not a platform's record, which may come after what follows from it
		wrapper bool
		end     trace.Instant
		ref     string
	}
	keys := make(map[*trace.Node]*key)
	for _, g := range x.Groups.All {
		root := g.Node.Root
		k := key{root: root, later: !g.IsPlatforms(), wrapper: len(namedServices(x, g)) > 0, end: g.End, ref: string(g.Records[0].Ref)}
		have := keys[root]
		if have == nil {
			keys[root] = &k
			continue
		}
		have.later, have.wrapper = have.later || k.later, have.wrapper && k.wrapper
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
		return cmp.Or(compareBool(a.later, b.later), compareBool(a.wrapper, b.wrapper), cmp.Compare(a.end, b.end), cmp.Compare(a.ref, b.ref))
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
