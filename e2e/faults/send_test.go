package faults

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// sendTimeout bounds one attempt; longest is how long a sender waits between two, whatever it is told.
const (
	sendTimeout = 15 * time.Second
	shortest    = 50 * time.Millisecond
	longest     = time.Second
)

// errRefused marks an answer after which a sender must not try again: a violation, since all that the
// load sends is good.
var errRefused = errors.New("refused for good")

// address is where one collector takes signals.
type address struct{ grpc, otlp, ingest string }

// sender sends requests until they are acknowledged, as an SDK with a patient retry does.
type sender struct {
	client http.Client
	mu     sync.Mutex
	conns  map[string]*grpc.ClientConn

	pushedBack atomic.Int64 // answers that say: come again
	failed     atomic.Int64 // attempts without any answer
	unhinted   []error      // answers that say come again without saying when; guarded by mu
}

func newSender() *sender {
	return &sender{client: http.Client{Timeout: sendTimeout, Transport: &http.Transport{MaxIdleConnsPerHost: 16}}, conns: map[string]*grpc.ClientConn{}}
}

func (s *sender) close() {
	s.client.CloseIdleConnections()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
}

// untilAcknowledged sends the request, each time to where target says, until a success answer. It
// fails only where no repetition helps, or with ctx.
func (s *sender) untilAcknowledged(ctx context.Context, r *request, target func() address) error {
	for wait := shortest; ; wait = min(2*wait, longest) {
		delay, err := s.send(ctx, r, target())
		if err == nil || errors.Is(err, errRefused) {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("not acknowledged in the end: %w", err)
		case <-time.After(min(max(wait, delay), longest)):
		}
	}
}

// send makes one attempt; delay is how long the receiver asks to wait before the next.
func (s *sender) send(ctx context.Context, r *request, to address) (delay time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	switch r.protocol {
	case otlpGRPC:
		return s.call(ctx, r, to.grpc)
	case plainJSON:
		return s.post(ctx, r, to.ingest)
	default:
		return s.post(ctx, r, to.otlp)
	}
}

func (s *sender) post(ctx context.Context, r *request, base string) (time.Duration, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, base+r.path, bytes.NewReader(r.body))
	if err != nil {
		return 0, err
	}
	req.Header.Set("Content-Type", r.contentType)
	response, err := s.client.Do(req)
	if err != nil {
		s.failed.Add(1)
		return 0, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		s.failed.Add(1)
		return 0, err
	}
	switch response.StatusCode {
	case http.StatusOK:
		return 0, r.acceptedWhole(answer)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		err = fmt.Errorf("%s %s: %s", r.path, response.Status, answer)
		return s.pushBack(time.Duration(seconds)*time.Second, err), err
	default:
		return 0, fmt.Errorf("%w: %s: %s", errRefused, response.Status, answer)
	}
}

// acceptedWhole reads an answer of success for records it may yet have rejected.
func (r *request) acceptedWhole(answer []byte) error {
	var rejected int64
	switch {
	case r.protocol == plainJSON:
		var result struct{ Rejected []json.RawMessage }
		if err := json.Unmarshal(answer, &result); err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		rejected = int64(len(result.Rejected))
	case len(r.spans) > 0:
		result := ptraceotlp.NewExportResponse()
		if err := result.UnmarshalProto(answer); err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		rejected = result.PartialSuccess().RejectedSpans()
	default:
		result := plogotlp.NewExportResponse()
		if err := result.UnmarshalProto(answer); err != nil {
			return fmt.Errorf("%w: %w", errRefused, err)
		}
		rejected = result.PartialSuccess().RejectedLogRecords()
	}
	if rejected > 0 {
		return fmt.Errorf("%w: %d records: %s", errRefused, rejected, answer)
	}
	return nil
}

func (s *sender) call(ctx context.Context, r *request, to string) (time.Duration, error) {
	conn, err := s.conn(to)
	if err != nil {
		return 0, err
	}
	var rejected int64
	var header, trailer metadata.MD
	heard := []grpc.CallOption{grpc.Header(&header), grpc.Trailer(&trailer)}
	if len(r.spans) > 0 {
		var answer ptraceotlp.ExportResponse
		if answer, err = ptraceotlp.NewGRPCClient(conn).Export(ctx, r.traces, heard...); err == nil {
			rejected = answer.PartialSuccess().RejectedSpans()
		}
	} else {
		var answer plogotlp.ExportResponse
		if answer, err = plogotlp.NewGRPCClient(conn).Export(ctx, r.records, heard...); err == nil {
			rejected = answer.PartialSuccess().RejectedLogRecords()
		}
	}
	if rejected > 0 {
		return 0, fmt.Errorf("%w: %d records", errRefused, rejected)
	}
	return s.understand(err, len(header)+len(trailer) > 0)
}

// understand sorts the answers of gRPC: those that OTLP calls retryable, and the others. Where nobody
// answered, gRPC's client makes up an error of its own.
func (s *sender) understand(err error, answered bool) (time.Duration, error) {
	switch answer := status.Convert(err); answer.Code() {
	case codes.OK:
		return 0, nil
	case codes.Canceled, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.DataLoss:
		s.failed.Add(1)
		return 0, err
	case codes.Unavailable, codes.ResourceExhausted:
		if !answered {
			s.failed.Add(1)
			return 0, err
		}
		return s.pushBack(retryDelay(answer), err), err
	default:
		return 0, fmt.Errorf("%w: %w", errRefused, err)
	}
}

func retryDelay(answer *status.Status) time.Duration {
	for _, detail := range answer.Details() {
		if info, ok := detail.(*errdetails.RetryInfo); ok {
			return info.GetRetryDelay().AsDuration()
		}
	}
	return 0
}

// pushBack counts an answer that says come again, and keeps it if it does not say when.
func (s *sender) pushBack(delay time.Duration, err error) time.Duration {
	s.pushedBack.Add(1)
	if delay <= 0 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.unhinted = append(s.unhinted, err)
	}
	return delay
}

// takeUnhinted is the answers since the last call that say come again without saying when.
func (s *sender) takeUnhinted() []error {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.unhinted
	s.unhinted = nil
	return taken
}

func (s *sender) conn(to string) (*grpc.ClientConn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if conn, ok := s.conns[to]; ok {
		return conn, nil
	}
	conn, err := grpc.NewClient(to, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err == nil {
		s.conns[to] = conn
	}
	return conn, err
}
