package offline

import (
	"bytes"
	"context"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.uber.org/zap"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/agents/geminitest"
	"github.com/prodsentinel/prodsentinel/internal/analysis"
	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/coordination"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/failure"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
	"github.com/prodsentinel/prodsentinel/internal/store/sqlite"
)

// plant is a store with workers over it.
type plant struct {
	t     *testing.T
	store *sqlite.Store
	queue coordination.Coordinator
}

func newPlant(t *testing.T, config analysis.AgentsConfig) *plant {
	t.Helper()
	s, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "store.db"), sqlite.Options{})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, s.Close()) })
	coord := memory.New(memory.Options{})
	t.Cleanup(func() { assert.NoError(t, coord.Close()) })
	workers := analysis.New(analysis.Config{
		Workers: 1, QuietPeriod: time.Millisecond, MaxWait: time.Second, ResolveAfter: time.Hour,
		Policy: incident.Policy{LateWindow: time.Hour}, Sweep: analysis.SweepConfig{Interval: time.Hour},
		Case:   analysis.CaseConfig{Baseline: time.Hour, FailingTraces: 5, HealthyTraces: 5},
		Agents: config,
	}, s, coord, zap.NewNop(), analysis.Observer{})
	workers.Start(t.Context())
	t.Cleanup(func() { assert.NoError(t, workers.Shutdown(context.WithoutCancel(t.Context()))) })
	return &plant{t: t, store: s, queue: coord}
}

// fail stores failing requests of one cause and reports them.
func (p *plant) fail(from, n int) {
	p.t.Helper()
	var batch store.Batch
	var hints []store.FailureHint
	for i := range n {
		r := analysistest.NewRequest(from+i, time.Now(), analysistest.BadData)
		batch.Spans = append(batch.Spans, signal.FromTraces(r.Spans())...)
		hints = append(hints, store.FailureHint{Key: r.Key(), Urgent: true})
	}
	signal.IdentifySpans("", batch.Spans)
	for _, span := range batch.Spans {
		for _, o := range failure.FromSpan(nil, span) {
			ref := incident.Ref("span:" + span.TraceID.String() + "/" + span.SpanID.String())
			batch.Errors = append(batch.Errors, store.ErrorSignal{Key: failure.Key(o), Kind: string(o.Kind), Ref: ref, Time: o.Time})
		}
	}
	_, err := p.store.Append(p.t.Context(), []store.Batch{batch})
	require.NoError(p.t, err)
	_, err = p.store.UpsertFailures(p.t.Context(), hints)
	require.NoError(p.t, err)
	require.NoError(p.t, p.queue.Wake(p.t.Context(), coordination.QueueFailures, hints[0].Key))
}

// await returns the only incident once it is as wanted.
func (p *plant) await(wanted func(incident.Incident, incident.Analysis) bool) incident.Incident {
	p.t.Helper()
	var list store.Listing[incident.Incident]
	require.Eventually(p.t, func() bool {
		var err error
		list, err = p.store.ListIncidents(p.t.Context(), "", store.IncidentFilter{}, store.Page{})
		if err != nil || len(list.Items) != 1 {
			return false
		}
		an, err := p.store.Analysis(p.t.Context(), "", list.Items[0].ID, 0)
		return err == nil && wanted(list.Items[0], an)
	}, 30*time.Second, 10*time.Millisecond)
	return list.Items[0]
}

func analysed(incident.Incident, incident.Analysis) bool { return true }

func (p *plant) bundle(in incident.Incident) []byte {
	p.t.Helper()
	var out bytes.Buffer
	require.NoError(p.t, analysis.WriteBundle(p.t.Context(), p.store, "", in.ID, &out))
	return out.Bytes()
}

// bundleOf is the bundle of a failure that no agents looked at.
func bundleOf(t *testing.T) []byte {
	t.Helper()
	p := newPlant(t, analysis.AgentsConfig{})
	p.fail(1, 1)
	return p.bundle(p.await(analysed))
}

// scripted are agents that ask a script.
func scripted(t *testing.T, script geminitest.Model) (config analysis.AgentsConfig, stop func()) {
	t.Helper()
	server := httptest.NewServer(geminitest.New("", script))
	t.Cleanup(server.Close)
	settings := agents.NewDefaultConfig()
	settings.Provider, settings.APIKey, settings.Endpoint = agents.ProviderGemini, configopaque.String("key"), server.URL
	made, err := agents.New(settings, agents.Deps{})
	require.NoError(t, err)
	return analysis.AgentsConfig{
			Investigator: made, Info: store.AgentsInfo{Enabled: true}, Timeout: time.Minute, Concurrent: 1,
		}, func() {
			made.Close()
			server.Close()
		}
}
