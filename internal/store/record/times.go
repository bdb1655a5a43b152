package record

import (
	"time"

	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// NanosOf is a time as a column. It saturates: event times may be anything.
func NanosOf(t time.Time) int64 {
	switch {
	case t.IsZero() || t.Year() < 1970:
		return 0
	case t.Year() > 2261:
		return MaxTime
	default:
		return t.UnixNano()
	}
}

// UntilOf is NanosOf for the end of a window, which a zero time leaves open.
func UntilOf(t time.Time) int64 {
	if t.IsZero() {
		return MaxTime
	}
	return NanosOf(t)
}

// MaxTime is the latest time a column can have, in nanoseconds since the Unix epoch. It stands for
// every later time as well; the record's raw column has the exact one.
const MaxTime = 1<<63 - 1

// Saturate is a time of OTLP as a column.
func Saturate(n signal.Nanos) int64 {
	if n > MaxTime {
		return MaxTime
	}
	return int64(n)
}

// TimeOf is the zero time for 0.
func TimeOf(n int64) time.Time {
	if n == 0 {
		return time.Time{}
	}
	return time.Unix(0, n).UTC()
}

// Took is an SQL expression of how long the span of a row took, NULL where its clock cannot tell: it has no start, ends
// before it, or took more than a day, as where a clock was set in between.
const Took = "CASE WHEN start_time > 0 AND end_time >= start_time AND end_time - start_time <= 86400000000000 THEN end_time - start_time END"
