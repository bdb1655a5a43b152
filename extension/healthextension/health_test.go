package healthextension

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pipeline"
)

// plant is the extension in front of another handler.
type plant struct {
	*health
	t       *testing.T
	handler http.Handler
}

func newPlant(t *testing.T, upstreams ...string) *plant {
	t.Helper()
	h, err := newHealth(&Config{Upstreams: upstreams})
	require.NoError(t, err)
	wrap, err := h.GetHTTPHandler(t.Context())
	require.NoError(t, err)
	handler, err := wrap(t.Context(), http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	require.NoError(t, err)
	require.NoError(t, h.Start(t.Context(), componenttest.NewNopHost()))
	t.Cleanup(func() { assert.NoError(t, h.Shutdown(context.Background())) })
	return &plant{health: h, t: t, handler: handler}
}

// get asks a probe.
func (p *plant) get(path string) (int, answer) {
	p.t.Helper()
	request := httptest.NewRequestWithContext(p.t.Context(), http.MethodGet, path, http.NoBody)
	request.Host = "10.1.2.3:13133" // a probe by a pod's address
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, request)
	var a answer
	require.NoError(p.t, json.Unmarshal(recorder.Body.Bytes(), &a))
	return recorder.Code, a
}

func (p *plant) requireStatus(path string, code int, status string, problems ...problem) {
	p.t.Helper()
	got, a := p.get(path)
	assert.Equal(p.t, code, got, path)
	assert.Equal(p.t, status, a.Status, path)
	if problems == nil {
		problems = []problem{}
	}
	assert.Equal(p.t, problems, a.Problems, path)
}

var (
	signalStore = componentstatus.NewInstanceID(component.MustNewID("signal_store"), component.KindExtension)
	rcaTraces   = componentstatus.NewInstanceID(component.MustNewID("rca"), component.KindExporter, pipeline.NewID(pipeline.SignalTraces))
	rcaLogs     = componentstatus.NewInstanceID(component.MustNewID("rca"), component.KindExporter, pipeline.NewID(pipeline.SignalLogs))
)

func well(p *plant, components ...*componentstatus.InstanceID) {
	for _, c := range components {
		p.ComponentStatusChanged(c, componentstatus.NewEvent(componentstatus.StatusOK))
	}
}

func wrong(p *plant, text string, components ...*componentstatus.InstanceID) {
	for _, c := range components {
		p.ComponentStatusChanged(c, componentstatus.NewRecoverableErrorEvent(errors.New(text)))
	}
}

func TestProbes(t *testing.T) {
	p := newPlant(t)
	for _, c := range []*componentstatus.InstanceID{signalStore, rcaTraces, rcaLogs} {
		p.ComponentStatusChanged(c, componentstatus.NewEvent(componentstatus.StatusStarting))
	}
	wrong(p, "PostgreSQL cannot be reached", signalStore)
	well(p, rcaTraces)
	starting := []problem{
		{"exporter rca", "it has not started yet"}, {"extension signal_store", "PostgreSQL cannot be reached"}, {"pipelines", "they do not run"},
	}
	p.requireStatus("/livez", http.StatusOK, "ok")
	p.requireStatus("/readyz", http.StatusServiceUnavailable, "starting", starting...)
	p.requireStatus("/healthz", http.StatusServiceUnavailable, "starting", starting...)

	require.NoError(t, p.Ready())
	well(p, rcaLogs)
	p.requireStatus("/readyz", http.StatusServiceUnavailable, "starting", starting[1]) // the store was never reached
	well(p, signalStore)
	for _, path := range []string{"/livez", "/readyz", "/healthz"} {
		p.requireStatus(path, http.StatusOK, "ok")
	}

	wrong(p, "the disk is full", signalStore)
	wrong(p, "workers cannot work", rcaTraces, rcaLogs)
	p.requireStatus("/livez", http.StatusOK, "ok")
	p.requireStatus("/readyz", http.StatusOK, "ok") // it pushes back
	p.requireStatus("/healthz", http.StatusServiceUnavailable, "failing",
		problem{"exporter rca", "workers cannot work"}, problem{"extension signal_store", "the disk is full"})
	well(p, signalStore, rcaTraces, rcaLogs)
	p.requireStatus("/healthz", http.StatusOK, "ok")

	p.ComponentStatusChanged(rcaLogs, componentstatus.NewEvent(componentstatus.StatusPermanentError))
	p.requireStatus("/healthz", http.StatusServiceUnavailable, "failing", problem{"exporter rca", "StatusPermanentError without a reason"})

	require.NoError(t, p.NotReady())
	p.requireStatus("/readyz", http.StatusServiceUnavailable, "starting", problem{"pipelines", "they do not run"})
}

func TestOtherPathsAreTheServersOwn(t *testing.T) {
	p := newPlant(t)
	for _, path := range []string{"/", "/health", "/livez/x"} {
		recorder := httptest.NewRecorder()
		p.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, http.NoBody))
		assert.Equal(t, http.StatusTeapot, recorder.Code, path)
	}
	recorder := httptest.NewRecorder()
	p.handler.ServeHTTP(recorder, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/healthz", http.NoBody))
	assert.Equal(t, http.StatusMethodNotAllowed, recorder.Code)
}

func TestUpstreams(t *testing.T) {
	open, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := open.Addr().String()
	p := newPlant(t, address)
	require.NoError(t, p.Ready())
	p.awaitHealth(http.StatusOK)

	require.NoError(t, open.Close())
	a := p.awaitHealth(http.StatusServiceUnavailable)
	assert.Equal(t, "failing", a.Status)
	require.Len(t, a.Problems, 1)
	assert.Equal(t, "upstream "+address, a.Problems[0].Component)
	assert.Contains(t, a.Problems[0].Problem, "connection refused")
	p.requireStatus("/readyz", http.StatusOK, "ok")
}

// awaitHealth waits for an answer of /healthz.
func (p *plant) awaitHealth(want int) answer {
	p.t.Helper()
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		code, a := p.get("/healthz")
		if code == want {
			return a
		}
		require.True(p.t, time.Now().Before(deadline), "%+v", a)
	}
}

func TestConfig(t *testing.T) {
	for upstream, want := range map[string]string{
		"gateway:4317": "gateway:4317", "https://gateway:4318/v1": "gateway:4318", "dns:///gateway:4317": "gateway:4317", "[::1]:4317": "[::1]:4317",
		"gateway": "", "unix:///run/otlp.sock": "", "": "",
	} {
		config := &Config{Upstreams: []string{upstream}}
		addresses, err := config.addresses()
		if want == "" {
			require.ErrorContains(t, confmap.Validate(config), "upstreams::0: want host:port", upstream)
			continue
		}
		require.NoError(t, err, upstream)
		require.NoError(t, confmap.Validate(config))
		assert.Equal(t, []string{want}, addresses)
	}
}
