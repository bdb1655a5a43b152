package requester

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/client"
)

// ForwardedFor is the header by which proxies say whose request they forward, in lower case.
const ForwardedFor = "x-forwarded-for"

// Proxies are the networks of proxies that are believed whose request they forward.
type Proxies []netip.Prefix

// ParseProxies reads networks such as 10.0.0.0/8. Its error names the one that is wrong by its index.
func ParseProxies(networks []string) (Proxies, error) {
	var p Proxies
	for i, network := range networks {
		prefix, err := netip.ParsePrefix(network)
		if err != nil {
			return nil, fmt.Errorf("%d: want a network such as 10.0.0.0/8, got %q", i, network)
		}
		p = append(p, prefix.Masked())
	}
	return p, nil
}

// Identify returns a context with the address of the sender: where the request comes from a trusted proxy,
// the one that the proxy says it has it from.
func (p Proxies) Identify(ctx context.Context, forwarded []string) context.Context {
	info := client.FromContext(ctx)
	if info.Addr == nil || len(p) == 0 {
		return ctx
	}
	sender, ok := p.sender(info.Addr.String(), forwarded)
	if !ok {
		return ctx
	}
	info.Addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(sender, 0))
	return client.NewContext(ctx, info)
}

// RemoteAddr is Identify for an HTTP request's address, host:port.
func (p Proxies) RemoteAddr(remote string, forwarded []string) string {
	if sender, ok := p.sender(remote, forwarded); ok {
		return netip.AddrPortFrom(sender, 0).String()
	}
	return remote
}

// sender goes back along the hops as far as they are trusted, and reports whether that leads anywhere.
func (p Proxies) sender(remote string, forwarded []string) (netip.Addr, bool) {
	if len(p) == 0 || len(forwarded) == 0 {
		return netip.Addr{}, false
	}
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	addr, err := netip.ParseAddr(host)
	if err != nil {
		return netip.Addr{}, false
	}
	addr = addr.Unmap().WithZone("")
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !p.trust(addr) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil { // what comes before it can be anybody's
			break
		}
		addr = next.Unmap().WithZone("")
	}
	return addr, true
}

func (p Proxies) trust(addr netip.Addr) bool {
	return slices.ContainsFunc(p, func(network netip.Prefix) bool { return network.Contains(addr) })
}
