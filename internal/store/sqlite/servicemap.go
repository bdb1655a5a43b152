package sqlite

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/record"
)

// Services implements store.Signals.
func (s *Store) Services(ctx context.Context, tenant string, from, to time.Time) (store.ServiceMap, error) {
	var m store.ServiceMap
	err := s.search(ctx, func(v *view) (err error) {
		m, err = v.serviceMap(tenant, record.NanosOf(from), record.UntilOf(to))
		return err
	})
	return m, err
}

// served is one entry span of a service.
type served struct {
	caller   string
	failed   bool
	duration int64
}

func (v *view) serviceMap(tenant string, from, to int64) (store.ServiceMap, error) {
	m := store.ServiceMap{Services: []store.ServiceStats{}, Calls: []store.EdgeStats{}}
	names, err := v.allServices(tenant, from, to)
	if err != nil {
		return m, err
	}
	for _, service := range names {
		spans, err := v.served(tenant, service, from, to)
		if err != nil {
			return m, err
		}
		m.Services = append(m.Services, statsOf(service, spans))
		m.Calls = append(m.Calls, edgesOf(service, spans)...)
	}
	return m, nil
}

func (v *view) allServices(tenant string, from, to int64) ([]string, error) {
	var names []string
	for _, d := range v.days {
		if !d.overlaps(kindSpans, from, to) {
			continue
		}
		found, err := v.services(d, kindSpans, tenant)
		if err != nil {
			return nil, err
		}
		for _, name := range found {
			a := answering{view: &view{conn: v.conn, days: []day{d}}, tenant: tenant}
			inWindow, err := a.has(kindSpans, name, from, to-1)
			if err != nil {
				return nil, err
			}
			if inWindow {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

// served reads a service's entry spans with the service of the span that called them.
func (v *view) served(tenant, service string, from, to int64) ([]served, error) {
	var spans []served
	seen := map[string]bool{}
	for _, d := range v.days {
		if !d.overlaps(kindSpans, from, to) {
			continue
		}
		t := d.table(kindSpans)
		err := v.query("SELECT s.id, s.status_code = 2, coalesce("+record.Took+`, -1),
				(SELECT p.service FROM `+t+` p WHERE p.tenant = s.tenant AND p.trace_id = s.trace_id AND p.span_id = s.parent_span_id AND s.parent_span_id <> '' LIMIT 1)
			FROM `+t+` s WHERE tenant = ? AND service = ? AND time >= ? AND time < ? AND kind IN (2, 5) ORDER BY time DESC, id DESC LIMIT ?`, func(r *row) error {
			if id := r.text(); !seen[id] {
				seen[id] = true
				spans = append(spans, served{failed: r.bool(), duration: r.int(), caller: r.text()})
			}
			return nil
		}, tenant, service, from, to, record.MostServed)
		if err != nil {
			return nil, err
		}
	}
	return spans, nil
}

func statsOf(service string, spans []served) store.ServiceStats {
	stats := store.ServiceStats{Service: service, Spans: len(spans)}
	if len(spans) == 0 {
		return stats
	}
	var durations []int64
	for _, s := range spans {
		if s.duration >= 0 {
			durations = append(durations, s.duration)
		}
		if s.failed {
			stats.Errors++
		}
	}
	slices.Sort(durations)
	stats.ErrorShare = float64(stats.Errors) / float64(len(spans))
	stats.P50, stats.P99 = percentile(durations, 50), percentile(durations, 99)
	return stats
}

// percentile of sorted values by the nearest rank, 0 of none.
func percentile(sorted []int64, p int) int64 {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[max(0, (len(sorted)*p+99)/100-1)]
}

func edgesOf(service string, spans []served) []store.EdgeStats {
	byCaller := map[string]*store.EdgeStats{}
	for _, s := range spans {
		if s.caller == "" || s.caller == service {
			continue
		}
		e := byCaller[s.caller]
		if e == nil {
			e = &store.EdgeStats{From: s.caller, To: service}
			byCaller[s.caller] = e
		}
		e.Calls++
		if s.failed {
			e.Errors++
		}
	}
	edges := make([]store.EdgeStats, 0, len(byCaller))
	for _, e := range byCaller {
		edges = append(edges, *e)
	}
	slices.SortFunc(edges, func(a, b store.EdgeStats) int { return strings.Compare(a.From, b.From) })
	return edges
}
