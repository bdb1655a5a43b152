package failure

import (
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
)

// peerOf is the name of the other side of a call, as the attributes of a log record have it, else as
// its texts do. An address in numbers is none: pods change theirs.
func peerOf[A semconv.Attributes](attrs A, texts ...string) string {
	if service := semconv.PeerService(attrs); service != "" {
		return signal.Name(service)
	}
	if host, port := semconv.PeerAddress(attrs); host != "" && !address.IsNumeric(host) {
		return signal.Name(address.Normal(host, port))
	}
	for _, text := range texts {
		if host, port := hostIn(cut(text, maxSignatureInput)); host != "" {
			return signal.Name(address.Normal(host, port))
		}
	}
	return ""
}

// hostIn finds the first host that a text names: in a URL, before a port, or behind words that only a
// host follows.
func hostIn(text string) (host, port string) {
	for at := 0; at < len(text); {
		n := spanLen(text[at:], isHostByte)
		if n == 0 {
			at++
			continue
		}
		name, tail := strings.TrimRight(text[at:at+n], ".-_"), text[at+n:]
		switch {
		case strings.HasPrefix(tail, "://"):
			host := tail[len("://"):]
			if at := strings.IndexByte(host[:spanLen(host, isAuthority)], '@'); at >= 0 {
				host = host[at+1:]
			}
			name, tail = host[:spanLen(host, isHostByte)], host[spanLen(host, isHostByte):]
			if isHostName(name) {
				return name, portAt(tail)
			}
		case isHostName(name) && len(portAt(tail)) >= shortestPort(name) && !isSource(name), isHostName(name) && followsHostWord(text[:at]):
			return name, portAt(tail)
		}
		at += n
	}
	return "", ""
}

func isHostByte(b byte) bool { return isAlnum(b) || b == '.' || b == '-' || b == '_' }

func isAuthority(b byte) bool { return b > ' ' && strings.IndexByte("/?#\"'<>`", b) < 0 }

// isHostName reports whether a name may be that of a host: with a letter, and nobody's own.
func isHostName(name string) bool {
	const longest = 253
	return name != "" && len(name) <= longest && isAlnum(name[0]) && strings.IndexFunc(name, func(r rune) bool { return r >= 'A' }) >= 0 &&
		!address.IsLoopback(name)
}

// portAt is the port that follows a host, "" where none does.
func portAt(tail string) string {
	if tail == "" || tail[0] != ':' {
		return ""
	}
	n := digitsLen(tail[1:])
	if n < 2 || n > 5 || startsWord(tail[1+n:]) || strings.HasPrefix(tail[1+n:], ":") {
		return ""
	}
	return tail[1 : 1+n]
}

// shortestPort is the fewest digits of a port behind a name: one word with a small number may be
// anything.
func shortestPort(name string) int {
	if strings.IndexByte(name, '.') >= 0 {
		return 2
	}
	return 4
}

// isSource reports whether a name is that of a source file, which a line may follow as a port follows
// a host.
func isSource(name string) bool { return sourceExtensions[name[1+strings.LastIndexByte(name, '.'):]] }

var sourceExtensions = setOf(`java go js mjs cjs ts tsx jsx vue py rb php kt scala cs fs rs c cc cpp h ex exs erl swift groovy clj dart`)

// followsHostWord reports whether the words before are such that a host follows.
func followsHostWord(before string) bool {
	for _, words := range hostWords {
		if strings.HasSuffix(before, words) {
			return true
		}
	}
	return false
}

var hostWords = []string{
	"lookup ", "ENOTFOUND ", "EAI_AGAIN ", "UnknownHostException: ", "connect to ", "connect to host ", "connecting to ", "resolve host: ",
	"resolve host ", "host name \"", "server at \"", "instances available for ", "host=",
}
