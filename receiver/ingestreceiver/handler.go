package ingestreceiver

import (
	"context"
	"fmt"
	"mime"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/listener"
	"github.com/prodsentinel/prodsentinel/internal/requester"
	"github.com/prodsentinel/prodsentinel/internal/signal"
)

// handler serves the routes that a pipeline takes records from, and query where it is not nil.
func (s *server) handler(query http.Handler) http.Handler {
	mux := http.NewServeMux()
	handle := func(name string, connected bool, post http.HandlerFunc) {
		path := "/ingest/" + name
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case !connected:
				listener.WriteProblem(w, http.StatusNotFound, fmt.Sprintf("no %s pipeline has receiver %s", name, s.settings.ID))
			case r.Method != http.MethodPost:
				w.Header().Set("Allow", http.MethodPost)
				listener.WriteProblem(w, http.StatusMethodNotAllowed, path+" takes POST")
			default:
				post(w, r)
			}
		})
	}
	handle("logs", s.nextLogs != nil, s.postLogs)
	handle("traces", s.nextTraces != nil, s.postTraces)
	handle("metrics", s.nextMetrics != nil, s.postMetrics)
	if query != nil {
		mux.Handle("/query/", query)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		listener.WriteProblem(w, http.StatusNotFound, "there are /ingest/logs, /ingest/traces and /ingest/metrics")
	})
	return mux
}

func (s *server) postLogs(w http.ResponseWriter, r *http.Request) {
	rs, observed := newResources(), signal.NanosOf(s.now())
	receive(s, w, r, "logs",
		func(ctx context.Context, rec *record) ([]*signal.Log, *fieldError) {
			l := readLog(rec, rs, observed, s.operators != nil)
			if failed := rec.finish(); failed != nil || s.operators == nil {
				return []*signal.Log{l}, failed
			}
			return s.operators.run(ctx, l, rs)
		},
		func(ctx context.Context, logs []*signal.Log) error {
			ctx = s.obs.StartLogsOp(ctx)
			err := s.nextLogs.ConsumeLogs(ctx, signal.ToLogs(logs))
			s.obs.EndLogsOp(ctx, "json", len(logs), err)
			return err
		})
}

func (s *server) postTraces(w http.ResponseWriter, r *http.Request) {
	rs := newResources()
	receive(s, w, r, "traces",
		func(_ context.Context, rec *record) ([]*signal.Span, *fieldError) {
			return []*signal.Span{readSpan(rec, rs)}, rec.finish()
		},
		func(ctx context.Context, spans []*signal.Span) error {
			ctx = s.obs.StartTracesOp(ctx)
			err := s.nextTraces.ConsumeTraces(ctx, signal.ToTraces(spans))
			s.obs.EndTracesOp(ctx, "json", len(spans), err)
			return err
		})
}

func (s *server) postMetrics(w http.ResponseWriter, r *http.Request) {
	rs, received := newResources(), signal.NanosOf(s.now())
	receive(s, w, r, "metrics",
		func(_ context.Context, rec *record) ([]*signal.Point, *fieldError) {
			return []*signal.Point{readPoint(rec, rs, received)}, rec.finish()
		},
		func(ctx context.Context, points []*signal.Point) error {
			ctx = s.obs.StartMetricsOp(ctx)
			err := s.nextMetrics.ConsumeMetrics(ctx, signal.ToMetrics(points))
			s.obs.EndMetricsOp(ctx, "json", len(points), err)
			return err
		})
}

// reader reads one record, or says what is wrong with it.
type reader[T any] func(context.Context, *record) ([]T, *fieldError)

// receive reads the body, hands all good records to consume in one call, and answers.
func receive[T any](s *server, w http.ResponseWriter, r *http.Request, kind string, read reader[T], consume func(context.Context, []T) error) {
	a := newAnswer()
	body, err := s.bodies.Read(w, r)
	if err != nil {
		writeUnreadable(w, err)
		return
	}
	defer body.Release()
	rs := &records{body: body.Bytes(), lines: isLines(r), limits: &s.config.Limits}
	key := requester.Of(r.Context())
	count, memory := rs.measure()
	switch {
	case count > s.config.Limits.Records:
		writeUnreadable(w, errTooManyRecords)
		return
	case memory > s.config.Limits.DecodedBytes:
		writeUnreadable(w, errTooMuch)
		return
	case !s.inFlight.Take(key, memory):
		writeUnreadable(w, listener.ErrBusy)
		return
	}
	defer s.inFlight.Return(key, memory)
	taken, err := readAll(r.Context(), rs, read, a)
	body.Release() // records have copies
	if err != nil {
		writeUnreadable(w, err)
		return
	}
	s.telemetry.ReceiverIngestRejectedRecords.Add(r.Context(), int64(a.rejections()), metric.WithAttributes(attribute.String("signal", kind)))
	if a.Accepted == 0 {
		writeRefusal(w, http.StatusBadRequest, "no record was accepted; each rejection names its field", a)
		return
	}

	ctx, cancel := s.deadline(r.Context())
	defer cancel()
	if err := consume(ctx, taken); err != nil {
		if !s.refusing.Swap(true) { // the sender of each request is told
			s.settings.Logger.Warn("The pipeline does not take records", zap.String("signal", kind), zap.Error(err))
		}
		writePushBack(w, err, a)
		return
	}
	if s.refusing.Swap(false) {
		s.settings.Logger.Info("The pipeline takes records again")
	}
	writeOK(w, a)
}

// readAll returns the good records, and in the answer how many they are and what is wrong with
// the others.
func readAll[T any](ctx context.Context, rs *records, read reader[T], a *answer) (taken []T, err error) {
	index := -1
	for v, err := range rs.each {
		index++
		if err != nil {
			a.reject(index, fieldError{reason: err.Error()})
			continue
		}
		good, failed := read(ctx, newRecord(v, rs.limits))
		if failed != nil {
			a.reject(index, *failed)
			continue
		}
		taken = append(taken, good...)
		a.Accepted++
	}
	return taken, rs.err
}

// deadline leaves time to answer before the server gives up writing.
func (s *server) deadline(ctx context.Context) (context.Context, context.CancelFunc) {
	const share = 10
	limit := s.config.HTTP.WriteTimeout
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, limit-limit/share)
}

// isLines reports whether the client says that every line is a record.
func isLines(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (strings.HasSuffix(media, "ndjson") || strings.HasSuffix(media, "jsonl"))
}
