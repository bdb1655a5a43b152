package sqlite

import (
	"context"
	"iter"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// HealthyTraces implements store.Signals.
func (s *Store) HealthyTraces(ctx context.Context, tenant, service, operation string, from, to time.Time, limit int) (keys []string, total int, err error) {
	err = s.read(ctx, func(v *view) error {
		all, err := v.entries(tenant, service, operation, from, to, v.withoutErrors())
		keys, total = all[:min(limit, len(all))], len(all)
		return err
	})
	if err != nil {
		return nil, 0, err
	}
	return slices.Clone(keys), total, nil
}

// EntryStats implements store.Signals.
func (s *Store) EntryStats(ctx context.Context, tenant, service, operation string, from, to time.Time) (incident.EntryStats, error) {
	stats := incident.EntryStats{Service: service, Operation: operation}
	err := s.read(ctx, func(v *view) error {
		all, err := v.entries(tenant, service, operation, from, to, "")
		if err != nil {
			return err
		}
		failed, err := v.entries(tenant, service, operation, from, to,
			" AND EXISTS (SELECT 1 FROM failures f WHERE f.tenant = s.tenant AND f.key = s.trace_id AND f.outcome = 'failed')")
		stats.Traces, stats.Failed = len(all), len(failed)
		return err
	})
	return stats, err
}

// withoutErrors is the condition that no day has an error signal of span s' trace.
func (v *view) withoutErrors() string {
	var b strings.Builder
	for _, d := range v.days {
		b.WriteString(" AND NOT EXISTS (SELECT 1 FROM " + d.table(kindErrorSignals) + " e WHERE e.tenant = s.tenant AND e.key = s.trace_id)")
	}
	return b.String()
}

// entries lists the newest mostSamples traces in which the service ran the operation, newest
// first.
func (v *view) entries(tenant, service, operation string, from, to time.Time, condition string) ([]string, error) {
	newest := map[string]int64{}
	for _, d := range v.days {
		if !d.overlaps(kindSpans, nanosOf(from), nanosOf(to)) {
			continue
		}
		err := v.query("SELECT trace_id, max(time) AS newest FROM "+d.table(kindSpans)+` s
			WHERE tenant = ? AND service = ? AND time >= ? AND time < ? AND name = ? AND trace_id <> ''`+condition+`
			GROUP BY trace_id ORDER BY newest DESC LIMIT ?`, func(r *row) error {
			trace, at := r.text(), r.int()
			newest[trace] = max(newest[trace], at)
			return nil
		}, tenant, service, from, to, operation, mostSamples)
		if err != nil {
			return nil, err
		}
	}
	traces := make([]string, 0, len(newest))
	for trace := range newest {
		traces = append(traces, trace)
	}
	slices.SortFunc(traces, func(a, b string) int {
		if newest[a] != newest[b] {
			return int(max(-1, min(1, newest[b]-newest[a])))
		}
		return strings.Compare(a, b)
	})
	return traces[:min(len(traces), mostSamples)], nil
}

// Points implements store.Signals. The points are read before the first is yielded, so that a slow
// consumer holds no snapshot.
func (s *Store) Points(ctx context.Context, tenant string, services []string, from, to time.Time, limit int) iter.Seq2[*signal.Point, error] {
	return func(yield func(*signal.Point, error) bool) {
		var points []found
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
func (v *view) points(tenant string, services []string, from, to time.Time, limit int) ([]found, error) {
	var all []found
	for _, service := range services {
		if len(all) >= limit {
			break
		}
		q, err := v.search(tenant, store.SignalFilter{Kind: store.KindMetric, Service: service, From: from, To: to}, endless, limit-len(all))
		if err != nil {
			return nil, err
		}
		hits, err := q.run()
		if err != nil {
			return nil, err
		}
		all = append(all, hits...)
	}
	slices.SortFunc(all, func(a, b found) int {
		if before(b.position, a.position) {
			return -1
		}
		return 1
	})
	return all, nil
}
