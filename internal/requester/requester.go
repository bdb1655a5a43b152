// Package requester names who sent a request, so that bounds can be shared out among senders and among
// readers. The name is good for telling them apart, and for nothing that needs authentication.
package requester

import (
	"context"
	"net"
	"net/netip"

	"go.opentelemetry.io/collector/client"
)

// subjects are the attributes by which authenticators name a principal, the best first. Others, such
// as the token itself, change from request to request.
var subjects = []string{"subject", "sub", "username", "client_id"}

// networkBits is how much of an IPv6 address belongs to the network: a single host can use any number
// of addresses below it.
const networkBits = 64

// Of names the sender of the request that a context belongs to: its principal where it was
// authenticated as one, else its address without the port; "" where neither is known.
func Of(ctx context.Context) string {
	info := client.FromContext(ctx)
	if info.Auth != nil {
		for _, name := range subjects {
			if subject, ok := info.Auth.GetAttribute(name).(string); ok && subject != "" {
				return "principal " + subject
			}
		}
	}
	if info.Addr == nil {
		return ""
	}
	return hostOf(info.Addr)
}

func hostOf(addr net.Addr) string {
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		host = addr.String() // without a port, or of a Unix socket
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return host
	}
	ip = ip.Unmap().WithZone("")
	if ip.Is4() || ip.IsLoopback() {
		return ip.String()
	}
	network, err := ip.Prefix(networkBits)
	if err != nil {
		return ip.String()
	}
	return network.String()
}
