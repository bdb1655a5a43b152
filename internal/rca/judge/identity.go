package judge

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

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
