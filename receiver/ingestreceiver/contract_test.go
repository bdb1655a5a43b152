package ingestreceiver

import (
	"fmt"
	"net"
	"net/http"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pipeline"
	"go.opentelemetry.io/collector/receiver/receivertest"
)

// client sends records as the README says a client should: again while it is pushed back, and
// never again otherwise.
type client struct {
	*harness
	path, record string
	next         atomic.Int64
}

func (c *client) Start() {}
func (c *client) Stop()  {}

func (c *client) Generate() []receivertest.UniqueIDAttrVal {
	id := fmt.Sprint("id", c.next.Add(1))
	for {
		resp := c.post(c.path, fmt.Sprintf(c.record, id))
		if resp.status != http.StatusTooManyRequests && resp.status != http.StatusServiceUnavailable {
			return []receivertest.UniqueIDAttrVal{receivertest.UniqueIDAttrVal(id)}
		}
	}
}

// TestConsumeContract is the collector's own check that nothing acknowledged is lost, and nothing
// refused for good is sent again.
func TestConsumeContract(t *testing.T) {
	for signal, record := range map[pipeline.Signal]string{
		pipeline.SignalLogs:    `{"service":"s","level":"info","message":"m","attributes":{"test_id":"%s"}}`,
		pipeline.SignalTraces:  `{"trace_id":"` + traceHex + `","span_id":"` + spanHex + `","name":"n","service":"s","start_time":1,"duration_ms":1,"attributes":{"test_id":"%s"}}`,
		pipeline.SignalMetrics: `{"name":"n","service":"s","value":1,"attributes":{"test_id":"%s"}}`,
	} {
		t.Run(signal.String(), func(t *testing.T) {
			free, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			require.NoError(t, err)
			require.NoError(t, free.Close())
			cfg := createDefaultConfig().(*Config)
			cfg.HTTP.NetAddr.Endpoint = free.Addr().String()
			receivertest.CheckConsumeContract(receivertest.CheckConsumeContractParams{
				T: t, Factory: NewFactory(), Signal: signal, Config: cfg, GenerateCount: 100,
				Generator: &client{harness: &harness{t: t, url: "http://" + free.Addr().String()}, path: "/ingest/" + signal.String(), record: record},
			})
		})
	}
}
