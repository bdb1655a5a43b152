package rcaexporter

import (
	"context"
	"fmt"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Names of the project's own log events and of their attributes.
const (
	eventFailure = "prodsentinel.failure"
	eventAlert   = "prodsentinel.alert"
	eventOther   = "other" // as counted

	attrFailureKey       = "prodsentinel.failure.key"
	attrConditionsDigest = "prodsentinel.failure.conditions_digest"
)

// act takes up the failures that events report, and returns the changes they carry.
func (e *rcaExporter) act(ctx context.Context, events []*signal.Log) []incident.Change {
	var changes []incident.Change
	for _, event := range events {
		switch event.EventName {
		case eventFailure:
			e.report(event)
		case incident.ChangeEvent:
			changes = append(changes, incident.ChangeOf(event))
		case eventAlert:
			e.dropped(ctx, eventAlert)
		default:
			e.dropped(ctx, eventOther)
		}
	}
	return changes
}

// dropped counts an event that this version has no use for. Names from outside never become
// attribute values: they have no bound.
func (e *rcaExporter) dropped(ctx context.Context, event string) {
	e.telemetry.RcaEventsDropped.Add(ctx, 1, metric.WithAttributes(attribute.String("event", event)))
}

// report takes up a failure report. Its key is the only thing it is believed, once a stored error
// signal has it.
func (e *rcaExporter) report(event *signal.Log) {
	if key := event.Attributes.Str(attrFailureKey); key != "" {
		e.reports.add(failureID{noTenant, key}, event.Attributes.Str(attrConditionsDigest))
	}
}

// compareConditions turns health recoverable while the processor that reported last goes by other
// conditions than the exporter: one of them would miss what the other sees.
func (e *rcaExporter) compareConditions(theirs string) {
	if theirs == "" {
		return
	}
	if theirs == e.digest {
		e.health.set(problemConditions, nil)
		return
	}
	err := fmt.Errorf("errors, quiet_period and max_wait differ between the trace_correlation processor (digest %q) and the rca exporter (digest %q): make them equal", theirs, e.digest)
	if e.health.set(problemConditions, err) {
		e.log.Warn("conditions differ", zap.Error(err))
	}
}
