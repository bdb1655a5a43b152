package analysis

import (
	"cmp"
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/prodsentinel/prodsentinel/internal/analysis/analysistest"
	"github.com/prodsentinel/prodsentinel/internal/incident"
	"github.com/prodsentinel/prodsentinel/internal/signal"
	"github.com/prodsentinel/prodsentinel/internal/store"
)

// dueAfter is when a trace that received nothing more is classified.
const dueAfter = quiet - quietTolerance

func TestReportIsReadableWhenTheTraceIsQuiet(t *testing.T) {
	tests := map[string]time.Duration{
		"reported while signals still come":  0,
		"reported when the trace was quiet":  dueAfter,
		"reported a little before its quiet": dueAfter - 100*time.Millisecond,
	}
	for name, reportAfter := range tests {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(t *testing.T, p *plant) {
				p.start(testConfig)
				r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
				p.receive(r.Spans())
				p.pass(reportAfter)
				p.report(r)
				if reportAfter < dueAfter {
					p.pass(dueAfter - reportAfter - time.Millisecond)
					require.Empty(t, p.incidents(), "not before the trace is quiet")
					p.pass(time.Millisecond)
				}
				in := p.theIncident()
				assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
				assert.Equal(t, 1, in.FailingTraces)
				assert.Equal(t, analysistest.Payment, p.analysis(in).RootCause.Service)
			})
		})
	}
}

func TestWaitForQuietIsBounded(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := p.fail(1, analysistest.BadData)
		for i := range 60 { // an error every half second: never quiet
			p.receive(r.Logs(i, 1))
			require.Empty(t, p.incidents())
			p.pass(maxWait / 60)
		}
		assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
	})
}

func TestStormIsOneFailureOneIncidentOneRevision(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := p.fail(1, analysistest.BadData)
		for i := range 50 { // over 90 s
			p.receive(r.Logs(i, 1))
			p.report(r)
			p.pass(1800 * time.Millisecond)
		}
		p.pass(5 * time.Minute)
		in := p.theIncident()
		assert.Equal(t, 1, in.FailingTraces)
		assert.Equal(t, 4+50, in.ErrorSignals, "three spans, an exception event, the logs")
		assert.Len(t, p.revisions(in), 1)
		assert.Equal(t, 4+50, p.failure(r).ErrorSignals)
	})
}

func TestTwoRootsBehindOneSymptomAreTwoIncidents(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		for n := range 6 {
			p.fail(n, []analysistest.Fault{analysistest.BadData, analysistest.LostBase}[n%2])
		}
		p.pass(dueAfter)
		all := p.incidents()
		require.Len(t, all, 2)
		components := map[string]int{}
		for _, in := range all {
			components[in.RootCause.Component] = in.FailingTraces
		}
		assert.Equal(t, map[string]int{"payment": 3, "ledger.example": 3}, components)
	})
}

func TestSweepFindsWhatNobodyReported(t *testing.T) {
	t.Run("once it is old enough", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			p.start(testConfig)
			p.pass(time.Second)
			p.receive(analysistest.NewRequest(1, time.Now(), analysistest.BadData).Spans())
			p.pass(testConfig.Sweep.MinAge - time.Second)
			require.Empty(t, p.incidents())
			p.pass(testConfig.Sweep.Interval)
			assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
		})
	})
	t.Run("at start, what an earlier process left", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			p.receive(analysistest.NewRequest(1, time.Now(), analysistest.BadData).Spans())
			p.pass(quiet)
			p.start(testConfig)
			assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
		})
	})
}

func TestNextProcessTakesUpTheWork(t *testing.T) {
	t.Run("of one that stopped", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			p.start(testConfig)
			p.fail(1, analysistest.BadData)
			p.pass(quiet / 2)
			p.stop()
			p.start(testConfig)
			p.pass(quiet/2 + pollInterval)
			assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
		})
	})
	t.Run("of one that died", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			p.fail(1, analysistest.BadData)
			_, err := p.store.ClaimFailures(t.Context(), "dead", leaseMost, 10)
			require.NoError(t, err)
			p.start(testConfig)
			p.pass(leaseMost - time.Second)
			require.Empty(t, p.incidents())
			p.pass(time.Second + pollInterval)
			assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
		})
	})
}

func TestLateParentIsClassifiedAgain(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
		p.receive(r.Rest())
		p.report(r)
		p.pass(quiet)
		in := p.theIncident()
		require.True(t, in.Provisional, "the entry is missing")
		first := p.analysis(in)

		p.pass(time.Minute)
		p.receive(r.Entry())
		p.pass(10 * time.Minute)
		in = p.theIncident()
		assert.False(t, in.Provisional)
		revisions := p.revisions(in)
		require.Len(t, revisions, 2)
		assert.Equal(t, incident.ReasonLateSignals, revisions[0].Reason)
		assert.Equal(t, 1, revisions[0].Supersedes)
		second := p.analysis(in)
		assert.NotEqual(t, first.InputDigest, second.InputDigest)
		assert.Greater(t, second.RootCause.Confidence, first.RootCause.Confidence)
		assert.Equal(t, 1, in.FailingTraces)
	})
}

// caseOf builds the case of an incident as it would be analysed now.
func (p *plant) caseOf(in incident.Incident) (*incident.Case, string) {
	p.t.Helper()
	draft, err := p.workers.buildCase(p.t.Context(), in)
	require.NoError(p.t, err)
	_, digest, err := seal(draft)
	require.NoError(p.t, err)
	return draft, digest
}

func TestCase(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		config := testConfig
		config.Case = CaseConfig{Baseline: 30 * time.Minute, FailingTraces: 4, HealthyTraces: 3}
		p.start(config)
		for n := range 5 {
			p.receive(analysistest.NewRequest(100+n, time.Now(), analysistest.None).Spans())
			p.pass(time.Second)
		}
		deploy := incident.Change{ID: "d1", Kind: "deploy", Service: analysistest.Payment, Time: 946684805e9}
		p.receive(store.Batch{Changes: []incident.Change{deploy}})
		for n := range 6 {
			p.fail(n, analysistest.BadData)
		}
		p.receive(analysistest.NewRequest(200, time.Now(), analysistest.None).Spans())
		p.pass(quiet)

		c, _ := p.caseOf(p.theIncident())
		assert.Len(t, c.Failing, 4)
		assert.Len(t, c.Healthy, 3)
		assert.Equal(t, 6, c.Selection.FailingTotal)
		assert.Equal(t, 5, c.Selection.HealthyTotal, "what follows the first failing trace is no baseline")
		assert.Equal(t, "4 of 6 failing traces (the first, the others spread evenly over time) and "+
			"3 of 5 traces without errors of the same entry operations in the 30m0s before them", c.Selection.Rule)
		assert.Equal(t, []incident.EntryStats{{Service: "gateway", Operation: "POST /pay", Traces: 7, Failed: 6}}, c.Entries)
		require.Len(t, c.Changes, 1)
		assert.Equal(t, "d1", c.Changes[0].ID)
		for _, trace := range append(c.Failing, c.Healthy...) {
			assert.Len(t, trace.Spans, 3)
		}
		assert.Equal(t, incident.TriggerChange, p.analysis(p.theIncident()).RootCause.Trigger)
	})
}

func TestOneBadFailureDoesNotKeepTheOthers(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		bad := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
		p.startWith(testConfig, crashingOn(bad))
		p.receive(bad.Spans())
		p.report(bad)
		p.fail(2, analysistest.LostBase)
		p.pass(quiet)
		assert.Equal(t, "ledger.example", p.theIncident().RootCause.Component)
		assert.Equal(t, incident.FailureWaiting, p.failure(bad).State)

		p.pass((maxAttempts + 1) * leaseMost)
		p.stop()
		claimed, err := p.store.ClaimFailures(t.Context(), "test", time.Minute, 10)
		require.NoError(t, err)
		assert.Empty(t, claimed, "set aside")
		p.pass(setAside)
		p.start(testConfig)
		assert.Equal(t, incident.FailureClassified, p.failure(bad).State, "tried again")
	})
}

// TestOneSlowFailureDoesNotKeepTheOthers has one for which the rules never come to an end, claimed together
// with others.
func TestOneSlowFailureDoesNotKeepTheOthers(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		slow := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
		config := testConfig
		config.Workers = 1
		p.receive(slow.Spans())
		p.report(slow)
		const others = 5
		for n := range others {
			p.fail(2+n, analysistest.LostBase)
		}
		end := make(chan struct{})
		defer close(end)
		endless := func(key string) {
			if key == slow.Key() {
				<-end
			}
		}
		for name, stuck := range map[string]engine{
			"classifying": {analyze: sound.analyze, needs: sound.needs, classify: func(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
				endless(t.Key)
				return sound.classify(ctx, tenant, t, k)
			}},
			"asking": {analyze: sound.analyze, classify: sound.classify, needs: func(ctx context.Context, traces []*incident.Trace, k incident.Knowledge) needed {
				endless(traces[0].Key)
				return sound.needs(ctx, traces, k)
			}},
		} {
			p.startWith(config, stuck)
			p.pass(quiet + traceLimit + time.Second)
			assert.Equal(t, others, p.theIncident().FailingTraces, "%s: its neighbours wait no longer than it may take", name)
			assert.Equal(t, incident.FailureWaiting, p.failure(slow).State)
			p.pass((maxAttempts + 2) * (leaseMost + 2*traceLimit))
			p.stop()
			claimed, err := p.store.ClaimFailures(t.Context(), "test", time.Minute, 10)
			require.NoError(t, err)
			assert.Empty(t, claimed, "set aside")
			for range others {
				status, err := p.store.Status(t.Context())
				require.NoError(t, err)
				assert.EqualValues(t, 1, status.FailuresSetAside)
			}
		}
	})
}

// TestManySlowFailuresDoNotKeepTheOthers has more of them in a batch than there is time for.
func TestManySlowFailuresDoNotKeepTheOthers(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		const slow, others = 12, 6
		for n := range slow + others {
			r := analysistest.NewRequest(n, time.Now(), []analysistest.Fault{analysistest.BadData, analysistest.LostBase}[n/slow])
			p.receive(r.Spans())
			p.report(r)
		}
		end := make(chan struct{})
		defer close(end)
		p.startWith(testConfig, engine{analyze: sound.analyze, needs: sound.needs, classify: func(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
			c := sound.classify(ctx, tenant, t, k)
			if c.Roots[0].Component == analysistest.Payment {
				<-end
			}
			return c
		}})
		p.pass(quiet + 3*classifyTimeout)
		assert.Equal(t, others, p.theIncident().FailingTraces)
		p.pass(time.Hour)
		p.stop()
		status, err := p.store.Status(t.Context())
		require.NoError(t, err)
		assert.EqualValues(t, slow, status.FailuresSetAside, "those, and no other")
	})
}

// TestShutdownWaitsForNoEngine stops workers whose engine never comes to an end.
func TestShutdownWaitsForNoEngine(t *testing.T) {
	end := make(chan struct{})
	defer close(end)
	for name, stuck := range map[string]engine{
		"classifying": {needs: sound.needs, analyze: sound.analyze, classify: func(context.Context, string, *incident.Trace, incident.Knowledge) incident.Classification {
			<-end
			return incident.Classification{}
		}},
		"analysing": {needs: sound.needs, classify: sound.classify, analyze: func(context.Context, *incident.Case) incident.Result {
			<-end
			return incident.Result{}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(t *testing.T, p *plant) {
				end = make(chan struct{})
				p.startWith(testConfig, stuck)
				r := p.fail(1, analysistest.BadData)
				p.pass(quiet)
				begun := time.Now()
				p.stop()
				assert.Zero(t, time.Since(begun), "nothing waits for it")
				close(end)
				p.start(testConfig)
				p.pass(pollInterval)
				assert.Equal(t, incident.FailureClassified, p.failure(r).State)
				assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState, "stopping is no attempt: it is done at once")
			})
		})
	}
	end = make(chan struct{})
}

// outage is a store that answers nothing while it is away.
type outage struct {
	store.Store
	away *atomic.Bool
}

func (s outage) check() error {
	if s.away.Load() {
		return store.ErrUnavailable
	}
	return nil
}

func (s outage) ClaimFailures(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.Failure, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.Store.ClaimFailures(ctx, owner, lease, limit)
}

func (s outage) RenewFailures(ctx context.Context, claimed []store.Failure, lease time.Duration) error {
	return cmp.Or(s.check(), s.Store.RenewFailures(ctx, claimed, lease))
}

func (s outage) Postpone(ctx context.Context, given []store.Postponed) error {
	if err := s.check(); err != nil {
		return err
	}
	return s.Store.Postpone(ctx, given)
}

func (s outage) SaveClassifications(ctx context.Context, results []store.Classified, policy incident.Policy) ([]store.IncidentChange, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.Store.SaveClassifications(ctx, results, policy)
}

func (s outage) ClaimIncidents(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.Claim, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.Store.ClaimIncidents(ctx, owner, lease, limit)
}

func (s outage) RenewIncident(ctx context.Context, c store.Claim, lease time.Duration) error {
	return cmp.Or(s.check(), s.Store.RenewIncident(ctx, c, lease))
}

func (s outage) ReleaseIncident(ctx context.Context, c store.Claim, until time.Time) error {
	if err := s.check(); err != nil {
		return err
	}
	return s.Store.ReleaseIncident(ctx, c, until)
}

func (s outage) SaveAnalysis(ctx context.Context, c store.Claim, a store.AnalysisRecord) (int, error) {
	if err := s.check(); err != nil {
		return 0, err
	}
	return s.Store.SaveAnalysis(ctx, c, a)
}

func (s outage) ClaimAgents(ctx context.Context, owner string, lease time.Duration, limit int) ([]store.AgentsClaim, error) {
	if err := s.check(); err != nil {
		return nil, err
	}
	return s.Store.ClaimAgents(ctx, owner, lease, limit)
}

func (s outage) PostponeAgents(ctx context.Context, c store.AgentsClaim, a incident.Agents, until time.Time) error {
	if err := s.check(); err != nil {
		return err
	}
	return s.Store.PostponeAgents(ctx, c, a, until)
}

// TestOutagesAreNoAttempts has the store go away in the middle of every attempt, for longer than a lease.
func TestOutagesAreNoAttempts(t *testing.T) {
	for name, slow := range map[string]func(func()) engine{
		"classifying": func(goAway func()) engine {
			return engine{needs: sound.needs, analyze: sound.analyze, classify: func(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
				goAway()
				return sound.classify(ctx, tenant, t, k)
			}}
		},
		"analysing": func(goAway func()) engine {
			return engine{needs: sound.needs, classify: sound.classify, analyze: func(ctx context.Context, c *incident.Case) incident.Result {
				goAway()
				return sound.analyze(ctx, c)
			}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			inPlant(t, func(t *testing.T, p *plant) {
				var away atomic.Bool
				outages := 0
				p.between = func(s store.Store) store.Store { return outage{s, &away} }
				config := testConfig
				config.Workers = 1
				p.startWith(config, slow(func() {
					if outages++; outages <= 3*maxAttempts {
						away.Store(true)
					}
				}))
				r := p.fail(1, analysistest.BadData)
				p.pass(quiet)
				for range 3 * maxAttempts {
					require.True(t, away.Load())
					p.pass(3 * leaseMost)
					away.Store(false)
					p.pass(leaseMost + 2*pollInterval)
				}
				p.pass(time.Minute)
				assert.Equal(t, incident.FailureClassified, p.failure(r).State)
				assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
			})
		})
	}
}

// crashingOn is an engine that cannot take one trace.
func crashingOn(r analysistest.Request) engine {
	return engine{analyze: sound.analyze, needs: sound.needs, classify: func(ctx context.Context, tenant string, t *incident.Trace, k incident.Knowledge) incident.Classification {
		if t.Key == r.Key() {
			panic("a trace the rules cannot take")
		}
		return sound.classify(ctx, tenant, t, k)
	}}
}

func TestAnalysisThatFailsIsGivenUp(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.startWith(testConfig, engine{
			classify: sound.classify, needs: sound.needs,
			analyze: func(context.Context, *incident.Case) incident.Result { panic("a case the rules cannot take") },
		})
		r := p.fail(1, analysistest.BadData)
		p.pass(quiet)
		require.Equal(t, incident.AnalysisPending, p.theIncident().AnalysisState)
		p.pass(5 * time.Minute)
		in := p.theIncident()
		require.Equal(t, incident.AnalysisFailed, in.AnalysisState)
		require.Empty(t, p.revisions(in))

		p.stop()
		p.start(testConfig)
		require.Equal(t, incident.AnalysisFailed, p.theIncident().AnalysisState, "not without being asked")
		answer, err := p.now(r, time.Minute)
		require.NoError(t, err)
		assert.True(t, answer.Complete)
		assert.Len(t, answer.Analyses, 1)
	})
}

func TestAnalysisThatStopsTheProcessIsGivenUp(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.stop()
		in := p.theIncident()
		require.NoError(t, p.store.RequestAnalysis(t.Context(), "", in.ID))
		for range maxAttempts {
			claims, err := p.store.ClaimIncidents(t.Context(), "dies", time.Second, 1)
			require.NoError(t, err)
			require.Len(t, claims, 1)
			p.pass(time.Second)
		}
		p.start(testConfig)
		assert.Equal(t, incident.AnalysisFailed, p.theIncident().AnalysisState)
	})
}

// TestStoppingIsNoAttempt stops one worker process after the other in the middle of an analysis, as
// deployments may.
func TestStoppingIsNoAttempt(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		begun := 0
		slow := engine{classify: sound.classify, needs: sound.needs, analyze: func(ctx context.Context, c *incident.Case) incident.Result {
			begun++
			time.Sleep(5 * time.Second)
			return sound.analyze(ctx, c)
		}}
		p.startWith(testConfig, slow)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		for n := range 2 * maxAttempts {
			require.Equal(t, n+1, begun, "at once")
			require.Equal(t, incident.AnalysisRunning, p.theIncident().AnalysisState)
			p.stop()
			require.Equal(t, incident.AnalysisPending, p.theIncident().AnalysisState)
			p.startWith(testConfig, slow)
		}
		status, err := p.store.Status(t.Context())
		require.NoError(t, err)
		assert.Equal(t, 1, status.MaxAttempts, "the one that runs")
		p.pass(5 * time.Second)
		assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
	})
}

// full is a store with room for what is small only.
type full struct {
	store.Store
	is *atomic.Bool
}

func (s full) SaveAnalysis(ctx context.Context, c store.Claim, a store.AnalysisRecord) (int, error) {
	if s.is.Load() {
		return 0, store.ErrUnavailable
	}
	return s.Store.SaveAnalysis(ctx, c, a)
}

// TestAStoreThatCannotSaveIsNoAttempt has an outage outlast all attempts.
func TestAStoreThatCannotSaveIsNoAttempt(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		var away atomic.Bool
		away.Store(true)
		p.between = func(s store.Store) store.Store { return full{s, &away} }
		p.start(testConfig)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.pass(time.Hour)
		require.Equal(t, incident.AnalysisPending, p.theIncident().AnalysisState)
		away.Store(false)
		p.pass(leaseMost + pollInterval)
		assert.Equal(t, incident.AnalysisDone, p.theIncident().AnalysisState)
	})
}

func TestQuietIncidentIsResolvedAndRegresses(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		require.Equal(t, incident.StatusOpen, p.theIncident().Status)
		p.pass(testConfig.ResolveAfter + testConfig.Sweep.Interval)
		require.Equal(t, incident.StatusResolved, p.theIncident().Status)
		p.fail(2, analysistest.BadData)
		p.pass(quiet)
		in := p.theIncident()
		assert.Equal(t, incident.StatusRegressed, in.Status)
		assert.Equal(t, 2, in.FailingTraces)
	})
}

func TestChangesAreAnnounced(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		changes, err := p.coord.Subscribe(t.Context())
		require.NoError(t, err)
		p.start(testConfig)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		in := p.theIncident()
		require.NotEmpty(t, changes)
		assert.Equal(t, in.ID, (<-changes).IncidentID)
	})
}

func TestWorkersOutliveTheStore(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		require.NoError(t, p.store.Close())
		p.pass(time.Minute)
		p.stop()
	})
}

func TestWithoutWorkersNothingRuns(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		config := testConfig
		config.Workers = 0
		p.start(config)
		p.fail(1, analysistest.BadData)
		p.pass(time.Minute)
		assert.Empty(t, p.incidents())
	})
}

func TestHealthyTracesAreNoFailures(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := analysistest.NewRequest(1, time.Now(), analysistest.None)
		p.receive(r.Spans())
		accepted, err := p.store.UpsertFailures(t.Context(), []store.FailureHint{{Key: r.Key()}})
		require.NoError(t, err)
		assert.Empty(t, accepted)
	})
}

func TestRevisionIsRecomputedFromItsCase(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.start(testConfig)
		r := p.fail(1, analysistest.LostBase)
		// Text that JSON cannot carry as it is.
		odd := r.Logs(0, 1)
		odd.ResourceLogs().At(0).ScopeLogs().At(0).LogRecords().At(0).Body().SetStr("cannot charge \xff\x00")
		p.receive(odd, ptrace.NewTraces())
		p.pass(quiet)
		stored := p.analysis(p.theIncident())
		body, err := p.store.Case(t.Context(), "", stored.InputDigest)
		require.NoError(t, err)
		c, err := OpenCase(body)
		require.NoError(t, err)
		assert.Equal(t, stored.Report, sound.analyze(t.Context(), c).Report)
	})
}

func TestTraceOfAHundredThousandLogs(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("stores 100,000 logs, in one goroutine at a time")
	}
	inPlant(t, func(t *testing.T, p *plant) {
		r := analysistest.NewRequest(1, time.Now(), analysistest.BadData)
		p.receive(r.Spans())
		for i := range 20 {
			p.receive(r.Logs(i*5000, 5000))
		}
		p.start(testConfig)
		p.report(r)
		p.pass(quiet)
		in := p.theIncident()
		assert.Equal(t, incident.AnalysisDone, in.AnalysisState)
		var gaps []string
		for _, g := range p.analysis(in).Gaps {
			gaps = append(gaps, g.Kind)
		}
		assert.Equal(t, []string{"truncated", incident.GapNoBaseline}, gaps)
		assert.Equal(t, 4+100_000, p.failure(r).ErrorSignals)
	})
}

// TestHugeChainsDoNotKeepTheOthers has traces that are a chain of 50,000 failed spans in one service, before one
// that is innocent.
func TestHugeChainsDoNotKeepTheOthers(t *testing.T) {
	if testing.Short() || underRace {
		t.Skip("stores 150,000 spans, and reads them in one goroutine at a time")
	}
	inPlant(t, func(t *testing.T, p *plant) {
		for n := byte(1); n <= 3; n++ {
			p.receive(chain(signal.TraceID{n}, 50_000))
			accepted, err := p.store.UpsertFailures(t.Context(), []store.FailureHint{{Key: signal.TraceID{n}.String()}})
			require.NoError(t, err)
			require.Len(t, accepted, 1)
		}
		p.fail(1, analysistest.LostBase)
		p.start(testConfig)
		p.pass(quiet)
		components := map[string]bool{}
		for _, in := range p.incidents() {
			require.NotNil(t, in.RootCause)
			components[in.RootCause.Component] = true
		}
		assert.Equal(t, map[string]bool{"ledger.example": true, "deep": true}, components)
		status, err := p.store.Status(t.Context())
		require.NoError(t, err)
		assert.Equal(t, map[string]int64{"classified": 4}, status.FailuresByState)
	})
}

// chain is a trace in which each span of one service failed because of the next one.
func chain(id signal.TraceID, n int) store.Batch {
	resource := &signal.Resource{Attributes: signal.Map{{Key: "service.name", Value: signal.Value{Data: "deep"}}}}
	spanID := func(i int) signal.SpanID { return signal.SpanID{4: byte(i >> 16), 5: byte(i >> 8), 6: byte(i), 7: 1} }
	var b store.Batch
	now := signal.Nanos(time.Now().UnixNano())
	for i := range n {
		s := &signal.Span{
			TraceID: id, SpanID: spanID(i), Resource: resource, Name: "step", Kind: signal.KindInternal,
			Start: now + signal.Nanos(i), End: now + signal.Nanos(2*n-i), StatusCode: signal.StatusError, StatusMessage: "java.lang.NullPointerException: x",
		}
		if i > 0 {
			s.ParentSpanID = spanID(i - 1)
		}
		b.Spans = append(b.Spans, s)
	}
	return b
}
