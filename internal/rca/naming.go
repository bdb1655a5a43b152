package rca

import (
	"net"
	"net/url"
	"regexp"
	"strings"
)

// namesCall tells whether a text speaks of a call: it names the peer, or cites the status or the
// exception of the call.
func namesCall(text string, call *node, dir *directory) bool {
	p := dir.peerOf(call)
	if namesPeerIn(text, p, call) {
		return true
	}
	if status := httpStatusIn(text); status != 0 && status == call.answer.http {
		return true
	}
	if status := rpcStatusIn(text); status != "" && status == call.answer.rpc {
		return true
	}
	if call.span == nil {
		return false
	}
	if m := call.span.StatusMessage; len(m) > 5 && strings.Contains(text, m) {
		return true
	}
	for _, e := range call.span.Events {
		if t := e.Attributes.Str("exception.type"); t != "" && !isWrapperType(t) && strings.Contains(text, t) {
			return true
		}
		if m := e.Attributes.Str("exception.message"); len(m) > 5 && strings.Contains(text, m) {
			return true
		}
	}
	return false
}

// isWrapperType tells whether an exception type says nothing about what was thrown.
func isWrapperType(t string) bool {
	switch t {
	case "*errors.errorString", "*fmt.wrapError", "*fmt.wrapErrors", "*errors.joinError", "Error", "Exception", "error":
		return true
	}
	return false
}

func namesPeerIn(text string, p peer, call *node) bool {
	if p.service != "" && hasWord(text, p.service) {
		return true
	}
	if p.host != "" && strings.Contains(text, p.host) {
		return true
	}
	if c := call.remoteChild(); c != nil && len(c.name) > 4 && strings.Contains(c.name, "/") && strings.Contains(text, c.name) {
		return true
	}
	return false
}

// hasWord finds a name in a text where no part of a longer name surrounds it.
func hasWord(text, word string) bool {
	for from := 0; from <= len(text)-len(word); {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		i += from
		after := i + len(word)
		if (i == 0 || !isNameByte(text[i-1])) && (after == len(text) || !isNameByte(text[after])) {
			return true
		}
		from = i + 1
	}
	return false
}

func isNameByte(b byte) bool { return b == '-' || isWordByte(b) }

var (
	urlText     = regexp.MustCompile(`(?i)\b[a-z][a-z0-9+]{1,15}://[^\s"'<>\]),]+`)
	hostPort    = regexp.MustCompile(`(?i)\b([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\])[:/]([0-9]{2,5})\b`)
	afterWords  = regexp.MustCompile(`(?i)(?:No instances available for|contain an instance for(?: the service)?|available server for(?: client)?:?|servers available for service:?|lookup|UnknownHostException:|ENOTFOUND|EAI_AGAIN|could not translate host name|Failed to connect to|Could not connect to|Unable to connect to|Cannot connect to|connect to host|Connection to|server at|host name|Could not resolve host:?|upstream(?: service)?)\s+["'` + "`" + `]?([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)`)
	libpqPort   = regexp.MustCompile(`(?i)\bport ([0-9]{2,5})\b`)
	pgNamespace = regexp.MustCompile(`(?i)\bdatabase[=" ]+([A-Za-z0-9_-]+)`)
)

// peerIn is the peer that a message names, the zero peer where it names none.
func (d *directory) peerIn(text, self string) peer {
	if host, port := hostIn(text, self); host != "" {
		if s := d.owner(host, port); s != "" && s != self {
			return peer{service: s}
		}
		return peer{host: normalHost(host, port)}
	}
	if s := d.serviceIn(text, self); s != "" {
		return peer{service: s}
	}
	return peer{}
}

func hostIn(text, self string) (host, port string) {
	for _, raw := range urlText.FindAllString(text, 4) {
		raw = strings.TrimPrefix(raw, "jdbc:")
		if u, err := url.Parse(raw); err == nil && u.Hostname() != "" {
			return u.Hostname(), u.Port()
		}
	}
	if m := afterWords.FindStringSubmatch(text); m != nil && !isFiller(m[1]) && m[1] != self {
		host = m[1]
		if p := hostPort.FindStringSubmatch(text); p != nil && strings.EqualFold(p[1], host) {
			port = p[2]
		} else if p := libpqPort.FindStringSubmatch(text); p != nil {
			port = p[1]
		}
		return host, port
	}
	for _, m := range hostPort.FindAllStringSubmatch(text, 8) {
		if looksLikeHost(m[1]) {
			return strings.Trim(m[1], "[]"), m[2]
		}
	}
	return "", ""
}

func isFiller(word string) bool {
	switch strings.ToLower(word) {
	case "the", "a", "an", "to", "server", "host", "database", "any", "all", "service", "is", "error", "at", "request", "timed", "connect", "timeout", "call", "failed", "returned", "user":
		return true
	}
	return false
}

// looksLikeHost refuses what a clock, a line number or a class may look like.
func looksLikeHost(s string) bool {
	if net.ParseIP(strings.Trim(s, "[]")) != nil || s == "localhost" {
		return true
	}
	if strings.Trim(s, "0123456789.") == "" {
		return false
	}
	last := s[strings.LastIndexByte(s, '.')+1:]
	switch last {
	case "java", "go", "py", "js", "ts", "kt", "rb", "cs", "php", "scala", "rs", "c", "cpp":
		return false
	}
	return strings.ContainsAny(s, ".-") || strings.ToLower(s) == s && len(s) > 1
}

// serviceIn is the first other known service that a text names as a word.
func (d *directory) serviceIn(text, self string) string {
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
			if word != self && d.services[word] {
				return word
			}
			start = -1
		}
	}
	return ""
}

// findPeer is the peer of a group: of its exit call, else the one its evidence names.
func (g *group) findPeer(dir *directory) peer {
	if isExitCall(g.node) {
		if p := dir.peerOf(g.node); p.known() {
			return p
		}
	}
	if g.reason.cited != nil && (g.reason.trait == traitTransport || g.reason.trait == traitPeerError || g.reason.trait == traitRefusal || g.reason.trait == traitTimeout) {
		if p := dir.peerIn(g.reason.cited.text, g.node.service); p.known() {
			return p.withSystem(g.reason)
		}
		return peer{}.withSystem(g.reason)
	}
	return peer{}
}

// withSystem adds the database that the evidence betrays.
func (p peer) withSystem(r reason) peer {
	if p.service != "" {
		return p
	}
	if p.system == "" {
		p.system = r.system
	}
	if p.system == "" {
		p.system = systemOf(r.cited.text)
	}
	if p.system == "postgresql" && p.namespace == "" {
		if m := pgNamespace.FindStringSubmatch(r.cited.text); m != nil {
			p.namespace = m[1]
		}
	}
	return p
}

// systemOf names the database whose driver or default port a message betrays.
func systemOf(text string) string {
	lower := strings.ToLower(text)
	for _, s := range systemMarks {
		for _, m := range s.marks {
			if strings.Contains(lower, m) {
				return s.system
			}
		}
	}
	return ""
}

var systemMarks = []struct {
	system string
	marks  []string
}{
	{"postgresql", []string{"psqlexception", "postgres", "pgx", "psycopg", ":5432", "failed to connect to `"}},
	{"mysql", []string{"mysql", ":3306"}},
	{"redis", []string{"redis", "jedis", ":6379"}},
	{"mongodb", []string{"mongo", ":27017"}},
	{"kafka", []string{"kafka", ":9092"}},
	{"rabbitmq", []string{"rabbit", "amqp", ":5672"}},
	{"elasticsearch", []string{"elasticsearch", ":9200"}},
}
