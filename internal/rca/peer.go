package rca

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// peer is the other side of a call.
type peer struct {
	service   string // the service behind it, "" where the address belongs to none known
	host      string // normalised address, "" where unknown
	system    string // database or messaging system, "" for services
	namespace string // database or destination
}

func (p peer) known() bool { return p != peer{} }

// name is how the peer is shown: the service, else the address, else the database.
func (p peer) name(caller string) string {
	switch {
	case p.service != "":
		return p.service
	case p.host != "" && (!address.IsNumeric(p.host) || p.namespace == ""):
		return p.host
	case p.namespace != "" && p.system != "":
		return p.system + " " + p.namespace
	case p.namespace != "":
		return p.namespace
	case p.system != "":
		return p.system + " of " + caller
	default:
		return ""
	}
}

// identity is the peer's part of a root signature (section 8); it does not name the caller, unless
// nothing else is known of the peer.
func (p peer) identity(caller string) []string {
	host := address.Normal(p.service, "") // as it would be without knowledge of the service
	if host == "" {
		host = address.Normal(address.Split(p.host))
		if address.IsNumeric(host) && p.namespace != "" {
			host = ""
		}
	}
	if host == "" && p.namespace == "" {
		host = "of " + caller
	} else if address.IsLoopback(host) {
		host += " of " + caller // everyone has a localhost of their own
	}
	if p.namespace != "" {
		host += "/" + p.namespace
	}
	return []string{p.system, host}
}

// same tells whether both name one peer, as far as they say.
func (p peer) same(q peer) bool {
	if p.service != "" && q.service != "" {
		return p.service == q.service
	}
	if p.host != "" && q.host != "" {
		return address.Same(p.host, q.host)
	}
	return p.system != "" && p.system == q.system && (p.namespace == "" || q.namespace == "" || p.namespace == q.namespace)
}

// peerHint is what an exit call's attributes call its peer, "" where they do not.
func peerHint(n *node) string {
	attrs := n.attributes()
	if s := semconv.PeerService(attrs); s != "" {
		return s
	}
	host, _ := semconv.PeerAddress(attrs)
	return host
}

// directory tells which service an address belongs to, from the trace and from the store.
type directory struct {
	services map[string]bool
	owners   map[string]string
	seen     map[string]bool // services with a span shortly before onset, or in this trace
	ever     map[string]bool // services with any span
}

func newDirectory(tr *tree, k incident.Knowledge) *directory {
	d := &directory{services: map[string]bool{}, owners: k.AddressOwners, seen: map[string]bool{}, ever: map[string]bool{}}
	for _, s := range k.ServicesSeen {
		d.services[s], d.seen[s], d.ever[s] = true, true, true
	}
	for _, s := range k.ServicesEver {
		d.services[s], d.ever[s] = true, true
	}
	for _, n := range tr.nodes {
		if n.service == "" {
			continue
		}
		d.services[n.service] = true
		if n.received() {
			d.seen[n.service], d.ever[n.service] = true, true
		}
	}
	return d
}

// peerOf is the peer of an exit call, from its callee's span, its attributes and the directory.
func (d *directory) peerOf(n *node) peer {
	attrs := n.attributes()
	p := peer{
		system:    signal.Name(semconv.PeerSystem(attrs)),
		namespace: signal.Name(semconv.PeerNamespace(attrs)),
	}
	host, port := semconv.PeerAddress(attrs)
	p.host = signal.Name(address.Normal(host, port))
	if c := n.remoteChild(); c != nil {
		p.service = c.service
	} else {
		p.service = d.owner(host, port)
	}
	if s := semconv.PeerService(attrs); s != "" && p.service == "" {
		s = signal.Name(s)
		if d.services[s] {
			p.service = s
		} else {
			p.host = s
		}
	}
	if p.service != "" {
		return peer{service: p.service}
	}
	if !p.known() {
		p.host = signal.Name(semconv.RPCService(attrs)) // the SDKs of clouds name no address
	}
	return p
}

// owner is the service an address belongs to, "" where none is known to have it.
func (d *directory) owner(host, port string) string {
	if host == "" {
		return ""
	}
	if s := d.owners[address.Join(host, port)]; s != "" && port != "" {
		return s
	}
	if s := d.owners[host]; s != "" {
		return s
	}
	if d.services[host] {
		return host
	}
	if first, _, cut := strings.Cut(host, "."); cut && d.services[first] && !address.IsNumeric(host) {
		return first
	}
	return ""
}
