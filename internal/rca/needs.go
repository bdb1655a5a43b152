package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// needsOf collects what the rules would ask of the store about a trace.
func needsOf(t *incident.Trace, k incident.Knowledge) Needs {
	tr := trace.Assemble(t)
	dir := trace.NewDirectory(tr, k)
	signals := failure.SignalsOf(t)
	groups := groupErrors(tr, signals, dir)
	services, addresses := map[string]bool{}, map[string]bool{}
	calls, refusals := map[incident.CallStats]bool{}, map[incident.CallStats]bool{}
	x := explain(tr, groups, signals, dir, k)
	for _, g := range groups.all {
		addPeer(g.node, services, addresses)
		if g.place != nil {
			addPeer(g.place.at, services, addresses)
		}
		p := g.peer
		if p.Service != "" {
			services[p.Service] = true
		}
		if p.Host != "" {
			services[p.Host], services[address.FirstLabel(p.Host)] = true, true
			addresses[p.Host] = true
		}
		if caller, callee, operation := x.refused(g); g.reason.Means == vocabulary.Refused && callee != "" {
			refusals[incident.CallStats{Caller: caller, Callee: callee, Operation: operation}] = true
		}
		if g.node.IsExitCall() && g.dismissed == incident.DismissRecovered {
			calls[g.retried()] = true
		}
	}
	return Needs{
		Services: sortedKeys(services), Addresses: sortedKeys(addresses),
		Calls: sortedCalls(calls), Refusals: sortedCalls(refusals),
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
