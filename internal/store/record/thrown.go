package record

import (
	"cmp"
	"slices"
	"time"

	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// Thrown answers what a query asks about moments, with a search of its store that reads no more than the
// newest MostThrowing.
func Thrown(q store.KnowledgeQuery, search func(store.SignalFilter) ([]Hit, error)) ([]incident.Thrown, error) {
	var all []incident.Thrown
	for _, m := range q.Moments {
		hits, err := search(store.SignalFilter{
			Kind: store.KindSpan, Service: m.Service, MinSeverity: signal.SeverityError,
			From: TimeOf(Saturate(m.From)).Add(-longestThrowing), To: TimeOf(Saturate(m.To)).Add(time.Nanosecond),
		})
		if err != nil {
			return nil, err
		}
		for _, h := range hits {
			all = append(all, thrownBy(h.Span, m)...)
		}
	}
	slices.SortFunc(all, func(a, b incident.Thrown) int {
		return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Environment, b.Environment),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Cluster, b.Cluster),
			cmp.Compare(a.Type, b.Type), cmp.Compare(a.Message, b.Message), cmp.Compare(a.Stack, b.Stack))
	})
	return slices.Compact(all), nil
}

// thrownBy lists the exceptions that a span recorded in a moment.
func thrownBy(s *signal.Span, m incident.Moment) (thrown []incident.Thrown) {
	for _, o := range failure.FromSpan(nil, s) {
		if o.Exception && o.Time >= m.From && o.Time <= m.To {
			thrown = append(thrown, incident.Thrown{
				Service: o.Service, Environment: o.Environment, Namespace: o.Namespace, Cluster: o.Cluster, At: o.Time, Type: o.ErrorType, Message: o.Message, Stack: o.Stack,
			})
		}
	}
	return thrown
}
