package trace

import (
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/rules"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// minTolerance is the least by which times may differ without meaning anything.
const minTolerance = Instant(rules.ClockTolerance)

// toleranceOf is by how much times in a trace may differ without meaning anything: the resolution of
// its timestamps, at least 5 ms.
func toleranceOf(t *incident.Trace) Instant {
	steps := []signal.Nanos{1_000_000_000, 100_000_000, 10_000_000}
	for _, step := range steps {
		if len(t.Spans)+len(t.Logs) > 1 && allMultiples(t, step) {
			return max(minTolerance, InstantOf(step))
		}
	}
	return minTolerance
}

func allMultiples(t *incident.Trace, step signal.Nanos) bool {
	for _, s := range t.Spans {
		if s.Start%step != 0 || s.End%step != 0 {
			return false
		}
	}
	for _, l := range t.Logs {
		if l.EventTime()%step != 0 {
			return false
		}
	}
	return true
}
