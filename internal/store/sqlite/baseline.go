package sqlite

import (
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// HealthyTraces implements store.Signals.
func (s *Store) HealthyTraces(ctx context.Context, tenant, service, operation string, from, to time.Time, limit int) (keys []string, total int, err error) {
	err = s.read(ctx, func(v *view) error {
		all, err := v.entries(tenant, service, operation, from, to, v.withoutErrors())
		healthy := slices.DeleteFunc(all, func(e entry) bool { return !e.is })
		total = len(healthy)
		for _, e := range healthy[:min(limit, total)] {
			keys = append(keys, e.trace)
		}
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return keys, total, nil
}

// EntryStats implements store.Signals.
func (s *Store) EntryStats(ctx context.Context, tenant, service, operation string, from, to time.Time) (incident.EntryStats, error) {
	stats := incident.EntryStats{Service: service, Operation: operation}
	err := s.read(ctx, func(v *view) error {
		all, err := v.entries(tenant, service, operation, from, to,
			"EXISTS (SELECT 1 FROM failures f WHERE f.tenant = s.tenant AND f.key = s.trace_id AND f.outcome = 'failed')")
		stats.Traces = len(all)
		for _, e := range all {
			if e.is {
				stats.Failed++
			}
		}
		return err
	})
	return stats, err
}

// withoutErrors is the condition that no day has an error signal of span s' trace.
func (v *view) withoutErrors() string {
	var arms []string
	for _, d := range v.days {
		arms = append(arms, "NOT EXISTS (SELECT 1 FROM "+d.table(kindErrorSignals)+" e WHERE e.tenant = s.tenant AND e.key = s.trace_id)")
	}
	return strings.Join(arms, " AND ")
}

// entry is a trace in which a service ran an operation; is reports whether it meets the condition
// that was asked for.
type entry struct {
	trace string
	at    int64 // of the newest run
	is    bool
}

// entries lists the newest record.MostSamples traces in which the service ran the operation, newest
// first.
func (v *view) entries(tenant, service, operation string, from, to time.Time, condition string) ([]entry, error) {
	byTrace := map[string]entry{}
	for _, d := range v.days {
		if !d.overlaps(kindSpans, record.NanosOf(from), record.NanosOf(to)) {
			continue
		}
		err := v.query("SELECT trace_id, time, "+condition+" FROM "+d.table(kindSpans)+` s
			WHERE tenant = ? AND service = ? AND time >= ? AND time < ? AND name = ? AND trace_id <> ''
			ORDER BY time DESC, id DESC LIMIT ?`, func(r *row) error {
			e := entry{trace: r.text(), at: r.int(), is: r.bool()}
			if known, ok := byTrace[e.trace]; !ok || known.at < e.at {
				byTrace[e.trace] = e
			}
			return nil
		}, tenant, service, from, to, operation, record.MostSamples)
		if err != nil {
			return nil, err
		}
	}
	all := slices.SortedFunc(maps.Values(byTrace), func(a, b entry) int {
		return cmp.Or(cmp.Compare(b.at, a.at), strings.Compare(a.trace, b.trace))
	})
	return all[:min(len(all), record.MostSamples)], nil
}

// Points implements store.Signals. The points are read before the first is yielded, so that a slow
// consumer holds no snapshot.
func (s *Store) Points(ctx context.Context, tenant string, services []string, from, to time.Time, limit int) iter.Seq2[*signal.Point, error] {
	return func(yield func(*signal.Point, error) bool) {
		var points []record.Hit
		err := s.read(ctx, func(v *view) (err error) {
			points, err = v.points(tenant, services, from, to, limit)
			return err
		})
		if err != nil {
			yield(nil, err)
			return
		}
		for _, p := range points {
			if !yield(p.Point, nil) {
				return
			}
		}
	}
}

// points reads the newest points of each service, at most limit in all, oldest first.
func (v *view) points(tenant string, services []string, from, to time.Time, limit int) ([]record.Hit, error) {
	var all []record.Hit
	for _, service := range services {
		if len(all) >= limit {
			break
		}
		q, err := v.newSearch(tenant, store.SignalFilter{Kind: store.KindMetric, Service: service, From: from, To: to}, record.Endless, limit-len(all))
		if err != nil {
			return nil, err
		}
		hits, err := q.run()
		if err != nil {
			return nil, err
		}
		all = append(all, hits...)
	}
	record.OldestFirst(all)
	return all, nil
}
