package field

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/exporter/exportertest"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensiontest"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/pmetric"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.opentelemetry.io/collector/processor"
	"go.opentelemetry.io/collector/processor/processortest"
	"go.yaml.in/yaml/v3"

	"github.com/prodsentinel/prodsentinel/config"
	"github.com/prodsentinel/prodsentinel/exporter/rcaexporter"
	"github.com/prodsentinel/prodsentinel/extension/coordinationextension"
	"github.com/prodsentinel/prodsentinel/extension/signalstoreextension"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/processor/tracecorrelationprocessor"
)

const (
	// age is how old a case's newest signal is when the case is sent.
	age = 5 * time.Second
	// pace is the time between two requests, so that failures have an order.
	pace = time.Millisecond
	// calm is how long after sending the backlog may be taken for all there is, and patience how long it
	// may take.
	calm     = 13 * time.Second
	patience = 2 * time.Minute
)

// play sends a case on a clock that moves when everything waits, and returns its incidents.
func play(t *testing.T, c fieldCase) (incidents []found) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		time.Sleep(time.Until(c.newest.Add(age))) // to when it was recorded
		p := startPipeline(t)
		defer p.stop()
		requests := slices.Clone(c.requests)
		if *reversed {
			slices.Reverse(requests)
		}
		for _, request := range requests {
			p.send(request.payload)
			time.Sleep(pace)
		}
		p.settle()
		p.askAgain()
		incidents = p.incidents()
	})
	return incidents
}

// pipeline is what the embedded configuration puts between the receivers and the pages.
type pipeline struct {
	t         *testing.T
	parts     []component.Component // in the order of starting
	processed struct {
		traces processor.Traces
		logs   processor.Logs
	}
	metrics exporter.Metrics
	store   store.Store
}

// host has the extensions that components look up.
type host map[component.ID]component.Component

func (h host) GetExtensions() map[component.ID]component.Component { return h }

// startPipeline starts the components of the embedded configuration with a store of their own. It leaves
// out the listeners, and the memory limiter, which changes nothing of what it lets pass.
func startPipeline(t *testing.T) *pipeline {
	t.Helper()
	ctx, p, conf := t.Context(), &pipeline{t: t}, embedded(t)
	h := host{}
	extend := func(f extension.Factory, cfg component.Config) {
		e, err := f.Create(ctx, extensiontest.NewNopSettings(f.Type()), cfg)
		require.NoError(t, err)
		h[component.NewID(f.Type())] = e
		p.parts = append(p.parts, e)
	}
	stores := signalstoreextension.NewFactory()
	stored := configOf(t, conf, "extensions", stores).(*signalstoreextension.Config)
	stored.SQLite.Path = filepath.Join(t.TempDir(), "store.db")
	extend(stores, stored)
	coordinators := coordinationextension.NewFactory()
	extend(coordinators, configOf(t, conf, "extensions", coordinators))

	exporters, processors := rcaexporter.NewFactory(), tracecorrelationprocessor.NewFactory()
	set, cfg := exportertest.NewNopSettings(exporters.Type()), configOf(t, conf, "exporters", exporters)
	traces, err := exporters.CreateTraces(ctx, set, cfg)
	require.NoError(t, err)
	logs, err := exporters.CreateLogs(ctx, set, cfg)
	require.NoError(t, err)
	p.metrics, err = exporters.CreateMetrics(ctx, set, cfg)
	require.NoError(t, err)
	correlating, conditions := processortest.NewNopSettings(processors.Type()), configOf(t, conf, "processors", processors)
	p.processed.traces, err = processors.CreateTraces(ctx, correlating, conditions, traces)
	require.NoError(t, err)
	p.processed.logs, err = processors.CreateLogs(ctx, correlating, conditions, logs)
	require.NoError(t, err)

	p.parts = append(p.parts, traces, logs, p.metrics, p.processed.traces, p.processed.logs)
	for _, c := range p.parts {
		require.NoError(t, c.Start(ctx, h))
	}
	p.store = p.parts[0].(interface{ Store() store.Store }).Store()
	return p
}

// embedded is the configuration that the product runs when it is given none.
func embedded(t *testing.T) *confmap.Conf {
	t.Helper()
	var all map[string]any
	require.NoError(t, yaml.Unmarshal([]byte(config.Embedded()), &all))
	return confmap.NewFromStringMap(all)
}

func configOf(t *testing.T, conf *confmap.Conf, section string, f component.Factory) component.Config {
	t.Helper()
	sub, err := conf.Sub(section + "::" + f.Type().String())
	require.NoError(t, err)
	cfg := f.CreateDefaultConfig()
	require.NoError(t, sub.Unmarshal(cfg))
	return cfg
}

func (p *pipeline) stop() {
	for i := range p.parts {
		require.NoError(p.t, p.parts[len(p.parts)-1-i].Shutdown(context.WithoutCancel(p.t.Context())))
	}
}

func (p *pipeline) send(request any) {
	p.t.Helper()
	var err error
	switch r := request.(type) {
	case ptrace.Traces:
		err = p.processed.traces.ConsumeTraces(p.t.Context(), r)
	case plog.Logs:
		err = p.processed.logs.ConsumeLogs(p.t.Context(), r)
	case pmetric.Metrics:
		err = p.metrics.ConsumeMetrics(p.t.Context(), r)
	default:
		err = fmt.Errorf("a request of type %T", request)
	}
	require.NoError(p.t, err)
}

// settle lets time pass until every failure is classified and every incident analysed.
func (p *pipeline) settle() {
	p.t.Helper()
	const look = 2 * time.Second
	for passed := time.Duration(0); ; passed += look {
		require.Less(p.t, passed, patience, "there is still a backlog")
		time.Sleep(look)
		synctest.Wait()
		s, err := p.store.Status(p.t.Context())
		require.NoError(p.t, err)
		if passed >= calm && s.FailuresByState[string(incident.FailureWaiting)] == 0 && s.AnalysesPending == 0 {
			return
		}
	}
}

// askAgain has every incident analysed as a whole. Failures of one incident become due together, and
// its first analysis sees those that were classified when it began: one or all, as it happens.
func (p *pipeline) askAgain() {
	p.t.Helper()
	list, err := p.store.ListIncidents(p.t.Context(), "", store.IncidentFilter{}, store.Page{Limit: 1000})
	require.NoError(p.t, err)
	for _, in := range list.Items {
		require.NoError(p.t, p.store.RequestAnalysis(p.t.Context(), "", in.ID))
	}
	p.settle()
}

// incidents are those that the list of incidents shows.
func (p *pipeline) incidents() []found {
	p.t.Helper()
	ctx, page := p.t.Context(), store.Page{Limit: 1000}
	list, err := p.store.ListIncidents(ctx, "", store.IncidentFilter{}, page)
	require.NoError(p.t, err)
	var all []found
	for _, in := range list.Items {
		a, err := p.store.Analysis(ctx, "", in.ID, 0)
		require.NoError(p.t, err)
		failures, err := p.store.IncidentFailures(ctx, "", in.ID, page)
		require.NoError(p.t, err)
		all = append(all, newFound(in, a, failures.Items))
	}
	return all
}
