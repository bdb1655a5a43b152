package dossier

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// IsExit tells whether a node is a call out of its service (docs/verdict.md section 4).
func (n *Node) IsExit() bool {
	if n.Span == nil {
		return false
	}
	switch n.Span.Kind {
	case signal.KindClient, signal.KindProducer:
		return true
	case signal.KindServer, signal.KindConsumer:
		return false
	}
	return n.Parent != nil && n.Parent.Service == n.Service && !n.Parent.isClient() && semconv.NamesPeer(n.Span.Attributes)
}

func (n *Node) isClient() bool { return n.Span != nil && n.Span.Kind == signal.KindClient }

// Callees are the nodes of other services directly below the node: what its call reached.
func (n *Node) Callees() []*Node {
	var found []*Node
	for _, c := range n.Children {
		if c.Service != "" && c.Service != n.Service {
			found = append(found, c)
		}
	}
	return found
}

// Caller is the nearest node above of another service, nil where there is none. known is false
// where a span on the way was not received and its service is unknown.
func (n *Node) Caller() (caller *Node, known bool) {
	for p := n.Parent; p != nil; p = p.Parent {
		if p.Service == "" {
			return p, false
		}
		if p.Service != n.Service {
			return p, true
		}
	}
	return nil, true
}

// LocalRoot is the topmost node of the same service reached without leaving it.
func (n *Node) LocalRoot() *Node {
	for n.Parent != nil && n.Parent.Service == n.Service {
		n = n.Parent
	}
	return n
}

// Peer is what an exit call says of its other side.
type Peer struct {
	Service   string // the service that the address is known to belong to
	Host      string // host as the rules name it, with a port that is not the default one
	Recorded  string // host as recorded, without port
	System    string // database or messaging system
	Namespace string // database or destination
	Caller    string // the service that called
}

// Known tells whether the call names its other side at all.
func (p Peer) Known() bool {
	return p.Service != "" || p.Host != "" || p.System != "" || p.Namespace != ""
}

// Names are the names by which the peer may be called, the best one first.
func (p Peer) Names() []string {
	var names []string
	add := func(s string) {
		if s != "" {
			names = append(names, s)
		}
	}
	add(p.Service)
	add(p.Host)
	add(p.Recorded)
	if p.System != "" && p.Namespace != "" {
		add(p.System + " " + p.Namespace)
	}
	add(p.Namespace)
	add(p.System)
	if p.System != "" && p.Host == "" && p.Namespace == "" {
		add(p.System + " of " + p.Caller)
	}
	return names
}

// PeerOf is the other side of a call: the service that answered, else what attributes and the
// store's knowledge of addresses say.
func (d *Dossier) PeerOf(n *Node) Peer {
	if callees := n.Callees(); len(callees) > 0 {
		return Peer{Service: callees[0].Service}
	}
	if n.Span == nil {
		return Peer{}
	}
	attrs := n.Span.Attributes
	host, port := semconv.PeerAddress(attrs)
	p := Peer{
		Host: signal.Name(address.Normal(host, port)), Recorded: signal.Name(host), Caller: n.Service,
		System:    signal.Name(semconv.PeerSystem(attrs)),
		Namespace: signal.Name(semconv.PeerNamespace(attrs)),
	}
	p.Service = d.owner(host, port)
	if s := signal.Name(semconv.PeerService(attrs)); s != "" && p.Service == "" {
		if d.names.services[s] != nil {
			p.Service = s
		} else {
			p.Host = s
		}
	}
	return p
}

func (d *Dossier) owner(host, port string) string {
	if host == "" {
		return ""
	}
	owners := d.Case.Knowledge.AddressOwners
	if s := owners[address.Join(host, port)]; s != "" && port != "" {
		return s
	}
	if s := owners[host]; s != "" {
		return s
	}
	if d.names.services[host] != nil {
		return host
	}
	if first, _, cut := strings.Cut(host, "."); cut && d.names.services[first] != nil && !address.IsNumeric(host) {
		return first
	}
	return ""
}

// Answer is the answer that a span carries. A name that gRPC does not know is a text like any other,
// which no verified sentence may repeat: it is left out.
func Answer(s *signal.Span) semconv.Status {
	answer := semconv.StatusOf(s.Attributes)
	if !answer.RPC.IsRegistered() {
		answer.RPC = ""
	}
	return answer
}
