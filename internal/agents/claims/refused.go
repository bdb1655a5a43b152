package claims

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
)

// refused needs a call of the object that the subject refused, or that got no connection to it.
func (k *check) refused() string {
	reason := fmt.Sprintf("no cited record shows that %s refused a call of %s", k.name(k.subject), k.name(k.object))
	for _, r := range k.records {
		if !failing(r) || r.Node == nil {
			continue
		}
		call, served := k.callOf(r)
		switch {
		case call == nil && served == nil:
		case k.refusedConnection(r, call, served):
			k.prove(fmt.Sprintf("%s could not open a connection to %s (connection refused)", k.name(k.object), k.name(k.subject)), r)
		case refusalStatus(served) != "":
			k.prove(fmt.Sprintf("%s refused a request of %s with %s", k.name(k.subject), k.name(k.object), refusalStatus(served)), r)
		case refusalStatus(call) != "" && (served == nil || !endedWell(served)):
			k.prove(fmt.Sprintf("a request of %s to %s was refused with %s", k.name(k.object), k.name(k.subject), refusalStatus(call)), r)
		default:
			reason = "the cited call was not refused"
		}
	}
	return reason
}

// callOf is the object's call to the subject that a record is of, and the subject's side of it.
func (k *check) callOf(r *dossier.Record) (call, served *dossier.Node) {
	n := r.Node
	if root := n.LocalRoot(); k.subject.Serves(root) && n == root {
		if caller, known := root.Caller(); known && caller != nil && k.object.Holds(caller) {
			return caller, root
		}
	}
	if !k.object.Holds(n) || !k.isCallTo(k.subject, n) && r.Log == nil {
		return nil, nil
	}
	if !k.isCallTo(k.subject, n) {
		n = k.onlyCall(n)
	}
	if n == nil {
		return nil, nil
	}
	for _, c := range n.Callees() {
		if k.subject.Serves(c) {
			return n, c
		}
	}
	return n, nil
}

// onlyCall is the call to the subject that a request of the object made, nil where it made several.
func (k *check) onlyCall(n *dossier.Node) *dossier.Node {
	var only *dossier.Node
	for _, c := range n.Trace.Nodes {
		if n.LocalRoot().Covers(c) && c.Service == n.Service && k.isCallTo(k.subject, c) {
			if only != nil && !only.Covers(c) {
				return nil
			}
			only = c
		}
	}
	return only
}

// refusalStatus is the status by which a span tells of a refusal, "" where it tells of none.
func refusalStatus(n *dossier.Node) string {
	if n == nil || n.Span == nil {
		return ""
	}
	answer := dossier.Answer(n.Span)
	if !answer.IsRefusal() && !answer.IsThrottling() {
		return ""
	}
	if answer.HTTP >= 400 {
		return strconv.Itoa(answer.HTTP)
	}
	return string(answer.RPC)
}

var connectionRefused = regexp.MustCompile(`(?i)connection refused|econnrefused|actively refused`)

// refusedConnection tells whether a call failed before anybody answered it, and a record says that
// its connection was refused: the call's own, or a log of the request that names the call's peer.
func (k *check) refusedConnection(r *dossier.Record, call, served *dossier.Node) bool {
	if call == nil || served != nil || call.Span == nil || !call.Failed() || len(call.Callees()) > 0 {
		return false
	}
	answer := dossier.Answer(call.Span)
	switch {
	case answer.HTTP != 0 || answer.RPC != "" && answer.RPC != semconv.Unavailable:
		return false
	case !isError(r) || !connectionRefused.MatchString(wordsOf(r)):
		return false
	}
	return r.Node == call || k.namesPeer(wordsOf(r), call)
}

// namesPeer tells whether a text names the other side of a call, as a whole word.
func (k *check) namesPeer(text string, call *dossier.Node) bool {
	p := k.d.PeerOf(call)
	for _, name := range []string{p.Service, p.Host, p.Recorded} {
		if hasWord(text, name) {
			return true
		}
	}
	port := semconv.PeerPort(call.Span.Attributes)
	return port > 0 && strings.Contains(text, ":"+strconv.FormatInt(port, 10))
}

// hasWord finds a name in a text where no part of a longer name surrounds it.
func hasWord(text, word string) bool {
	text, word = strings.ToLower(text), strings.ToLower(word)
	if word == "" {
		return false
	}
	for from := 0; ; {
		i := strings.Index(text[from:], word)
		if i < 0 {
			return false
		}
		start := from + i
		end := start + len(word)
		if (start == 0 || !nameByte(text[start-1])) && (end == len(text) || !nameByte(text[end])) {
			return true
		}
		from = start + 1
	}
}

func nameByte(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 0x80
}
