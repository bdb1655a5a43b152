package evidence

import (
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal/address"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// MentionsCall reports whether a text speaks of a call: it names the peer, or cites the status or the
// exception of the call.
func MentionsCall(text string, call *trace.Node, dir *trace.Directory) bool {
	p := dir.PeerOf(call)
	if mentionsPeer(text, p, call) {
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

// citesAnswer reports whether a text cites the status of a call's answer. A call that left none itself
// has the one that is cited.
func citesAnswer(text string, call *trace.Node) bool {
	rpc := vocabulary.RPCStatusIn(text)
	if !call.Status.IsKnown() {
		return (vocabulary.HTTPStatusIn(text) != 0 || rpc != "") && call.IsExitCall() && !call.CallsStore()
	}
	return call.Status.HTTP >= 400 && HasWord(text, strconv.Itoa(call.Status.HTTP)) || rpc != "" && rpc == string(call.Status.RPC)
}

func mentionsPeer(text string, p trace.Peer, call *trace.Node) bool {
	if p.Service != "" && HasWord(text, p.Service) {
		return true
	}
	if host, _ := address.Split(p.Host); host != "" && HasWord(text, host) {
		return true
	}
	if c := call.RemoteChild(); c != nil && len(c.Name) > 4 && strings.Contains(c.Name, "/") && strings.Contains(text, c.Name) {
		return true
	}
	return false
}
