package rca

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
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
	case p.host != "" && (!hostIsNumeric(p.host) || p.namespace == ""):
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
	address := normalHost(p.service, "") // as it would be without knowledge of the service
	if address == "" {
		address = normalHost(splitPort(p.host))
		if hostIsNumeric(address) && p.namespace != "" {
			address = ""
		}
	}
	if address == "" && p.namespace == "" {
		address = "of " + caller
	} else if isLoopback(address) {
		address += " of " + caller // everyone has a localhost of their own
	}
	if p.namespace != "" {
		address += "/" + p.namespace
	}
	return []string{p.system, address}
}

// same tells whether both name one peer, as far as they say.
func (p peer) same(q peer) bool {
	if p.service != "" && q.service != "" {
		return p.service == q.service
	}
	if p.host != "" && q.host != "" {
		return sameHost(p.host, q.host)
	}
	return p.system != "" && p.system == q.system && (p.namespace == "" || q.namespace == "" || p.namespace == q.namespace)
}

func namesPeer(attrs signal.Map) bool {
	for _, kv := range attrs {
		switch kv.Key {
		case "peer.service", "server.address", "net.peer.name", "url.full", "http.url":
			return true
		}
		if strings.HasPrefix(kv.Key, "db.") {
			return true
		}
	}
	return false
}

// peerHint is what an exit call's attributes call its peer, "" where they do not.
func peerHint(n *node) string {
	attrs := n.attributes()
	if s := attrs.FirstStr("peer.service", "service.peer.name"); s != "" {
		return s
	}
	host, _ := address(attrs)
	return host
}

// address is host and port of an exit call's peer.
func address(attrs signal.Map) (host, port string) {
	host = attrs.FirstStr("server.address", "net.peer.name", "net.sock.peer.name")
	for _, key := range []string{"server.port", "net.peer.port"} {
		if v, ok := attrs.Int(key); ok && v > 0 {
			port = strconv.FormatInt(v, 10)
			break
		}
	}
	if host == "" {
		if u, err := url.Parse(attrs.FirstStr("url.full", "http.url")); err == nil && u.Host != "" {
			return u.Hostname(), u.Port()
		}
		host = attrs.FirstStr("network.peer.address", "server.socket.address", "net.sock.peer.addr", "net.peer.ip")
	}
	if h, p := splitPort(host); p != "" {
		return h, p
	}
	return host, port
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
		system:    signal.Name(attrs.FirstStr("db.system.name", "db.system", "messaging.system")),
		namespace: signal.Name(attrs.FirstStr("db.namespace", "db.name", "messaging.destination.name")),
	}
	host, port := address(attrs)
	p.host = signal.Name(normalHost(host, port))
	if c := n.remoteChild(); c != nil {
		p.service = c.service
	} else {
		p.service = d.owner(host, port)
	}
	if s := attrs.FirstStr("peer.service", "service.peer.name"); s != "" && p.service == "" {
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
	return p
}

// owner is the service an address belongs to, "" where none is known to have it.
func (d *directory) owner(host, port string) string {
	if host == "" {
		return ""
	}
	if s := d.owners[joinPort(host, port)]; s != "" && port != "" {
		return s
	}
	if s := d.owners[host]; s != "" {
		return s
	}
	if d.services[host] {
		return host
	}
	if first, _, cut := strings.Cut(host, "."); cut && d.services[first] && !hostIsNumeric(host) {
		return first
	}
	return ""
}
