package otlpscan_test

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/pmetric/pmetricotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
)

// shipped are the limits of the shipped configurations.
func shipped() otlpscan.Limits { return otlpscan.DefaultLimits() }

// usualSpans are n spans of one resource, each with ten attributes.
func usualSpans(n int) ptrace.Traces {
	td := ptrace.NewTraces()
	rs := td.ResourceSpans().AppendEmpty()
	rs.Resource().Attributes().PutStr("service.name", "payment")
	for i := range 7 {
		rs.Resource().Attributes().PutStr(fmt.Sprintf("resource.attribute.%d", i), "a value of usual length")
	}
	spans := rs.ScopeSpans().AppendEmpty().Spans()
	for i := range n {
		s := spans.AppendEmpty()
		id := fmt.Sprintf("%012d%04d", n, i%10_000)
		s.SetTraceID([16]byte([]byte(id)))
		s.SetSpanID([8]byte([]byte(id[8:])))
		s.SetName("GET /inventory/{item_id}")
		s.SetKind(ptrace.SpanKindServer)
		s.SetStartTimestamp(1_700_000_000_000_000_000)
		s.SetEndTimestamp(1_700_000_000_001_000_000)
		for a := range 9 {
			s.Attributes().PutStr(fmt.Sprintf("span.attribute.%d", a), fmt.Sprintf("value %d", i))
		}
		s.Attributes().PutInt("http.response.status_code", 200)
	}
	return td
}

func newTraces() request  { return ptraceotlp.NewExportRequest() }
func newLogs() request    { return plogotlp.NewExportRequest() }
func newMetrics() request { return pmetricotlp.NewExportRequest() }
