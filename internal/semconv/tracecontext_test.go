package semconv

import (
	"encoding/hex"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestLoggedContext(t *testing.T) {
	const trace, span = "3337cf658a2099a95d5e919291341c04", "6f4880031d9bd37e"
	const lower, zero = "0000000000000000" + "5d5e919291341c04", "00000000000000000000000000000000"
	const decimal, spanDecimal = "6727974952025463812", "8018799887403176830" // of the lower halves
	for name, c := range map[string]struct {
		fields      []string // names and values
		trace, span string
	}{
		"snake":                        {[]string{"trace_id", trace, "span_id", span}, trace, span},
		"camel":                        {[]string{"traceId", trace, "spanId", span}, trace, span},
		"ECS":                          {[]string{"trace.id", trace, "span.id", span}, trace, span},
		"upper case":                   {[]string{"TRACE_ID", "3337CF658A2099A95D5E919291341C04"}, trace, ""},
		"OpenTelemetry":                {[]string{"otelTraceID", trace, "otelSpanID", span}, trace, span},
		"OpenTelemetry outside a span": {[]string{"otelTraceID", "0", "otelSpanID", "0"}, "", ""},
		"zero":                         {[]string{"trace_id", zero, "span_id", span}, "", ""},
		"no trace":                     {[]string{"span_id", span}, "", ""},
		"too short":                    {[]string{"trace_id", trace[1:]}, "", ""},
		"no digits":                    {[]string{"trace_id", "zz37cf658a2099a95d5e919291341c04"}, "", ""},
		"bad in its last digit":        {[]string{"trace_id", trace[:31] + "-"}, "", ""},
		"UUID":                         {[]string{"trace_id", "3337cf65-8a20-99a9-5d5e-919291341c04"}, "", ""},
		"64 bits":                      {[]string{"traceId", trace[16:]}, lower, ""},
		"B3":                           {[]string{"X-B3-TraceId", trace, "X-B3-SpanId", span}, trace, span},
		"traceparent is the caller's":  {[]string{"traceparent", "00-" + trace + "-" + span + "-01"}, trace, ""},
		"bad traceparent":              {[]string{"traceparent", "00" + trace + "-" + span + "-01--"}, "", ""},
		"Datadog":                      {[]string{"dd.trace_id", decimal, "dd.span_id", spanDecimal}, lower, span},
		"Datadog, 128 bits":            {[]string{"dd.trace_id", trace, "dd.span_id", spanDecimal}, trace, span},
		"Datadog, none":                {[]string{"dd.trace_id", "0", "dd.span_id", "0"}, "", ""},
		"whole before half":            {[]string{"dd.trace_id", decimal, "dd.span_id", spanDecimal, "trace_id", trace}, trace, ""},
		"first of two":                 {[]string{"trace_id", trace, "traceId", zero[:31] + "1"}, trace, ""},
		"Serilog":                      {[]string{"@tr", trace, "@sp", span}, trace, span},
		"B3 in one":                    {[]string{"b3", trace + "-" + span + "-1"}, trace, span},
		"B3 in one, of 64 bits":        {[]string{"b3", trace[16:] + "-" + span + "-d-" + span}, lower, span},
		"B3's decision alone":          {[]string{"b3", "0"}, "", ""},
		"Google":                       {[]string{"logging.googleapis.com/trace", "projects/shop/traces/" + trace, "logging.googleapis.com/spanId", span}, trace, span},
		"Google's entry":               {[]string{"trace", "projects/shop/traces/" + trace}, trace, ""},
		"Google's header":              {[]string{"X-Cloud-Trace-Context", trace + "/8018799887403176830;o=1"}, trace, ""},
		"Google, outside of a trace":   {[]string{"logging.googleapis.com/trace", "projects/shop/traces/"}, "", ""},
		"X-Ray":                        {[]string{"xray_trace_id", "1-3337cf65-8a2099a95d5e919291341c04"}, trace, ""},
		"X-Ray as trace_id":            {[]string{"traceId", "1-3337cf65-8a2099a95d5e919291341c04"}, trace, ""},
		"X-Ray's header":               {[]string{"X-Amzn-Trace-Id", "Self=1-1-2;Root=1-3337cf65-8a2099a95d5e919291341c04;Parent=" + span + ";Sampled=1"}, trace, ""},
		"X-Ray's variable":             {[]string{"_X_AMZN_TRACE_ID", "Root=1-3337cf65-8a2099a95d5e919291341c04;Parent=" + span}, trace, ""},
		"X-Ray with a segment":         {[]string{"AWS-XRAY-TRACE-ID", "1-3337cf65-8a2099a95d5e919291341c04@" + span}, trace, ""},
		"bad X-Ray":                    {[]string{"xray_trace_id", "1-3337cf65-8a2099a95d5e919291341c04a"}, "", ""},
		"other":                        {[]string{"parent_trace_id", trace, "trace", trace}, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			var found LoggedContext
			for i := 0; i < len(c.fields); i += 2 {
				found.AddText(c.fields[i], c.fields[i+1])
			}
			got := found.Context()
			assert.Equal(t, c.trace, hexOrNone(got.Trace[:]))
			assert.Equal(t, c.span, hexOrNone(got.Span[:]))
		})
	}
}

func TestLoggedContextOfNumbers(t *testing.T) {
	var c LoggedContext
	c.AddNumber("dd.trace_id", 6727974952025463812)
	c.AddNumber("dd.span_id", 5)
	c.AddNumber("trace_id", 7)
	got := c.Context()
	assert.Equal(t, "00000000000000005d5e919291341c04", hex.EncodeToString(got.Trace[:]))
	assert.Equal(t, "0000000000000005", hex.EncodeToString(got.Span[:]))
}

func hexOrNone(id []byte) string {
	if isZero(id) {
		return ""
	}
	return hex.EncodeToString(id)
}

func FuzzLoggedContext(f *testing.F) {
	f.Add("trace_id", "3337cf658a2099a95d5e919291341c04")
	f.Add("traceparent", "00-3337cf658a2099a95d5e919291341c04-6f4880031d9bd37e-01")
	f.Add("dd.trace_id", "18446744073709551615")
	f.Add("X-Amzn-Trace-Id", "Root=1-3337cf65-8a2099a95d5e919291341c04;Sampled=1")
	f.Add("b3", "5d5e919291341c04-6f4880031d9bd37e-1")
	f.Add("trace", "projects/shop/traces/3337cf658a2099a95d5e919291341c04")
	f.Fuzz(func(t *testing.T, key, value string) {
		var c LoggedContext
		c.AddText(key, value)
		c.AddText("dd.span_id", value)
		once := c.Context()
		c.AddText(key, "00000000000000000000000000000001")
		if once.Trace != [16]byte{} {
			assert.Equal(t, once, c.Context(), "the first counts")
		}
	})
}
