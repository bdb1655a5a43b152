package tracecorrelationprocessor

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"
	semconv "go.opentelemetry.io/otel/semconv/v1.40.0"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor/internal/metadata"
)

// reason says why a failure is reported when it is.
type reason string

const (
	reasonQuiet    reason = "quiet"
	reasonMaxWait  reason = "max_wait"
	reasonTrailing reason = "debounce_window"
	reasonEviction reason = "eviction"
	reasonShutdown reason = "shutdown"
)

// tenant of all failures while there is only one.
const tenant = ""

// report is what is sent of a group; a copy, so that the group may change meanwhile.
type report struct {
	group  *group // nil where it was let go
	key    string
	caller *caller
	reason reason
	// unasked reports are not debounced: they follow one of their window.
	unasked bool
	// claimed tells that the report opened a debounce window, to be closed if it cannot be sent.
	claimed bool

	trace       signal.TraceID
	errors      int
	unreported  int
	services    []string
	first, last signal.Nanos
	origin      origin
}

func newReport(g *group, why reason) *report {
	services := slices.Clone(g.services)
	slices.Sort(services)
	return &report{
		group: g, key: g.key.String(), caller: g.caller, reason: why,
		trace: g.key.trace, errors: g.counter.Count(), unreported: g.unreported,
		services: services, first: g.first, last: g.last, origin: g.origin,
	}
}

// encode makes one request of reports that have the same caller.
func encode(reports []*report, digest string, now time.Time) plog.Logs {
	ld := plog.NewLogs()
	byService := map[string]plog.LogRecordSlice{}
	for _, r := range reports {
		records, known := byService[r.origin.service]
		if !known {
			rl := ld.ResourceLogs().AppendEmpty()
			rl.Resource().Attributes().PutStr(string(semconv.ServiceNameKey), r.origin.service)
			sl := rl.ScopeLogs().AppendEmpty()
			sl.Scope().SetName(metadata.ScopeName)
			records = sl.LogRecords()
			byService[r.origin.service] = records
		}
		r.encode(records.AppendEmpty(), digest, now)
	}
	return ld
}

func (r *report) encode(l plog.LogRecord, digest string, now time.Time) {
	l.SetEventName("prodsentinel.failure")
	l.SetTimestamp(pcommon.NewTimestampFromTime(now))
	l.SetObservedTimestamp(pcommon.NewTimestampFromTime(now))
	l.SetTraceID(pcommon.TraceID(r.trace))
	l.SetSpanID(pcommon.SpanID(r.origin.span))
	l.SetSeverityNumber(plog.SeverityNumberError)
	l.SetSeverityText("ERROR")
	l.Body().SetStr(r.sentence())

	a := l.Attributes()
	a.PutStr("prodsentinel.failure.key", r.key)
	a.PutStr("prodsentinel.failure.reason", string(r.reason))
	a.PutInt("prodsentinel.failure.error_count", int64(r.errors))
	services := a.PutEmptySlice("prodsentinel.failure.services")
	for _, s := range r.services {
		services.AppendEmpty().SetStr(s)
	}
	a.PutStr("prodsentinel.failure.first_error_time", rfc3339(r.first))
	a.PutStr("prodsentinel.failure.last_error_time", rfc3339(r.last))
	a.PutStr("prodsentinel.failure.conditions_digest", digest)
	a.PutStr("prodsentinel.origin.service", r.origin.service)
	a.PutStr("prodsentinel.origin.operation", r.origin.operation)
	a.PutStr("prodsentinel.origin.error_type", r.origin.errorType)
	a.PutStr("prodsentinel.origin.message", r.origin.message)
	a.PutStr("prodsentinel.tenant", tenant)
}

// sentence is the report for a reader of logs.
func (r *report) sentence() string {
	var b strings.Builder
	if r.trace.IsZero() {
		fmt.Fprintf(&b, "Failure without a trace: %s", plural(r.errors, "error signal"))
	} else {
		fmt.Fprintf(&b, "Trace %s failed: %s", r.key, plural(r.errors, "error signal"))
	}
	fmt.Fprintf(&b, " in %s; the first known in %s", strings.Join(r.services, ", "), r.origin.service)
	for _, part := range []struct{ lead, text string }{
		{" at ", r.origin.operation}, {": ", r.origin.errorType}, {": ", r.origin.message},
	} {
		if part.text != "" {
			b.WriteString(part.lead + part.text)
		}
	}
	return b.String()
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// rfc3339 is empty where no error had a time.
func rfc3339(n signal.Nanos) string {
	if n == 0 {
		return ""
	}
	return n.Time().Format(time.RFC3339Nano)
}
