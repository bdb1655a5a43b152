package analysis

import (
	"context"
	"errors"
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

// grow lets an incident be analysed again because it grew tenfold.
func (p *plant) grow() {
	p.t.Helper()
	for n := range 12 {
		p.fail(100+n, analysistest.BadData)
	}
	p.pass(quiet)
}

func TestTalkUnderWayIsNotHeldTwice(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		conclude := make(chan struct{})
		w := &witness{says: func(ctx context.Context, in agents.Input) (agents.Outcome, error) {
			<-conclude
			return doubts(ctx, in)
		}}
		config := withAgents(w)
		config.Agents.Concurrent = 2
		p.start(config)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.grow()
		in := p.theIncident()
		require.Equal(t, 2, in.Revision)
		p.pass(time.Minute)
		require.Equal(t, 1, w.times(), "the first talk goes on")
		waiting := p.analysis(in).Agents
		require.Equal(t, incident.AgentsPending, waiting.State)
		assert.Equal(t, "Agents are still looking at an earlier revision with the same root cause.", waiting.Reason)

		close(conclude)
		p.pass(2 * afterTalk)
		assert.Equal(t, 1, w.times())
		said := p.analysis(p.theIncident()).Agents
		assert.Equal(t, incident.AgentsDone, said.State)
		assert.Equal(t, 1, said.OfRevision)
		assert.Equal(t, incident.Confidence(100_000), p.theIncident().Confidence)
	})
}

func TestClaimThatHoldsNoMoreLosesItsEffect(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: doubts, reviews: func(earlier incident.Agents) (incident.Agents, error) {
			earlier.RejectedClaims = []incident.RejectedClaim{{Claim: earlier.Claims[0].Claim, Reason: "gone"}}
			earlier.Claims, earlier.Assessment = []incident.VerifiedClaim{}, nil
			return earlier, nil
		}}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.grow()
		in := p.theIncident()
		a := p.analysis(in)
		assert.Empty(t, a.Agents.Claims)
		assert.Len(t, a.Agents.RejectedClaims, 1)
		assert.Equal(t, a.RootCause.Confidence, in.Confidence, "the rules' again")
	})
}

func TestChangedRootIsAskedAgain(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: doubts}
		other := false
		p.startWith(withAgents(w), engine{classify: sound.classify, needs: sound.needs, analyze: func(ctx context.Context, c *incident.Case) incident.Result {
			r := sound.analyze(ctx, c)
			if other {
				r.Report.RootCause.Component = "another"
			}
			return r
		}})
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		other = true
		p.grow()
		assert.Equal(t, 2, w.times())
		assert.Zero(t, p.analysis(p.theIncident()).Agents.OfRevision)
	})
}

// minor is the engine as it ships, for which nothing is worse than low.
var minor = engine{classify: sound.classify, needs: sound.needs, analyze: func(ctx context.Context, c *incident.Case) incident.Result {
	r := sound.analyze(ctx, c)
	r.Report.Severity = incident.SeverityLow
	return r
}}

func TestLowSeverityIsNotAskedAboutUnlessAUserAsks(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: doubts}
		p.startWith(withAgents(w), minor)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		require.Zero(t, w.times())
		skipped := p.analysis(p.theIncident()).Agents
		assert.Equal(t, incident.AgentsSkipped, skipped.State)
		assert.Equal(t, skippedLow, skipped.Reason)
		require.NoError(t, p.store.RequestAnalysis(t.Context(), "", p.theIncident().ID))
		p.pass(quiet)
		assert.Equal(t, 1, w.times())
		assert.Equal(t, incident.AgentsDone, p.analysis(p.theIncident()).Agents.State)
	})
}

func TestUsersRequestIsNotLost(t *testing.T) {
	t.Run("beside a weightier reason", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			w := &witness{says: doubts}
			p.startWith(withAgents(w), minor)
			r := p.fail(1, analysistest.BadData)
			_, err := p.now(r, 0)
			require.NoError(t, err)
			p.pass(quiet)
			require.NoError(t, p.store.RequestAnalysis(t.Context(), "", p.theIncident().ID))
			p.pass(quiet)
			assert.Equal(t, 1, w.times())
		})
	})
	t.Run("when the incident grows before agents looked", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			w := &witness{says: func(context.Context, agents.Input) (agents.Outcome, error) {
				return agents.Outcome{Agents: incident.Agents{Reason: "Too many requests."}, Again: time.Hour, Unasked: true}, nil
			}}
			p.startWith(withAgents(w), minor)
			p.fail(1, analysistest.BadData)
			p.pass(quiet)
			require.NoError(t, p.store.RequestAnalysis(t.Context(), "", p.theIncident().ID))
			p.pass(quiet)
			require.Equal(t, 1, w.times())
			w.turnTo(doubts)
			p.grow()
			in := p.theIncident()
			require.Equal(t, 2, in.Revision)
			assert.Equal(t, 2, w.times())
			assert.Equal(t, incident.AgentsDone, p.analysis(in).Agents.State)
			p.pass(time.Hour)
			old, err := p.store.Analysis(t.Context(), "", in.ID, 1)
			require.NoError(t, err)
			assert.Equal(t, incident.AgentsSkipped, old.Agents.State)
			assert.Equal(t, skippedOld, old.Agents.Reason)
		})
	})
}

func TestMergeIsNoRequestForAgents(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: doubts}
		p.startWith(withAgents(w), minor)
		p.fail(1, analysistest.BadData)
		p.fail(2, analysistest.LostBase)
		p.pass(quiet)
		all := p.incidents()
		require.Len(t, all, 2)
		_, err := p.store.MergeIncidents(t.Context(), "", all[0].ID, all[1].ID)
		require.NoError(t, err)
		p.pass(quiet)
		assert.Zero(t, w.times())
	})
}

func TestPassingCauseIsWaitedFor(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: func(context.Context, agents.Input) (agents.Outcome, error) {
			return agents.Outcome{Agents: incident.Agents{State: incident.AgentsFailed, Reason: "The budget is used up."}, Again: time.Hour, Unasked: true}, nil
		}}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		waiting := p.analysis(p.theIncident()).Agents
		require.Equal(t, incident.AgentsPending, waiting.State)
		assert.Equal(t, "The budget is used up. Agents are asked again later.", waiting.Reason)
		p.pass((maxAttempts + 2) * time.Hour)
		require.Greater(t, w.times(), maxAttempts, "waiting is no attempt")
		w.turnTo(doubts)
		p.pass(2 * time.Hour)
		assert.Equal(t, incident.AgentsDone, p.analysis(p.theIncident()).Agents.State)
	})
}

func TestLastingFailureIsNotRepeatedUnlessAUserAsks(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: func(context.Context, agents.Input) (agents.Outcome, error) {
			return agents.Outcome{Agents: incident.Agents{State: incident.AgentsFailed, Reason: "The provider blocked it."}}, nil
		}}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		require.Equal(t, incident.AgentsFailed, p.analysis(p.theIncident()).Agents.State)
		p.grow()
		in := p.theIncident()
		require.Equal(t, 2, in.Revision)
		assert.Equal(t, 1, w.times())
		skipped := p.analysis(in).Agents
		assert.Equal(t, incident.AgentsSkipped, skipped.State)
		assert.Contains(t, skipped.Reason, "revision 1")
		assert.Contains(t, skipped.Reason, "The provider blocked it.")
		require.NoError(t, p.store.RequestAnalysis(t.Context(), "", in.ID))
		p.pass(quiet)
		assert.Equal(t, 2, w.times())
	})
}

// untilStopped are agents that come to no end by themselves.
func untilStopped(ctx context.Context, _ agents.Input) (agents.Outcome, error) {
	<-ctx.Done()
	return agents.Outcome{}, ctx.Err()
}

func TestRestartIsNoAttempt(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: untilStopped}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		for range maxAttempts + 1 {
			p.stop()
			p.start(withAgents(w))
		}
		require.Equal(t, incident.AgentsRunning, p.analysis(p.theIncident()).Agents.State)
		p.stop()
		w.turnTo(doubts)
		p.start(withAgents(w))
		assert.Equal(t, incident.AgentsDone, p.analysis(p.theIncident()).Agents.State)
	})
}

// deaf is a store that cannot keep what agents said for a while.
type deaf struct {
	store.Store
	away *atomic.Bool
}

func (d deaf) SaveAgents(ctx context.Context, c store.AgentsClaim, r store.AgentsRecord) error {
	if d.away.Load() {
		return store.ErrUnavailable
	}
	return d.Store.SaveAgents(ctx, c, r)
}

// TestOutagesAreNoAttemptsOfAgents has the store go away whenever agents are asked.
func TestOutagesAreNoAttemptsOfAgents(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		var away atomic.Bool
		p.between = func(s store.Store) store.Store { return outage{s, &away} }
		const outages = 3 * maxAttempts
		w := &witness{}
		w.says = func(ctx context.Context, in agents.Input) (agents.Outcome, error) {
			if w.times() <= outages {
				away.Store(true)
				return agents.Outcome{}, store.ErrUnavailable
			}
			return doubts(ctx, in)
		}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		for range outages {
			require.True(t, away.Load())
			p.pass(3 * leaseMost)
			away.Store(false)
			p.pass(leaseMost + 2*pollInterval)
		}
		assert.Equal(t, incident.AgentsDone, p.analysis(p.theIncident()).Agents.State)
	})
}

func TestPaidResultIsKept(t *testing.T) {
	t.Run("while the store is away", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			var away atomic.Bool
			away.Store(true)
			p.between = func(s store.Store) store.Store { return deaf{s, &away} }
			w := &witness{says: doubts}
			p.start(withAgents(w))
			p.fail(1, analysistest.BadData)
			p.pass(quiet + leaseMost/2)
			require.Equal(t, incident.AgentsRunning, p.analysis(p.theIncident()).Agents.State)
			away.Store(false)
			p.pass(saveAgain)
			assert.Equal(t, incident.AgentsDone, p.analysis(p.theIncident()).Agents.State)
			assert.Equal(t, 1, w.times())
		})
	})
	t.Run("when the process stops", func(t *testing.T) {
		inPlant(t, func(t *testing.T, p *plant) {
			w := &witness{says: func(ctx context.Context, in agents.Input) (agents.Outcome, error) {
				<-ctx.Done() // the last answer has come just now
				return doubts(ctx, in)
			}}
			p.start(withAgents(w))
			p.fail(1, analysistest.BadData)
			p.pass(quiet)
			p.stop()
			assert.Equal(t, incident.AgentsDone, p.analysis(p.theIncident()).Agents.State)
		})
	})
}

// amnesiac is a store that cannot tell of earlier revisions, nor list incidents.
type amnesiac struct{ store.Store }

func (amnesiac) Analysis(context.Context, string, string, int) (incident.Analysis, error) {
	return incident.Analysis{}, errors.New("cannot read")
}

func (amnesiac) ListIncidents(context.Context, string, store.IncidentFilter, store.Page) (store.Listing[incident.Incident], error) {
	return store.Listing[incident.Incident]{}, errors.New("cannot list")
}

func TestReportDoesNotDependOnWhatAgentsNeed(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		p.between = func(s store.Store) store.Store { return amnesiac{s} }
		config := withAgents(&witness{says: doubts})
		config.Case.SimilarIncidents = 5
		p.start(config)
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.grow()
		assert.Equal(t, 2, p.theIncident().Revision)
	})
}

func TestAgentsTurnedOffLaterAreSettled(t *testing.T) {
	inPlant(t, func(t *testing.T, p *plant) {
		w := &witness{says: untilStopped}
		p.start(withAgents(w))
		p.fail(1, analysistest.BadData)
		p.pass(quiet)
		p.stop()
		p.start(testConfig)
		require.Equal(t, incident.AgentsPending, p.analysis(p.theIncident()).Agents.State, "another process may have them")
		p.pass((reportsFresh + 1) * testConfig.Sweep.Interval)
		said := p.analysis(p.theIncident()).Agents
		assert.Equal(t, incident.AgentsSkipped, said.State)
		assert.Equal(t, skippedOff, said.Reason)

		p.stop()
		p.start(withAgents(&witness{says: doubts}))
		require.NoError(t, p.store.RequestAnalysis(t.Context(), "", p.theIncident().ID))
		p.pass(quiet)
		assert.Equal(t, incident.AgentsDone, p.analysis(p.theIncident()).Agents.State, "on again")
	})
}
