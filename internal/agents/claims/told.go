package claims

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// toldAt is when an effect had happened: a log's time, the last exception of a span, else its end.
func toldAt(r *dossier.Record, n *dossier.Node) signal.Nanos {
	if r.Log != nil {
		return r.Time
	}
	if at, thrown := n.LastTold(false); thrown {
		return min(at, n.End)
	}
	return n.End
}

// over is when the failure of a node was over: its span ended, or its last exception or error log was
// told, whichever came first.
func over(n *dossier.Node) signal.Nanos {
	if at, told := n.LastTold(true); told {
		return min(at, n.End)
	}
	return n.End
}

// wordsAt are the words of a node's own errors.
func (k *check) wordsAt(n *dossier.Node) string {
	var words []string
	if n.Span != nil {
		words = append(words, wordsOf(&dossier.Record{Span: n.Span}))
	}
	for _, l := range n.Logs {
		if n.Trace.IsError(l) {
			words = append(words, wordsOf(&dossier.Record{Log: l}))
		}
	}
	return strings.Join(words, "\n")
}

var (
	timeoutWords = regexp.MustCompile(`(?i)time[ds]?[ -]?out|deadline|took too long`)
	cancelWords  = regexp.MustCompile(`(?i)context cancell?ed|(?:request|operation|call|task|query) (?:was )?cancell?ed|cancell?(?:ed|ation)(?:error|exception)|` +
		`client (?:has )?(?:closed|disconnected|cancell?ed)|broken pipe|due to user request|code = cancell?ed`)
	poolWords = regexp.MustCompile(`(?i)\bpool\b|acquire|get_?connection`)
	// ownTrouble is what a call that was answered cannot have been the matter of.
	ownTrouble = regexp.MustCompile(`(?i)connection refused|econnrefused|no such host|connection reset|no route to host|\bpool\b|out of memory|no space left|too many open files`)
	// programFaults are the types and messages of programming and data errors.
	programFaults = regexp.MustCompile(`(?i)null ?pointer|nullreference|nil pointer|nil map|\btypeerror|\bkeyerror|\bindexerror|\battributeerror|\bnameerror|\bvalueerror|` +
		`zerodivision|divide by zero|division by zero|out of (?:range|bounds)|outofbounds|classcast|numberformat|arithmeticexception|assertion|` +
		`illegalargument|illegalstate|unmarshal|parse(?:exception|error)|jsondecode|invalid syntax|undefined is not|cannot read propert`)
)

// onlyCancelled tells whether words speak of a cancellation and of no deadline that had passed.
func onlyCancelled(words string) bool {
	return cancelWords.MatchString(words) && !timeoutWords.MatchString(words)
}

// waitsForConnection tells whether a call is the wait for a connection of the caller's own pool.
func waitsForConnection(n *dossier.Node) bool {
	return n.Span != nil && poolWords.MatchString(n.Span.Name)
}

// ownFault tells whether a request failed by a programming or data error of its own.
func ownFault(request *dossier.Node, effect *dossier.Record, top *dossier.Node) bool {
	if request == top && effect.Log != nil {
		return isProgramFault(wordsOf(effect))
	}
	if request.Span == nil {
		return false
	}
	return slices.ContainsFunc(request.Span.Events, func(e signal.Event) bool {
		thrown := semconv.ExceptionOf(e.Attributes)
		return isProgramFault(thrown.Type + ": " + thrown.Message + "\n" + thrown.Stack)
	})
}

// isProgramFault goes by the innermost exception of a text, else by all of it.
func isProgramFault(text string) bool {
	for _, e := range failure.ParseExceptions(text) {
		if inner := e.Innermost(); programFaults.MatchString(inner.Type + ": " + inner.Message) {
			return true
		}
	}
	first, _, _ := strings.Cut(text, "\n")
	return programFaults.MatchString(first)
}

// speaksOf tells whether words name a call: its other side, the status of its answer, or what it
// threw itself.
func (k *check) speaksOf(words string, n *dossier.Node) bool {
	if n.Span == nil {
		return false
	}
	if n.IsExit() && (k.namesPeer(words, n) || citesStatus(words, n)) {
		return true
	}
	if m := n.Span.StatusMessage; len(m) > 5 && strings.Contains(words, m) {
		return true
	}
	return slices.ContainsFunc(n.Span.Events, func(e signal.Event) bool {
		m := semconv.ExceptionOf(e.Attributes).Message
		return len(m) > 5 && strings.Contains(words, m)
	})
}

func citesStatus(words string, n *dossier.Node) bool {
	answer := dossier.Answer(n.Span)
	if answer.HTTP >= 400 && hasWord(words, strconv.Itoa(answer.HTTP)) {
		return true
	}
	rpc := string(answer.RPC)
	return rpc != "" && answer.RPC != semconv.OK && (hasWord(words, rpc) || hasWord(words, strings.ReplaceAll(rpc, "_", "")))
}

// repeated tells whether the same call was made again in the same request and went well: it says so, or
// is not marked as an error where the first was.
func repeated(n *dossier.Node) bool {
	root := n.LocalRoot()
	return slices.ContainsFunc(n.Trace.Nodes, func(s *dossier.Node) bool {
		return s != n && s.Service == n.Service && s.Name == n.Name && s.Start >= n.Start && root.Covers(s) && s.IsExit() &&
			(endedWell(s) || spanFailed(n) && !s.Failed()) && sameTarget(n, s)
	})
}

func sameTarget(a, b *dossier.Node) bool {
	if a.Span == nil || b.Span == nil {
		return false
	}
	ca, cb := a.Callees(), b.Callees()
	if len(ca) > 0 && len(cb) > 0 && (ca[0].Service != cb[0].Service || ca[0].Name != cb[0].Name) {
		return false
	}
	hostA, portA := semconv.PeerAddress(a.Span.Attributes)
	hostB, portB := semconv.PeerAddress(b.Span.Attributes)
	return hostA == hostB && portA == portB &&
		semconv.PeerNamespace(a.Span.Attributes) == semconv.PeerNamespace(b.Span.Attributes) &&
		semconv.SameRequest(a.Span.Attributes, b.Span.Attributes)
}
