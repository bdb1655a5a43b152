package judge

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// qualifyIdentity returns the identity of what failed, with the namespaces of the services that it
// begins with.
func qualifyIdentity(tree *trace.Tree, j *Judgement) []string {
	services := 1
	switch j.Kind {
	case incident.KindDependency:
		return j.identity
	case incident.KindEdge, incident.KindUnknown:
		services = 2
	}
	identity := slices.Clone(j.identity)
	for i := range min(services, len(identity)) {
		identity[i] = qualify(tree, j.Group.Node, identity[i])
	}
	return identity
}

// qualify returns a service's name with its namespace, if it has one: that of the node if it is of
// the service, else of the first that is.
func qualify(tree *trace.Tree, n *trace.Node, service string) string {
	if n.Service != service {
		i := slices.IndexFunc(tree.Nodes, func(n *trace.Node) bool { return n.Service == service && n.IsReceived() })
		if i < 0 {
			return service
		}
		n = tree.Nodes[i]
	}
	if namespace := n.Resource().Namespace(); namespace != "" {
		return namespace + "/" + service
	}
	return service
}

// identifyPeer keys a failure by its peer, and says by what key an outage of the peer would be known. What a
// database answers is told from its other answers by the code.
func identifyPeer(tree *trace.Tree, j *Judgement, p trace.Peer, caller *trace.Node) {
	name := qualify(tree, caller, caller.Service)
	j.identity = peerIdentity(p, name, j.Class)
	j.unavailable = peerIdentity(p, name, incident.ClassUnavailable)
	j.mute = peerIdentity(p, name, incident.ClassData)
	if j.Class == incident.ClassUnavailable && p.System != "" && p.Service == "" && p.Host != "" {
		j.seenAs = peerIdentity(trace.Peer{System: p.System}, name, j.Class)
	}
	if code := j.Group.Reason.Code; j.Class == incident.ClassData && code.IsStores && code.Code != "" && j.Category != incident.CategoryDatabaseLock {
		j.identity = append(j.identity, code.Code) // locks are one, and some clients cite no code of theirs
	}
}

// peerIdentity is the peer's part of a root signature (section 8); it does not name the caller, unless
// nothing else is known of the peer. A server that cannot be reached, gives no answer or is full is one
// outage whatever database is asked for; only its answers are those of a database.
func peerIdentity(p trace.Peer, caller string, class incident.Class) []string {
	host := address.Normal(p.Service, "") // as it would be without knowledge of the service
	if host == "" {
		host = address.Normal(address.Split(p.Host))
		if address.IsNumeric(host) && p.Namespace != "" {
			host = ""
		}
	}
	if host != "" && class != incident.ClassData {
		p.Namespace = ""
	}
	if host == "" && p.Namespace == "" {
		host = "of " + caller
	} else if address.IsLoopback(host) {
		host += " of " + caller // everyone has a localhost of their own
	}
	if p.Namespace != "" {
		host += "/" + p.Namespace
	}
	return []string{p.System, host}
}
