package signal

import (
	"errors"
	"fmt"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
)

var errNotOneRecord = errors.New("want exactly one record")

// MarshalSpan returns the bytes of an OTLP request that holds only this span. ID and ReceivedAt
// are not part of it.
func MarshalSpan(s *Span) ([]byte, error) {
	b, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(ToTraces([]*Span{s}))
	return b, wrap("marshal span", err)
}

// UnmarshalSpan reads what MarshalSpan wrote.
func UnmarshalSpan(b []byte) (*Span, error) {
	td, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(b)
	if err != nil {
		return nil, wrap("unmarshal span", err)
	}
	return only("unmarshal span", FromTraces(td))
}

// MarshalLog returns the bytes of an OTLP request that holds only this log record.
func MarshalLog(l *Log) ([]byte, error) {
	b, err := (&plog.ProtoMarshaler{}).MarshalLogs(ToLogs([]*Log{l}))
	return b, wrap("marshal log record", err)
}

// UnmarshalLog reads what MarshalLog wrote.
func UnmarshalLog(b []byte) (*Log, error) {
	ld, err := (&plog.ProtoUnmarshaler{}).UnmarshalLogs(b)
	if err != nil {
		return nil, wrap("unmarshal log record", err)
	}
	return only("unmarshal log record", FromLogs(ld))
}

// MarshalPoint returns the bytes of an OTLP request that holds only this data point.
func MarshalPoint(p *Point) ([]byte, error) {
	b, err := (&pmetric.ProtoMarshaler{}).MarshalMetrics(ToMetrics([]*Point{p}))
	return b, wrap("marshal data point", err)
}

// UnmarshalPoint reads what MarshalPoint wrote.
func UnmarshalPoint(b []byte) (*Point, error) {
	md, err := (&pmetric.ProtoUnmarshaler{}).UnmarshalMetrics(b)
	if err != nil {
		return nil, wrap("unmarshal data point", err)
	}
	return only("unmarshal data point", FromMetrics(md))
}

func only[T any](doing string, records []*T) (*T, error) {
	if len(records) != 1 {
		return nil, fmt.Errorf("%s: %w, got %d", doing, errNotOneRecord, len(records))
	}
	return records[0], nil
}

func wrap(doing string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", doing, err)
}
