package analysis

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/prodsentinel/prodsentinel/internal/agents"
	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

func TestLeaseIsHalfOfTheSweepsPatience(t *testing.T) {
	for minAge, want := range map[time.Duration]time.Duration{
		0: leaseLeast, time.Second: leaseLeast, 10 * time.Second: 5 * time.Second, time.Minute: leaseMost, time.Hour: leaseMost,
	} {
		w := Workers{config: Config{Sweep: SweepConfig{MinAge: minAge}}}
		assert.Equal(t, want, w.lease(), "min_age %s", minAge)
	}
}

func TestSlowAnalysisKeepsItsLease(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		const slow = leaseMost + 20*time.Second
		runs := 0
		p.startWith(testConfig, engine{classify: sound.classify, needs: sound.needs, analyze: func(ctx context.Context, c *incident.Case) incident.Result {
			runs++
			time.Sleep(slow)
			return sound.analyze(ctx, c)
		}})
		p.fail(1, analysistest.BadData)
		p.pass(quiet + slow - time.Second)
		require.Equal(t, incident.AnalysisRunning, p.theIncident().AnalysisState)
		p.pass(time.Second)
		assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
		assert.Equal(t, 1, runs)
	})
}

func TestSlowClassificationKeepsItsLease(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		config := testConfig
		config.Sweep.MinAge = leaseLeast
		const slow = traceLimit - 2*beat // longer than a lease
		runs := 0
		p.startWith(config, engine{analyze: sound.analyze, needs: sound.needs, classify: func(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
			if runs++; runs == 1 {
				time.Sleep(slow)
			}
			return sound.classify(ctx, tenant, t, k)
		}})
		r := p.fail(1, analysistest.BadData)
		p.pass(quiet + slow)
		assert.Equal(t, incident.FailureClassified, p.failure(r).State)
		assert.Equal(t, 2, runs, "once by the classifier, once for the case")
	})
}

func TestAnalysisOfAWorkerThatDiedIsTakenUp(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.stop()
		in := p.theIncident()
		require.NoError(t, p.store.RequestAnalysis(t.Context(), "", in.ID))
		dead := New(testConfig, p.store, p.coord, nil, Observer{})
		_, err := p.store.ClaimIncidents(t.Context(), newOwner(), dead.lease(), 1)
		require.NoError(t, err)
		p.start(testConfig)
		p.pass(testConfig.Sweep.MinAge + testConfig.Sweep.Interval)
		in = p.theIncident()
		assert.Equal(t, in.Wanted, in.Done)
	})
}

func TestTalkEndsWhenItsLeaseIsLost(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		ended := make(chan error, 1)
		w := &witness{says: func(ctx context.Context, _ agents.Input) (agents.Outcome, error) {
			<-ctx.Done()
			ended <- context.Cause(ctx)
			return agents.Outcome{}, ctx.Err()
		}}
		config := withAgents(w)
		config.Agents.Timeout = time.Hour
		var robbed atomic.Bool
		p.between = func(s store.Store) store.Store { return robber{s, &robbed} }
		p.start(config)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		in := p.theIncident()
		require.Equal(t, incident.AgentsRunning, p.analysis(in).Agents.State)
		p.pass(2 * leaseMost)
		require.Empty(t, ended, "renewed")
		robbed.Store(true)
		p.pass(leaseMost)
		require.Len(t, ended, 1)
		require.ErrorIs(t, <-ended, store.ErrLostLease)
	})
}

// robber is a store in which another takes over what is held.
type robber struct {
	store.Store
	robbed *atomic.Bool
}

func (r robber) RenewAgents(ctx context.Context, c store.AgentsClaim, lease time.Duration) error {
	if r.robbed.Load() {
		return store.ErrLostLease
	}
	return r.Store.RenewAgents(ctx, c, lease)
}
