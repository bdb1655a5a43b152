package rca

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// namesCall tells whether a text speaks of a call: it names the peer, or cites the status or the
// exception of the call.
func namesCall(text string, call *node, dir *directory) bool {
	p := dir.peerOf(call)
	if namesPeerIn(text, p, call) {
		return true
	}
	if citesAnswer(text, call) {
		return true
	}
	if call.span == nil {
		return false
	}
	if m := call.span.StatusMessage; len(m) > 5 && strings.Contains(text, m) {
		return true
	}
	for _, e := range call.span.Events {
		thrown := semconv.ExceptionOf(e.Attributes)
		if t := thrown.Type; t != "" && !vocabulary.IsWrapper(t) && strings.Contains(text, t) {
			return true
		}
		if m := thrown.Message; len(m) > 5 && strings.Contains(text, m) {
			return true
		}
	}
	return false
}

// citesAnswer tells whether a text cites the status of a call's answer. A call that left none itself
// has the one that is cited.
func citesAnswer(text string, call *node) bool {
	rpc := rpcStatusIn(text)
	if !call.answer.known() {
		return (httpStatusIn(text) != 0 || rpc != "") && isExitCall(call) && !isStore(call)
	}
	return call.answer.http >= 400 && hasWord(text, strconv.Itoa(call.answer.http)) || rpc != "" && rpc == call.answer.rpc
}

func namesPeerIn(text string, p peer, call *node) bool {
	if p.service != "" && hasWord(text, p.service) {
		return true
	}
	if host, _ := address.Split(p.host); host != "" && hasWord(text, host) {
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
func (d *directory) peerIn(text, self string, connecting bool) peer {
	host, port := d.hostIn(text, self)
	if host == "" && connecting {
		host, port = addressIn(text)
	}
	if host != "" {
		if s := d.owner(host, port); s != "" && s != self {
			return peer{service: s}
		}
		return peer{host: address.Normal(host, port)}
	}
	if s := d.serviceIn(text, self); s != "" {
		return peer{service: s}
	}
	return peer{}
}

// hostIn finds a host by the words around it.
func (d *directory) hostIn(text, self string) (host, port string) {
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
		if host == self || !d.services[host] && (isFiller(host) || !looksLikeHost(host)) {
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
		if looksLikeHost(m[1]) && !isFiller(m[1]) {
			return strings.Trim(m[1], "[]"), m[2]
		}
	}
	return "", ""
}

// isFiller tells words of a sentence from names.
func isFiller(word string) bool {
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

// findPeer finds whom the error is about: the peer of its exit call, else the one its evidence
// names, else that of the call whose answer it carries.
func (g *group) findPeer(dir *directory) {
	if isExitCall(g.node) {
		g.call, g.peer = g.node, dir.peerOf(g.node)
		if g.peer.known() {
			g.correctPeer(dir)
			if g.peer.service == "" && g.peer.system == "" && isStore(g.node) {
				g.peer.system = vocabulary.SystemIn(g.node.name + " " + g.peer.host)
			}
			return
		}
	}
	if !g.reason.IsOfCall() {
		return
	}
	g.peer = dir.peerIn(g.reason.cited.whole, g.node.service, g.reason.Means == vocabulary.Unreachable).withSystem(g.reason)
	if g.call == nil && (g.reason.Means != vocabulary.Unreachable && g.answered() || g.byStore() && !g.peer.known()) {
		g.call = g.answeredCall(dir)
		if g.call != nil && !g.peer.known() {
			g.peer = dir.peerOf(g.call)
		}
	}
}

// correctPeer takes the message's word where a call reached someone, and its message tells of a peer
// that could not be reached: the span then stands for more than one call. It adds the system that
// the message betrays.
func (g *group) correctPeer(dir *directory) {
	if g.reason.Means == vocabulary.Unreachable && g.node.remoteChild() != nil {
		if p := dir.peerIn(g.reason.cited.whole, g.node.service, true); p.known() && !p.same(g.peer) {
			g.peer = p
		}
	}
	if !isHTTP(g.node) {
		g.peer = g.peer.withSystem(g.reason)
	}
}

// isHTTP tells whether a call is known to be one over HTTP, which no database is asked by.
func isHTTP(n *node) bool {
	return n.answer.http != 0 || semconv.IsHTTP(n.attributes())
}

// byStore tells whether the group's reason is what a store answers.
func (g *group) byStore() bool {
	return g.reason.IsAnswer() && (g.reason.Rank == vocabulary.RankLock || g.reason.Rank == vocabulary.RankDatabase)
}

// maxCalls bounds the search for the call that a message speaks of.
const maxCalls = 256

// answeredCall is the call of the same service below the group that its evidence names, else the
// last one that had ended by then.
func (g *group) answeredCall(dir *directory) *node {
	var last *node
	named := false
	queue := []*node{g.node}
	for i := 0; i < len(queue) && i < maxCalls; i++ {
		for _, c := range queue[i].children {
			if c.service != g.node.service {
				continue
			}
			queue = append(queue, c)
			if !isExitCall(c) || c.end > g.reason.cited.time+minTolerance || g.reason.cited.http != 0 && isStore(c) || g.byStore() && !isStore(c) {
				continue
			}
			names := namesCall(g.reason.cited.whole, c, dir)
			if last == nil || names && !named || names == named && c.end > last.end {
				last, named = c, names
			}
		}
	}
	return last
}

// withSystem adds the database that the evidence betrays.
func (p peer) withSystem(r reason) peer {
	if p.service != "" {
		return p
	}
	if p.system == "" {
		p.system = r.System
	}
	if p.system == "" {
		p.system = vocabulary.SystemIn(r.cited.whole)
	}
	if p.system == "postgresql" && p.namespace == "" {
		if m := pgDatabase.FindStringSubmatch(r.cited.whole); m != nil {
			p.namespace = m[1]
		}
	}
	return p
}
