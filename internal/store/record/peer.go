package record

import (
	"net"
	"net/url"
	"strconv"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// maxHost is more bytes than a host name may have; anything longer is none, and no index takes it.
const maxHost = 256

// Peer is the address a span calls, host:port or host; "" where it names none. The spans of
// servers and consumers carry addresses of their own.
func Peer(s *signal.Span) string {
	if s.Kind == signal.KindServer || s.Kind == signal.KindConsumer {
		return ""
	}
	host, port := addressOf(s.Attributes)
	if host == "" || len(host) > maxHost || !plain(host) {
		return ""
	}
	if port != "" {
		return net.JoinHostPort(host, port)
	}
	return host
}

// addressOf reads the attributes of every generation of the semantic conventions.
func addressOf(attrs signal.Map) (host, port string) {
	host = attrs.FirstStr("server.address", "net.peer.name", "net.sock.peer.name")
	for _, key := range []string{"server.port", "net.peer.port"} {
		if v, ok := attrs.Int(key); ok && v > 0 {
			port = strconv.FormatInt(v, 10)
			break
		}
	}
	if host == "" {
		if u, err := url.Parse(attrs.FirstStr("url.full", "http.url")); err == nil && u.Host != "" {
			return u.Hostname(), u.Port()
		}
		host = attrs.FirstStr("network.peer.address", "server.socket.address", "net.sock.peer.addr", "net.peer.ip")
	}
	if h, p, err := net.SplitHostPort(host); err == nil {
		return h, p
	}
	return host, port
}

// Refuses tells whether a serving span answered that the caller may not ask.
func Refuses(s *signal.Span) bool {
	if s.Kind != signal.KindServer && s.Kind != signal.KindConsumer {
		return false
	}
	for _, key := range []string{"http.response.status_code", "http.status_code"} {
		if code, ok := s.Attributes.Int(key); ok {
			return code == 401 || code == 403 || code == 407
		}
	}
	for _, key := range []string{"rpc.response.status_code", "rpc.grpc.status_code"} {
		if code, ok := s.Attributes.Int(key); ok {
			return code == 7 || code == 16
		}
		if name := s.Attributes.Str(key); name != "" {
			return name == "PERMISSION_DENIED" || name == "UNAUTHENTICATED"
		}
	}
	return false
}
