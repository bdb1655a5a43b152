package semconv

import (
	"net/url"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// PeerSystem returns the database or messaging system that a call asks.
func PeerSystem[A Attributes](attrs A) string {
	if system := DBSystem(attrs); system != "" {
		return system
	}
	return MessagingSystem(attrs)
}

// PeerNamespace returns the part of the system that a call asks: a database or a destination. The index of
// a database in Redis or its kin is none: clients record it or not, and it has no name.
func PeerNamespace[A Attributes](attrs A) string {
	if StoreFamily(DBSystem(attrs)) == "redis" {
		return ""
	}
	if namespace := DBNamespace(attrs); namespace != "" {
		return namespace
	}
	return MessagingDestination(attrs)
}

// PeerService returns the service that a call is known to ask.
func PeerService[A Attributes](attrs A) string {
	if service := upstreamService(attrs); service != "" {
		return service
	}
	return firstStr(attrs, keyPeerServiceOld, keyPeerService)
}

// PeerAddress returns host and port of the other side of a call, as recorded. It allocates where
// it has to read a URL or to write a port.
func PeerAddress[A Attributes](attrs A) (host, port string) {
	if host, port = upstream(attrs); host != "" {
		return host, port
	}
	host = firstStr(attrs, keyServerAddress, keyNetPeerNameOld, keyNetSockPeerName, keyPeerHostname, keyOutHost, keyDestination)
	if n := PeerPort(attrs); n > 0 {
		port = strconv.FormatInt(n, 10)
	}
	if host == "" {
		if raw := URL(attrs); raw != "" {
			if u, err := url.Parse(raw); err == nil && u.Host != "" {
				return u.Hostname(), u.Port()
			}
		}
		host = firstStr(attrs, keyNetworkPeer, keyServerSocket, keyNetSockPeerAddr, keyNetPeerIP, keyPeerAddress)
		if _, authority, found := strings.Cut(host, "://"); found { // a connection string in peer.address
			host, _, _ = strings.Cut(authority, "/")
			host = host[1+strings.LastIndexByte(host, '@'):]
		}
	}
	if h, p := address.Split(host); p != "" {
		return h, p
	}
	return host, port
}

// LoggedPeer returns host and port of the other side of the call that a log record tells of, as its attributes name
// it; "" for a record of a request that was served, whose server's address is its own.
func LoggedPeer[A Attributes](attrs A) (host, port string) {
	if firstStr(attrs, keyHTTPRoute, keyClientAddress, keyURLPath, keyHTTPTargetOld) != "" {
		return "", ""
	}
	if host = firstStr(attrs, keyPeerServiceOld, keyPeerService); host != "" {
		return host, ""
	}
	if host = firstStr(attrs, keyServerAddress, keyNetPeerNameOld, keyPeerHostname, keyOutHost); host == "" {
		return "", ""
	}
	if n := PeerPort(attrs); n > 0 {
		port = strconv.FormatInt(n, 10)
	}
	return host, port
}

// PeerPort returns the port of the other side of a call where it is recorded by itself, else 0.
func PeerPort[A Attributes](attrs A) int64 {
	for _, key := range [...]string{keyServerPort, keyNetPeerPortOld, keyPeerPort, keyOutPort, keyDestinationPort} {
		if port, ok := attrs.Int(key); ok && port > 0 {
			return port
		}
	}
	return 0
}

// NamesPeer reports whether attributes are those of a call to another process, whatever their values.
func NamesPeer[A interface {
	HasKey(match func(key string) bool) bool
}](attrs A) bool {
	return attrs.HasKey(isPeerKey)
}

func isPeerKey(key string) bool {
	switch key {
	case keyPeerServiceOld, keyServerAddress, keyNetPeerNameOld, keyURL, keyURLOld, keyPeerHostname, keyPeerAddress, keyOutHost:
		return true
	}
	return strings.HasPrefix(key, prefixDB)
}
