package rcaexporter

import (
	"context"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/cost"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/requester"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// noTenant is the tenant of every signal while tenancy is off. What a signal or event says of
// its tenant is never believed.
const noTenant = ""

func (e *rcaExporter) consumeTraces(ctx context.Context, td ptrace.Traces) error {
	size := cost.OfTraces(td)
	if err := e.admit(ctx, size); err != nil {
		return err
	}
	spans := signal.FromTraces(td)
	signal.IdentifySpans(noTenant, spans)
	batch := store.Batch{Tenant: noTenant, Source: requester.Of(ctx), Spans: spans, Errors: e.errorsOfTraces(ctx, td)}
	return e.store(ctx, batch, size)
}

// consumeLogs stores log records; events of the project's own are acted on instead.
func (e *rcaExporter) consumeLogs(ctx context.Context, ld plog.Logs) error {
	size := cost.OfLogs(ld)
	if err := e.admit(ctx, size); err != nil {
		return err
	}
	logs, own := splitOwn(signal.FromLogs(ld))
	signal.IdentifyLogs(noTenant, logs)
	batch := store.Batch{Tenant: noTenant, Source: requester.Of(ctx), Logs: logs, Errors: e.errorsOfLogs(ctx, ld, logs), Changes: e.act(ctx, own)}
	return e.store(ctx, batch, size)
}

func (e *rcaExporter) consumeMetrics(ctx context.Context, md pmetric.Metrics) error {
	size := cost.OfMetrics(md)
	if err := e.admit(ctx, size); err != nil {
		return err
	}
	points := signal.FromMetrics(md)
	signal.IdentifyPoints(noTenant, points)
	batch := store.Batch{Tenant: noTenant, Source: requester.Of(ctx), Points: points}
	return e.store(ctx, batch, size)
}

// splitOwn separates the project's own events from all other records, both in order.
func splitOwn(all []*signal.Log) (logs, own []*signal.Log) {
	logs = all[:0]
	for _, l := range all {
		if failure.IsOwnEvent(l.EventName) {
			own = append(own, l)
		} else {
			logs = append(logs, l)
		}
	}
	return logs, own
}
