package rca

import (
	"cmp"
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rca/judge"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// needsOf collects what the rules would ask of the store about a trace.
func needsOf(x *explain.Explanation) Needs {
	services, addresses := map[string]bool{}, map[string]bool{}
	calls, refusals := map[incident.CallStats]bool{}, map[incident.CallStats]bool{}
	for _, g := range x.Groups.All {
		addPeer(g.Node, services, addresses)
		if x.About(g).Place != nil {
			addPeer(x.About(g).Place.At, services, addresses)
		}
		p := g.Peer
		if p.Service != "" {
			services[p.Service] = true
		}
		if p.Host != "" {
			services[p.Host], services[address.FirstLabel(p.Host)] = true, true
			addresses[p.Host] = true
		}
		if asked := judge.RefusedRequest(g); g.Reason.Means == vocabulary.Refused && asked.Callee != "" {
			refusals[asked] = true
		}
		if g.Node.IsExitCall() && x.About(g).Dismissed == incident.DismissRecovered {
			calls[explain.RetriedCall(g)] = true
		}
	}
	return Needs{
		Services: slices.Sorted(maps.Keys(services)), Addresses: slices.Sorted(maps.Keys(addresses)),
		Calls: sortedCalls(calls), Refusals: sortedCalls(refusals), Moments: momentsOf(x.Tree.Trace),
		Logged: append(platformMoments(x), append(markMoments(x), hostMoments(x.Tree.Trace)...)...),
	}
}

// addPeer adds what a call's attributes say about its peer.
func addPeer(n *trace.Node, services, addresses map[string]bool) {
	if !n.IsExitCall() {
		return
	}
	if hint := n.PeerHint(); hint != "" && !address.IsNumeric(hint) {
		services[hint], services[address.FirstLabel(hint)] = true, true
	}
	host, port := semconv.PeerAddress(n.Attributes())
	if host == "" {
		return
	}
	addresses[host] = true
	if port != "" {
		addresses[address.Join(host, port)] = true
	}
}

func sortedCalls(m map[incident.CallStats]bool) []incident.CallStats {
	calls := slices.Collect(maps.Keys(m))
	slices.SortFunc(calls, func(a, b incident.CallStats) int {
		return cmp.Or(cmp.Compare(a.Caller, b.Caller), cmp.Compare(a.Callee, b.Callee), cmp.Compare(a.Operation, b.Operation))
	})
	return calls
}
