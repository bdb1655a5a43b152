package e2e

import (
	"context"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/examples/shop"
	"github.com/prodsentinel/prodsentinel/examples/shop/web"
)

// Shop is the example shop, running as processes of its own on free ports.
type Shop struct {
	Gateway string // base URLs
	Payment string

	t         testing.TB
	processes []*exec.Cmd
}

// StartShop runs the shop's services, which send OTLP to the collector unless env ("NAME=value") says
// otherwise, and returns when all answer. At the end of the test they send what they still have and end.
func StartShop(t testing.TB, c *Collector, env ...string) *Shop {
	t.Helper()
	ports := freePorts(t, 3)
	addresses := map[string]string{shop.Gateway: ports[0], shop.Payment: ports[1], shop.Inventory: ports[2]}
	s := &Shop{Gateway: "http://" + ports[0], Payment: "http://" + ports[1], t: t}
	env = append([]string{
		"SHOP_PAYMENT_URL=" + s.Payment, "SHOP_INVENTORY_URL=http://" + ports[2],
		"OTEL_EXPORTER_OTLP_ENDPOINT=" + c.OTLPHTTP,
	}, env...)
	for name, address := range addresses {
		s.launch(name, append(env, "SHOP_"+strings.ToUpper(name)+"_LISTEN="+address))
	}
	t.Cleanup(s.Stop)
	for _, address := range addresses {
		require.Eventually(t, func() bool { return s.answers("http://" + address + "/healthz") }, startTimeout, pollInterval)
	}
	return s
}

// Pay posts an order, which may carry a query, to a service's base URL and returns the answer's status
// and the ID of its trace.
func (s *Shop) Pay(base, order string) (status int, traceID string) {
	s.t.Helper()
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodPost, base+"/pay/"+order, http.NoBody)
	require.NoError(s.t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	return response.StatusCode, response.Header.Get(web.TraceHeader)
}

// Stop ends the services, which flushes their telemetry.
func (s *Shop) Stop() {
	for _, cmd := range s.processes {
		_ = cmd.Process.Signal(syscall.SIGTERM) // fails only if it has ended already
	}
	for _, cmd := range s.processes {
		_ = cmd.Wait() // they are not what is tested
	}
	s.processes = nil
}

func (s *Shop) launch(name string, env []string) {
	s.t.Helper()
	withoutCancel := context.WithoutCancel(s.t.Context()) // the test's end sends SIGTERM, so that they flush
	cmd := exec.CommandContext(withoutCancel, Binary(s.t), "demo", "shop-service", name)
	cmd.Env = append(cleanEnv(), env...)
	require.NoError(s.t, cmd.Start())
	s.processes = append(s.processes, cmd)
}

func (s *Shop) answers(url string) bool {
	request, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, url, http.NoBody)
	require.NoError(s.t, err)
	client := http.Client{Timeout: time.Second}
	response, err := client.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusNoContent
}
