package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// peerIdentity is the peer's part of a root signature (section 8); it does not name the caller, unless
// nothing else is known of the peer.
func peerIdentity(p trace.Peer, caller string) []string {
	host := address.Normal(p.Service, "") // as it would be without knowledge of the service
	if host == "" {
		host = address.Normal(address.Split(p.Host))
		if address.IsNumeric(host) && p.Namespace != "" {
			host = ""
		}
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
