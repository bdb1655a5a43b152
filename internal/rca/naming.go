package rca

import (
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// namesCall tells whether a text speaks of a call: it names the peer, or cites the status or the
// exception of the call.
func namesCall(text string, call *trace.Node, dir *trace.Directory) bool {
	p := dir.PeerOf(call)
	if namesPeerIn(text, p, call) {
		return true
	}
	if citesAnswer(text, call) {
		return true
	}
	if call.Span == nil {
		return false
	}
	if m := call.Span.StatusMessage; len(m) > 5 && strings.Contains(text, m) {
		return true
	}
	for _, e := range call.Span.Events {
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
func citesAnswer(text string, call *trace.Node) bool {
	rpc := rpcStatusIn(text)
	if !call.Status.IsKnown() {
		return (httpStatusIn(text) != 0 || rpc != "") && call.IsExitCall() && !call.CallsStore()
	}
	return call.Status.HTTP >= 400 && hasWord(text, strconv.Itoa(call.Status.HTTP)) || rpc != "" && rpc == string(call.Status.RPC)
}

func namesPeerIn(text string, p trace.Peer, call *trace.Node) bool {
	if p.Service != "" && hasWord(text, p.Service) {
		return true
	}
	if host, _ := address.Split(p.Host); host != "" && hasWord(text, host) {
		return true
	}
	if c := call.RemoteChild(); c != nil && len(c.Name) > 4 && strings.Contains(c.Name, "/") && strings.Contains(text, c.Name) {
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
func peerIn(dir *trace.Directory, text, self string, connecting bool) trace.Peer {
	host, port := hostIn(dir, text, self)
	if host == "" && connecting {
		host, port = addressIn(text)
	}
	if host != "" {
		if s := dir.Owner(host, port); s != "" && s != self {
			return trace.Peer{Service: s}
		}
		return trace.Peer{Host: address.Normal(host, port)}
	}
	if s := serviceIn(dir, text, self); s != "" {
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
		if host == self || !dir.Knows(host) && (isFiller(host) || !looksLikeHost(host)) {
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
func serviceIn(dir *trace.Directory, text, self string) string {
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

// findPeer finds whom the error is about: the peer of its exit call, else the one its evidence
// names, else that of the call whose answer it carries.
func (g *group) findPeer(dir *trace.Directory) {
	if g.node.IsExitCall() {
		g.call, g.peer = g.node, dir.PeerOf(g.node)
		if g.peer.IsKnown() {
			g.correctPeer(dir)
			if g.peer.Service == "" && g.peer.System == "" && g.node.CallsStore() {
				g.peer.System = vocabulary.SystemIn(g.node.Name + " " + g.peer.Host)
			}
			return
		}
	}
	if !g.reason.IsOfCall() {
		return
	}
	g.peer = withSystem(peerIn(dir, g.reason.cited.whole, g.node.Service, g.reason.Means == vocabulary.Unreachable), g.reason)
	if g.call == nil && (g.reason.Means != vocabulary.Unreachable && g.answered() || g.byStore() && !g.peer.IsKnown()) {
		g.call = g.answeredCall(dir)
		if g.call != nil && !g.peer.IsKnown() {
			g.peer = dir.PeerOf(g.call)
		}
	}
}

// correctPeer takes the message's word where a call reached someone, and its message tells of a peer
// that could not be reached: the span then stands for more than one call. It adds the system that
// the message betrays.
func (g *group) correctPeer(dir *trace.Directory) {
	if g.reason.Means == vocabulary.Unreachable && g.node.RemoteChild() != nil {
		if p := peerIn(dir, g.reason.cited.whole, g.node.Service, true); p.IsKnown() && !p.IsSame(g.peer) {
			g.peer = p
		}
	}
	if !isHTTP(g.node) {
		g.peer = withSystem(g.peer, g.reason)
	}
}

// isHTTP tells whether a call is known to be one over HTTP, which no database is asked by.
func isHTTP(n *trace.Node) bool {
	return n.Status.HTTP != 0 || semconv.IsHTTP(n.Attributes())
}

// byStore tells whether the group's reason is what a store answers.
func (g *group) byStore() bool {
	return g.reason.IsAnswer() && (g.reason.Rank == vocabulary.RankLock || g.reason.Rank == vocabulary.RankDatabase)
}

// maxCalls bounds the search for the call that a message speaks of.
const maxCalls = 256

// answeredCall is the call of the same service below the group that its evidence names, else the
// last one that had ended by then.
func (g *group) answeredCall(dir *trace.Directory) *trace.Node {
	var last *trace.Node
	named := false
	queue := []*trace.Node{g.node}
	for i := 0; i < len(queue) && i < maxCalls; i++ {
		for _, c := range queue[i].Children {
			if c.Service != g.node.Service {
				continue
			}
			queue = append(queue, c)
			if !c.IsExitCall() || c.End > g.reason.cited.time+trace.MinTolerance || g.reason.cited.http != 0 && c.CallsStore() || g.byStore() && !c.CallsStore() {
				continue
			}
			names := namesCall(g.reason.cited.whole, c, dir)
			if last == nil || names && !named || names == named && c.End > last.End {
				last, named = c, names
			}
		}
	}
	return last
}

// withSystem adds the database that the evidence betrays.
func withSystem(p trace.Peer, r reason) trace.Peer {
	if p.Service != "" {
		return p
	}
	if p.System == "" {
		p.System = r.System
	}
	if p.System == "" {
		p.System = vocabulary.SystemIn(r.cited.whole)
	}
	if p.System == "postgresql" && p.Namespace == "" {
		if m := pgDatabase.FindStringSubmatch(r.cited.whole); m != nil {
			p.Namespace = m[1]
		}
	}
	return p
}
