package rca

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rca/evidence"
	"github.com/prodsentinel/prodsentinel/internal/rca/explain"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Join makes errors without a trace part of the trace at hand, of the logs that its Needs.Logged found: what
// platforms recorded of a service that it called, and the exception of a span that is only marked failed. Of
// different exceptions of one service none is joined: nothing says whose each is.
func Join(t *incident.Trace, moments []incident.Moment, logs []*signal.Log) {
	have := make(map[signal.ID]bool, len(t.Logs))
	for _, l := range t.Logs {
		have[l.ID] = true
	}
	for _, m := range moments {
		var found []*signal.Log
		for _, l := range logs {
			if isOf(m, l) && !have[l.ID] {
				found = append(found, l)
			}
		}
		if m.Service != "" && !agree(found) {
			continue
		}
		for _, l := range found {
			have[l.ID] = true
			t.Logs = append(t.Logs, l)
			if t.Signals != nil { // it is known to be an error
				t.Signals.Logs = append(slices.Clone(t.Signals.Logs), l.ID)
				slices.SortFunc(t.Signals.Logs, func(a, b signal.ID) int { return bytes.Compare(a[:], b[:]) })
			}
		}
	}
}

// isOf reports whether a log was looked for in a moment.
func isOf(m incident.Moment, l *signal.Log) bool {
	if at := l.EventTime(); at < m.From || at > m.To {
		return false
	}
	switch {
	case m.Key != "":
		return failure.Key(failure.ObserveLog(l)) == m.Key
	case m.Host != "":
		return isPlatforms(l) && l.Resource.Host() == m.Host
	default:
		return l.Service() == m.Service && isThrown(failure.ObserveLog(l)) && !isPlatforms(l)
	}
}

func isPlatforms(l *signal.Log) bool { return failure.PlatformOf(l) != failure.NoPlatforms }

func isThrown(o failure.Observed) bool { return o.ErrorType != "" || o.Stack != "" }

// agree reports whether logs tell of one exception of one service.
func agree(logs []*signal.Log) bool {
	for _, l := range logs {
		a, b := failure.ObserveLog(logs[0]), failure.ObserveLog(l)
		if a.Environment != b.Environment || a.Namespace != b.Namespace || a.Cluster != b.Cluster || l != logs[0] && !failure.IsCopy(a, b) {
			return false
		}
	}
	return true
}

// platformMoments is when a platform may have recorded why the trace failed: that a service which it called
// had ended. Events often tell neither environment nor cluster.
func platformMoments(x *explain.Explanation) []incident.Moment {
	names := explain.ServicesToAsk(x)
	if len(x.Tree.Trace.Spans) == 0 || len(names) == 0 {
		return nil
	}
	from, to := signal.Nanos(0), signal.Nanos(0)
	environments, clusters := map[string]bool{"": true}, map[string]bool{"": true}
	for _, g := range x.Groups.All {
		if first := g.Onset(); first != 0 && (from == 0 || first < from) {
			from = first
		}
		to = max(to, g.LastSeen())
		environments[g.Environment()], clusters[g.Node.Resource().Cluster()] = true, true
	}
	from -= min(from, signal.Nanos(rules.PlatformWindow))
	to += signal.Nanos(rules.CopyWindow)
	var moments []incident.Moment
	for _, environment := range slices.Sorted(maps.Keys(environments)) {
		for _, cluster := range slices.Sorted(maps.Keys(clusters)) {
			for _, name := range slices.Sorted(maps.Keys(names)) {
				moments = append(moments, incident.Moment{Key: failure.PlatformKey(environment, cluster, name), From: from, To: to})
			}
		}
	}
	return moments[:min(len(moments), rules.MaxAround)]
}

// markMoments is when the exceptions may have been logged, outside of the trace, of spans that are only marked
// failed.
func markMoments(x *explain.Explanation) []incident.Moment {
	var moments []incident.Moment
	for _, g := range x.Groups.All {
		if len(moments) == rules.MaxAround || !isUnexplainedMark(x, g) {
			continue
		}
		s := g.Node.LocalRoot.Span
		moments = append(moments, incident.Moment{Service: g.Node.Service, From: s.Start, To: s.End + signal.Nanos(rules.CopyWindow)})
	}
	slices.SortFunc(moments, func(a, b incident.Moment) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.From, b.From), cmp.Compare(a.To, b.To))
	})
	return slices.Compact(moments)
}

func isUnexplainedMark(x *explain.Explanation, g *evidence.Group) bool {
	root := g.Node.LocalRoot
	return g.IsBareMark() && !g.Node.IsExitCall() && x.About(g).Dismissed == "" && len(x.About(g).ExplainedBy) == 0 && root != nil && root.IsReceived()
}

// hostMoments is when a platform may have recorded which service's process the kernel of a machine ended.
func hostMoments(t *incident.Trace) []incident.Moment {
	var moments []incident.Moment
	logs, _ := lastErrors(t)
	for _, l := range logs {
		const window = signal.Nanos(rules.CopyWindow)
		if at := l.EventTime(); isPlatforms(l) && failure.IsHosts(l) {
			moments = append(moments, incident.Moment{Host: l.Resource.Host(), From: at - min(at, window), To: at + window})
		}
	}
	return moments
}

// withoutOld leaves out of a failure that only platforms tell of what was recorded long before its newest
// record: their failures are keyed by service, so that traces find them.
func withoutOld(t *incident.Trace) *incident.Trace {
	if !t.ID.IsZero() || len(t.Spans) > 0 {
		return t
	}
	newest := signal.Nanos(0)
	for _, l := range t.Logs {
		if !isPlatforms(l) {
			return t
		}
		newest = max(newest, l.EventTime())
	}
	recent := *t
	recent.Logs = slices.DeleteFunc(slices.Clone(t.Logs), func(l *signal.Log) bool {
		return l.EventTime()+signal.Nanos(rules.PlatformSpan) < newest
	})
	return &recent
}
