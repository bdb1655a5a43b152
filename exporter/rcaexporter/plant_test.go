package rcaexporter

import (
	"context"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/prodsentinel/prodsentinel/exporter/rcaexporter/internal/metadatatest"
	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// host runs the exporter beside the extensions it needs.
type host struct {
	store  *unsteadyStore
	coord  *memory.Coordinator
	status chan *componentstatus.Event
}

func (h *host) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{
		component.MustNewID("signal_store"): storeExtension{store: h.store},
		component.MustNewID("coordination"): coordinationExtension{coord: h.coord},
	}
}

func (h *host) Report(e *componentstatus.Event) { h.status <- e }

type storeExtension struct {
	component.StartFunc
	component.ShutdownFunc
	store store.Store
}

func (e storeExtension) Store() store.Store { return e.store }

type coordinationExtension struct {
	component.StartFunc
	component.ShutdownFunc
	coord coordination.Coordinator
}

func (e coordinationExtension) Coordinator() coordination.Coordinator { return e.coord }

// unsteadyStore is a real store that can be made to fail commits.
type unsteadyStore struct {
	*sqlite.Store
	broken    atomic.Bool
	appending func() // called at the first append, nil for nothing
	first     sync.Once
}

func (s *unsteadyStore) Append(ctx context.Context, batches []store.Batch) ([]store.AppendResult, error) {
	if s.broken.Load() {
		return nil, store.ErrUnavailable
	}
	if s.appending != nil {
		s.first.Do(s.appending)
	}
	return s.Store.Append(ctx, batches)
}

func newHost(t testing.TB) *host {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
	require.NoError(t, err)
	return &host{store: &unsteadyStore{Store: s}, coord: memory.New(memory.Options{}), status: make(chan *componentstatus.Event, 1000)}
}

func (h *host) close(t testing.TB) {
	t.Helper()
	require.NoError(t, h.coord.Close())
	require.NoError(t, h.store.Close())
}

// plant is a started exporter with a real store.
type plant struct {
	*host
	t         testing.TB
	telemetry *componenttest.Telemetry
	config    *Config
	traces    exporter.Traces
	logs      exporter.Logs
	metrics   exporter.Metrics
}

// startPlant starts an exporter; change, where given, changes its default configuration.
func startPlant(t testing.TB, h *host, change func(*Config)) *plant {
	t.Helper()
	p := &plant{host: h, t: t, telemetry: componenttest.NewTelemetry(), config: createDefaultConfig().(*Config)}
	if change != nil {
		change(p.config)
	}
	factory := NewFactory()
	set := metadatatest.NewSettings(p.telemetry)
	var err error
	p.traces, err = factory.CreateTraces(t.Context(), set, p.config)
	require.NoError(t, err)
	p.logs, err = factory.CreateLogs(t.Context(), set, p.config)
	require.NoError(t, err)
	p.metrics, err = factory.CreateMetrics(t.Context(), set, p.config)
	require.NoError(t, err)
	for _, c := range p.parts() {
		require.NoError(t, c.Start(t.Context(), h))
	}
	return p
}

func (p *plant) parts() []component.Component {
	return []component.Component{p.traces, p.logs, p.metrics}
}

func (p *plant) stop() {
	for _, c := range p.parts() {
		require.NoError(p.t, c.Shutdown(context.Background()))
	}
	require.NoError(p.t, p.telemetry.Shutdown(context.Background()))
}

// inPlant runs a test in a plant on a clock that moves when everything waits.
func inPlant(t *testing.T, test func(t *testing.T, p *plant)) {
	t.Helper()
	inPlantWith(t, nil, test)
}

// inPlantWith is inPlant with a changed configuration.
func inPlantWith(t *testing.T, change func(*Config), test func(t *testing.T, p *plant)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHost(t)
		p := startPlant(t, h, change)
		defer func() {
			p.stop()
			h.close(t)
		}()
		test(t, p)
	})
}

// pass lets time pass until everything that is due then has been done.
func (p *plant) pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func (p *plant) receiveSpans(r analysistest.Request) {
	p.t.Helper()
	require.NoError(p.t, p.traces.ConsumeTraces(p.t.Context(), r.Spans()))
}

func (p *plant) receiveLogs(ld plog.Logs) {
	p.t.Helper()
	require.NoError(p.t, p.logs.ConsumeLogs(p.t.Context(), ld))
	synctest.Wait()
}

// digest is that of the exporter's own conditions.
func (p *plant) digest() string {
	return p.config.Errors.Digest(p.config.QuietPeriod, p.config.MaxWait)
}

// stored loads what the store has of a request.
func (p *plant) stored(r analysistest.Request) *incident.Trace {
	p.t.Helper()
	traces, err := p.store.Traces(p.t.Context(), "", []string{r.Key()}, 1000)
	require.NoError(p.t, err)
	return traces[0]
}

func (p *plant) failures() map[string]int64 {
	p.t.Helper()
	status, err := p.store.Status(p.t.Context())
	require.NoError(p.t, err)
	return status.FailuresByState
}

func (p *plant) incidents() []incident.Incident {
	p.t.Helper()
	list, err := p.store.ListIncidents(p.t.Context(), "", store.IncidentFilter{}, store.Page{Limit: 100})
	require.NoError(p.t, err)
	return list.Items
}
