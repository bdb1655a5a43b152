package ingestreceiver

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/metric/metricdata/metricdatatest"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/receiver/ingestreceiver/internal/metadata"
	"github.com/prodsentinel/prodsentinel/receiver/ingestreceiver/internal/metadatatest"
)

func TestRefusedRequests(t *testing.T) {
	tests := map[string]struct {
		method, path string
		change       func(*http.Request)
		want         int
	}{
		"rebound name":           {"POST", "/ingest/logs", func(r *http.Request) { r.Host = "evil.test" }, 403},
		"foreign origin":         {"POST", "/ingest/logs", func(r *http.Request) { r.Header.Set("Origin", "https://evil.test") }, 403},
		"cross-site":             {"POST", "/ingest/logs", func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") }, 403},
		"not JSON":               {"POST", "/ingest/logs", func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }, 415},
		"GET":                    {"GET", "/ingest/logs", nil, 405},
		"no such route":          {"POST", "/ingest/profiles", nil, 404},
		"no query configured":    {"GET", "/query/signals", nil, 404},
		"the root":               {"GET", "/", nil, 404},
		"another service's Host": {"GET", "/query/signals", func(r *http.Request) { r.Host = "payment:8000" }, 403},
	}
	h := start(t, options{})
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			req := h.request(tc.path, strings.NewReader(line("a")))
			req.Method = tc.method
			if tc.change != nil {
				tc.change(req)
			}
			resp := h.send(req)
			assert.Equal(t, tc.want, resp.status, resp.body)
			assert.Equal(t, "application/problem+json", resp.header.Get("Content-Type"))
			assert.Zero(t, h.logs.LogRecordCount())
		})
	}
}

func TestAllowedHosts(t *testing.T) {
	h := start(t, options{configure: func(c *Config) { c.AllowedHosts = []string{"sentinel"} }})
	req := h.request("/ingest/logs", strings.NewReader(line("a")))
	req.Host = "sentinel:8000"
	assert.Equal(t, http.StatusOK, h.send(req).status)
}

func TestPushBack(t *testing.T) {
	tests := map[string]struct {
		err  error
		want int
	}{
		"any error":          {errors.New("data refused due to high memory usage"), 503},
		"deadline":           {context.DeadlineExceeded, 503},
		"unavailable":        {status.Error(codes.Unavailable, "down"), 503},
		"overloaded":         {status.Error(codes.ResourceExhausted, "full"), 429},
		"told so by another": {consumererror.NewOTLPHTTPError(errors.New("slow down"), 429), 429},
		"permanent":          {consumererror.NewPermanent(errors.New("secret.internal: no")), 400},
		"a part failed":      {consumererror.NewLogs(errors.New("half"), plog.NewLogs()), 503},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			h := start(t, options{logs: consumertest.NewErr(tc.err)})
			resp := h.post("/ingest/logs", "["+line("a")+",1]")
			require.Equal(t, tc.want, resp.status, resp.body)
			assert.Zero(t, resp.Accepted, "not acknowledged")
			assert.Len(t, resp.Rejected, 1)
			assert.NotContains(t, resp.body, tc.err.Error(), "callers are not told what the pipeline is made of")
			if tc.want == http.StatusBadRequest {
				assert.Empty(t, resp.header.Get("Retry-After"))
				return
			}
			seconds, err := strconv.Atoi(resp.header.Get("Retry-After"))
			require.NoError(t, err)
			assert.GreaterOrEqual(t, seconds, 1)
		})
	}
}

func TestPipelineIsGivenADeadline(t *testing.T) {
	var left time.Duration
	waiting, err := consumer.NewLogs(func(ctx context.Context, _ plog.Logs) error {
		deadline, _ := ctx.Deadline()
		left = time.Until(deadline)
		return nil
	})
	require.NoError(t, err)
	h := start(t, options{logs: waiting, configure: func(c *Config) { c.HTTP.WriteTimeout = time.Minute }})
	require.Equal(t, http.StatusOK, h.post("/ingest/logs", line("a")).status)
	assert.Positive(t, left)
	assert.Less(t, left, time.Minute, "there must be time to answer")
}

// queryExtension stands for the query extension.
type queryExtension struct {
	component.Component
	handle http.HandlerFunc
}

func (q queryExtension) QueryHandler() http.Handler { return q.handle }

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// withQuery has the receiver serve /query/*.
func withQuery(handle http.HandlerFunc) options {
	id := component.MustNewID("query")
	return options{
		configure: func(c *Config) { c.Query = &id },
		host:      host{componenttest.NewNopHost(), map[component.ID]component.Component{id: queryExtension{handle: handle}}},
	}
}

func TestShutdownEndsStreams(t *testing.T) {
	arrived, ended := make(chan struct{}), make(chan struct{})
	t.Cleanup(func() { <-ended }) // runs after the harness has shut down
	h := start(t, withQuery(func(_ http.ResponseWriter, r *http.Request) {
		close(arrived)
		<-r.Context().Done()
	}))
	req := h.request("/query/events", nil)
	req.Method = http.MethodGet
	go func() {
		defer close(ended)
		h.send(req)
	}()
	<-arrived
}

func TestQueryRoutes(t *testing.T) {
	h := start(t, withQuery(func(w http.ResponseWriter, r *http.Request) { w.Header().Set("X-Path", r.URL.Path) }))
	req := h.request("/query/traces/1", nil)
	req.Method = http.MethodGet
	resp := h.send(req)
	assert.Equal(t, http.StatusOK, resp.status)
	assert.Equal(t, "/query/traces/1", resp.header.Get("X-Path"))
}

func TestQueryExtensionMustExist(t *testing.T) {
	id := component.MustNewID("query")
	for name, extensions := range map[string]map[component.ID]component.Component{
		"there is no extension": {},
		"is no query extension": {id: struct{ component.Component }{}},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := createDefaultConfig().(*Config)
			cfg.HTTP.NetAddr.Endpoint, cfg.Query = "127.0.0.1:0", &id
			r, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
			require.NoError(t, err)
			require.ErrorContains(t, r.Start(t.Context(), host{componenttest.NewNopHost(), extensions}), name)
			require.NoError(t, r.Shutdown(context.Background()))
		})
	}
}

func TestRouteWithoutPipeline(t *testing.T) {
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	r, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, r.Shutdown(context.Background())) }()
	h := &harness{t: t, url: "http://" + r.(*server).addr.String()}
	resp := h.post("/ingest/traces", "{}")
	assert.Equal(t, http.StatusNotFound, resp.status)
	assert.Contains(t, resp.Detail, "no traces pipeline")
}

func TestAddressInUse(t *testing.T) {
	h := start(t, options{})
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = strings.TrimPrefix(h.url, "http://")
	r, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.ErrorContains(t, r.Start(t.Context(), componenttest.NewNopHost()), "cannot listen on "+cfg.HTTP.NetAddr.Endpoint)
	require.NoError(t, r.Shutdown(context.Background()))
}

func TestShutdownWaitsForRequests(t *testing.T) {
	arrived, proceed := make(chan struct{}), make(chan struct{})
	slow, err := consumer.NewLogs(func(context.Context, plog.Logs) error {
		close(arrived)
		<-proceed
		return nil
	})
	require.NoError(t, err)
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	r, err := NewFactory().CreateLogs(t.Context(), receivertest.NewNopSettings(metadata.Type), cfg, slow)
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))

	h := &harness{t: t, url: "http://" + r.(*server).addr.String()}
	answered, stopped := make(chan response, 1), make(chan error, 1)
	go func() { answered <- h.post("/ingest/logs", line("a")) }()
	<-arrived
	go func() { stopped <- r.Shutdown(context.Background()) }()
	close(proceed)
	assert.Equal(t, http.StatusOK, (<-answered).status)
	assert.NoError(t, <-stopped)
}

func TestFactorySharesOneServer(t *testing.T) {
	f := NewFactory()
	cfg, other := f.CreateDefaultConfig(), f.CreateDefaultConfig()
	set := receivertest.NewNopSettings(metadata.Type)
	logs, err := f.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	traces, err := f.CreateTraces(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	second, err := f.CreateLogs(t.Context(), set, other, consumertest.NewNop())
	require.NoError(t, err)
	assert.Same(t, logs, traces)
	assert.NotSame(t, logs, second)
}

func TestTelemetry(t *testing.T) {
	tel := componenttest.NewTelemetry()
	t.Cleanup(func() { require.NoError(t, tel.Shutdown(context.Background())) })
	cfg := createDefaultConfig().(*Config)
	cfg.HTTP.NetAddr.Endpoint = "127.0.0.1:0"
	r, err := NewFactory().CreateLogs(t.Context(), metadatatest.NewSettings(tel), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Start(t.Context(), componenttest.NewNopHost()))
	h := &harness{t: t, url: "http://" + r.(*server).addr.String()}
	h.post("/ingest/logs", "["+line("a")+",1,2]")
	require.NoError(t, r.Shutdown(context.Background()))

	metadatatest.AssertEqualReceiverIngestRejectedRecords(t, tel, []metricdata.DataPoint[int64]{
		{Value: 2, Attributes: attribute.NewSet(attribute.String("signal", "logs"))},
	}, metricdatatest.IgnoreTimestamp(), metricdatatest.IgnoreExemplars())
	accepted, err := tel.GetMetric("otelcol_receiver_accepted_log_records")
	require.NoError(t, err)
	points := accepted.Data.(metricdata.Sum[int64]).DataPoints
	require.Len(t, points, 1)
	assert.EqualValues(t, 1, points[0].Value)
}
