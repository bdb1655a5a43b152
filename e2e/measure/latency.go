package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// latency posts failing traces of different causes, one request each, and measures from the end of
// the quiet period (counted from the acknowledgement) until the report can be read.
func latency(ctx context.Context, t target) error {
	type sample struct {
		took time.Duration
		err  error
	}
	samples := make(chan sample)
	for i := range t.n {
		if err := sleep(ctx, t.pause); err != nil {
			return err
		}
		go func() {
			took, err := timeReport(ctx, t, i)
			samples <- sample{took, err}
		}()
	}
	var all []time.Duration
	for range t.n {
		s := <-samples
		if s.err != nil {
			return s.err
		}
		all = append(all, s.took)
	}
	slices.Sort(all)
	fmt.Printf("reports %d, from quiet to readable: min %s, median %s, p90 %s, max %s (quiet period %s)\n",
		t.n, all[0], all[len(all)/2], all[len(all)*9/10], all[len(all)-1], t.quiet)
	return nil
}

func timeReport(ctx context.Context, t target, i int) (time.Duration, error) {
	traceID := make([]byte, 16)
	_, _ = rand.Read(traceID)
	id := hex.EncodeToString(traceID)
	if err := postFailingTrace(ctx, t, id, i); err != nil {
		return 0, err
	}
	quiet := time.Now().Add(t.quiet)
	if err := sleep(ctx, time.Until(quiet)-200*time.Millisecond); err != nil {
		return 0, err
	}
	for {
		root, _, err := publishedRoot(ctx, t, id)
		if err != nil {
			return 0, err
		}
		if root != "" {
			return time.Since(quiet).Round(time.Millisecond), nil
		}
		if time.Since(quiet) > time.Minute {
			return 0, fmt.Errorf("no report of trace %s within a minute", id)
		}
		if err := sleep(ctx, 10*time.Millisecond); err != nil {
			return 0, err
		}
	}
}

// postFailingTrace sends one server span with an exception of a service of its own, so that each
// sample opens an incident of its own.
func postFailingTrace(ctx context.Context, t target, traceID string, i int) error {
	end := time.Now()
	body := fmt.Sprintf(`{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"measure-%s-%d"}}]},
"scopeSpans":[{"spans":[{"traceId":%q,"spanId":"00000000000000a1","name":"GET /measure","kind":2,
"startTimeUnixNano":"%d","endTimeUnixNano":"%d","status":{"code":2,"message":"exception"},
"events":[{"timeUnixNano":"%d","name":"exception","attributes":[
{"key":"exception.type","value":{"stringValue":"java.lang.IllegalStateException"}},
{"key":"exception.message","value":{"stringValue":"measured"}}]}]}]}]}]}`,
		traceID[:8], i, traceID, end.Add(-50*time.Millisecond).UnixNano(), end.UnixNano(), end.UnixNano())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, t.otlp+"/v1/traces", strings.NewReader(body))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("post a trace: %s", resp.Status)
	}
	return resp.Body.Close()
}
