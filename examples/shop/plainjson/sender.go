// Package plainjson sends telemetry as plain JSON to ProdSentinel's /ingest routes, for the case that a
// program cannot send OTLP.
//
// It renders what the OpenTelemetry SDK recorded; it must not change what was recorded.
package plainjson

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Sender posts records to one ProdSentinel.
type Sender struct {
	url    string
	client *http.Client
}

// NewSender makes a sender for the base URL of the ingest listener, as in "http://localhost:8000".
func NewSender(url string) *Sender {
	return &Sender{
		url:    strings.TrimRight(url, "/"),
		client: &http.Client{Transport: http.DefaultTransport.(*http.Transport).Clone(), Timeout: 10 * time.Second},
	}
}

// post sends records to a route in one request of newline-delimited JSON. While the receiver pushes back
// it tries again, until the context ends.
func post[T any](ctx context.Context, s *Sender, route string, records []T) error {
	if len(records) == 0 {
		return nil
	}
	var body bytes.Buffer
	enc := json.NewEncoder(&body)
	for _, r := range records {
		if err := enc.Encode(r); err != nil {
			return fmt.Errorf("render a record for %s: %w", route, err)
		}
	}
	for {
		wait, err := s.try(ctx, route, body.Bytes())
		if wait == 0 {
			return err
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return fmt.Errorf("%w: %w", err, context.Cause(ctx))
		}
	}
}

// try sends once. A wait above zero means that the same body may be sent again after it.
func (s *Sender) try(ctx context.Context, route string, body []byte) (wait time.Duration, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+route, bytes.NewReader(body))
	if err != nil {
		return 0, fmt.Errorf("post to %s: %w", route, err)
	}
	req.Header.Set("Content-Type", "application/x-ndjson")
	resp, err := s.client.Do(req)
	if err != nil {
		return 0, fmt.Errorf("post to %s: %w", route, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, _ := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if resp.StatusCode == http.StatusOK {
		return 0, refused(route, answer)
	}
	err = fmt.Errorf("post to %s: %s: %s", route, resp.Status, bytes.TrimSpace(answer))
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode == http.StatusServiceUnavailable {
		return retryAfter(resp.Header), err
	}
	return 0, err
}

// refused reports the records that the receiver did not take.
func refused(route string, answer []byte) error {
	var result struct {
		Rejected []json.RawMessage `json:"rejected"`
	}
	if err := json.Unmarshal(answer, &result); err != nil || len(result.Rejected) == 0 {
		return nil //nolint:nilerr // an answer cut short still means that the records were taken
	}
	return fmt.Errorf("post to %s: %d records rejected, the first: %s", route, len(result.Rejected), result.Rejected[0])
}

func retryAfter(header http.Header) time.Duration {
	seconds, err := strconv.Atoi(header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		seconds = 1
	}
	return time.Duration(seconds) * time.Second
}

func (s *Sender) close() { s.client.CloseIdleConnections() }
