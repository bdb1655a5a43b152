package trace

import (
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// Directory has the services that are known and the addresses that belong to them, from the trace and
// from the store.
type Directory struct {
	services map[string]bool
	owners   map[string]string
	seen     map[string]bool   // services with a span shortly before onset, or in this trace
	ever     map[string]bool   // services with any span
	logged   map[string]bool   // services with logs alone
	names    map[string]string // of IPs, as calls show them; "" where they show several
}

// NewDirectory reads what a trace and the store say about services.
func NewDirectory(tr *Tree, k incident.Knowledge) *Directory {
	d := &Directory{services: map[string]bool{}, owners: k.AddressOwners, seen: map[string]bool{}, ever: map[string]bool{}, logged: map[string]bool{}, names: map[string]string{}}
	for _, s := range k.ServicesSeen {
		d.services[s], d.seen[s], d.ever[s] = true, true, true
	}
	for _, s := range k.ServicesEver {
		d.services[s], d.ever[s] = true, true
	}
	for _, s := range k.ServicesLogged {
		d.logged[s] = true
	}
	for _, n := range tr.Nodes {
		if n.Service == "" {
			continue
		}
		if n.IsGhost() && slices.ContainsFunc(n.Logs, isServices) {
			d.logged[n.Service] = true
		}
		d.services[n.Service] = true
		if n.IsReceived() {
			d.seen[n.Service], d.ever[n.Service] = true, true
			d.learnName(n)
		}
	}
	return d
}

// DirectoryOf has the given services and owners of addresses, and nothing of when they were seen.
func DirectoryOf(services []string, owners map[string]string) *Directory {
	d := &Directory{services: make(map[string]bool, len(services)), owners: owners}
	for _, s := range services {
		d.services[s] = true
	}
	return d
}

// Knows reports whether a service of the name is known.
func (d *Directory) Knows(service string) bool { return d.services[service] }

// HasTelemetry reports whether the service ever recorded a span or logged anything.
func (d *Directory) HasTelemetry(service string) bool { return d.ever[service] || d.logged[service] }

// SeenLately reports whether the service recorded a span shortly before onset, or in this trace.
func (d *Directory) SeenLately(service string) bool { return d.seen[service] }

// PeerOf is the peer of an exit call, from its callee's span, its attributes and the directory.
func (d *Directory) PeerOf(n *Node) Peer {
	attrs := n.Attributes()
	p := Peer{
		System:    signal.Name(semconv.PeerSystem(attrs)),
		Namespace: signal.Name(semconv.PeerNamespace(attrs)),
	}
	host, port := peerAddressOf(n)
	host = d.NameOf(host)
	p.Host = signal.Name(address.Normal(host, port))
	if c := n.RemoteChild(); c != nil {
		p.Service = c.Service
	} else {
		p.Service = d.Owner(host, port)
	}
	if s := semconv.PeerService(attrs); s != "" && p.Service == "" {
		s = signal.Name(s)
		if d.services[s] || p.System == "" && d.logged[s] {
			p.Service = s
		} else {
			p.Host = s
		}
	}
	if p.Service == "" && p.System == "" { // the logs of a store do not make it a service
		p.Service = d.loggedAs(host)
	}
	if p.Service != "" {
		return Peer{Service: p.Service}
	}
	if !p.IsKnown() {
		p.Host = signal.Name(semconv.CloudService(attrs)) // the SDKs of clouds name no address
	}
	return p
}

// loggedAs is the service that logs under the name of a host, "" where none does.
func (d *Directory) loggedAs(host string) string {
	if d.logged[host] {
		return host
	}
	if first := address.FirstLabel(host); d.logged[first] && !address.IsNumeric(host) {
		return first
	}
	return ""
}

// learnName learns the name of an IP from a call that records both, and from the transport below a call.
func (d *Directory) learnName(n *Node) {
	if n.IsServing() || !n.IsExitCall() && n.Call == nil {
		return
	}
	attrs := n.Attributes()
	host, _ := peerAddressOf(n)
	ips := []string{semconv.PeerSocket(attrs)}
	if n.Call != nil && (host == "" || address.IsNumeric(host)) {
		ips = append(ips, host)
		host, _ = peerAddressOf(n.Call)
	}
	if host == "" || address.IsNumeric(host) || address.IsLoopback(host) {
		return
	}
	for _, ip := range ips {
		if !address.IsNumeric(ip) || address.IsLoopback(ip) {
			continue
		}
		if known, again := d.names[ip]; again && known != host {
			host = "" // several names share it, as behind a proxy
		}
		d.names[ip] = host
	}
}

// NameOf is the name of an IP, as the calls of the trace show it; the host itself where they show none.
func (d *Directory) NameOf(host string) string {
	if name := d.names[host]; name != "" {
		return name
	}
	return host
}

// Owner is the service an address belongs to, "" where none is known to have it.
func (d *Directory) Owner(host, port string) string {
	if host == "" {
		return ""
	}
	if port != "" {
		if s := d.owners[address.Join(host, port)]; s != "" {
			return s
		}
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
