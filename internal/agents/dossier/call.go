package dossier

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal"
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
	return n.Parent != nil && n.Parent.Service == n.Service && namesPeer(n.Span.Attributes)
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
	Host      string // host as recorded, without port
	System    string // database or messaging system
	Namespace string // database or destination
}

// Known tells whether the call names its other side at all.
func (p Peer) Known() bool { return p != Peer{} }

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
	if p.System != "" && p.Namespace != "" {
		add(p.System + " " + p.Namespace)
	}
	add(p.Namespace)
	add(p.System)
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
	host, port := address(attrs)
	p := Peer{
		Host: signal.Name(host), System: signal.Name(attrs.FirstStr("db.system.name", "db.system", "messaging.system")),
		Namespace: signal.Name(attrs.FirstStr("db.namespace", "db.name", "messaging.destination.name")),
	}
	p.Service = d.owner(host, port)
	if s := signal.Name(attrs.FirstStr("peer.service", "service.peer.name")); s != "" && p.Service == "" {
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
	if s := owners[host+":"+port]; s != "" && port != "" {
		return s
	}
	if s := owners[host]; s != "" {
		return s
	}
	if d.names.services[host] != nil {
		return host
	}
	if first, _, cut := strings.Cut(host, "."); cut && d.names.services[first] != nil {
		return first
	}
	return ""
}

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
	if i := strings.LastIndexByte(host, ':'); i > 0 && !strings.Contains(host[:i], ":") {
		return host[:i], host[i+1:]
	}
	return host, port
}

// HTTPStatus is the response status of a span, 0 where it has none.
func HTTPStatus(s *signal.Span) int {
	for _, key := range []string{"http.response.status_code", "http.status_code"} {
		if v, ok := s.Attributes.Int(key); ok && v >= 100 && v <= 599 {
			return int(v)
		}
	}
	return 0
}

var grpcNames = [...]string{
	"OK", "CANCELLED", "UNKNOWN", "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
	"PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED", "OUT_OF_RANGE",
	"UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS", "UNAUTHENTICATED",
}

// RPCStatus is the name of the gRPC status of a span, "" where it has none.
func RPCStatus(s *signal.Span) string {
	for _, key := range []string{"rpc.response.status_code", "rpc.grpc.status_code"} {
		v, ok := s.Attributes.Get(key)
		if !ok {
			continue
		}
		code, isInt := v.Int()
		switch {
		case !isInt:
			return strings.ToUpper(v.Str())
		case code >= 0 && code < int64(len(grpcNames)):
			return grpcNames[code]
		}
	}
	return ""
}

// Answered tells whether a call carries its peer's response, whatever the clocks say.
func Answered(s *signal.Span) bool {
	if HTTPStatus(s) != 0 {
		return true
	}
	switch RPCStatus(s) {
	case "", "UNAVAILABLE", "DEADLINE_EXCEEDED", "CANCELLED":
		return false
	}
	return true
}
