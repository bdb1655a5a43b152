package dossier

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// Peer is what an exit call says of its other side.
type Peer struct {
	Service   string // the service that the address is known to belong to
	Host      string // host as the rules name it, with a port that is not the default one
	Recorded  string // host as recorded, without port
	System    string // database or messaging system
	Namespace string // database or destination
	Caller    string // the service that called
}

// Known reports whether the call names its other side at all.
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
func (d *Dossier) PeerOf(n *trace.Node) Peer {
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
	p.Service = d.directory.Owner(host, port)
	if s := signal.Name(semconv.PeerService(attrs)); s != "" && p.Service == "" {
		if d.directory.Knows(s) {
			p.Service = s
		} else {
			p.Host = s
		}
	}
	if !p.Known() {
		p.Host = signal.Name(semconv.RPCService(attrs)) // the SDKs of clouds name no address
	}
	return p
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
