package failure

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

func TestContextOf(t *testing.T) {
	const trace, span, other = "3337cf658a2099a95d5e919291341c04", "6f4880031d9bd37e", "410dd87b478c47c2ca6a9a3adc712392"
	for name, c := range map[string]struct {
		trace, span string         // of the record
		attributes  map[string]any // and its body
		body        any
		want        [2]string
	}{
		"none":                        {body: "no trace_id=" + trace, want: [2]string{"", ""}},
		"attributes":                  {attributes: map[string]any{"trace_id": trace, "span_id": span}, want: [2]string{trace, span}},
		"nested attributes":           {attributes: map[string]any{"mdc": map[string]any{"traceId": trace}}, want: [2]string{trace, ""}},
		"JSON":                        {body: `{"msg":"no","trace_id":"` + trace + `","span_id":"` + span + `"}`, want: [2]string{trace, span}},
		"JSON of ECS, nested":         {body: `{"message":"no","trace":{"id":"` + trace + `"},"span":{"id":"` + span + `"}}`, want: [2]string{trace, span}},
		"JSON of Datadog":             {body: `{"dd":{"trace_id":"5","span_id":7}}`, want: [2]string{"00000000000000000000000000000005", "0000000000000007"}},
		"JSON in a container's line":  {body: `{"log":"{\"trace_id\":\"` + trace + `\"}\n","stream":"stderr"}`, want: [2]string{trace, ""}},
		"fields of a body":            {body: map[string]any{"traceId": trace, "spanId": span}, want: [2]string{trace, span}},
		"attributes before a body":    {attributes: map[string]any{"trace_id": trace}, body: `{"trace_id":"` + other + `"}`, want: [2]string{trace, ""}},
		"the record's own":            {trace: other, span: span, attributes: map[string]any{"trace_id": trace}, want: [2]string{other, span}},
		"span of the record's trace":  {trace: trace, attributes: map[string]any{"trace_id": trace, "span_id": span}, want: [2]string{trace, span}},
		"span of another trace":       {trace: other, attributes: map[string]any{"trace_id": trace, "span_id": span}, want: [2]string{other, ""}},
		"not within a peer's objects": {body: `{"response":{"trace_id":"` + trace + `"}}`, want: [2]string{"", ""}},
	} {
		t.Run(name, func(t *testing.T) {
			ld := plog.NewLogs()
			l := ld.ResourceLogs().AppendEmpty().ScopeLogs().AppendEmpty().LogRecords().AppendEmpty()
			l.SetSeverityNumber(plog.SeverityNumberError)
			if c.trace != "" {
				id, err := signal.ParseTraceID(c.trace)
				require.NoError(t, err)
				l.SetTraceID(pcommon.TraceID(id))
			}
			if c.span != "" {
				id, err := signal.ParseSpanID(c.span)
				require.NoError(t, err)
				l.SetSpanID(pcommon.SpanID(id))
			}
			require.NoError(t, l.Attributes().FromRaw(c.attributes))
			require.NoError(t, l.Body().FromRaw(c.body))

			stored := ContextOf(signal.FromLogs(ld)[0])
			text := func(id interface{ MarshalText() ([]byte, error) }) string {
				b, err := id.MarshalText()
				require.NoError(t, err)
				return string(b)
			}
			assert.Equal(t, c.want, [2]string{text(stored.Trace), text(stored.Span)})
			assert.Equal(t, stored, ContextOfPdata(l))
			o, ok := FromPdataLog(Source{Service: "vat"}, l)
			require.True(t, ok)
			assert.Equal(t, [2]string{text(stored.Trace), text(stored.Span)}, [2]string{text(o.TraceID), text(o.SpanID)})
			assert.Equal(t, c.want[0] != "", Key(o) == c.want[0], "the key of its failure")
		})
	}
}
