package analysis

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// seal gives the case its canonical form and returns that with its digest, the lower-case hex
// SHA-256 of the bytes. Neither the order in which records were loaded nor the time at which they
// were received shows in it.
func seal(c *incident.Case) (body []byte, digest string, err error) {
	canonicalise(c)
	body, err = json.Marshal(c)
	if err != nil {
		return nil, "", fmt.Errorf("encode the case: %w", err)
	}
	return body, digestOf(body), nil
}

func digestOf(body []byte) string {
	sum := sha256.Sum256(body)
	return hex.EncodeToString(sum[:])
}

// OpenCase reads a case as it is stored.
func OpenCase(body []byte) (*incident.Case, error) {
	var c incident.Case
	if err := json.Unmarshal(body, &c); err != nil {
		return nil, fmt.Errorf("read the case: %w", err)
	}
	return &c, nil
}

// canonicalise orders a case in place and takes out times of receipt.
func canonicalise(c *incident.Case) {
	for _, traces := range [][]*incident.Trace{c.Failing, c.Healthy} {
		slices.SortFunc(traces, func(a, b *incident.Trace) int { return cmp.Compare(a.Key, b.Key) })
		for _, t := range traces {
			canonicaliseTrace(t)
		}
	}
	for _, p := range c.Metrics {
		p.ReceivedAt = 0
	}
	slices.SortFunc(c.Metrics, func(a, b *signal.Point) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.Name, b.Name), compareIDs(a.ID, b.ID))
	})
	for i := range c.Changes {
		c.Changes[i].ReceivedAt = 0
	}
	slices.SortFunc(c.Changes, func(a, b incident.Change) int {
		return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.ID, b.ID))
	})
	slices.SortFunc(c.Entries, func(a, b incident.EntryStats) int {
		return cmp.Or(cmp.Compare(a.Service, b.Service), cmp.Compare(a.Operation, b.Operation))
	})
	canonicaliseKnowledge(&c.Knowledge)
}

func canonicaliseTrace(t *incident.Trace) {
	for _, s := range t.Spans {
		s.ReceivedAt = 0
	}
	slices.SortFunc(t.Spans, func(a, b *signal.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), slices.Compare(a.SpanID[:], b.SpanID[:]), compareIDs(a.ID, b.ID))
	})
	for _, l := range t.Logs {
		if l.Time != 0 || l.ObservedTime != 0 { // else receipt is all the time it has
			l.ReceivedAt = 0
		}
	}
	slices.SortFunc(t.Logs, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), compareIDs(a.ID, b.ID))
	})
}

func canonicaliseKnowledge(k *incident.Knowledge) {
	slices.Sort(k.ServicesSeen)
	slices.Sort(k.ServicesEver)
	slices.Sort(k.ServicesLogged)
	slices.SortFunc(k.Calls, compareCalls)
	for _, callers := range k.RefusedCallers {
		slices.Sort(callers)
	}
}

func compareIDs(a, b signal.ID) int { return slices.Compare(a[:], b[:]) }

// truncate keeps the first records of a trace up to limit and returns how many it kept.
func truncate(t *incident.Trace, limit int) int {
	kept := len(t.Spans) + len(t.Logs)
	if kept <= limit {
		return kept
	}
	t.Truncated += kept - limit
	t.Spans = t.Spans[:min(len(t.Spans), limit)]
	t.Logs = t.Logs[:limit-len(t.Spans)]
	return limit
}
