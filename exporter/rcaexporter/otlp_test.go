package rcaexporter

import (
	"bytes"
	"net"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"
	"go.opentelemetry.io/collector/receiver/otlpreceiver"
	"go.opentelemetry.io/collector/receiver/receivertest"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
)

// startOTLP puts the stock OTLP receiver before the plant's exporter.
func startOTLP(t *testing.T, p *plant) (grpcAddress, httpURL string) {
	t.Helper()
	grpcAddress, httpAddress := freeAddress(t), freeAddress(t)
	factory := otlpreceiver.NewFactory()
	config := factory.CreateDefaultConfig()
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"protocols": map[string]any{
		"grpc": map[string]any{"endpoint": grpcAddress},
		"http": map[string]any{"endpoint": httpAddress},
	}}).Unmarshal(config))
	receiver, err := factory.CreateTraces(t.Context(), receivertest.NewNopSettings(component.MustNewType("otlp")), config, p.traces)
	require.NoError(t, err)
	require.NoError(t, receiver.Start(t.Context(), p.host))
	t.Cleanup(func() { require.NoError(t, receiver.Shutdown(t.Context())) })
	return grpcAddress, "http://" + httpAddress + "/v1/traces"
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

func TestOTLPClientsAreAskedToSendAgain(t *testing.T) {
	h := newHost(t)
	p := startPlant(t, h, func(c *Config) { c.Workers = 0 })
	t.Cleanup(func() { p.stop(); h.close(t) })
	grpcAddress, url := startOTLP(t, p)
	request := ptraceotlp.NewExportRequestFromTraces(analysistest.NewRequest(1, time.Now(), analysistest.BadData).Spans())

	post := func() *http.Response {
		body, err := request.MarshalProto()
		require.NoError(t, err)
		post, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, bytes.NewReader(body))
		require.NoError(t, err)
		post.Header.Set("Content-Type", "application/x-protobuf")
		post.Close = true
		response, err := http.DefaultClient.Do(post)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		return response
	}
	conn, err := grpc.NewClient(grpcAddress, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, conn.Close()) })
	export := func() error {
		_, err := ptraceotlp.NewGRPCClient(conn).Export(t.Context(), request)
		return err
	}

	h.store.broken.Store(true)
	answer := post()
	assert.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	seconds, err := strconv.Atoi(answer.Header.Get("Retry-After"))
	require.NoError(t, err)
	assertRetry(t, retryUnavailable, time.Duration(seconds)*time.Second)
	s, _ := status.FromError(export())
	assert.Equal(t, codes.Unavailable, s.Code())
	require.Len(t, s.Details(), 1)
	assertRetry(t, retryUnavailable, s.Details()[0].(*errdetails.RetryInfo).GetRetryDelay().AsDuration())

	h.store.broken.Store(false)
	assert.Equal(t, http.StatusOK, post().StatusCode)
	require.NoError(t, export())
}
