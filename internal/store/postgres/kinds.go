package postgres

import (
	"github.com/jackc/pgx/v5"

	"github.com/prodsentinel/prodsentinel/internal/store"
)

// kind is what reading has to know of one kind of signal.
type kind struct {
	table   string
	columns string
	decode  func(*decoder, pgx.Rows, []any) (store.SignalRecord, error)
	// text is the column that a search for a substring reads.
	text string
	// unset reports whether the record of row t has no credible event time of its own, same that row o is of the
	// same identity.
	unset, same string
}

var (
	kindSpans = &kind{
		table: "spans", columns: spanColumns, decode: (*decoder).span, text: "name",
		unset: "t.time <> t.start_time", same: "(o.trace_id = t.trace_id OR o.trace_id IS NULL AND t.trace_id IS NULL) AND o.span_id = t.span_id AND o.id = t.id",
	}
	kindLogs = &kind{
		table: "logs", columns: logColumns, decode: (*decoder).log, text: "body",
		unset: "t.time <> t.log_time AND (t.log_time <> 0 OR t.time <> t.observed_time)", same: "o.id = t.id",
	}
	kindPoints = &kind{
		table: "metric_points", columns: pointColumns, decode: (*decoder).point, text: "name",
		unset: "t.time <> t.point_time", same: "o.id = t.id",
	}
)

// kindOf is nil for an unknown kind.
func kindOf(k store.SignalKind) *kind {
	switch k {
	case store.KindSpan:
		return kindSpans
	case store.KindLog:
		return kindLogs
	case store.KindMetric:
		return kindPoints
	default:
		return nil
	}
}
