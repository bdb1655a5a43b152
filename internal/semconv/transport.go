package semconv

import "strings"

// IsTransport reports whether a span is of the transport below a call: a name looked up, a connection
// opened, a handshake. Whether it is part of a recorded call, its place in the trace says.
func IsTransport[A Attributes](scope, name string, attrs A) bool {
	if DBSystem(attrs) != "" || MessagingSystem(attrs) != "" {
		return false // a client's own span of its connecting
	}
	switch {
	case strings.HasSuffix(scope, "/instrumentation-net"), strings.HasSuffix(scope, "/instrumentation-dns"), // Node
		strings.HasSuffix(scope, "/otelhttptrace"): // Go
		return true
	case strings.HasPrefix(scope, "Experimental.System.Net."): // .NET
		return !strings.HasPrefix(name, "TLS server")
	case strings.HasPrefix(scope, "io.opentelemetry.netty-"), strings.HasPrefix(scope, "io.opentelemetry.reactor-netty-"): // Java
		return name == "RESOLVE" || name == "CONNECT" || name == "SSL handshake"
	case strings.HasSuffix(scope, "::Net::HTTP"): // Ruby
		return strings.EqualFold(name, "connect")
	}
	return transportNames[name]
}

// transportNames are the names of such spans whoever records them, as listeners of OkHttp and of Go's
// httptrace do that applications write.
var transportNames = map[string]bool{
	"dns.lookup": true, "dns.resolve": true, "tcp.connect": true, "tls.connect": true, "tls.handshake": true,
	"http.getconn": true, "http.dns": true, "http.connect": true, "http.tls": true,
	"dnsLookup": true, "secureConnect": true,
}

// PeerSocket returns the IP of the other side of a connection, or what a looked up name resolved to.
func PeerSocket[A Attributes](attrs A) string {
	return firstStr(attrs, keyNetworkPeer, keyServerSocket, keyNetSockPeerAddr, keyNetPeerIP, keyPeerIPv4, keyPeerIPv6)
}
