// Package evidence reads what the records of a trace say about its errors: which records are one error, the
// reason that the most telling of them gives, and the call and peer that they speak of. It reads each
// error by itself; what explains what is decided by package explain.
package evidence

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/steps"
	"github.com/prodsentinel/prodsentinel/internal/trace"
	"github.com/prodsentinel/prodsentinel/internal/vocabulary"
)

// Group is one error: all error signals of one span, and the logs that belong to it.
type Group struct {
	// Index is the group's place in Groups.All, by which later stages keep what they conclude of it.
	Index      int
	Node       *trace.Node
	Records    []*Record     // ordered by time, then reference; bounded, see rules.MaxRecords
	Signals    int           // error signals, all of them
	First      trace.Instant // when the first signal was seen
	End        trace.Instant // when the error was over: its span's end, else its last signal
	LastRecord trace.Instant // its last exception or log, else end
	// FailedSpan reports that the span itself has status Error.
	FailedSpan bool

	Reason Reason
	// Told is the record in which the caller tells of a call whose own span says nothing, nil where there is none.
	Told *Record
	// Call is the exit call that the error is about: its own span, or the call below it that its
	// evidence speaks of; nil where there is none.
	Call *trace.Node
	Peer trace.Peer // of the call, or named by the evidence
}

// add adds an error signal.
func (g *Group) add(e *Record) {
	if g.Signals == 0 {
		g.First, g.End = e.time, e.time
	}
	g.Signals++
	g.First, g.End = min(g.First, e.time), max(g.End, e.time)
	g.Records = append(g.Records, e)
}

// Groups are the errors of a trace.
type Groups struct {
	All []*Group // in pre-order of their nodes
	at  []*Group // by the index of their node, nil for nodes without an error

	steps *steps.Counter // of the tree
}

// Of is the error of a node, nil where it has none.
func (g *Groups) Of(n *trace.Node) *Group { return g.at[n.Index] }

// GaveUpAt is when the wait ended that the group is about.
func (g *Group) GaveUpAt() trace.Instant {
	if g.FailedSpan && g.Node.IsExitCall() {
		return g.Node.End
	}
	return max(g.Node.Start, g.Reason.Cited.time)
}

// IsCancelled reports whether whoever had asked left.
func (g *Group) IsCancelled() bool { return g.Reason.Means == vocabulary.Cancelled }

// IsTimeout reports whether a deadline passed.
func (g *Group) IsTimeout() bool { return g.Reason.Means == vocabulary.TimedOut }

// Exception is the group's exception that says most: the earliest one with frames, else the
// earliest.
func (g *Group) Exception() (*failure.Exception, *Record) {
	var found *failure.Exception
	var in *Record
	for _, e := range g.Records {
		for _, x := range e.Exceptions {
			if found == nil || len(found.Innermost().Frames) == 0 && len(x.Innermost().Frames) > 0 {
				found, in = x, e
			}
		}
	}
	return found, in
}

// IsAnswered reports whether the group carries a peer's response: the status of an exit call, or one
// that its text cites; not what a proxy answered that had none.
func (g *Group) IsAnswered() bool {
	if g.Node.Status.IsProxys {
		return false
	}
	if g.Node.IsExitCall() && g.Node.Status.IsFromPeer() {
		return true
	}
	return slices.ContainsFunc(g.Records, func(e *Record) bool {
		return e.HTTP >= 400 || semconv.Status{RPC: semconv.RPCStatus(e.RPC)}.IsFromPeer()
	})
}

// IsFromClient reports whether the group's records are those of a client that was answered with an error.
func (g *Group) IsFromClient() bool {
	return g.IsAnswered() && slices.ContainsFunc(g.Records, func(e *Record) bool { return e.isFromClient() })
}

// Refs is the evidence cited for the group, the record that gives its reason first.
func (g *Group) Refs() []incident.Ref {
	var refs []incident.Ref
	if g.Reason.Cited != nil {
		refs = trace.AppendRefs(refs, g.Reason.Cited.Ref)
	}
	if g.Told != nil {
		refs = trace.AppendRefs(refs, g.Told.Ref)
	}
	for _, e := range g.Records {
		if len(refs) == rules.MaxRefs {
			break
		}
		refs = trace.AppendRefs(refs, e.Ref)
	}
	return refs
}

// Onset is when the group's first error signal was seen, 0 where it has none with a time.
func (g *Group) Onset() signal.Nanos {
	first := signal.Nanos(0)
	for i, e := range g.Records {
		if t := signal.Nanos(max(0, e.time-g.Node.Shift)); e.IsSignal && (i == 0 || first == 0 || t < first) {
			first = t
		}
	}
	return first
}

// LastSeen is when the group's last error signal was seen.
func (g *Group) LastSeen() signal.Nanos {
	last := signal.Nanos(0)
	for _, e := range g.Records {
		if e.IsSignal {
			last = max(last, signal.Nanos(max(0, e.time-g.Node.Shift)))
		}
	}
	return last
}

// Environment is the deployment environment of the group's service.
func (g *Group) Environment() string { return g.Node.Resource().Environment() }

// IsOnlyMarked reports whether the group is a span with status Error, without an exception or an ERROR
// log of its own.
func (g *Group) IsOnlyMarked() bool {
	for _, e := range g.Records {
		if e.IsSignal && e.Observed.Kind != failure.KindSpan {
			return false
		}
	}
	return true
}

// IsOnlyThrown reports whether all that the group has are its span and the span's exceptions, no log.
func (g *Group) IsOnlyThrown() bool {
	return !slices.ContainsFunc(g.Records, func(e *Record) bool { return e.IsSignal && e.Observed.Kind == failure.KindLog })
}

// IsPlatforms reports whether only platforms tell of the error: kernels, systemd, Kubernetes and their like.
func (g *Group) IsPlatforms() bool {
	return len(g.Records) > 0 && !slices.ContainsFunc(g.Records, func(e *Record) bool { return e.Observed.Platform == failure.NoPlatforms })
}

// IsOnlyLogged reports whether the group is a log without exception, code or any other match.
func (g *Group) IsOnlyLogged() bool { return g.Reason.Rank == vocabulary.RankUnknown && !g.FailedSpan }

// IsBareMark reports whether the group is a span with status Error of which nothing says why.
func (g *Group) IsBareMark() bool {
	return g.FailedSpan && g.IsOnlyMarked() && g.Reason.Rank == vocabulary.RankUnknown &&
		!slices.ContainsFunc(g.Records, func(e *Record) bool { return e.Text != "" && !isStatusWord(e.Text) })
}
