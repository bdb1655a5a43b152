package ingestreceiver

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/receiver/ingestreceiver/internal/metadata"
)

// receivedAt is what the clock of a harness says.
var receivedAt = time.Date(2026, 7, 1, 12, 0, 0, 123456789, time.UTC)

// harness is a running receiver and what it gave to its pipelines.
type harness struct {
	t       testing.TB
	url     string
	logs    *consumertest.LogsSink
	traces  *consumertest.TracesSink
	metrics *consumertest.MetricsSink
}

type options struct {
	configure func(*Config)
	logs      consumer.Logs // in place of the sink
	host      component.Host
}

func start(t testing.TB, opts options) *harness {
	h := &harness{t: t, logs: &consumertest.LogsSink{}, traces: &consumertest.TracesSink{}, metrics: &consumertest.MetricsSink{}}
	var logs consumer.Logs = h.logs
	if opts.logs != nil {
		logs = opts.logs
	}
	host := opts.host
	if host == nil {
		host = componenttest.NewNopHost()
	}
	factory := NewFactory()
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	if opts.configure != nil {
		opts.configure(cfg)
	}
	require.NoError(t, cfg.Validate())

	ctx, set := context.Background(), receivertest.NewNopSettings(metadata.Type)
	receivers := make([]component.Component, 3)
	var err error
	receivers[0], err = factory.CreateLogs(ctx, set, cfg, logs)
	require.NoError(t, err)
	receivers[1], err = factory.CreateTraces(ctx, set, cfg, h.traces)
	require.NoError(t, err)
	receivers[2], err = factory.CreateMetrics(ctx, set, cfg, h.metrics)
	require.NoError(t, err)
	s := receivers[0].(*server)
	s.now = func() time.Time { return receivedAt }
	for _, r := range receivers {
		require.NoError(t, r.Start(ctx, host))
	}
	t.Cleanup(func() {
		for _, r := range receivers {
			require.NoError(t, r.Shutdown(context.Background()))
		}
	})
	h.url = "http://" + s.addr.String()
	return h
}

// response is what a request was answered.
type response struct {
	status int
	header http.Header
	body   string
	answer
	Detail string `json:"detail"`
}

func (h *harness) post(path, body string) response {
	return h.send(h.request(path, strings.NewReader(body)))
}

func (h *harness) request(path string, body io.Reader) *http.Request {
	req, err := http.NewRequestWithContext(context.Background(), http.MethodPost, h.url+path, body)
	require.NoError(h.t, err)
	req.Header.Set("Content-Type", "application/json")
	return req
}

func (h *harness) send(req *http.Request) response {
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DisableCompression: true}}
	resp, err := client.Do(req) //nolint:gosec // the receiver under test
	require.NoError(h.t, err)
	defer func() { require.NoError(h.t, resp.Body.Close()) }()
	body, err := io.ReadAll(resp.Body)
	require.NoError(h.t, err)
	out := response{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if bytes.HasPrefix(body, []byte("{")) {
		require.NoError(h.t, json.Unmarshal(body, &out), string(body))
	}
	return out
}

func (h *harness) gotLogs() (logs []*signal.Log) {
	for _, ld := range h.logs.AllLogs() {
		logs = append(logs, signal.FromLogs(ld)...)
	}
	return logs
}

func (h *harness) gotSpans() (spans []*signal.Span) {
	for _, td := range h.traces.AllTraces() {
		spans = append(spans, signal.FromTraces(td)...)
	}
	return spans
}

func (h *harness) gotPoints() (points []*signal.Point) {
	for _, md := range h.metrics.AllMetrics() {
		points = append(points, signal.FromMetrics(md)...)
	}
	return points
}

func attr(key string, data any) signal.KeyValue {
	return signal.KeyValue{Key: key, Value: signal.Value{Data: data}}
}
