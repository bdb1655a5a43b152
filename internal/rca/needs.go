package rca

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// needsOf collects what the rules would ask of the store about a trace.
func needsOf(t *incident.Trace, k incident.Knowledge) Needs {
	tr := assemble(t)
	dir := newDirectory(tr, k)
	groups := groupErrors(tr, dir)
	services, addresses := map[string]bool{}, map[string]bool{}
	calls, refusals := map[incident.CallStats]bool{}, map[incident.CallStats]bool{}
	x := explain(tr, groups, dir, k)
	for _, g := range groups {
		addPeer(g.node, services, addresses)
		if g.place != nil {
			addPeer(g.place.at, services, addresses)
		}
		p := g.peer
		if p.service != "" {
			services[p.service] = true
		}
		if p.host != "" {
			services[p.host], services[address.FirstLabel(p.host)] = true, true
			addresses[p.host] = true
		}
		if caller, callee, operation := x.refused(g); g.reason.Means == vocabulary.Refused && callee != "" {
			refusals[incident.CallStats{Caller: caller, Callee: callee, Operation: operation}] = true
		}
		if isExitCall(g.node) && g.dismissed == incident.DismissRecovered {
			calls[g.retried()] = true
		}
	}
	return Needs{
		Services: sortedKeys(services), Addresses: sortedKeys(addresses),
		Calls: sortedCalls(calls), Refusals: sortedCalls(refusals),
	}
}

// addPeer adds what a call's attributes say about its peer.
func addPeer(n *node, services, addresses map[string]bool) {
	if !isExitCall(n) {
		return
	}
	if hint := peerHint(n); hint != "" && !address.IsNumeric(hint) {
		services[hint], services[address.FirstLabel(hint)] = true, true
	}
	host, port := semconv.PeerAddress(n.attributes())
	if host == "" {
		return
	}
	addresses[host] = true
	if port != "" {
		addresses[address.Join(host, port)] = true
	}
}
