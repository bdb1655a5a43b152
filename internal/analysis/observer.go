package analysis

import (
	"sync"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
)

// Observer is told what the workers do, for metrics. Its functions must be quick and safe for
// concurrent use; a nil one is not called.
type Observer struct {
	// Classified is called for each failure with a saved classification.
	Classified func(incident.Classification)
	// ClassifyTook is called for each batch of failures, loading and saving included.
	ClassifyTook func(time.Duration)
	// Analysed is called for each analysis, saved as a new revision or not.
	Analysed func(took time.Duration, newRevision bool)
	// Reported is called when a new report is readable, with the time since the last of the
	// failures that asked for it was due: its trace had been quiet, or had been waited for long
	// enough.
	Reported func(sinceQuiet time.Duration)
	// Opened is called when incidents were opened.
	Opened func(n int)
	// Concluded is called for each new revision, with its verdict. sinceFirstError is how long after the first error of a
	// new incident its first report was readable, by event time; 0 for other revisions.
	Concluded func(v incident.Verdict, sinceFirstError time.Duration)
	// Failed is called when an item could not be worked on: "classify" or "analyse".
	Failed func(stage string)
	// Working is called when a worker's loop, by its name, can work no more, with the reason, and with nil
	// when it works again.
	Working func(loop string, problem error)
	// Orphaned is called when the sweep found failures that nobody had reported.
	Orphaned func(n int)
}

// lag remembers when incidents became due for analysis, so that the time until their reports are
// readable can be told. It forgets beyond a bound; it is for metrics only.
type lag struct {
	mu  sync.Mutex
	due map[string]time.Time
}

const maxLag = 10_000

func newLag() *lag { return &lag{due: make(map[string]time.Time)} }

func (l *lag) begin(incidentID string, due time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, known := l.due[incidentID]; known || len(l.due) < maxLag {
		l.due[incidentID] = due
	}
}

func (l *lag) end(incidentID string) (due time.Time, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	due, ok = l.due[incidentID]
	delete(l.due, incidentID)
	return due, ok
}
