package rcaexporter

import (
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func (e *rcaExporter) errorsOfSpans(spans []*signal.Span) []store.ErrorSignal {
	var found []failure.Observed
	var errs []store.ErrorSignal
	for _, s := range spans {
		found = failure.FromSpan(found[:0], s)
		for _, o := range found {
			errs = append(errs, errorSignal(o, incident.Ref("span:"+s.TraceID.String()+"/"+s.SpanID.String())))
		}
	}
	return errs
}

func (e *rcaExporter) errorsOfLogs(logs []*signal.Log) []store.ErrorSignal {
	var errs []store.ErrorSignal
	for _, l := range logs {
		if o, ok := failure.FromLog(l); ok {
			errs = append(errs, errorSignal(o, incident.Ref("log:"+l.ID.String())))
		}
	}
	return errs
}

func errorSignal(o failure.Observed, ref incident.Ref) store.ErrorSignal {
	return store.ErrorSignal{Key: failure.Key(o), Kind: string(o.Kind), Ref: ref, Time: o.Time}
}
