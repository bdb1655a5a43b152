package analysis

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/coordination/memory"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/servertest"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store/postgres"
)

func TestRepeatedDeliveryChangesNothing(t *testing.T) {
	t.Run("SQLite", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			p.start(testConfig)
			requireRepeatsChangeNothing(t, p, func() { p.pass(2 * time.Minute) })
		})
	})
	t.Run("PostgreSQL", func(t *testing.T) {
		s, err := postgres.Open(t.Context(), servertest.Database(t), postgres.Options{})
		require.NoError(t, err)
		p := &plant{t: t, store: s, coord: memory.New(memory.Options{}), idle: func() {}}
		defer func() {
			p.stop()
			require.NoError(t, p.coord.Close())
			require.NoError(t, s.Close())
		}()
		config := testConfig
		config.QuietPeriod, config.MaxWait = 100*time.Millisecond, time.Second
		p.start(config)
		requireRepeatsChangeNothing(t, p, func() {
			require.Eventually(t, func() bool { // the status may be some seconds old
				all := p.incidents()
				return len(all) == 1 && !all[0].Provisional
			}, time.Minute, 20*time.Millisecond)
		})
	})
}

// requireRepeatsChangeNothing delivers a trace and then the same again and again; settled returns when
// what came was worked on.
func requireRepeatsChangeNothing(t *testing.T, p *plant, settled func()) {
	t.Helper()
	r := analysistest.NewRequest(1, time.Now(), analysistest.LostBase)
	p.receive(r.Spans(), r.Logs(0, 3))
	p.report(r)
	settled()
	in := p.theIncident()
	report, failed := p.analysis(in), p.failure(r)
	for range 5 {
		p.receive(r.Spans(), r.Logs(0, 3))
		p.report(r)
		settled()
		require.Equal(t, in, p.theIncident(), "not one trigger")
		require.Equal(t, report, p.analysis(in))
		require.Equal(t, failed, p.failure(r))
	}
	require.NoError(t, p.store.RequestAnalysis(t.Context(), "", in.ID))
	settled()
	assert.Len(t, p.revisions(in), 1)
	assert.Equal(t, report, p.analysis(in))
	_, digest := p.caseOf(in)
	assert.Equal(t, report.InputDigest, digest)
}

func TestRecordsDigest(t *testing.T) {
	trace := func(truncated int, ids ...byte) *incident.Trace {
		t := &incident.Trace{Truncated: truncated}
		for i, id := range ids {
			if i%2 == 0 {
				t.Spans = append(t.Spans, &signal.Span{ID: signal.ID{id}})
			} else {
				t.Logs = append(t.Logs, &signal.Log{ID: signal.ID{id}})
			}
		}
		return t
	}
	same := recordsDigest(trace(0, 1, 2, 3))
	assert.Equal(t, same, recordsDigest(trace(0, 3, 2, 1)), "in any order")
	assert.Equal(t, same, recordsDigest(trace(0, 1, 2, 3, 2)), "twice")
	for name, other := range map[string]*incident.Trace{
		"one more": trace(0, 1, 2, 3, 4), "one less": trace(0, 1, 2), "another": trace(0, 1, 2, 4), "one left out": trace(1, 1, 2, 3),
	} {
		assert.NotEqual(t, same, recordsDigest(other), name)
	}
}
