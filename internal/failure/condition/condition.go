// Package condition finds error signals in pdata as the errors block of the processor and the
// exporter says: the default rules of package failure, extended or replaced by OTTL conditions.
// It never changes what it looks at: OTTL's editors are not available.
package condition

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottllog"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspan"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/contexts/ottlspanevent"
	"github.com/open-telemetry/opentelemetry-collector-contrib/pkg/ottl/ottlfuncs"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Detector finds error signals. It is safe for concurrent use.
type Detector struct {
	replace bool
	native  bool // no conditions: the default rules alone
	spans   rules[*ottlspan.TransformContext]
	events  rules[*ottlspanevent.TransformContext]
	logs    rules[*ottllog.TransformContext]
}

// New compiles conditions. Its errors begin with the key at fault, such as spans[0].
func New(c failure.Conditions, set component.TelemetrySettings) (*Detector, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	d := &Detector{replace: c.ReplaceDefaults, native: !c.Any()}
	if d.native {
		return d, nil
	}
	var err error
	if d.spans, err = compile("spans", c.Spans, set, ottlspan.NewParser, ottlspan.EnablePathContextNames()); err != nil {
		return nil, err
	}
	if d.events, err = compile("span_events", c.SpanEvents, set, ottlspanevent.NewParser, ottlspanevent.EnablePathContextNames()); err != nil {
		return nil, err
	}
	if d.logs, err = compile("logs", c.Logs, set, ottllog.NewParser, ottllog.EnablePathContextNames()); err != nil {
		return nil, err
	}
	return d, nil
}

// Validate reports whether the conditions compile.
func Validate(c failure.Conditions) error {
	_, err := New(c, component.TelemetrySettings{Logger: zap.NewNop()})
	return err
}

// Span appends the error signals of a span: the span itself, and each of its events that is one.
func (d *Detector) Span(
	ctx context.Context, dst []failure.Observed, src failure.Source, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span,
) []failure.Observed {
	if d.native {
		return failure.FromPdataSpan(dst, src, span)
	}
	if !d.replace && failure.IsPdataSpanError(span) || d.matchSpan(ctx, rs, ss, span) {
		dst = append(dst, failure.ObservePdataSpan(src, span))
	}
	for _, event := range span.Events().All() {
		if !d.replace && failure.IsPdataEventError(span, event) || d.matchEvent(ctx, rs, ss, span, event) {
			dst = append(dst, failure.ObservePdataEvent(src, span, event))
		}
	}
	return dst
}

// Log returns the error signal of a log record. The project's own events are never one, whatever
// the conditions say.
func (d *Detector) Log(
	ctx context.Context, src failure.Source, rl plog.ResourceLogs, sl plog.ScopeLogs, record plog.LogRecord,
) (failure.Observed, bool) {
	if !d.replace {
		if o, ok := failure.FromPdataLog(src, record); ok || d.native {
			return o, ok
		}
	}
	if failure.IsOwnEvent(record.EventName()) || !d.matchLog(ctx, rl, sl, record) {
		return failure.Observed{}, false
	}
	return failure.ObservePdataLog(src, record), true
}

// LogError is an error signal of a request's logs, with the places of its records among those of the request
// that are none of the project's own events: a stack that arrived one record a line is one error.
type LogError struct {
	failure.Observed
	Places []int
}

// Logs finds the error signals of a request's logs. Where conditions are configured, each record is by itself
// what they say.
func (d *Detector) Logs(ctx context.Context, ld plog.Logs) []LogError {
	var found []LogError
	place, isTorn := 0, false
	for _, rl := range ld.ResourceLogs().All() {
		source := failure.SourceOf(rl.Resource())
		for _, sl := range rl.ScopeLogs().All() {
			for _, record := range sl.LogRecords().All() {
				if failure.IsOwnEvent(record.EventName()) {
					continue
				}
				if o, ok := d.Log(ctx, source, rl, sl, record); ok {
					found = append(found, LogError{o, []int{place}})
				}
				if n := len(found); d.native && !isTorn && n > 0 && place-found[n-1].Places[0] < maxLines {
					isTorn = failure.IsPdataLine(record)
				}
				place++
			}
		}
	}
	if isTorn {
		return joinStacks(ld, found)
	}
	return found
}

// maxLines bounds how many records after an error are looked at for lines of its stack.
const maxLines = 1024

// joinStacks makes one error of those that are lines of one stack.
func joinStacks(ld plog.Logs, found []LogError) []LogError {
	logs := slices.DeleteFunc(signal.FromLogs(ld), func(l *signal.Log) bool { return failure.IsOwnEvent(l.EventName) })
	places := make(map[*signal.Log]int, len(logs))
	for i, l := range logs {
		places[l] = i
	}
	slices.SortStableFunc(logs, func(a, b *signal.Log) int { return cmp.Compare(a.EventTime(), b.EventTime()) })
	stackAt := make(map[int]int)
	stacks := failure.JoinStacks(logs)
	for i, s := range stacks {
		for _, l := range s.Lines {
			stackAt[places[l]] = i
		}
	}
	var joined []LogError
	done := make(map[int]bool)
	for _, f := range found {
		i, isLine := stackAt[f.Places[0]]
		switch {
		case !isLine:
			joined = append(joined, f)
		case !done[i]:
			done[i] = true
			whole := LogError{Observed: stacks[i].Observe()}
			for _, l := range stacks[i].Lines {
				whole.Places = append(whole.Places, places[l])
			}
			joined = append(joined, whole)
		}
	}
	return joined
}

func (d *Detector) matchSpan(ctx context.Context, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span) bool {
	if len(d.spans) == 0 {
		return false
	}
	t := ottlspan.NewTransformContextPtr(rs, ss, span)
	defer t.Close()
	return d.spans.match(ctx, t)
}

func (d *Detector) matchEvent(
	ctx context.Context, rs ptrace.ResourceSpans, ss ptrace.ScopeSpans, span ptrace.Span, event ptrace.SpanEvent,
) bool {
	if len(d.events) == 0 {
		return false
	}
	t := ottlspanevent.NewTransformContextPtr(rs, ss, span, event)
	defer t.Close()
	return d.events.match(ctx, t)
}

func (d *Detector) matchLog(ctx context.Context, rl plog.ResourceLogs, sl plog.ScopeLogs, record plog.LogRecord) bool {
	if len(d.logs) == 0 {
		return false
	}
	t := ottllog.NewTransformContextPtr(rl, sl, record)
	defer t.Close()
	return d.logs.match(ctx, t)
}

// rules are conditions of one context, any of which makes an error signal.
type rules[K any] []*rule[K]

type rule[K any] struct {
	key       string
	condition *ottl.Condition[K]
	logger    *zap.Logger
	failed    atomic.Bool
}

func (rs rules[K]) match(ctx context.Context, t K) bool {
	for _, r := range rs {
		ok, err := r.condition.Eval(ctx, t)
		if err != nil && r.failed.CompareAndSwap(false, true) {
			r.logger.Warn("An error condition cannot be evaluated on some signals and counts as not met there; said once",
				zap.String("key", "errors."+r.key), zap.Error(err))
		}
		if err == nil && ok {
			return true
		}
	}
	return false
}

// compile takes paths with their context's name (span.name) and without (name).
func compile[K any](
	key string, conditions []string, set component.TelemetrySettings,
	newParser func(map[string]ottl.Factory[K], component.TelemetrySettings, ...ottl.Option[K]) (ottl.Parser[K], error),
	named ottl.Option[K],
) (rules[K], error) {
	if len(conditions) == 0 {
		return nil, nil
	}
	functions := ottlfuncs.StandardConverters[K]()
	bare, err := newParser(functions, set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	prefixed, err := newParser(functions, set, named)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", key, err)
	}
	compiled := make(rules[K], 0, len(conditions))
	for i, text := range conditions {
		at := fmt.Sprintf("%s[%d]", key, i)
		condition, err := prefixed.ParseCondition(text)
		if err != nil {
			var bareErr error
			if condition, bareErr = bare.ParseCondition(text); bareErr != nil {
				return nil, fmt.Errorf("%s: not an OTTL condition: %w", at, bareErr)
			}
		}
		compiled = append(compiled, &rule[K]{key: at, condition: condition, logger: set.Logger})
	}
	return compiled, nil
}
