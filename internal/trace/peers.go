package trace

import (
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// Peer is the other side of a call.
type Peer struct {
	Service   string // the service behind it, "" where the address belongs to none known
	Host      string // normalised address, "" where unknown
	System    string // database or messaging system, "" for services
	Namespace string // database or destination
}

// IsKnown reports whether anything is known of the peer.
func (p Peer) IsKnown() bool { return p != Peer{} }

// Name is how the peer is shown: the service, else the address, else the database.
func (p Peer) Name(caller string) string {
	switch {
	case p.Service != "":
		return p.Service
	case p.Host != "" && (!address.IsNumeric(p.Host) || p.Namespace == ""):
		return p.Host
	case p.Namespace != "" && p.System != "":
		return p.System + " " + p.Namespace
	case p.Namespace != "":
		return p.Namespace
	case p.System != "":
		return p.System + " of " + caller
	default:
		return ""
	}
}

// IsSame reports whether both name one peer, as far as they say.
func (p Peer) IsSame(q Peer) bool {
	if p.Service != "" && q.Service != "" {
		return p.Service == q.Service
	}
	if p.Host != "" && q.Host != "" {
		return address.Same(p.Host, q.Host)
	}
	return p.System != "" && p.System == q.System && (p.Namespace == "" || q.Namespace == "" || p.Namespace == q.Namespace)
}

// IsService reports whether the peer is the service of that name.
func (p Peer) IsService(name string) bool {
	return p.Service == name || p.Host != "" && address.Same(p.Host, name)
}
