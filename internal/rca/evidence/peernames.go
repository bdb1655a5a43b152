package evidence

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

var (
	urlText  = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+]{1,15}://[^\s"'<>\]),]+`)
	hostPort = regexp.MustCompile(`(?i)\b([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\]):([0-9]{2,5})\b`)
	// javaAddress is how Java shows a resolved address: name/ip:port.
	javaAddress = regexp.MustCompile(`(?i)\b([a-z0-9][a-z0-9.-]*)/[0-9a-f.:]+:([0-9]{2,5})\b`)
	// afterWords is a name after words that only a peer's name follows.
	afterWords = regexp.MustCompile(`(?i)(?:\b(?:no instances available for|contain an instance for(?: the service)?|available server for(?: client)?:?|` +
		`servers available for service:?|dial tcp: lookup|UnknownHostException:|ENOTFOUND|EAI_AGAIN|could not translate host name|` +
		`(?:failed|unable|could not|cannot|can't) (?:to )?connect to(?: host)?|connection to(?: server at)?|could not resolve host:?|server(?: is)? running on host|` +
		`upstream(?: service)?)\s+|\bhost=)["'` + "`" + `]?(?:host=)?([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)`)
	portWord   = regexp.MustCompile(`(?i)\bport ([0-9]{2,5})\b`)
	pgDatabase = regexp.MustCompile(`(?i)\bdatabase[=" ]+([A-Za-z0-9_-]+)`)
)

// peerIn is the peer that a message names, the zero peer where it names none. Only a message about
// a connection may name it by a bare address.
func peerIn(dir *trace.Directory, text, self string, connecting bool) trace.Peer {
	host, port := hostIn(dir, text, self)
	if host == "" && connecting {
		host, port = addressIn(text)
	}
	host = dir.NameOf(host)
	if host != "" {
		if s := dir.Owner(host, port); s != "" && s != self {
			return trace.Peer{Service: s}
		}
		return trace.Peer{Host: address.Normal(host, port)}
	}
	if s := ServiceIn(dir, text, self); s != "" {
		return trace.Peer{Service: s}
	}
	return trace.Peer{}
}

// hostIn finds a host by the words around it.
func hostIn(dir *trace.Directory, text, self string) (host, port string) {
	for _, raw := range urlText.FindAllString(text, 4) {
		if u, err := url.Parse(strings.TrimPrefix(raw, "jdbc:")); err == nil && u.Hostname() != "" {
			return u.Hostname(), u.Port()
		}
	}
	if m := javaAddress.FindStringSubmatch(text); m != nil && looksLikeHost(m[1]) {
		return m[1], m[2]
	}
	for _, m := range afterWords.FindAllStringSubmatch(text, 4) {
		host = m[1]
		if host == self || !dir.Knows(host) && (isCommonWord(host) || !looksLikeHost(host)) {
			continue
		}
		return host, portOf(host, text)
	}
	return "", ""
}

func portOf(host, text string) string {
	for _, m := range hostPort.FindAllStringSubmatch(text, 8) {
		if strings.EqualFold(m[1], host) {
			return m[2]
		}
	}
	if m := portWord.FindStringSubmatch(text); m != nil {
		return m[1]
	}
	return ""
}

// addressIn finds a bare host:port.
func addressIn(text string) (host, port string) {
	for _, m := range hostPort.FindAllStringSubmatch(text, 8) {
		if looksLikeHost(m[1]) && !isCommonWord(m[1]) {
			return strings.Trim(m[1], "[]"), m[2]
		}
	}
	return "", ""
}

// isCommonWord reports whether a word is one of a sentence, not a name.
func isCommonWord(word string) bool {
	switch strings.ToLower(word) {
	case "the", "a", "an", "to", "server", "host", "database", "any", "all", "service", "is", "was", "error", "at", "request", "timed",
		"connect", "connection", "timeout", "call", "failed", "returned", "user", "line", "port", "code", "status", "for", "with", "peer",
		"upstream", "response", "unavailable", "remote", "it", "this", "your", "broker", "cluster", "redis", "mysql", "postgresql":
		return true
	}
	return false
}

// looksLikeHost refuses numbers and what a line of source code looks like.
func looksLikeHost(s string) bool {
	if address.IsNumeric(strings.Trim(s, "[]")) {
		return true
	}
	if strings.Trim(s, "0123456789.-") == "" {
		return false
	}
	switch s[strings.LastIndexByte(s, '.')+1:] {
	case "java", "go", "py", "js", "ts", "kt", "rb", "cs", "php", "scala", "rs", "c", "cpp":
		return !strings.Contains(s, ".")
	}
	return true
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
