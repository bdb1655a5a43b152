package faults

import (
	"iter"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// protocol is how a request is sent.
type protocol int

const (
	otlpHTTP protocol = iota
	otlpGRPC
	plainJSON
	protocols
)

// request is spans or log records that are sent together, in the same bytes as often as it takes.
type request struct {
	spans    []*span
	logs     []*logRecord
	protocol protocol

	path, contentType string
	body              []byte // over HTTP
	traces            ptraceotlp.ExportRequest
	records           plogotlp.ExportRequest
}

func newRequest(spans []*span, logs []*logRecord, p protocol) (*request, error) {
	r := &request{spans: spans, logs: logs, protocol: p}
	if p == plainJSON {
		return r, r.encodePlain()
	}
	return r, r.encodeOTLP(pdataSpans(spans), pdataLogs(logs, uint64(time.Now().UnixNano())))
}

// traceIDs yields the traces that the request tells of.
func (r *request) traceIDs() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, s := range r.spans {
			if !yield(s.Trace) {
				return
			}
		}
		for _, l := range r.logs {
			if !yield(l.Trace) {
				return
			}
		}
	}
}

func (r *request) encodePlain() (err error) {
	r.contentType = "application/json"
	if len(r.spans) > 0 {
		r.path = "/ingest/traces"
		r.body, err = plainSpans(r.spans)
		return err
	}
	r.path = "/ingest/logs"
	r.body, err = plainLogs(r.logs)
	return err
}

func (r *request) encodeOTLP(td ptrace.Traces, ld plog.Logs) (err error) {
	r.contentType = "application/x-protobuf"
	if len(r.spans) > 0 {
		r.path = "/v1/traces"
		r.traces = ptraceotlp.NewExportRequestFromTraces(td)
		r.body, err = r.traces.MarshalProto()
		return err
	}
	r.path = "/v1/logs"
	r.records = plogotlp.NewExportRequestFromLogs(ld)
	r.body, err = r.records.MarshalProto()
	return err
}

// split puts the records of some traces, and logs without a trace, into requests in random order: some
// traces whole, others apart, spans before logs or after.
func split(r *rand.Rand, traces []trace, untraced []*logRecord, timeless bool) ([]*request, error) {
	var spans [][]*span
	logs := [][]*logRecord{untraced}
	for _, t := range traces {
		spans = append(spans, parts(r, t.Spans)...)
		logs = append(logs, parts(r, t.Logs)...)
	}
	var requests []*request
	for _, together := range bundles(r, spans) {
		requests = append(requests, &request{spans: together})
	}
	for _, together := range bundles(r, logs) {
		requests = append(requests, &request{logs: together})
	}
	for i, one := range requests {
		p := protocol(r.IntN(int(protocols)))
		if timeless && p == plainJSON { // takes no record without a time for the same when sent again
			p = otlpHTTP
		}
		encoded, err := newRequest(one.spans, one.logs, p)
		if err != nil {
			return nil, err
		}
		requests[i] = encoded
	}
	shuffle(r, requests)
	return requests, nil
}

// parts is the records whole or in up to three pieces.
func parts[T any](r *rand.Rand, records []T) [][]T {
	pieces := make([][]T, 1+r.IntN(3))
	for _, one := range records {
		i := r.IntN(len(pieces))
		pieces[i] = append(pieces[i], one)
	}
	return pieces
}

// bundles joins pieces to one to four of them each.
func bundles[T any](r *rand.Rand, pieces [][]T) [][]T {
	shuffle(r, pieces)
	var all [][]T
	for len(pieces) > 0 {
		n := min(1+r.IntN(4), len(pieces))
		var one []T
		for _, piece := range pieces[:n] {
			one = append(one, piece...)
		}
		if len(one) > 0 {
			all = append(all, one)
		}
		pieces = pieces[n:]
	}
	return all
}

func shuffle[T any](r *rand.Rand, list []T) {
	r.Shuffle(len(list), func(i, j int) { list[i], list[j] = list[j], list[i] })
}
