package eval

import (
	"hash/fnv"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// track is a way in which a case is told: as it is, or with less.
type track struct {
	name string
	// tell changes what is told. It may change the source, which is its own, but not the records in it.
	tell func(s *source, w incident.Window, name string) incident.Window
}

// fullTrack is the track on which baselines are compared and cases listed.
const fullTrack = "full"

var tracks = []track{
	{fullTrack, func(_ *source, w incident.Window, _ string) incident.Window { return w }},
	{"no_metrics", dropping(func(r *analysis.Recorded) { r.Points = nil })},
	{"no_logs", dropping(dropLogs)},
	{"traces_only", dropping(func(r *analysis.Recorded) { r.Points = nil; dropLogs(r) })},
	{"first_60s", func(s *source, w incident.Window, _ string) incident.Window {
		w.To = min(w.To, w.From+signal.Nanos(time.Minute))
		s.own = between(s.own, 0, w.To)
		return w
	}},
	{"sampling_10", sampling(10)},
	{"sampling_30", sampling(30)},
	{"dropped_30", dropping(losing(30))},
	{"baseline_1m", func(s *source, w incident.Window, _ string) incident.Window {
		s.before = between(s.before, w.From-min(w.From, signal.Nanos(time.Minute)), w.From)
		return w
	}},
	{"unknown_onset", hideOnset},
}

const (
	// alertedFrom and alertedTo are within which time of its beginning a fault was alerted whose onset is not told.
	alertedFrom, alertedTo = 30 * time.Second, 120 * time.Second
	// lookBack is how long before such an alert the onset may lie.
	lookBack = 5 * time.Minute
)

// hideOnset tells only that the entry alerted, some time after the fault that depends on the case's name: the window
// begins long before. Cases of alerts are told so anyway.
func hideOnset(s *source, w incident.Window, name string) incident.Window {
	if w.OnsetUnknown {
		return w
	}
	alerted := w.From + signal.Nanos(alertedFrom) + signal.Nanos(chance([]byte(name)))*signal.Nanos(alertedTo-alertedFrom)/100
	onset := w.From
	w.From, w.OnsetUnknown = alerted-signal.Nanos(lookBack), true
	earlier := between(s.before, w.From, onset)
	s.before = outside(s.before, w.From, onset)
	s.own = analysis.Recorded{
		Traces: slices.Concat(earlier.Traces, s.own.Traces), Logs: slices.Concat(earlier.Logs, s.own.Logs), Points: slices.Concat(earlier.Points, s.own.Points),
	}
	return w
}

// dropping is a track on which the same is missing everywhere.
func dropping(drop func(*analysis.Recorded)) func(*source, incident.Window, string) incident.Window {
	return func(s *source, w incident.Window, _ string) incident.Window {
		drop(&s.own)
		drop(&s.before)
		return w
	}
}

func dropLogs(r *analysis.Recorded) {
	r.Logs = nil
	kept := make([]*incident.Trace, 0, len(r.Traces))
	for _, t := range r.Traces {
		if len(t.Spans) > 0 {
			kept = append(kept, &incident.Trace{Key: t.Key, ID: t.ID, Spans: t.Spans})
		}
	}
	r.Traces = kept
}

// sampling keeps so many of a hundred traces, as a sampler at the head does. It keeps the baseline: of the hours that
// one is really taken from, as many are left as these minutes have.
func sampling(percent uint64) func(*source, incident.Window, string) incident.Window {
	return func(s *source, w incident.Window, _ string) incident.Window {
		var kept []*incident.Trace
		for _, t := range s.own.Traces {
			if chance(t.ID[:]) < percent {
				kept = append(kept, t)
			}
		}
		s.own.Traces = kept
		return w
	}
}

// losing drops so many of a hundred spans.
func losing(percent uint64) func(*analysis.Recorded) {
	return func(r *analysis.Recorded) {
		kept := make([]*incident.Trace, 0, len(r.Traces))
		for _, t := range r.Traces {
			left := &incident.Trace{Key: t.Key, ID: t.ID, Logs: t.Logs}
			for _, s := range t.Spans {
				if chance(s.SpanID[:]) >= percent {
					left.Spans = append(left.Spans, s)
				}
			}
			if len(left.Spans)+len(left.Logs) > 0 {
				kept = append(kept, left)
			}
		}
		r.Traces = kept
	}
}

// chance is a number below 100 that depends on the ID alone.
func chance(id []byte) uint64 {
	h := fnv.New64a()
	_, _ = h.Write(append([]byte("eval"), id...))
	return h.Sum64() >> 20 % 100
}
