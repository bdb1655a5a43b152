package evidence

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

// Record is one record of a group, read for what it says about the reason.
type Record struct {
	Ref      incident.Ref
	time     trace.Instant
	Observed failure.Observed
	IsSignal bool // an error signal, not only a record beside one
	Text     string
	Whole    string // text, and what its exceptions were caused by
	// Exceptions are those the record carries or its text holds, outermost first.
	Exceptions []*failure.Exception
	Signs      []*vocabulary.Row // most specific first
	HTTP       int               // status of a peer's answer that the text cites
	RPC        string
	sqlState   string
}

func recordOfSpan(n *trace.Node, o failure.Observed) *Record {
	e := &Record{Ref: trace.SpanRef(n.Span), time: trace.InstantOf(o.Time) + n.Shift, Observed: o, IsSignal: true}
	e.read(o.ErrorType, o.Message, o.Stack)
	if o.Kind == failure.KindSpan {
		e.readCodes(n)
	}
	return e
}

func recordOfLog(n *trace.Node, l *signal.Log, o failure.Observed, isSignal bool) *Record {
	e := &Record{Ref: trace.LogRef(l), time: trace.InstantOf(l.EventTime()) + n.Shift, Observed: o, IsSignal: isSignal}
	e.read(o.ErrorType, o.Message, o.Stack, logText(l))
	return e
}

// read looks for signs in the texts of a record; what is thrown is read from stacks and bodies.
func (e *Record) read(errorType, message, stack string, more ...string) {
	text := joinTexts(append([]string{errorType, message}, more...)...)
	e.Text = text
	e.Exceptions = exceptionsOf(errorType, message, stack, more)
	for _, x := range e.Exceptions {
		for ; x != nil; x = x.Cause {
			text = joinTexts(text, x.Type+": "+x.Message)
		}
	}
	e.Whole = text
	e.Signs = vocabulary.InText(text)
	e.HTTP, e.RPC, e.sqlState = httpStatusIn(text), rpcStatusIn(text), sqlStateIn(text)
	if e.HTTP >= 400 && clientException.MatchString(text) {
		e.dropQuotedSigns()
	}
	e.dropRefutedSigns(text)
	e.addSign(signOfSQLState(e.sqlState))
	e.addSign(signOfRPC(e.RPC))
	if e.HTTP >= 400 {
		e.addSign(SignOfHTTP(e.HTTP))
	}
	if len(e.Exceptions) > 0 {
		e.addSign(vocabulary.Exception)
	}
}

// clientException is what HTTP clients throw when a peer answers with an error; the peer's body
// often follows.
var clientException = regexp.MustCompile(`Http(?:Client|Server|Status)\w*Exception|FeignException|WebClientResponseException|` +
	`RestClientResponseException|\bHTTPError\b|AxiosError|StatusCodeError|ApiException`)

// dropQuotedSigns drops the signs of programming and data errors: the exceptions that the body of
// an answer names were thrown by the peer.
func (e *Record) dropQuotedSigns() {
	e.Signs = slices.DeleteFunc(e.Signs, func(s *vocabulary.Row) bool { return s.IsCodes() })
}

// dropRefutedSigns drops the signs of a connection that could not be opened where a text tells that
// the client closed it, or that it was open.
func (e *Record) dropRefutedSigns(text string) {
	if !slices.ContainsFunc(e.Signs, func(s *vocabulary.Row) bool { return s.Means == vocabulary.Unreachable }) {
		return
	}
	gone := clientLeft.MatchString(text)
	waiting := strings.Contains(text, "while reading")
	if !gone && !waiting {
		return
	}
	e.Signs = slices.DeleteFunc(e.Signs, func(s *vocabulary.Row) bool {
		return s.Means == vocabulary.Unreachable && (gone || waiting && s.Rank == vocabulary.RankConnectTimeout)
	})
}

var clientLeft = regexp.MustCompile(`ClientAbortException|AsyncRequestNotUsableException|ClientDisconnect|client (?:has )?disconnected`)

// readCodes adds what the span's attributes say: codes are never guessed from text there.
func (e *Record) readCodes(n *trace.Node) {
	attrs := n.Attributes()
	if state := semconv.SQLState(attrs); state != "" {
		e.sqlState = state
		e.addSign(signOfSQLState(state))
	} else if code := semconv.DBStatus(attrs); code != "" {
		e.addSign(vocabulary.OfStore(semconv.DBSystem(attrs), code))
	}
	if n.IsExitCall() {
		e.addSign(SignOfHTTP(n.Status.HTTP))
		e.addSign(signOfRPC(string(n.Status.RPC)))
		if n.Status.HTTP != 0 {
			e.HTTP = n.Status.HTTP
		}
	}
	if isAcquire(n) && !slices.ContainsFunc(e.Signs, func(s *vocabulary.Row) bool { return s.Means == vocabulary.Cancelled }) {
		e.addSign(vocabulary.PoolWait)
	}
}

// isAcquire reports whether the span waits for a connection of a pool.
func isAcquire(n *trace.Node) bool {
	name := strings.ToLower(n.Name)
	return strings.Contains(name, "pool.acquire") || strings.Contains(name, "pool acquire") || strings.Contains(name, "acquire connection") ||
		strings.HasSuffix(name, ".getconnection") || name == "getconnection"
}

func (e *Record) addSign(s *vocabulary.Row) {
	if s == nil {
		return
	}
	at := len(e.Signs)
	for i, have := range e.Signs {
		if s.Rank < have.Rank {
			at = i
			break
		}
	}
	e.Signs = append(e.Signs[:at], append([]*vocabulary.Row{s}, e.Signs[at:]...)...)
}

// Best is the most specific sign, nil where the record has none.
func (e *Record) Best() *vocabulary.Row {
	if len(e.Signs) == 0 {
		return nil
	}
	return e.Signs[0]
}
