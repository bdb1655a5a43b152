package rca

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// momentsOf is when the exceptions of an error without a trace may have been thrown in a trace: around its
// last records. None for a trace, and none where it tells of no exception.
func momentsOf(t *incident.Trace) []incident.Moment {
	var moments []incident.Moment
	logs, signals := lastErrors(t)
	for _, l := range logs {
		o := signals.Observe(l)
		if o.ErrorType == "" && o.Stack == "" {
			return nil
		}
		const window = signal.Nanos(rules.CopyWindow)
		at := l.EventTime()
		m := incident.Moment{Service: o.Service, From: at - min(at, window), To: at + window}
		if n := len(moments); n > 0 && moments[n-1].From <= m.To {
			moments[n-1].From = m.From
			continue
		}
		moments = append(moments, m)
	}
	return moments
}

// lastErrors are the last error logs of an error without a trace, the newest first.
func lastErrors(t *incident.Trace) (logs []*signal.Log, signals failure.Signals) {
	if !t.ID.IsZero() || len(t.Spans) > 0 {
		return nil, signals
	}
	signals = failure.SignalsOf(t)
	for _, l := range t.Logs {
		if signals.IsLog(l) {
			logs = append(logs, l)
		}
	}
	slices.SortFunc(logs, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(b.EventTime(), a.EventTime()), bytes.Compare(b.ID[:], a.ID[:]))
	})
	return logs[:min(len(logs), rules.MaxCopies)], signals
}

// isCopy reports whether each of the last records of an error without a trace tells of an exception that a
// trace has.
func isCopy(t *incident.Trace, k incident.Knowledge) bool {
	logs, signals := lastErrors(t)
	for _, l := range logs {
		o, at := signals.Observe(l), l.EventTime()
		if !slices.ContainsFunc(k.Thrown, func(x incident.Thrown) bool {
			const window = signal.Nanos(rules.CopyWindow)
			return x.Service == o.Service && x.Environment == o.Environment && x.Namespace == o.Namespace && x.Cluster == o.Cluster &&
				x.At+window >= at && at+window >= x.At &&
				failure.IsCopy(o, failure.Observed{ErrorType: x.Type, Message: x.Message, Stack: x.Stack})
		}) {
			return false
		}
	}
	return len(logs) > 0
}
