package requestlimiterextension

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/client"
)

const forwardedFor = "x-forwarded-for"

// withSender returns a context that says who sent the request: where it comes from a trusted proxy, who
// that says it has it from. Shares go by that from here on.
func (l *limiter) withSender(ctx context.Context, forwarded []string) context.Context {
	if len(l.proxies) == 0 || len(forwarded) == 0 {
		return ctx
	}
	info := client.FromContext(ctx)
	addr, ok := addressOf(info.Addr)
	if !ok {
		return ctx
	}
	hops := strings.Split(strings.Join(forwarded, ","), ",")
	for _, hop := range slices.Backward(hops) {
		if !l.trusts(addr) {
			break
		}
		next, err := netip.ParseAddr(strings.TrimSpace(hop))
		if err != nil { // what comes before it can be anybody's
			break
		}
		addr = next.Unmap()
	}
	info.Addr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(addr, 0))
	return client.NewContext(ctx, info)
}

func (l *limiter) trusts(addr netip.Addr) bool {
	return slices.ContainsFunc(l.proxies, func(p netip.Prefix) bool { return p.Contains(addr) })
}

func addressOf(addr net.Addr) (netip.Addr, bool) {
	if addr == nil {
		return netip.Addr{}, false
	}
	host, _, err := net.SplitHostPort(addr.String())
	if err != nil {
		host = addr.String()
	}
	ip, err := netip.ParseAddr(host)
	return ip.Unmap().WithZone(""), err == nil
}
