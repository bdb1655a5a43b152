package eval

import (
	"context"
	"maps"
	"path/filepath"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

const (
	// controlLength is how long a window without a fault is, and controlTraces how many traces it has at least.
	controlLength = time.Minute
	controlTraces = 20
)

// controls is how often the engine saw a cause in windows without a fault.
type controls struct {
	N              int     `json:"n"`
	FalseIncidents int     `json:"false_incidents"`
	Upper95        float64 `json:"upper95"`

	False []string `json:"false,omitempty"` // where, and what was said
}

// runControls has the engine analyse the fault-free telemetry of each system minute by minute, each beside all others.
func runControls(ctx context.Context, s *suite) (c controls, err error) {
	folders, err := filepath.Glob(filepath.Join(s.dir, "baseline", "*"))
	if err != nil {
		return c, err
	}
	for _, folder := range folders {
		r, err := loadRecords(folder, "")
		if err != nil {
			return c, err
		}
		if err := c.check(ctx, filepath.Base(folder), arrange(r), s.faults); err != nil {
			return c, err
		}
	}
	c.add(controls{})
	return c, nil
}

// add adds those of another suite.
func (c *controls) add(o controls) {
	c.N, c.FalseIncidents, c.False = c.N+o.N, c.FalseIncidents+o.FalseIncidents, append(c.False, o.False...)
	c.Upper95 = upper95(c.FalseIncidents, c.N)
}

// noted is how long after a fault has begun its beginning may be noted: what was recorded just before is not known to
// be without it.
const noted = time.Minute

// check looks at each minute of a recording that has enough traces and before which no fault of the suite was noted.
func (c *controls) check(ctx context.Context, name string, all analysis.Recorded, faults []signal.Nanos) error {
	length := signal.Nanos(controlLength)
	minutes := map[signal.Nanos]int{}
	for _, t := range all.Traces {
		minutes[beginOf(t)/length]++
	}
	for _, minute := range slices.Sorted(maps.Keys(minutes)) {
		if minutes[minute] < controlTraces {
			continue
		}
		w := incident.Window{From: minute * length, To: (minute + 1) * length}
		if slices.ContainsFunc(faults, func(at signal.Nanos) bool { return w.From <= at && at <= w.To+signal.Nanos(noted) }) {
			continue
		}
		s := &source{own: between(all, w.From, w.To), before: outside(all, w.From, w.To)}
		draft, err := analysis.WindowCase(ctx, s, "", w, bounds)
		if err != nil {
			return err
		}
		a, err := askEngine(ctx, draft, alert{})
		if err != nil {
			return err
		}
		c.N++
		if a.verdict == incident.VerdictRootCause && a.report.Severity != incident.SeverityLow {
			c.FalseIncidents++
			c.False = append(c.False, name+" "+w.From.Time().Format(time.TimeOnly)+" "+a.report.RootCause.Statement)
		}
	}
	return nil
}

// outside are the records before and after a stretch of time.
func outside(r analysis.Recorded, from, to signal.Nanos) analysis.Recorded {
	before, after := between(r, 0, from), between(r, to, ^signal.Nanos(0))
	return analysis.Recorded{
		Traces: slices.Concat(before.Traces, after.Traces), Logs: slices.Concat(before.Logs, after.Logs), Points: slices.Concat(before.Points, after.Points),
	}
}
