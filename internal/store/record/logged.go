package record

import (
	"bytes"
	"cmp"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/semconv"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Logged answers what a query asks about error logs without a trace, with a search of its store and a reader
// of the records of a failure's key, both of which read no more than the newest MostLogging.
func Logged(q store.KnowledgeQuery, search func(store.SignalFilter) ([]Hit, error), ofKey func(key string) ([]*signal.Log, error)) ([]*signal.Log, error) {
	var all []*signal.Log
	for _, m := range q.Logged {
		if m.Key != "" {
			logs, err := ofKey(m.Key)
			if err != nil {
				return nil, err
			}
			for _, l := range logs {
				all = appendLogged(all, m, l)
			}
			continue
		}
		f := store.SignalFilter{
			Kind: store.KindLog, Service: m.Service,
			From: TimeOf(Saturate(m.From)), To: TimeOf(Saturate(m.To)).Add(time.Nanosecond),
		}
		if m.Host != "" {
			f.Attributes = semconv.HostNamed(m.Host)
		}
		hits, err := search(f)
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			all = appendLogged(all, m, h.Log)
		}
	}
	slices.SortFunc(all, func(a, b *signal.Log) int {
		return cmp.Or(cmp.Compare(a.EventTime(), b.EventTime()), bytes.Compare(a.ID[:], b.ID[:]))
	})
	return slices.CompactFunc(all, func(a, b *signal.Log) bool { return a.ID == b.ID }), nil
}

// Once returns a reader that reads each key once: the traces of a storm ask for the same ones.
func Once(read func(key string) ([]*signal.Log, error)) func(key string) ([]*signal.Log, error) {
	known := make(map[string][]*signal.Log)
	return func(key string) ([]*signal.Log, error) {
		if logs, ok := known[key]; ok {
			return logs, nil
		}
		logs, err := read(key)
		if err == nil {
			known[key] = logs
		}
		return logs, err
	}
}

// appendLogged appends a record that is an error without a trace, and of the moment.
func appendLogged(logs []*signal.Log, m incident.Moment, l *signal.Log) []*signal.Log {
	if at := l.EventTime(); at < m.From || at > m.To || !failure.ContextOf(l).Trace.IsZero() {
		return logs
	}
	if _, isError := failure.FromLog(l); !isError {
		return logs
	}
	return append(logs, l)
}
