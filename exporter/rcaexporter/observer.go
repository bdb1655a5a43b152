package rcaexporter

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// observer counts what the workers do.
func (e *rcaExporter) observer(ctx context.Context) analysis.Observer {
	return analysis.Observer{
		Classified: func(c incident.Classification) {
			e.telemetry.RcaClassified.Add(ctx, 1, metric.WithAttributes(attribute.String("state", string(c.State))))
		},
		ClassifyTook: func(d time.Duration) { e.telemetry.RcaClassifyDuration.Record(ctx, d.Seconds()) },
		Analysed:     func(d time.Duration, _ bool) { e.telemetry.RcaAnalyseDuration.Record(ctx, d.Seconds()) },
		Reported:     func(d time.Duration) { e.telemetry.RcaReportDelay.Record(ctx, d.Seconds()) },
		Opened:       func(n int) { e.telemetry.RcaIncidentsOpened.Add(ctx, int64(n)) },
		Concluded: func(v incident.Verdict, sinceFirstError time.Duration) {
			e.telemetry.RcaReports.Add(ctx, 1, metric.WithAttributes(attribute.String("verdict", string(v))))
			if sinceFirstError > 0 {
				e.telemetry.RcaFirstReportDelay.Record(ctx, sinceFirstError.Seconds())
			}
		},
		Failed: func(stage string) {
			e.telemetry.RcaWorkFailed.Add(ctx, 1, metric.WithAttributes(attribute.String("stage", stage)))
		},
		Working: func(loop string, problem error) {
			if problem != nil {
				problem = fmt.Errorf("workers cannot work: %w", problem)
			}
			e.health.set(problemOfWorker(loop), problem)
		},
		Orphaned: func(n int) { e.telemetry.RcaFailuresOrphaned.Add(ctx, int64(n)) },
	}
}

// maxIncidentSeries bounds the series of active incidents; the rest is counted without service and category.
const maxIncidentSeries = 500

// observeIncidents counts the active incidents whenever metrics are collected. What the store cannot tell is left out:
// its condition is told elsewhere.
func observeIncidents(s store.Notifications) metric.Int64Callback {
	return func(ctx context.Context, o metric.Int64Observer) error {
		counts, err := s.IncidentCounts(ctx)
		if err != nil {
			return nil //nolint:nilerr // see above
		}
		rest := map[incident.Severity]int64{}
		for i, c := range counts {
			if i >= maxIncidentSeries {
				rest[c.Severity] += c.Count
				continue
			}
			o.Observe(c.Count, metric.WithAttributes(attribute.String("severity", string(c.Severity)), attribute.String("service", c.Service),
				attribute.String("category", string(c.Category)), attribute.Bool("routine", c.Routine)))
		}
		for severity, n := range rest {
			o.Observe(n, metric.WithAttributes(attribute.String("severity", string(severity))))
		}
		return nil
	}
}
