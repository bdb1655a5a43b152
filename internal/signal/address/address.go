// Package address normalises and compares the addresses by which calls name their other side, the
// same way for everything that draws conclusions from them. It is pure and imports nothing of this
// project; semconv reads the addresses from attributes.
package address

import (
	"net/netip"
	"strings"
)

// Normal is a DNS name without what generates a pod's name, cluster suffix and default port, or an IP.
func Normal(host, port string) string {
	host = strings.ToLower(strings.TrimSuffix(strings.Trim(host, "[]"), "."))
	if host == "" {
		return ""
	}
	if !IsNumeric(host) {
		host = strings.TrimSuffix(host, ".svc.cluster.local")
		first, rest, cut := strings.Cut(host, ".")
		first = trimOrdinal(Workload(first))
		host = first
		if cut {
			host += "." + rest
		}
	}
	if port == "" || port == "0" || defaultPorts[port] || isServiceName(host) {
		return host
	}
	return Join(host, port)
}

// isServiceName reports whether a host is named as service discovery names services: by one word. Such
// a name means the same with and without its port, which some records leave out.
func isServiceName(host string) bool {
	return !strings.Contains(host, ".") && !IsNumeric(host) && !IsLoopback(host)
}

var defaultPorts = map[string]bool{
	"80": true, "443": true, "1433": true, "1521": true, "2181": true, "3306": true, "4222": true, "5432": true,
	"5672": true, "6379": true, "8123": true, "9042": true, "9092": true, "9200": true, "11211": true, "27017": true,
}

// trimOrdinal removes a stateful pod's number: "mysql-0" is "mysql".
func trimOrdinal(label string) string {
	i := strings.LastIndexByte(label, '-')
	if i <= 0 || i == len(label)-1 || strings.Trim(label[i+1:], "0123456789") != "" {
		return label
	}
	if name := label[:i]; strings.ContainsAny(name[len(name)-1:], "0123456789") && strings.Contains(name, "-") {
		return label // an address spelled as a name, as in ip-10-0-0-5
	}
	return label[:i]
}

// IsNumeric reports whether a host, with or without port, is an IP address.
func IsNumeric(host string) bool {
	host, _ = Split(host)
	if !mayBeNumeric(host) {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}

// mayBeNumeric reports whether a host looks like an IP address, which saves making the error of one that
// does not.
func mayBeNumeric(host string) bool {
	return host != "" && (host[0] >= '0' && host[0] <= '9' || strings.Contains(host, ":"))
}

// IsLoopback reports whether a host, with or without port, is one's own.
func IsLoopback(host string) bool {
	host, _ = Split(host)
	if !mayBeNumeric(host) {
		return host == "localhost"
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// IsPublic reports whether a host, with or without port, is one of the internet, as far as its address tells: by a
// domain of three labels that is none of private networks, by two of a domain that companies have, or by an IP that is
// routed. Names within a cluster such as "stock.shop" are not told from others of two labels.
func IsPublic(host string) bool {
	host, _ = Split(host)
	if mayBeNumeric(host) {
		ip, err := netip.ParseAddr(host)
		return err == nil && ip.IsGlobalUnicast() && !ip.IsPrivate()
	}
	labels := strings.Split(host, ".")
	top := labels[len(labels)-1]
	switch {
	case len(labels) < 2 || len(top) < 2 || strings.Trim(top, "abcdefghijklmnopqrstvuwxyz") != "" || privateDomains[top]:
		return false
	case len(labels) == 2:
		return companyDomains[top]
	}
	return true
}

var (
	privateDomains = map[string]bool{
		"internal": true, "local": true, "localdomain": true, "localhost": true, "lan": true, "home": true, "corp": true, "private": true,
		"intranet": true, "svc": true, "cluster": true, "consul": true, "docker": true, "test": true, "invalid": true, "arpa": true, "default": true,
	}
	companyDomains = map[string]bool{"com": true, "net": true, "org": true, "io": true, "dev": true, "app": true, "cloud": true, "ai": true}
)

// Same compares hosts without ports and domains.
func Same(a, b string) bool { return FirstLabel(a) == FirstLabel(b) }

// FirstLabel is a host without port, domain and what generates a pod's name.
func FirstLabel(host string) string {
	host, _ = Split(host)
	if IsNumeric(host) {
		return host
	}
	first, _, _ := strings.Cut(strings.ToLower(host), ".")
	return trimOrdinal(Workload(first))
}

// Split separates host:port and [ipv6]:port; the port is "" where there is none.
func Split(s string) (host, port string) {
	i := strings.LastIndexByte(s, ':')
	if i < 0 || i == len(s)-1 || strings.Trim(s[i+1:], "0123456789") != "" {
		return s, ""
	}
	host = s[:i]
	if bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]"); !bracketed && strings.Contains(host, ":") {
		return s, "" // an IPv6 address without a port
	}
	return strings.Trim(host, "[]"), s[i+1:]
}

// Join is host:port, or [ipv6]:port.
func Join(host, port string) string {
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}
