package tracecorrelationprocessor

import (
	"context"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor/internal/metadata"
)

// tally is what one batch adds to the metrics.
type tally struct{ errors, debounced, evicted int64 }

func (t tally) record(ctx context.Context, b *metadata.TelemetryBuilder) {
	add(ctx, b.TraceCorrelationErrors, t.errors)
	add(ctx, b.TraceCorrelationErrorsDebounced, t.debounced)
	add(ctx, b.TraceCorrelationGroupsEvicted, t.evicted)
}

func add(ctx context.Context, counter metric.Int64Counter, n int64) {
	if n > 0 {
		counter.Add(ctx, n)
	}
}

func reasonAttribute(r reason) metric.MeasurementOption {
	return metric.WithAttributes(attribute.String("reason", string(r)))
}
