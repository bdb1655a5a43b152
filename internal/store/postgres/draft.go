package postgres

import (
	"bytes"
	"cmp"
	"maps"
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// draft is a trace being loaded.
type draft struct {
	limit     int
	spans     map[signal.ID]*signal.Span
	logs      map[signal.ID]*signal.Log
	rows      int // added; records delivered again count each time
	truncated int
}

func newDraft(limit int) *draft {
	return &draft{limit: limit, spans: map[signal.ID]*signal.Span{}, logs: map[signal.ID]*signal.Log{}}
}

func (d *draft) kept() int { return len(d.spans) + len(d.logs) }

// add keeps a record; of one identity the one received first. Beyond the bound it only counts.
func (d *draft) add(r store.SignalRecord) {
	if d.rows++; d.rows > d.limit {
		return
	}
	if s := r.Span; s != nil {
		if known := d.spans[s.ID]; known == nil || s.ReceivedAt < known.ReceivedAt {
			d.spans[s.ID] = s
		}
		return
	}
	if known := d.logs[r.Log.ID]; known == nil || earlier(r.Log, known) {
		d.logs[r.Log.ID] = r.Log
	}
}

// earlier tells which of two deliveries of one log record counts; their observed times may differ.
func earlier(a, b *signal.Log) bool {
	return cmp.Or(cmp.Compare(a.ReceivedAt, b.ReceivedAt), cmp.Compare(a.ObservedTime, b.ObservedTime)) < 0
}

// trace is the trace as loaded, in the order of events.
func (d *draft) trace(key string) *incident.Trace {
	t := &incident.Trace{Key: key, Truncated: d.truncated}
	t.ID, _ = traceOf(key)
	t.Spans = slices.SortedFunc(maps.Values(d.spans), func(a, b *signal.Span) int {
		return cmp.Or(cmp.Compare(a.Start, b.Start), bytes.Compare(a.ID[:], b.ID[:]))
	})
	t.Logs = slices.SortedFunc(maps.Values(d.logs), func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return t
}
