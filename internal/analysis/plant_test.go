package analysis

import (
	"context"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

const (
	quiet   = 6 * time.Second
	maxWait = 30 * time.Second
)

var testConfig = Config{
	Workers: 2, QuietPeriod: quiet, MaxWait: maxWait, ResolveAfter: 30 * time.Minute,
	Policy: incident.Policy{MaxNewIncidents: 100, LateWindow: 10 * time.Minute},
	Sweep:  SweepConfig{Interval: 15 * time.Second, MinAge: time.Minute},
	Case:   CaseConfig{Baseline: 30 * time.Minute, FailingTraces: 20, HealthyTraces: 50},
}

// plant is a store, a coordinator and workers on a test's clock.
type plant struct {
	t       *testing.T
	store   store.Store
	coord   coordination.Coordinator
	workers *Workers
	between func(store.Store) store.Store // what workers see of the store; nil for all
	idle    func()                        // returns when everything waits
}

// inPlant runs a test in a plant without workers, on a clock that moves when everything waits.
func inPlant(t *testing.T, test func(t *testing.T, p *plant)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
		require.NoError(t, err)
		p := &plant{t: t, store: s, coord: memory.New(memory.Options{}), idle: synctest.Wait}
		defer func() {
			p.stop()
			require.NoError(t, p.coord.Close())
			require.NoError(t, s.Close())
		}()
		test(t, p)
	})
}

func (p *plant) start(config Config) { p.startWith(config, sound) }

// startWith starts workers with an engine of the test's.
func (p *plant) startWith(config Config, e engine) {
	s := store.Store(p.store)
	if p.between != nil {
		s = p.between(s)
	}
	p.workers = New(config, s, p.coord, zaptest.NewLogger(p.t, zaptest.Level(zap.FatalLevel)), Observer{})
	p.workers.engine = e
	p.workers.Start(context.WithoutCancel(p.t.Context()))
	p.idle()
}

func (p *plant) stop() {
	if p.workers != nil {
		require.NoError(p.t, p.workers.Shutdown(p.t.Context()))
		p.workers = nil
	}
}

// pass lets time pass until everything that is due then has been done.
func (p *plant) pass(d time.Duration) {
	time.Sleep(d)
	p.idle()
}

// receive stores signals as one request brings them, with their error signals.
func (p *plant) receive(requests ...any) {
	p.t.Helper()
	var batches []store.Batch
	for _, request := range requests {
		var b store.Batch
		switch request := request.(type) {
		case ptrace.Traces:
			b.Spans = signal.FromTraces(request)
		case plog.Logs:
			b.Logs = signal.FromLogs(request)
		case store.Batch:
			b = request
		}
		signal.IdentifySpans(b.Tenant, b.Spans)
		signal.IdentifyLogs(b.Tenant, b.Logs)
		for _, s := range b.Spans {
			for _, o := range failure.FromSpan(nil, s) {
				ref := incident.Ref("span:" + s.TraceID.String() + "/" + s.SpanID.String())
				b.Errors = append(b.Errors, store.ErrorSignal{Key: failure.Key(o), Kind: string(o.Kind), Ref: ref, Time: o.Time})
			}
		}
		for _, l := range b.Logs {
			if o, ok := failure.FromLog(l); ok {
				ref := incident.Ref("log:" + l.ID.String())
				b.Errors = append(b.Errors, store.ErrorSignal{Key: failure.Key(o), Kind: string(o.Kind), Ref: ref, Time: o.Time})
			}
		}
		batches = append(batches, b)
	}
	_, err := p.store.Append(p.t.Context(), batches)
	require.NoError(p.t, err)
}

// report does what the exporter does with a failure event.
func (p *plant) report(r analysistest.Request) {
	p.t.Helper()
	accepted, err := p.store.UpsertFailures(p.t.Context(), []store.FailureHint{{Key: r.Key()}})
	require.NoError(p.t, err)
	require.Len(p.t, accepted, 1)
	require.NoError(p.t, p.coord.Wake(p.t.Context(), coordination.QueueFailures, "test"))
	p.idle()
}

// fail stores a failing request and reports it at once, before its trace is quiet.
func (p *plant) fail(n int, fault analysistest.Fault) analysistest.Request {
	p.t.Helper()
	r := analysistest.NewRequest(n, time.Now(), fault)
	p.receive(r.Spans())
	p.report(r)
	return r
}

func (p *plant) incidents() []incident.Incident {
	p.t.Helper()
	list, err := p.store.ListIncidents(p.t.Context(), "", store.IncidentFilter{}, store.Page{Limit: 100})
	require.NoError(p.t, err)
	return list.Items
}

// theIncident requires that there is one.
func (p *plant) theIncident() incident.Incident {
	p.t.Helper()
	all := p.incidents()
	require.Len(p.t, all, 1)
	return all[0]
}

func (p *plant) analysis(in incident.Incident) incident.Analysis {
	p.t.Helper()
	a, err := p.store.Analysis(p.t.Context(), "", in.ID, 0)
	require.NoError(p.t, err)
	return a
}

func (p *plant) revisions(in incident.Incident) []store.RevisionView {
	p.t.Helper()
	list, err := p.store.Revisions(p.t.Context(), "", in.ID)
	require.NoError(p.t, err)
	return list
}

func (p *plant) failure(r analysistest.Request) store.FailureView {
	p.t.Helper()
	f, err := p.store.Failure(p.t.Context(), "", r.Key())
	require.NoError(p.t, err)
	return f
}
