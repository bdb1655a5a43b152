package rca

import (
	"regexp"
	"slices"
	"strings"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// evidence is one record of a group, read for what it says about the reason.
type evidence struct {
	ref      incident.Ref
	time     trace.Instant
	observed failure.Observed
	isSignal bool // an error signal, not only a record beside one
	text     string
	whole    string // text, and what its exceptions were caused by
	// exceptions are those the record carries or its text holds, outermost first.
	exceptions []*failure.Exception
	signs      []*vocabulary.Row // most specific first
	http       int               // status of a peer's answer that the text cites
	rpc        string
	sqlState   string
}

func spanEvidence(n *trace.Node, o failure.Observed) *evidence {
	e := &evidence{ref: trace.SpanRef(n.Span), time: trace.InstantOf(o.Time) + n.Shift, observed: o, isSignal: true}
	e.read(o.ErrorType, o.Message, o.Stack)
	if o.Kind == failure.KindSpan {
		e.readCodes(n)
	}
	return e
}

func logEvidence(n *trace.Node, l *signal.Log, o failure.Observed, isSignal bool) *evidence {
	e := &evidence{ref: trace.LogRef(l), time: trace.InstantOf(l.EventTime()) + n.Shift, observed: o, isSignal: isSignal}
	e.read(o.ErrorType, o.Message, o.Stack, logText(l))
	return e
}

// read looks for signs in the texts of a record; what is thrown is read from stacks and bodies.
func (e *evidence) read(errorType, message, stack string, more ...string) {
	text := joinTexts(append([]string{errorType, message}, more...)...)
	e.text = text
	e.exceptions = exceptionsOf(errorType, message, stack, more)
	for _, x := range e.exceptions {
		for ; x != nil; x = x.Cause {
			text = joinTexts(text, x.Type+": "+x.Message)
		}
	}
	e.whole = text
	e.signs = vocabulary.InText(text)
	e.http, e.rpc, e.sqlState = httpStatusIn(text), rpcStatusIn(text), sqlStateIn(text)
	if e.http >= 400 && clientException.MatchString(text) {
		e.keepPeersWords()
	}
	e.keepWhatHappened(text)
	e.addSign(signOfSQLState(e.sqlState))
	e.addSign(signOfRPC(e.rpc))
	if e.http >= 400 {
		e.addSign(signOfHTTP(e.http))
	}
	if len(e.exceptions) > 0 {
		e.addSign(vocabulary.Exception)
	}
}

// clientException is what HTTP clients throw when a peer answers with an error; the peer's body
// often follows.
var clientException = regexp.MustCompile(`Http(?:Client|Server|Status)\w*Exception|FeignException|WebClientResponseException|` +
	`RestClientResponseException|\bHTTPError\b|AxiosError|StatusCodeError|ApiException`)

// keepPeersWords drops the signs of programming and data errors: the exceptions that the body of
// an answer names were thrown by the peer.
func (e *evidence) keepPeersWords() {
	e.signs = slices.DeleteFunc(e.signs, func(s *vocabulary.Row) bool { return s.IsCodes() })
}

// keepWhatHappened drops the signs of a connection that could not be opened where a text tells that
// the client closed it, or that it was open.
func (e *evidence) keepWhatHappened(text string) {
	if !slices.ContainsFunc(e.signs, func(s *vocabulary.Row) bool { return s.Means == vocabulary.Unreachable }) {
		return
	}
	gone := clientLeft.MatchString(text)
	waiting := strings.Contains(text, "while reading")
	if !gone && !waiting {
		return
	}
	e.signs = slices.DeleteFunc(e.signs, func(s *vocabulary.Row) bool {
		return s.Means == vocabulary.Unreachable && (gone || waiting && s.Rank == vocabulary.RankConnectTimeout)
	})
}

var clientLeft = regexp.MustCompile(`ClientAbortException|AsyncRequestNotUsableException|ClientDisconnect|client (?:has )?disconnected`)

// readCodes adds what the span's attributes say: codes are never guessed from text there.
func (e *evidence) readCodes(n *trace.Node) {
	attrs := n.Attributes()
	if state := semconv.SQLState(attrs); state != "" {
		e.sqlState = state
		e.addSign(signOfSQLState(state))
	} else if code := semconv.DBStatus(attrs); code != "" {
		e.addSign(vocabulary.OfStore(semconv.DBSystem(attrs), code))
	}
	if n.IsExitCall() {
		e.addSign(signOfHTTP(n.Status.HTTP))
		e.addSign(signOfRPC(string(n.Status.RPC)))
		if n.Status.HTTP != 0 {
			e.http = n.Status.HTTP
		}
	}
	if isAcquire(n) && !slices.ContainsFunc(e.signs, func(s *vocabulary.Row) bool { return s.Means == vocabulary.Cancelled }) {
		e.addSign(vocabulary.PoolWait)
	}
}

// isAcquire tells whether the span waits for a connection of a pool.
func isAcquire(n *trace.Node) bool {
	name := strings.ToLower(n.Name)
	return strings.Contains(name, "pool.acquire") || strings.Contains(name, "pool acquire") || strings.Contains(name, "acquire connection") ||
		strings.HasSuffix(name, ".getconnection") || name == "getconnection"
}

func (e *evidence) addSign(s *vocabulary.Row) {
	if s == nil {
		return
	}
	at := len(e.signs)
	for i, have := range e.signs {
		if s.Rank < have.Rank {
			at = i
			break
		}
	}
	e.signs = append(e.signs[:at], append([]*vocabulary.Row{s}, e.signs[at:]...)...)
}

// best is the most specific sign, nil where the record has none.
func (e *evidence) best() *vocabulary.Row {
	if len(e.signs) == 0 {
		return nil
	}
	return e.signs[0]
}

// exceptionsOf are the exceptions of a record: those its stack or a text holds, completed by what
// its attributes say, else the one its attributes name.
func exceptionsOf(errorType, message, stack string, bodies []string) []*failure.Exception {
	found := failure.ParseExceptions(stack)
	for _, b := range bodies {
		if len(found) == 0 {
			found = failure.ParseExceptions(b)
		}
	}
	named := errorType != "" && !isStatusWord(errorType)
	if len(found) == 0 && named {
		return []*failure.Exception{{Type: errorType, Message: message}}
	}
	if len(found) > 0 && found[0].Cause == nil {
		if found[0].Type == "" && named {
			found[0].Type = errorType
		}
		if found[0].Message == "" {
			found[0].Message = message
		}
	}
	return found
}

// isStatusWord tells whether an error.type only repeats a status: "500", "_OTHER", "timeout".
func isStatusWord(s string) bool {
	return s == "_OTHER" || s == "timeout" || strings.Trim(s, "0123456789") == "" || strings.ToUpper(s) == s
}

// logText is what a log record says beside its message: its body and its error attributes.
func logText(l *signal.Log) string {
	text := textOf(l.Body, 0)
	for _, key := range semconv.ErrorFields {
		if v, ok := l.Attributes.Get(key); ok {
			text = joinTexts(text, textOf(v, 0))
		}
	}
	return text
}

// maxNesting bounds how deep a structured value is read.
const maxNesting = 3

// textOf is a value's text; of a structured one, as loggers write an error, that of its fields.
func textOf(v signal.Value, depth int) string {
	text := v.Str()
	if m, ok := v.Data.(signal.Map); ok && depth < maxNesting {
		for _, kv := range m {
			text = joinTexts(text, textOf(kv.Value, depth+1))
		}
	}
	return text
}

// joinTexts joins what is not empty and not said already.
func joinTexts(texts ...string) string {
	joined := ""
	for _, t := range texts {
		switch {
		case t == "" || strings.Contains(joined, t):
		case joined == "":
			joined = t
		default:
			joined += "\n" + t
		}
	}
	return joined
}
