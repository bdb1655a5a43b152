package record

import (
	"github.com/prodsentinel/prodsentinel/internal/otlpscan"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// Records that JSON cannot carry are kept as OTLP bytes. What decodes those goes as deep as they say: a record of
// millions of levels, which no door lets in today, would take seconds, or end the process.

// unbounded is more than any record has.
const unbounded = 1 << 30

// readable are the OTLP bytes of a record without what is nested deeper than any door can be told to allow. The
// record says that it was cut.
func readable(kind otlpscan.Signal, otlp []byte) []byte {
	limits := otlpscan.Limits{
		Records: unbounded, DecodedBytes: 1 << 60,
		RecordLimits: otlpscan.RecordLimits{
			Depth: otlpscan.MaxDepth, Attributes: unbounded, Elements: unbounded, Events: unbounded, ValueBytes: unbounded,
		},
	}
	result, err := otlpscan.Protobuf(kind, otlp, &limits)
	if err != nil {
		return otlp // the decoder says why
	}
	return result.Body
}

// UnmarshalSpan reads a span that is kept as OTLP bytes.
func UnmarshalSpan(otlp []byte) (*signal.Span, error) {
	return signal.UnmarshalSpan(readable(otlpscan.Traces, otlp))
}

// UnmarshalLog reads a log record that is kept as OTLP bytes.
func UnmarshalLog(otlp []byte) (*signal.Log, error) {
	return signal.UnmarshalLog(readable(otlpscan.Logs, otlp))
}

// UnmarshalPoint reads a data point that is kept as OTLP bytes.
func UnmarshalPoint(otlp []byte) (*signal.Point, error) {
	return signal.UnmarshalPoint(readable(otlpscan.Metrics, otlp))
}
