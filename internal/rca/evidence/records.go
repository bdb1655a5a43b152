package evidence

import (
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
	Matches    []vocabulary.Match // most specific first
	HTTP       int                // status of a peer's answer, of the call or cited by the text
	RPC        string
	lent       bool // of the transport below the call
	// host and port are whom a log's attributes name as the other side of a call.
	host, port string
}

func recordOfSpan(n *trace.Node, o failure.Observed) *Record {
	e := &Record{Ref: trace.SpanRef(n.Span), time: trace.InstantOf(o.Time) + n.Shift, Observed: o, IsSignal: true}
	if o.Kind == failure.KindSpan && n.IsExitCall() {
		e.HTTP, e.RPC = n.Status.HTTP, string(n.Status.RPC)
	}
	e.read(n, o.ErrorType, o.Message, o.Stack)
	if o.Kind == failure.KindSpan && isAcquire(n) && !e.hasMatch(func(s vocabulary.Match) bool { return s.Means == vocabulary.Cancelled }) {
		e.addMatch(vocabulary.Of(vocabulary.PoolWait))
	}
	return e
}

func recordOfLog(n *trace.Node, l *signal.Log, o failure.Observed, isSignal bool) *Record {
	e := &Record{Ref: trace.LogRef(l), time: trace.InstantOf(l.EventTime()) + n.Shift, Observed: o, IsSignal: isSignal}
	e.read(n, o.ErrorType, o.Message, o.Stack, o.Error, logText(l))
	e.host, e.port = semconv.LoggedPeer(l.Attributes)
	return e
}

// read reads the texts of a record and what is thrown, from stacks and bodies, and looks up what they mean.
func (e *Record) read(n *trace.Node, errorType, message, stack string, more ...string) {
	text := joinTexts(append([]string{errorType, message}, more...)...)
	e.Text = text
	e.Exceptions = exceptionsOf(errorType, message, stack, more)
	for _, x := range e.Exceptions {
		for ; x != nil; x = x.Cause {
			text = joinTexts(text, x.Type+": "+x.Message)
		}
	}
	e.Whole = text
	e.readMatches(n)
}
