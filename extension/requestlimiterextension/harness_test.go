package requestlimiterextension

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	_ "google.golang.org/grpc/encoding/gzip"

	"github.com/prodsentinel/prodsentinel/extension/requestlimiterextension/internal/metadata"
)

// plant is the stock otlp receiver behind a limiter.
type plant struct {
	t        testing.TB
	http     string
	grpc     string
	limiter  *limiter
	traces   consumertest.TracesSink
	logs     consumertest.LogsSink
	metrics  consumertest.MetricsSink
	received func(context.Context) error // of logs, if not nil
}

type host struct {
	component.Host
	extensions map[component.ID]component.Component
}

func (h host) GetExtensions() map[component.ID]component.Component { return h.extensions }

// startPlant starts the receiver as the shipped configurations do.
func startPlant(t testing.TB, configure func(*Config)) *plant {
	t.Helper()
	return startPlantFor(t, configure, nil)
}

// startPlantFor starts the receiver with an authenticator.
func startPlantFor(t testing.TB, configure func(*Config), authenticator component.Component) *plant {
	t.Helper()
	config := createDefaultConfig().(*Config)
	if configure != nil {
		configure(config)
	}
	require.NoError(t, config.Validate())
	created, err := NewFactory().Create(t.Context(), extensiontest.NewNopSettings(metadata.Type), config)
	require.NoError(t, err)
	p := &plant{t: t, http: freeAddress(t), grpc: freeAddress(t), limiter: created.(*limiter)}
	h := host{componenttest.NewNopHost(), map[component.ID]component.Component{component.NewID(metadata.Type): created}}
	ctx := context.WithoutCancel(t.Context())
	require.NoError(t, created.Start(ctx, h))

	factory := otlpreceiver.NewFactory()
	receiverConfig := factory.CreateDefaultConfig()
	overHTTP := map[string]any{
		"endpoint": p.http, "middlewares": []any{map[string]any{"id": "request_limiter"}}, "compression_algorithms": []any{},
	}
	overGRPC := map[string]any{
		"endpoint": p.grpc, "middlewares": []any{map[string]any{"id": "request_limiter"}}, "max_recv_msg_size_mib": 32,
	}
	if authenticator != nil {
		h.extensions[component.MustNewID("authenticator")] = authenticator
		auth := map[string]any{"authenticator": "authenticator"}
		overHTTP["auth"], overGRPC["auth"] = auth, auth
	}
	protocols := map[string]any{"http": overHTTP, "grpc": overGRPC}
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"protocols": protocols}).Unmarshal(receiverConfig))
	set := receivertest.NewNopSettings(factory.Type())
	traces, err := factory.CreateTraces(ctx, set, receiverConfig, &p.traces)
	require.NoError(t, err)
	logs, err := factory.CreateLogs(ctx, set, receiverConfig, p.logsConsumer())
	require.NoError(t, err)
	metrics, err := factory.CreateMetrics(ctx, set, receiverConfig, &p.metrics)
	require.NoError(t, err)
	for _, r := range []component.Component{traces, logs, metrics} {
		require.NoError(t, r.Start(ctx, h))
	}
	t.Cleanup(func() {
		for _, r := range []component.Component{traces, logs, metrics} {
			require.NoError(t, r.Shutdown(ctx))
		}
		require.NoError(t, created.Shutdown(ctx))
	})
	return p
}

func (p *plant) logsConsumer() consumer.Logs {
	logs, err := consumer.NewLogs(func(ctx context.Context, ld plog.Logs) error {
		if p.received != nil {
			if err := p.received(ctx); err != nil {
				return err
			}
		}
		return p.logs.ConsumeLogs(ctx, ld)
	})
	require.NoError(p.t, err)
	return logs
}

// freeAddress returns a loopback address that nothing listened on a moment ago.
func freeAddress(t testing.TB) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// answer is what a client over HTTP was told.
type answer struct {
	status  int
	headers http.Header
	body    string
}

func (p *plant) post(path, contentType, encoding string, body []byte) answer {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), http.MethodPost, "http://"+p.http+path, bytes.NewReader(body))
	require.NoError(p.t, err)
	request.Header.Set("Content-Type", contentType)
	if encoding != "" {
		request.Header.Set("Content-Encoding", encoding)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(p.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(p.t, err)
	return answer{response.StatusCode, response.Header, string(text)}
}

func (p *plant) dial(options ...grpc.DialOption) *grpc.ClientConn {
	p.t.Helper()
	conn, err := grpc.NewClient(p.grpc, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	require.NoError(p.t, err)
	p.t.Cleanup(func() { _ = conn.Close() })
	return conn
}
