package evidence

import (
	"regexp"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

var pgDatabase = regexp.MustCompile(`(?i)\bdatabase[=" ]+([A-Za-z0-9_-]+)`)

// peerIn is the peer that a record names, the zero peer where it names none: that of its attributes, else one in words that a client is known to
// name its peer with, else a service that is known. No other URL, address or word of a text counts: it may be that of a
// manual, a resolver or the caller.
func peerIn(dir *trace.Directory, r Reason, self string) trace.Peer {
	host, port := r.Cited.host, r.Cited.port
	if host == "" {
		host, port = hostNamed(r.Names)
	}
	if host = dir.NameOf(host); host != "" && host != self {
		if s := dir.Owner(host, port); s != "" && s != self {
			return trace.Peer{Service: s}
		}
		return trace.Peer{Host: address.Normal(host, port)}
	}
	if s := ServiceIn(dir, r.Cited.Whole, self); s != "" {
		return trace.Peer{Service: s}
	}
	return trace.Peer{}
}

// hostNamed is the host that words name; "" where a word of the sentence or a file stands in its place.
func hostNamed(names map[string]string) (host, port string) {
	host = names["host"]
	for _, scheme := range []string{"ipv4:", "ipv6:", "dns:"} { // as gRPC writes its targets
		host = strings.TrimPrefix(host, scheme)
	}
	host, port = address.Split(host)
	if p := names["port"]; p != "" {
		port = p
	}
	switch strings.ToLower(host) {
	case "the", "a", "all", "any", "server", "host", "remote", "database", "peer", "upstream", "broker", "null", "none", "undefined":
		return "", ""
	}
	if isSourceFile(host) {
		return "", ""
	}
	return strings.Trim(host, "[]"), port
}

// isSourceFile reports whether what looks like a host is a file, as in client.go:443.
func isSourceFile(host string) bool {
	switch host[strings.LastIndexByte(host, '.')+1:] {
	case "java", "go", "py", "js", "ts", "kt", "rb", "cs", "php", "scala", "rs", "c", "cpp":
		return strings.Contains(host, ".")
	}
	return false
}

// ServiceIn is the first other known service that a text names as a word.
func ServiceIn(dir *trace.Directory, text, self string) string {
	start := -1
	for i := 0; i <= len(text); i++ {
		if i < len(text) && (isNameByte(text[i]) || text[i] == '.') {
			if start < 0 {
				start = i
			}
			continue
		}
		if start >= 0 {
			word := strings.Trim(text[start:i], ".-_")
			if word != self && dir.Knows(word) {
				return word
			}
			start = -1
		}
	}
	return ""
}
