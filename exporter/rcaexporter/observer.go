package rcaexporter

import (
	"context"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/incident"
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
