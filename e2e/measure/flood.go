package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
)

// floodBatch is how many traces share requests: with two spans of each, about what an SDK exports at once.
const floodBatch = 200

// flood posts many failing traces of one cause over several replicas, a few of a second cause with
// the same symptom at the entry among them, and counts what becomes of them and what it takes. The
// spans of each trace go to different replicas. It fails unless that makes exactly two incidents, the
// second one seen within a minute of its first trace.
func flood(ctx context.Context, t target) error {
	if t.replicas == "" {
		f, err := startFleet(ctx, 3)
		if err != nil {
			return err
		}
		defer f.stop(ctx)
		t.replicas, t.query, t.database, t.redis = strings.Join(f.replicas, ","), f.query, f.database, f.redis
	}
	replicas := strings.Split(t.replicas, ",")
	meters, err := startMeters(ctx, t)
	if err != nil {
		return err
	}
	defer meters.close(ctx)
	run := &floodRun{t: t, replicas: replicas, salt: time.Now().UnixNano()}
	begun := time.Now()
	watching, stop := context.WithCancel(ctx)
	defer stop()
	second := make(chan time.Time, 1)
	go run.awaitSecond(watching, second)
	if err := run.send(ctx); err != nil {
		return err
	}
	sent := time.Since(begun)
	if err := run.awaitAll(ctx); err != nil {
		return err
	}
	classified := time.Since(begun)
	fmt.Printf("sent %d failing traces (%d of a second cause) over %d replicas in %s: %.0f traces/s; %d requests pushed back and sent again\n",
		t.n, t.second, len(replicas), sent.Round(time.Millisecond), float64(t.n)/sent.Seconds(), run.pushedBack.Load())
	fmt.Printf("all classified after %s: %.0f traces/s\n", classified.Round(time.Millisecond), float64(t.n)/classified.Seconds())
	select {
	case at := <-second:
		took := at.Sub(run.firstSecond())
		fmt.Printf("second cause seen %s after its first trace\n", took.Round(time.Millisecond))
		if took > time.Minute {
			return errors.New("the second cause was seen after more than a minute")
		}
	case <-time.After(5 * time.Second):
		return errors.New("the second cause was not seen")
	}
	if err := run.report(ctx); err != nil {
		return err
	}
	return meters.report(ctx, t.n)
}

type floodRun struct {
	t          target
	replicas   []string
	salt       int64 // makes services and traces those of this run
	pushedBack atomic.Int64
	second     atomic.Int64 // when the first trace of the second cause was sent, Unix ns
}

func (f *floodRun) firstSecond() time.Time { return time.Unix(0, f.second.Load()) }

// entry is the service whose failing looks the same for both causes.
func (f *floodRun) entry() string { return fmt.Sprintf("gateway-%d", f.salt) }

func (f *floodRun) send(ctx context.Context) error {
	work := make(chan int)
	failed := make(chan error, f.t.senders)
	var senders sync.WaitGroup
	for range f.t.senders {
		senders.Go(func() {
			for first := range work {
				if err := f.sendBatch(ctx, first); err != nil {
					failed <- err
					return
				}
			}
		})
	}
	var err error
	for first := 0; first < f.t.n && err == nil; first += floodBatch {
		select {
		case work <- first:
		case err = <-failed:
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	close(work)
	senders.Wait()
	return err
}

// sendBatch sends a batch of traces, each span of them to another replica.
func (f *floodRun) sendBatch(ctx context.Context, first int) error {
	parts := make([]ptrace.Traces, 3)
	for i := range parts {
		parts[i] = ptrace.NewTraces()
	}
	for n := first; n < min(first+floodBatch, f.t.n); n++ {
		f.trace(n, parts)
	}
	for i, part := range parts {
		if err := f.post(ctx, f.replicas[(first/floodBatch+i)%len(f.replicas)], part); err != nil {
			return err
		}
	}
	return nil
}

// isSecond spreads the traces of the second cause evenly over the second half.
func (f *floodRun) isSecond(n int) bool {
	if f.t.second == 0 || n < f.t.n/2 {
		return false
	}
	every := max(1, (f.t.n-f.t.n/2)/f.t.second)
	k := n - f.t.n/2
	return k%every == 0 && k/every < f.t.second
}

// trace adds the spans of one request: the gateway answers 500 because payment failed, payment
// because of itself or of the ledger it asks.
func (f *floodRun) trace(n int, parts []ptrace.Traces) {
	var id pcommon.TraceID
	binary.BigEndian.PutUint64(id[:8], uint64(f.salt))  //nolint:gosec // any bits do
	binary.BigEndian.PutUint64(id[8:], uint64(n)|1<<63) //nolint:gosec // any bits do
	end := time.Now()
	add := func(part int, service, name string, kind ptrace.SpanKind, span, parent byte, took time.Duration) ptrace.Span {
		rs := parts[part].ResourceSpans().AppendEmpty()
		rs.Resource().Attributes().PutStr("service.name", fmt.Sprintf("%s-%d", service, f.salt))
		s := rs.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		s.SetTraceID(id)
		s.SetSpanID(pcommon.SpanID{7: span})
		if parent != 0 {
			s.SetParentSpanID(pcommon.SpanID{7: parent})
		}
		s.SetName(name)
		s.SetKind(kind)
		s.SetStartTimestamp(pcommon.NewTimestampFromTime(end.Add(-took)))
		s.SetEndTimestamp(pcommon.NewTimestampFromTime(end.Add(-20*time.Millisecond + took/10)))
		s.Status().SetCode(ptrace.StatusCodeError)
		s.Attributes().PutInt("http.response.status_code", 500)
		return s
	}
	add(0, "gateway", "POST /checkout", ptrace.SpanKindServer, 1, 0, 100*time.Millisecond)
	add(0, "gateway", "POST", ptrace.SpanKindClient, 2, 1, 90*time.Millisecond)
	pay := add(1, "payment", "POST /pay", ptrace.SpanKindServer, 3, 2, 80*time.Millisecond)
	if !f.isSecond(n) {
		exception(pay, "com.shop.CardDeclinedByLimit", "limit table is empty")
		return
	}
	f.second.CompareAndSwap(0, end.UnixNano())
	add(1, "payment", "POST", ptrace.SpanKindClient, 4, 3, 70*time.Millisecond)
	exception(add(2, "ledger", "POST /book", ptrace.SpanKindServer, 5, 4, 60*time.Millisecond), "com.shop.LedgerClosed", "the day is closed")
}

func exception(s ptrace.Span, class, message string) {
	e := s.Events().AppendEmpty()
	e.SetName("exception")
	e.SetTimestamp(s.EndTimestamp())
	e.Attributes().PutStr("exception.type", class)
	e.Attributes().PutStr("exception.message", message)
}

// post sends until the replica has stored it.
func (f *floodRun) post(ctx context.Context, replica string, td ptrace.Traces) error {
	if td.SpanCount() == 0 {
		return nil
	}
	body, err := ptraceotlp.NewExportRequestFromTraces(td).MarshalProto()
	if err != nil {
		return err
	}
	for {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, replica+"/v1/traces", bytes.NewReader(body))
		if err != nil {
			return err
		}
		req.Header.Set("Content-Type", "application/x-protobuf")
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_ = resp.Body.Close()
		switch resp.StatusCode {
		case http.StatusOK:
			return nil
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			f.pushedBack.Add(1)
			if err := sleep(ctx, time.Second); err != nil {
				return err
			}
		default:
			return fmt.Errorf("post to %s: %s", replica, resp.Status)
		}
	}
}

type floodIncident struct {
	ID            string
	Title         string
	FailingTraces int    `json:"failing_traces"`
	AnalysisState string `json:"analysis_state"`
}

// incidents lists those of this run.
func (f *floodRun) incidents(ctx context.Context) ([]floodIncident, error) {
	var page struct{ Items []floodIncident }
	_, err := get(ctx, f.t.query+"/query/incidents?limit=100&service="+f.entry(), &page)
	return page.Items, err
}

func (f *floodRun) awaitSecond(ctx context.Context, seen chan<- time.Time) {
	for ctx.Err() == nil {
		if found, err := f.incidents(ctx); err == nil && len(found) >= 2 {
			seen <- time.Now()
			return
		}
		_ = sleep(ctx, 200*time.Millisecond)
	}
}

// awaitAll waits until every trace belongs to an incident whose analysis is done.
func (f *floodRun) awaitAll(ctx context.Context) error {
	deadline := time.Now().Add(30 * time.Minute)
	for {
		found, err := f.incidents(ctx)
		if err != nil {
			return err
		}
		traces, done := 0, true
		for _, in := range found {
			traces += in.FailingTraces
			done = done && in.AnalysisState == "done"
		}
		if traces >= f.t.n && done {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("only %d of %d traces belong to an incident after half an hour", traces, f.t.n)
		}
		if err := sleep(ctx, time.Second); err != nil {
			return err
		}
	}
}

func (f *floodRun) report(ctx context.Context) error {
	found, err := f.incidents(ctx)
	if err != nil {
		return err
	}
	fmt.Printf("incidents: %d\n", len(found))
	analyses := 0
	for _, in := range found {
		var revisions struct {
			Items []struct{ Reason string }
		}
		if _, err := get(ctx, f.t.query+"/query/incidents/"+in.ID+"/revisions", &revisions); err != nil {
			return err
		}
		var reasons []string
		for _, r := range revisions.Items {
			reasons = append(reasons, r.Reason)
		}
		fmt.Printf("  %6d failing traces, %d revisions (%s): %s\n", in.FailingTraces, len(reasons), strings.Join(reasons, ", "), in.Title)
		analyses += len(reasons)
	}
	fmt.Printf("analyses stored: %d\n", analyses)
	if len(found) != 2 {
		return fmt.Errorf("two causes made %d incidents", len(found))
	}
	return nil
}
