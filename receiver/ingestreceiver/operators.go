package ingestreceiver

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/entry"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/operator/helper"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/stanza/pipeline"
	"go.opentelemetry.io/collector/component"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// operators runs log records through a stanza pipeline, one at a time.
type operators struct {
	pipeline *pipeline.DirectedPipeline
	first    operator.Operator
	logger   *zap.Logger
}

// newOperators returns nil where there are none.
func newOperators(configs []operator.Config, set component.TelemetrySettings) (*operators, error) {
	if len(configs) == 0 {
		return nil, nil
	}
	logger := set.Logger
	set.Logger = zap.NewNop() // operators log every record that they fail on, with its attributes
	output, err := helper.NewOutputConfig("prodsentinel_output", "output").Build(set)
	if err != nil {
		return nil, err
	}
	built, err := pipeline.Config{Operators: configs, DefaultOutput: &sink{OutputOperator: output}}.Build(set)
	if err != nil {
		return nil, err
	}
	all := built.Operators()
	first := slices.IndexFunc(all, func(op operator.Operator) bool { return op.ID() == configs[0].ID() })
	return &operators{pipeline: built, first: all[first], logger: logger}, nil
}

func (o *operators) start() error { return o.pipeline.Start(nil) }

func (o *operators) stop() error { return o.pipeline.Stop() }

// run returns what the operators make of l: mostly one record.
func (o *operators) run(ctx context.Context, l *signal.Log, rs *resources) ([]*signal.Log, *fieldError) {
	var out []*entry.Entry
	err := o.first.Process(context.WithValue(ctx, sinkKey{}, &out), toEntry(l))
	if len(out) == 0 {
		reason := "dropped by logs.operators"
		if err != nil {
			reason += ": " + shorten(err.Error())
		}
		return nil, &fieldError{reason: reason}
	}
	if err != nil { // on_error: send, the default
		o.logger.Debug("An operator failed; the record was kept as it was", zap.Error(err))
	}
	logs := make([]*signal.Log, len(out))
	for i, e := range out {
		var failed *fieldError
		if logs[i], failed = fromEntry(e, l, rs); failed != nil {
			return nil, failed
		}
	}
	return logs, nil
}

// sink is the end of every pipeline: it hands entries to whoever runs the pipeline.
type sink struct{ helper.OutputOperator }

type sinkKey struct{}

// Process keeps the entry for operators.run.
func (*sink) Process(ctx context.Context, e *entry.Entry) error {
	out := ctx.Value(sinkKey{}).(*[]*entry.Entry)
	*out = append(*out, e)
	return nil
}

// ProcessBatch keeps the entries for operators.run.
func (s *sink) ProcessBatch(ctx context.Context, entries []*entry.Entry) error {
	for _, e := range entries {
		_ = s.Process(ctx, e)
	}
	return nil
}

func toEntry(l *signal.Log) *entry.Entry {
	e := &entry.Entry{
		ObservedTimestamp: l.ObservedTime.Time(),
		Body:              toAny(l.Body),
		Attributes:        toAnyMap(l.Attributes),
		Resource:          toAnyMap(l.Resource.Attributes),
		Severity:          entry.Severity(l.Severity), // the numbers are OpenTelemetry's
		SeverityText:      l.SeverityText,
	}
	if l.Time != 0 {
		e.Timestamp = l.Time.Time()
	}
	if !l.TraceID.IsZero() {
		e.TraceID = l.TraceID[:]
	}
	if !l.SpanID.IsZero() {
		e.SpanID = l.SpanID[:]
	}
	return e
}

// fromEntry checks what operators may have found wrong or not at all.
func fromEntry(e *entry.Entry, l *signal.Log, rs *resources) (*signal.Log, *fieldError) {
	out := &signal.Log{
		Resource:     rs.share(fromAnyMap(e.Resource)),
		Scope:        &signal.Scope{Name: e.ScopeName},
		ObservedTime: l.ObservedTime,
		Severity:     int32(e.Severity), //nolint:gosec // 0 to 24
		SeverityText: e.SeverityText,
		Body:         fromAny(e.Body),
		Attributes:   fromAnyMap(e.Attributes),
	}
	if !e.Timestamp.IsZero() {
		out.Time = signal.NanosOf(e.Timestamp)
	}
	if len(e.TraceFlags) > 0 {
		out.Flags = uint32(e.TraceFlags[0])
	}
	// Parsers take any length; zeros are how programs print that there is no trace.
	if n := copy(out.TraceID[:], e.TraceID); len(e.TraceID) != 0 && (n != len(e.TraceID) || n != len(out.TraceID)) {
		return nil, &fieldError{"trace_id", fmt.Sprintf("logs.operators found %d bytes, want %d", len(e.TraceID), len(out.TraceID))}
	}
	if n := copy(out.SpanID[:], e.SpanID); len(e.SpanID) != 0 && (n != len(e.SpanID) || n != len(out.SpanID)) {
		return nil, &fieldError{"span_id", fmt.Sprintf("logs.operators found %d bytes, want %d", len(e.SpanID), len(out.SpanID))}
	}
	if out.Resource.Attributes.Str(serviceName) == "" {
		return nil, &fieldError{"service", "missing, and logs.operators set no resource[\"service.name\"]"}
	}
	if out.Severity == 0 {
		return nil, &fieldError{"level", "missing, and logs.operators set no severity"}
	}
	return out, nil
}

func toAnyMap(m signal.Map) map[string]any {
	if m == nil {
		return nil
	}
	out := make(map[string]any, len(m))
	for _, kv := range m {
		out[kv.Key] = toAny(kv.Value)
	}
	return out
}

func toAny(v signal.Value) any {
	switch d := v.Data.(type) {
	case []signal.Value:
		list := make([]any, len(d))
		for i := range d {
			list[i] = toAny(d[i])
		}
		return list
	case signal.Map:
		return toAnyMap(d)
	default:
		return d
	}
}

// fromAnyMap sorts by key: operators keep no order.
func fromAnyMap(m map[string]any) signal.Map {
	if len(m) == 0 {
		return nil
	}
	out := make(signal.Map, 0, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		out = append(out, signal.KeyValue{Key: key, Value: fromAny(m[key])})
	}
	return out
}

func fromAny(v any) signal.Value {
	switch d := v.(type) {
	case nil, string, bool, int64, float64, []byte:
		return signal.Value{Data: d}
	case int:
		return signal.Value{Data: int64(d)}
	case []string:
		list := make([]signal.Value, len(d))
		for i := range d {
			list[i] = signal.Value{Data: d[i]}
		}
		return signal.Value{Data: list}
	case []any:
		list := make([]signal.Value, len(d))
		for i := range d {
			list[i] = fromAny(d[i])
		}
		return signal.Value{Data: list}
	case map[string]any:
		if m := fromAnyMap(d); m != nil {
			return signal.Value{Data: m}
		}
		return signal.Value{Data: signal.Map{}}
	default:
		return signal.Value{Data: fmt.Sprint(d)}
	}
}
