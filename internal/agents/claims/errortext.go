package claims

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/agents/dossier"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
)

// effectTime is when an effect had happened: a log's time, the last exception of a span, else its end.
func effectTime(r *dossier.Record, n *trace.Node) trace.Instant {
	if r.Log != nil {
		return trace.InstantOf(r.Time)
	}
	if at, thrown := r.Trace.LastError(n, false); thrown {
		return min(at, n.End)
	}
	return n.End
}

// failureEnd is when the failure of a node was over: its span ended, or its last exception or error log was
// told, whichever came first.
func failureEnd(t *dossier.Trace, n *trace.Node) trace.Instant {
	if at, told := t.LastError(n, true); told {
		return min(at, n.End)
	}
	return n.End
}

// errorTextAt has the texts of a node's own errors.
func errorTextAt(t *dossier.Trace, n *trace.Node) string {
	var words []string
	if n.Span != nil {
		words = append(words, errorTextOf(&dossier.Record{Span: n.Span}))
	}
	for _, l := range n.Logs {
		if t.IsError(l) {
			words = append(words, errorTextOf(&dossier.Record{Log: l}))
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

// isOnlyCancelled reports whether words speak of a cancellation and of no deadline that had passed.
func isOnlyCancelled(words string) bool {
	return cancelWords.MatchString(words) && !timeoutWords.MatchString(words)
}

// waitsForConnection reports whether a call is the wait for a connection of the caller's own pool.
func waitsForConnection(n *trace.Node) bool {
	return n.Span != nil && poolWords.MatchString(n.Span.Name)
}

// isOwnFault reports whether a request failed by a programming or data error of its own.
func isOwnFault(request *trace.Node, effect *dossier.Record, top *trace.Node) bool {
	if request == top && effect.Log != nil {
		return isProgramFault(errorTextOf(effect))
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

// errorTextOf are the texts of a record in which an error tells what happened.
func errorTextOf(r *dossier.Record) string {
	var words []string
	if r.Span != nil {
		words = append(words, r.Span.StatusMessage)
		for _, e := range r.Span.Events {
			thrown := semconv.ExceptionOf(e.Attributes)
			words = append(words, thrown.Type, thrown.Message)
		}
	}
	if r.Log != nil {
		words = append(words, dossier.Number(r.Log.Body))
		for _, kv := range r.Log.Attributes {
			words = append(words, kv.Value.Str())
		}
	}
	return strings.Join(words, "\n")
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
		if (start == 0 || !isNameByte(text[start-1])) && (end == len(text) || !isNameByte(text[end])) {
			return true
		}
		from = start + 1
	}
}

func isNameByte(b byte) bool {
	return b == '-' || b == '_' || b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b >= 0x80
}
