package semconv

import (
	"encoding/hex"
	"strconv"
	"strings"
)

// TraceContext is the trace and the span that a record belongs to. What is zero is not known.
type TraceContext struct {
	Trace [16]byte
	Span  [8]byte
}

// LoggedContext collects the trace context that loggers and tracers put among the fields of a log
// record. The zero value is ready to use. Nothing of it allocates.
type LoggedContext struct {
	found [contextSources]TraceContext
}

// googleTrace and googleSpan are the names by which Google Cloud's logging knows a trace and a span.
const (
	googleTrace = "logging.googleapis.com/trace"
	googleSpan  = "logging.googleapis.com/spanId"
)

// The sources of a logged trace context, the most reliable first.
const (
	contextOfOTel    = iota // otelTraceID, as OpenTelemetry's instrumentation of loggers writes it
	contextPlain            // trace_id, traceId, trace.id of ECS, @tr of Serilog
	contextOfGoogle         // logging.googleapis.com/trace, or trace: the path of a trace
	contextOfParent         // the traceparent of the W3C
	contextOfB3             // X-B3-TraceId, or b3 for all
	contextOfXRay           // xray_trace_id, X-Amzn-Trace-Id
	contextOfDatadog        // dd.trace_id: in decimal, of a trace the lower 64 bits
	contextSources
)

// Context returns the trace context of the most reliable source that names a trace.
func (c *LoggedContext) Context() TraceContext {
	for _, found := range c.found {
		if found.Trace != [16]byte{} {
			return found
		}
	}
	return TraceContext{}
}

// AddText adds a field whose value is text. The first of its name counts.
func (c *LoggedContext) AddText(key, value string) {
	if value == "" {
		return
	}
	switch key {
	case "@tr":
		setHex(c.found[contextPlain].Trace[:], value)
	case "@sp":
		setHex(c.found[contextPlain].Span[:], value)
	case "b3":
		setB3(&c.found[contextOfB3], value)
	case "trace", googleTrace:
		setGooglePath(c.found[contextOfGoogle].Trace[:], value)
	case googleSpan:
		setHex(c.found[contextOfGoogle].Span[:], value)
	}
	if !mayNameContext(key) {
		return
	}
	var name [maxLogField]byte
	switch string(foldName(&name, key)) {
	case "oteltraceid":
		setHex(c.found[contextOfOTel].Trace[:], value)
	case "otelspanid":
		setHex(c.found[contextOfOTel].Span[:], value)
	case "traceid":
		setHex(c.found[contextPlain].Trace[:], value)
		setXRay(c.found[contextOfXRay].Trace[:], value)
	case "spanid":
		setHex(c.found[contextPlain].Span[:], value)
	case "traceparent":
		setTraceparent(&c.found[contextOfParent], value)
	case "xb3traceid":
		setHex(c.found[contextOfB3].Trace[:], value)
	case "xb3spanid":
		setHex(c.found[contextOfB3].Span[:], value)
	case "xraytraceid", "xamzntraceid", "awsxraytraceid":
		setXRay(c.found[contextOfXRay].Trace[:], value)
	case "xcloudtracecontext":
		trace, _, _ := strings.Cut(value, "/")
		setHex(c.found[contextOfGoogle].Trace[:], trace)
	case "ddtraceid":
		setDatadog(c.found[contextOfDatadog].Trace[:], value)
	case "ddspanid":
		setDatadog(c.found[contextOfDatadog].Span[:], value)
	}
}

// AddNumber adds a field whose value is a number, as Datadog's IDs may be.
func (c *LoggedContext) AddNumber(key string, n int64) {
	if !mayNameContext(key) {
		return
	}
	var name [maxLogField]byte
	switch string(foldName(&name, key)) {
	case "ddtraceid":
		setNumber(c.found[contextOfDatadog].Trace[:], uint64(n)) //nolint:gosec // beyond the greatest int64 they wrap
	case "ddspanid":
		setNumber(c.found[contextOfDatadog].Span[:], uint64(n)) //nolint:gosec // as above
	}
}

// mayNameContext reports whether a field may be part of a trace context, by its first letter.
func mayNameContext(key string) bool {
	return len(key) >= len("spanid") && len(key) <= maxLogField && strings.IndexByte("_tsodxaTSODXA", key[0]) >= 0
}

// MentionsContext reports whether a text that holds fields may hold a trace context.
func MentionsContext(text string) bool {
	return strings.Contains(text, "race") || strings.Contains(text, "RACE") || strings.Contains(text, `"@tr"`) || strings.Contains(text, `"b3"`)
}

// IsContextHolder reports whether loggers nest a trace context in such a field. prefix is what its
// fields are called with when they are not nested, "" where they keep their names.
func IsContextHolder(key string) (prefix string, ok bool) {
	switch key {
	case "trace", "span", "dd":
		return key + ".", true
	case "mdc", "MDC", "contextMap", "span_context", "spanContext":
		return "", true
	}
	return "", LogFieldOf(key) == LogFieldInner
}

// setHex reads the hexadecimal digits of an ID; a trace ID of 64 bits is the lower half of one.
func setHex(dst []byte, value string) {
	low := dst[len(dst)-8:]
	if len(value) != 2*len(dst) && len(value) != 2*len(low) || !isZero(dst) {
		return
	}
	into := dst[len(dst)-len(value)/2:]
	if _, err := hex.Decode(into, []byte(value)); err != nil {
		clear(dst)
	}
}

// setTraceparent reads the trace of a traceparent, whose span is that of the caller.
func setTraceparent(c *TraceContext, value string) {
	const version, trace = len("00-"), len("00-") + 32
	if len(value) < trace+len("-0000000000000000-00") || value[version-1] != '-' || value[trace] != '-' {
		return
	}
	setHex(c.Trace[:], value[version:trace])
}

// setB3 reads the trace and the span of B3's one header: trace-span-sampled-parent.
func setB3(c *TraceContext, value string) {
	trace, rest, ok := strings.Cut(value, "-")
	if !ok {
		return
	}
	span, _, _ := strings.Cut(rest, "-")
	setHex(c.Trace[:], trace)
	setHex(c.Span[:], span)
}

// setGooglePath reads the trace of projects/shop/traces/<trace>.
func setGooglePath(dst []byte, value string) {
	if _, trace, ok := strings.Cut(value, "/traces/"); ok && strings.HasPrefix(value, "projects/") {
		setHex(dst, trace)
	}
}

// setXRay reads the trace of 1-<time>-<random>, alone or as the root of a header, whose parent is the
// caller's span.
func setXRay(dst []byte, value string) {
	const version, time, length = len("1-"), len("1-") + 8, len("1-") + 8 + len("-") + 24
	if _, root, ok := strings.Cut(value, "Root="); ok {
		value = root
	}
	if len(value) < length || !strings.HasPrefix(value, "1-") || value[time] != '-' || len(value) > length && value[length] != ';' && value[length] != '@' {
		return
	}
	var digits [32]byte
	copy(digits[copy(digits[:], value[version:time]):], value[time+1:length])
	setHex(dst, string(digits[:]))
}

// setDatadog reads a decimal ID, or the hexadecimal digits of a whole one.
func setDatadog(dst []byte, value string) {
	if len(value) == 32 {
		setHex(dst, value)
		return
	}
	if n, err := strconv.ParseUint(value, 10, 64); err == nil {
		setNumber(dst, n)
	}
}

func setNumber(dst []byte, n uint64) {
	if !isZero(dst) {
		return
	}
	for i := len(dst) - 1; n > 0; i-- {
		dst[i] = byte(n)
		n >>= 8
	}
}

func isZero(id []byte) bool {
	for _, b := range id {
		if b != 0 {
			return false
		}
	}
	return true
}
