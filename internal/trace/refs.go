package trace

import (
	"slices"

	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// SpanRef is how reports refer to a span.
func SpanRef(s *signal.Span) incident.Ref {
	return incident.Ref("span:" + s.TraceID.String() + "/" + s.SpanID.String())
}

// LogRef is how reports refer to a log record.
func LogRef(l *signal.Log) incident.Ref { return incident.Ref("log:" + l.ID.String()) }

// AppendRefs adds those of refs that dst does not hold yet.
func AppendRefs(dst []incident.Ref, refs ...incident.Ref) []incident.Ref {
	for _, r := range refs {
		if !slices.Contains(dst, r) {
			dst = append(dst, r)
		}
	}
	return dst
}
