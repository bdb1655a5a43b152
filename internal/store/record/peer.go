package record

import (
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// maxHost is more bytes than a host name may have; anything longer is none, and no index takes it.
const maxHost = 256

// Peer is the address a span calls, host:port or host; "" where it names none. The spans of
// servers and consumers carry addresses of their own.
func Peer(s *signal.Span) string {
	if s.Kind == signal.KindServer || s.Kind == signal.KindConsumer {
		return ""
	}
	host, port := semconv.PeerAddress(s.Attributes)
	if host == "" || len(host) > maxHost || !plain(host) {
		return ""
	}
	if port != "" {
		return address.Join(host, port)
	}
	return host
}

// Refuses reports whether a serving span answered that the caller may not ask. It is stored with the
// span when it is received, so rows keep what the version that received them made of it.
func Refuses(s *signal.Span) bool {
	if s.Kind != signal.KindServer && s.Kind != signal.KindConsumer {
		return false
	}
	return semconv.StatusOf(s.Attributes).IsRefusal()
}
