package rca

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Later names failures of traces that something explains which was received after them: those whose incident blames a
// service, or a server named as it is, with an error at From or later and one at To or earlier, by event time.
type Later struct {
	Service   string
	Signature string // of the incident that they may belong to
	From, To  signal.Nanos
}

// ExplainedLater are the failures of traces that may follow from what platforms recorded: those of the service, or of
// calls to it, with errors between the times. Such records often come after the traces were classified. It is empty
// for failures of which others tell too, and where no record was received at since or later: what follows from the
// others was found by the classification before.
func ExplainedLater(t *incident.Trace, c incident.Classification, since signal.Nanos) (later []Later) {
	recent := withoutOld(t)
	if !t.ID.IsZero() || len(t.Spans) > 0 {
		return nil
	}
	var times []signal.Nanos // of what is new
	for _, l := range recent.Logs {
		if !isPlatforms(l) {
			return nil
		}
		if l.ReceivedAt >= since {
			times = append(times, l.EventTime())
		}
	}
	if len(times) == 0 {
		return nil
	}
	first, last := slices.Min(times), slices.Max(times)
	for _, r := range c.Roots {
		later = append(later, Later{
			Service: r.Service, Signature: r.Signature,
			From: first - min(first, signal.Nanos(rules.CopyWindow)), To: last + signal.Nanos(rules.PlatformWindow),
		})
	}
	return later
}
