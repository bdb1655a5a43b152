package listener

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
)

// ValidateEndpoint refuses an endpoint (host:port) that can be reached from other machines unless
// callers are authenticated or the configuration says that nobody needs to be.
func ValidateEndpoint(endpoint string, authenticated, allowUnauthenticated bool) error {
	if _, _, err := net.SplitHostPort(endpoint); err != nil {
		return fmt.Errorf("endpoint: want host:port, for example localhost:8000: %w", err)
	}
	if authenticated || allowUnauthenticated || !Reachable(endpoint) {
		return nil
	}
	return errors.New("endpoint: " + endpoint + " can be reached from other machines, and anybody could call it: " +
		"configure auth.authenticator or tls.client_ca_file, or set allow_unauthenticated: true if that is meant, or listen on localhost")
}

// Reachable reports whether other machines can reach an endpoint (host:port).
func Reachable(endpoint string) bool {
	host, _, err := net.SplitHostPort(endpoint)
	return err == nil && !isLoopback(normalise(host))
}

// SameHost reports whether listening on both hosts takes some address twice.
func SameHost(a, b string) bool {
	a, b = normalise(a), normalise(b)
	return a == b || isUnspecified(a) || isUnspecified(b) || a == localhost && isLoopback(b) || b == localhost && isLoopback(a)
}

// hostList decides which Host headers are answered.
type hostList struct {
	any      bool
	exact    []string
	suffixes []string // ".example.com"
}

func newHostList(endpoint string, allowed []string) hostList {
	var list hostList
	if host, _, err := net.SplitHostPort(endpoint); err == nil && !isUnspecified(host) {
		list.exact = append(list.exact, normalise(host))
	}
	for _, host := range allowed {
		switch {
		case host == "*":
			list.any = true
		case strings.HasPrefix(host, "*."):
			list.suffixes = append(list.suffixes, normalise(host[1:]))
		default:
			list.exact = append(list.exact, normalise(host))
		}
	}
	return list
}

// allow takes a Host header, with or without port.
func (l hostList) allow(header string) bool {
	host := header
	if h, _, err := net.SplitHostPort(header); err == nil {
		host = h
	}
	host = normalise(host)
	return host != "" && (l.any || isLoopback(host) || slices.Contains(l.exact, host) ||
		slices.ContainsFunc(l.suffixes, func(suffix string) bool { return strings.HasSuffix(host, suffix) }))
}

const localhost = "localhost"

// isLoopback takes a normalised host. Names other than localhost's are not looked up: what they
// resolve to may change.
func isLoopback(host string) bool {
	if host == localhost || strings.HasSuffix(host, ".localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}

func isUnspecified(host string) bool {
	if host == "" {
		return true
	}
	addr, err := netip.ParseAddr(normalise(host))
	return err == nil && addr.IsUnspecified()
}

// normalise drops case, the brackets of an IPv6 address and the root's dot.
func normalise(host string) string {
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	return host
}
